"""Settings of buckets, each with its effect: lifecycle rules, pages of other origins, policy, tags, class, quota,
renaming, domains."""

import datetime
import json
import time

import pytest
import tos
import tos_clients
from tos.enum import AuthProtocolType, StatusType, StorageClassType
from tos.models2 import (
    AccessTimeTransition,
    BucketLifeCycleAbortInCompleteMultipartUpload,
    BucketLifeCycleExpiration,
    BucketLifeCycleNoCurrentVersionExpiration,
    BucketLifeCycleRule,
    BucketLifeCycleTransition,
    BucketLifecycleFilter,
    CORSRule,
    CustomDomainRule,
    NoncurrentVersionAccessTimeTransition,
    Tag,
)

PAST = datetime.datetime(2020, 1, 1)
ORIGIN = "http://app.example.com"


def eventually(check, seconds=20):
    """Waits until something is so."""
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.1)


def rule(**parts):
    return BucketLifeCycleRule(**dict(id="a", status=StatusType.Status_Enable) | parts)


def exists(client, bucket, key):
    return client.does_object_exist(bucket, key)


def test_lifecycle_rules_remove_objects(client, bucket):
    for key, size in [("old/a", 10), ("old/large", 100), ("new/a", 10)]:
        client.put_object(bucket, key, content=b"x" * size)
    small = BucketLifecycleFilter(
        object_size_greater_than=1,
        greater_than_include_equal=StatusType.Status_Disable,
        object_size_less_than=10,
        less_than_include_equal=StatusType.Status_Enable,
    )
    client.put_bucket_lifecycle(bucket, [rule(prefix="old/", expiration=BucketLifeCycleExpiration(date=PAST), filter=small)])
    eventually(lambda: not exists(client, bucket, "old/a"))
    assert exists(client, bucket, "old/large") and exists(client, bucket, "new/a")
    client.delete_bucket_lifecycle(bucket)


def test_lifecycle_rules_remove_older_versions(client, bucket):
    client.put_bucket_versioning(bucket, tos.VersioningStatusType.Versioning_Status_Enabled)
    for content in (b"1", b"2"):
        client.put_object(bucket, "k", content=content)
    gone = BucketLifeCycleNoCurrentVersionExpiration(non_current_date=PAST)
    client.put_bucket_lifecycle(bucket, [rule(no_current_version_expiration=gone)])
    eventually(lambda: len(client.list_object_versions(bucket).versions) == 1)
    assert client.get_object(bucket, "k").read() == b"2"


def test_lifecycle_rules_move_objects(client, bucket):
    client.put_object(bucket, "k", content=b"x")
    move = BucketLifeCycleTransition(storage_class=StorageClassType.Storage_Class_Ia, date=PAST)
    client.put_bucket_lifecycle(bucket, [rule(transitions=[move])])
    eventually(lambda: client.head_object(bucket, "k").storage_class == StorageClassType.Storage_Class_Ia)


def test_lifecycle_rules_are_judged(client, bucket, fails):
    error = fails(lambda: client.get_bucket_lifecycle(bucket))
    assert (error.status_code, error.code) == (404, "NoSuchLifecycleConfiguration")
    expire = BucketLifeCycleExpiration(days=7)
    two = [rule(id="a", prefix="logs/", expiration=expire), rule(id="b", prefix="logs/a/", expiration=expire)]
    wrong = [
        [],
        [rule()],
        two,
        [rule(id="a", expiration=BucketLifeCycleExpiration(date=datetime.datetime(2030, 1, 1, 12)))],
        [rule(tags=[Tag("a", "b")], abort_in_complete_multipart_upload=BucketLifeCycleAbortInCompleteMultipartUpload(1))],
    ]
    for rules in wrong:
        error = fails(lambda: client.put_bucket_lifecycle(bucket, rules))
        assert (error.status_code, error.code) == (400, "InvalidArgument"), rules
    client.put_bucket_lifecycle(bucket, two, allow_same_action_overlap=True)
    told = client.get_bucket_lifecycle(bucket)
    assert [found.id for found in told.rules] == ["a", "b"] and told.allow_same_action_overlap
    client.delete_bucket_lifecycle(bucket)
    fails(lambda: client.get_bucket_lifecycle(bucket))


def test_rules_about_the_last_access_need_the_access_monitor(client, bucket, fails):
    def status():
        told = client.get_bucket_access_monitor(bucket).status
        assert client.get_bucket_info(bucket).bucket_info.access_monitor == told
        return told

    assert status() == StatusType.Status_Disable
    ia = StorageClassType.Storage_Class_Ia
    unread = rule(
        access_time_transitions=[AccessTimeTransition(storage_class=ia, days=30)],
        non_current_version_access_time_transitions=[NoncurrentVersionAccessTimeTransition(storage_class=ia, non_current_days=60)],
    )
    early = fails(lambda: client.put_bucket_lifecycle(bucket, [unread]))
    assert (early.status_code, early.code) == (400, "InvalidArgument")
    client.put_bucket_access_monitor(bucket, StatusType.Status_Enable)
    assert status() == StatusType.Status_Enable
    client.put_bucket_lifecycle(bucket, [unread])
    told = client.get_bucket_lifecycle(bucket).rules[0]
    assert told.access_time_transitions[0].days == 30
    assert told.non_current_version_access_time_transitions[0].non_current_days == 60
    needed = fails(lambda: client.put_bucket_access_monitor(bucket, StatusType.Status_Disable))
    assert (needed.status_code, needed.code) == (400, "InvalidArgument")
    client.put_object(bucket, "k", content=b"x")
    assert client.get_object(bucket, "k").read() == b"x"
    client.delete_object(bucket, "k")
    client.delete_bucket_lifecycle(bucket)
    client.put_bucket_access_monitor(bucket, StatusType.Status_Disable)
    assert status() == StatusType.Status_Disable


def test_pages_of_other_origins(server, client, bucket, fails):
    assert fails(lambda: client.get_bucket_cors(bucket)).code == "NoSuchCORSConfiguration"

    def preflight(method):
        url = f"http://{bucket}.tos-cn-beijing.volces.com/k"
        headers = {"Origin": ORIGIN, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": "x-tos-meta-a"}
        return server.http("OPTIONS", url, headers=headers)

    assert preflight("PUT").status_code == 403
    rules = [CORSRule(allowed_origins=["http://*.example.com"], allowed_methods=["PUT"], allowed_headers=["*"], max_age_seconds=60)]
    client.put_bucket_cors(bucket, rules)
    answer = preflight("PUT")
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN and answer.headers["Access-Control-Max-Age"] == "60"
    assert preflight("GET").status_code == 403
    client.delete_bucket_cors(bucket)
    assert preflight("PUT").status_code == 403


def statement(bucket, **parts):
    common = dict(Effect="Allow", Principal="*", Action=["tos:GetObject"], Resource=[f"trn:tos:::{bucket}/*"])
    return json.dumps({"Statement": [common | parts]})


def test_policies_allow_and_deny(client, bucket, stranger, anonymous, fails):
    client.put_object(bucket, "open/k", content=b"x")
    client.put_object(bucket, "k", content=b"x")
    text = statement(bucket, Resource=[f"trn:tos:::{bucket}/open/*"])
    client.put_bucket_policy(bucket, text)
    assert client.get_bucket_policy(bucket).policy == text
    assert anonymous.get_object(bucket, "open/k").read() == b"x"
    assert fails(lambda: anonymous.get_object(bucket, "k")).code == "AccessDenied"
    client.put_bucket_policy(bucket, statement(bucket, Principal=["trn:iam::stranger:root"], Action=["tos:Get*", "tos:ListBucket"],
                                               Resource=[f"trn:tos:::{bucket}", f"trn:tos:::{bucket}/*"]))
    assert stranger.get_object(bucket, "k").read() == b"x"
    assert len(stranger.list_objects_type2(bucket).contents) == 2
    assert fails(lambda: anonymous.get_object(bucket, "k")).code == "AccessDenied"
    client.put_bucket_policy(bucket, statement(bucket, Effect="Deny", Action=["tos:DeleteObject"]))
    assert fails(lambda: client.delete_object(bucket, "k")).code == "AccessDenied"
    client.delete_bucket_policy(bucket)
    client.delete_object(bucket, "k")
    assert fails(lambda: client.get_bucket_policy(bucket)).code == "NoSuchBucketPolicy"


@pytest.mark.parametrize(
    "parts",
    [
        dict(Effect="Perhaps"),
        dict(Action=["tos:Paint"]),
        dict(Resource=["trn:tos:::another-bucket/*"]),
        dict(Condition={"StringLike": {"tos:unknown": ["a"]}}),
        dict(NotPrincipal="*"),
    ],
    ids=lambda parts: next(iter(parts)),
)
def test_policies_that_are_none(client, bucket, fails, parts):
    error = fails(lambda: client.put_bucket_policy(bucket, statement(bucket, **parts)))
    assert (error.status_code, error.code) == (400, "InvalidArgument")


def test_tags_of_buckets(client, bucket, fails):
    assert fails(lambda: client.get_bucket_tagging(bucket)).code == "NoSuchTagSet"
    client.put_bucket_tagging(bucket, [Tag("team", "a"), Tag("empty", "")])
    assert [(tag.key, tag.value) for tag in client.get_bucket_tagging(bucket).tag_set] == [("team", "a"), ("empty", "")]
    assert fails(lambda: client.put_bucket_tagging(bucket, [Tag("a", "1"), Tag("a", "2")])).code == "InvalidArgument"
    client.delete_bucket_tagging(bucket)
    fails(lambda: client.get_bucket_tagging(bucket))
    made = bucket + "-tagged"
    client.create_bucket(made, tagging="team=a&stage=%E4%B8%AD")
    assert {tag.key: tag.value for tag in client.get_bucket_tagging(made).tag_set} == {"team": "a", "stage": "中"}
    client.delete_bucket(made)


def test_the_class_of_new_objects(client, bucket, fails):
    client.put_object(bucket, "before", content=b"x")
    client.put_bucket_storage_class(bucket, StorageClassType.Storage_Class_Ia)
    client.put_object(bucket, "after", content=b"x")
    assert client.head_bucket(bucket).storage_class == StorageClassType.Storage_Class_Ia
    classes = {found.key: found.storage_class for found in client.list_objects_type2(bucket).contents}
    assert classes == {"before": StorageClassType.Storage_Class_Standard, "after": StorageClassType.Storage_Class_Ia}
    error = fails(lambda: client.put_bucket_storage_class(bucket, None))
    assert (error.status_code, error.code) == (400, "InvalidArgument")


def test_a_quota_refuses_what_is_too_much(client, bucket, fails):
    client.put_bucket_quota(bucket, 100)
    client.put_object(bucket, "a", content=b"x" * 60)
    for upload in (
        lambda: client.put_object(bucket, "b", content=b"x" * 41),
        lambda: client.append_object(bucket, "b", 0, content=b"x" * 41),
        lambda: client.put_object(bucket, "b", content=iter([b"x" * 41])),
        lambda: client.copy_object(bucket, "b", bucket, "a"),
        lambda: client.upload_part(bucket, "b", client.create_multipart_upload(bucket, "b").upload_id, 1, content=b"x" * 41),
    ):
        error = fails(upload)
        assert (error.status_code, error.code) == (403, "QuotaExceeded")
    assert not exists(client, bucket, "b")
    client.put_object(bucket, "b", content=b"x" * 40)
    client.delete_object(bucket, "a")
    client.put_object(bucket, "c", content=b"x" * 60)
    client.put_bucket_quota(bucket, 0)
    assert client.get_bucket_quota(bucket).storage_quota == 0
    client.put_object(bucket, "d", content=b"x" * 1000)


def test_whether_objects_may_be_renamed_is_told(client, bucket):
    assert not client.get_bucket_rename(bucket).rename_enable
    client.put_bucket_rename(bucket, True)
    assert client.get_bucket_rename(bucket).rename_enable
    client.delete_bucket_rename(bucket)
    assert not client.get_bucket_rename(bucket).rename_enable


def at_domain(server, domain):
    """A client that reaches one bucket under a domain of its own."""
    return tos.TosClientV2(server.access_key, server.secret_key, f"http://{domain}", tos_clients.REGION, is_custom_domain=True,
                           proxy_host=server.host, proxy_port=server.port, max_retry_count=0)


def test_a_bucket_is_reached_under_its_own_domain(server, client, bucket, fails):
    domain = f"{bucket}.files.example.com"
    there = at_domain(server, domain)
    assert fails(lambda: there.put_object(bucket, "k", content=b"x")).code == "InvalidArgument", "nobody serves the host"
    client.put_bucket_custom_domain(bucket, CustomDomainRule(domain=domain))
    there.put_object(bucket, "k", content=b"by domain")
    assert client.get_object(bucket, "k").read() == b"by domain"
    assert [found.key for found in there.list_objects_type2(bucket).contents] == ["k"]
    url = there.pre_signed_url(tos.HttpMethodType.Http_Method_Get, bucket, "k").signed_url
    assert server.http("GET", url).content == b"by domain"
    told = client.list_bucket_custom_domain(bucket).rules
    assert [(rule.domain, rule.protocol) for rule in told] == [(domain, AuthProtocolType.AuthProtocolTos)]
    client.delete_bucket_custom_domain(bucket, domain)
    assert fails(lambda: there.get_object(bucket, "k")).code == "InvalidArgument"
    assert client.list_bucket_custom_domain(bucket).rules == []


def test_a_domain_has_a_tongue_and_one_bucket(server, client, bucket, fails):
    domain = f"{bucket}.s3.example.com"
    client.put_object(bucket, "k", content=b"x", acl=tos.ACLType.ACL_Public_Read)
    client.put_bucket_custom_domain(bucket, CustomDomainRule(domain=domain, protocol=AuthProtocolType.AuthProtocolS3))
    assert server.http("GET", f"http://{domain}/k").content == b"x"
    missing = server.http("GET", f"http://{domain}/missing")
    assert missing.headers["Content-Type"] == "application/xml", "S3 answers"
    other = bucket + "-other"
    client.create_bucket(other)
    error = fails(lambda: client.put_bucket_custom_domain(other, CustomDomainRule(domain=domain)))
    assert (error.status_code, error.code) == (409, "DomainAlreadyExists")
    client.delete_bucket_custom_domain(bucket, domain)
    client.put_bucket_custom_domain(other, CustomDomainRule(domain=domain))
    client.delete_bucket(other)
    client.put_bucket_custom_domain(bucket, CustomDomainRule(domain=domain))
    for wrong in ("no-dot", "bucket.tos-cn-beijing.volces.com", "a_b.example.com", "10.0.0.1"):
        error = fails(lambda: client.put_bucket_custom_domain(bucket, CustomDomainRule(domain=wrong)))
        assert (error.status_code, error.code) == (400, "InvalidArgument"), wrong


def test_settings_are_the_owners(client, bucket, stranger, fails):
    for call in (
        lambda: stranger.get_bucket_lifecycle(bucket),
        lambda: stranger.put_bucket_quota(bucket, 1),
        lambda: stranger.get_bucket_quota(bucket),
        lambda: stranger.put_bucket_rename(bucket, True),
        lambda: stranger.put_bucket_storage_class(bucket, StorageClassType.Storage_Class_Ia),
        lambda: stranger.put_bucket_custom_domain(bucket, CustomDomainRule(domain="stranger.example.com")),
        lambda: stranger.list_bucket_custom_domain(bucket),
        lambda: stranger.get_bucket_tagging(bucket),
        lambda: stranger.get_bucket_access_monitor(bucket),
        lambda: stranger.put_bucket_access_monitor(bucket, StatusType.Status_Enable),
    ):
        assert fails(call).code == "AccessDenied"
