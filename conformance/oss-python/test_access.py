"""Who may do what: access lists and policies, with a second account and with nobody."""

import json

import oss2
import oss_clients
import pytest

RIGHTS = {
    "list": lambda bucket: bucket.list_objects(),
    "read": lambda bucket: bucket.get_object("k").read(),
    "write": lambda bucket: bucket.put_object("written", b"x"),
    "remove": lambda bucket: bucket.delete_object("written"),
    "acl": lambda bucket: bucket.get_bucket_acl(),
    "configure": lambda bucket: bucket.delete_bucket_cors(),
    "policy": lambda bucket: bucket.get_bucket_policy(),
}
READ = {"list", "read"}


def may(call):
    """Whether a call is allowed; any other failure is one of the test."""
    try:
        call()
    except oss2.exceptions.AccessDenied as error:
        assert error.status == 403 and error.ec, error
        return False
    except oss2.exceptions.NoSuchBucketPolicy:
        pass
    return True


def rights(bucket):
    """What somebody may do with a bucket that holds the object `k`."""
    return {name for name, call in RIGHTS.items() if may(lambda: call(bucket))}


@pytest.fixture()
def others(server, bucket, stranger):
    """The bucket as another account sees it, and as nobody does."""
    name = bucket.bucket_name
    return oss_clients.bucket(server, name, stranger), oss_clients.anonymous(server, name)


@pytest.mark.parametrize(
    ("acl", "allowed"),
    [
        (oss2.BUCKET_ACL_PRIVATE, set()),
        (oss2.BUCKET_ACL_PUBLIC_READ, READ),
        (oss2.BUCKET_ACL_PUBLIC_READ_WRITE, READ | {"write", "remove"}),
    ],
)
def test_lists_of_buckets(bucket, others, acl, allowed):
    bucket.put_object("k", b"x")
    bucket.put_bucket_acl(acl)
    assert bucket.get_bucket_acl().acl == acl
    for other in others:
        assert rights(other) == allowed
    assert rights(bucket) == set(RIGHTS)


def test_lists_of_objects(bucket, others):
    bucket.put_object("k", b"x", headers={"x-oss-object-acl": "public-read"})
    bucket.put_object("other", b"x")
    for other in others:
        assert rights(other) == {"read"}
        assert not may(lambda: other.get_object("other"))
    bucket.put_bucket_acl(oss2.BUCKET_ACL_PUBLIC_READ_WRITE)
    bucket.put_object_acl("k", oss2.OBJECT_ACL_PRIVATE)
    for other in others:
        assert "read" not in rights(other) and may(lambda: other.get_object("other"))
    bucket.put_object_acl("k", oss2.OBJECT_ACL_DEFAULT)
    assert bucket.get_object_acl("k").acl == "default"
    for other in others:
        assert may(lambda: other.get_object("k"))


def test_an_access_list_that_is_none(bucket, fails):
    bucket.put_object("k", b"x")
    fails(lambda: bucket.put_object_acl("k", "everything"), 400, "InvalidArgument")
    fails(lambda: bucket.put_object("never", b"x", headers={"x-oss-object-acl": "everything"}), 400, "InvalidArgument")
    assert bucket.get_object_acl("k").acl == "default" and not bucket.object_exists("never")


def policy(*statements):
    return json.dumps({"Version": "1", "Statement": list(statements)})


def statement(bucket, effect, actions, principal, resources=("", "/*"), **condition):
    found = {
        "Effect": effect,
        "Action": [f"oss:{action}" for action in actions],
        "Principal": [principal],
        "Resource": [f"acs:oss:*:*:{bucket.bucket_name}{resource}" for resource in resources],
    }
    return found | ({"Condition": condition} if condition else {})


def test_a_policys_life(bucket, fails):
    fails(bucket.get_bucket_policy, 404, "NoSuchBucketPolicy")
    text = policy(statement(bucket, "Allow", ["GetObject"], "stranger"))
    assert bucket.put_bucket_policy(text).status == 200
    assert json.loads(bucket.get_bucket_policy().policy) == json.loads(text)
    assert bucket.delete_bucket_policy().status == 204
    assert bucket.delete_bucket_policy().status == 204, "once more changes nothing"
    fails(bucket.get_bucket_policy, 404, "NoSuchBucketPolicy")


def test_a_policy_allows(bucket, others):
    stranger, nobody = others
    bucket.put_object("k", b"x")
    bucket.put_bucket_policy(policy(statement(bucket, "Allow", ["GetObject", "ListObjects"], "stranger")))
    assert rights(stranger) == READ and rights(nobody) == set()
    bucket.put_bucket_policy(policy(statement(bucket, "Allow", ["GetObject"], "*")))
    assert rights(stranger) == rights(nobody) == {"read"}
    bucket.delete_bucket_policy()
    assert rights(stranger) == rights(nobody) == set()


def test_a_policy_of_some_keys(bucket, others):
    stranger, _ = others
    for key in ("k", "public/1", "public/中"):
        bucket.put_object(key, b"x")
    bucket.put_bucket_policy(policy(statement(bucket, "Allow", ["Get*"], "stranger", ["/public/*"])))
    assert may(lambda: stranger.get_object("public/1")) and may(lambda: stranger.get_object("public/中"))
    assert not may(lambda: stranger.get_object("k"))


def test_what_is_denied_is_denied(bucket, others):
    stranger, nobody = others
    bucket.put_object("k", b"x")
    bucket.put_bucket_acl(oss2.BUCKET_ACL_PUBLIC_READ_WRITE)
    bucket.put_bucket_policy(policy(statement(bucket, "Deny", ["GetObject"], "stranger")))
    assert rights(stranger) == {"list", "write", "remove"}
    assert "read" in rights(nobody)
    both = [statement(bucket, "Allow", ["*"], "stranger"), statement(bucket, "Deny", ["PutObject"], "stranger")]
    bucket.put_bucket_policy(policy(*both))
    assert "write" not in rights(stranger) and "read" in rights(stranger)


def test_conditions_of_a_policy(bucket, others):
    stranger, _ = others
    bucket.put_object("k", b"x")
    for here, allowed in (("127.0.0.0/8", True), ("10.0.0.0/8", False)):
        condition = {"IpAddress": {"acs:SourceIp": [here]}}
        bucket.put_bucket_policy(policy(statement(bucket, "Allow", ["GetObject"], "stranger", **condition)))
        assert may(lambda: stranger.get_object("k")) == allowed, here


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"Version": "1"}', '{"Version": "1", "Statement": [{"Effect": "Maybe"}]}'],
)
def test_policies_that_are_none(bucket, text):
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        bucket.put_bucket_policy(text)
    assert caught.value.status == 400, caught.value
    with pytest.raises(oss2.exceptions.NoSuchBucketPolicy):
        bucket.get_bucket_policy()


def test_rights_are_asked_before_what_exists(bucket, others):
    for other in others:
        assert not may(lambda: other.get_object("absent"))
        assert not may(lambda: other.head_object("absent"))


def test_a_stranger_may_not_touch_uploads(bucket, others):
    stranger, _ = others
    upload = bucket.init_multipart_upload("k").upload_id
    assert not may(lambda: stranger.upload_part("k", upload, 1, b"x"))
    assert not may(lambda: stranger.list_parts("k", upload))
    assert not may(lambda: stranger.abort_multipart_upload("k", upload))
