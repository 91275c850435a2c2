"""Who may do what: lists of access, canned and by grants, with a second account and with nobody."""

import pytest
import tos
import tos_clients
from tos.enum import ACLType, CannedType, GranteeType, PermissionType
from tos.models2 import Grant, Grantee, Owner

READ, WRITE, FULL = (PermissionType.Permission_Read, PermissionType.Permission_Write, PermissionType.Permission_Full_Control)


def may(call):
    """Whether a call is allowed; any other failure is one of the test."""
    try:
        call()
    except tos.exceptions.TosServerError as error:
        assert (error.status_code, error.code) == (403, "AccessDenied"), error
        return False
    return True


def rights(client, bucket):
    """What somebody may do with a bucket that holds the object `k`."""
    return {
        name
        for name, call in {
            "list": lambda: client.list_objects_type2(bucket),
            "read": lambda: client.get_object(bucket, "k").read(),
            "write": lambda: client.put_object(bucket, "written", content=b"x"),
            "acl": lambda: client.get_bucket_acl(bucket),
            "configure": lambda: client.put_bucket_notification(bucket, []),
            "remove": lambda: client.delete_bucket(bucket),
        }.items()
        if may(call)
    }


@pytest.mark.parametrize(
    ("acl", "others", "nobody"),
    [
        (ACLType.ACL_Private, set(), set()),
        (ACLType.ACL_Authenticated_Read, {"list", "read"}, set()),
        (ACLType.ACL_Public_Read, {"list", "read"}, {"list", "read"}),
        (ACLType.ACL_Public_Read_Write, {"list", "read", "write"}, {"list", "read", "write"}),
    ],
    ids=lambda value: value.value if isinstance(value, ACLType) else "",
)
def test_canned_lists_of_buckets(client, bucket, stranger, anonymous, acl, others, nobody):
    client.put_object(bucket, "k", content=b"x")
    client.put_bucket_acl(bucket, acl=acl)
    assert rights(stranger, bucket) == others
    assert rights(anonymous, bucket) == nobody


@pytest.mark.parametrize("acl", [ACLType.ACL_Public_Read, ACLType.ACL_Authenticated_Read], ids=lambda acl: acl.value)
def test_canned_lists_of_objects(client, bucket, stranger, anonymous, acl):
    client.put_object(bucket, "k", content=b"x", acl=acl)
    client.put_object(bucket, "private", content=b"x")
    assert rights(stranger, bucket) == {"read"}
    assert rights(anonymous, bucket) == ({"read"} if acl == ACLType.ACL_Public_Read else set())
    assert not may(lambda: stranger.get_object(bucket, "private"))
    client.put_object_acl(bucket, "k", acl=ACLType.ACL_Private)
    assert rights(stranger, bucket) == rights(anonymous, bucket) == set()


def test_an_object_that_follows_its_bucket(client, bucket, anonymous):
    client.put_bucket_acl(bucket, acl=ACLType.ACL_Public_Read)
    client.put_object(bucket, "follows", content=b"x")
    client.put_object(bucket, "private", content=b"x", acl=ACLType.ACL_Private)
    assert client.get_object_acl(bucket, "follows").is_default
    assert not client.get_object_acl(bucket, "private").is_default
    assert may(lambda: anonymous.get_object(bucket, "follows"))
    assert not may(lambda: anonymous.get_object(bucket, "private"))
    client.put_object_acl(bucket, "private", is_default=True)
    assert may(lambda: anonymous.get_object(bucket, "private"))


def test_grants_in_headers(client, bucket, stranger, server):
    client.put_object(bucket, "k", content=b"x")
    client.put_bucket_acl(bucket, grant_read='id="stranger"', grant_read_acp='id="stranger"')
    assert rights(stranger, bucket) == {"list", "read", "acl"}
    third = tos_clients.stranger(server, "third-party")
    assert rights(third, bucket) == set()
    client.put_bucket_acl(bucket, grant_write='id="third-party"')
    assert rights(third, bucket) == {"write"} and rights(stranger, bucket) == set()
    client.put_bucket_acl(bucket, grant_read='canned="AllUsers"')
    assert rights(tos_clients.anonymous(server), bucket) == {"list", "read"}


def test_grants_in_bodies_come_back(client, bucket, stranger):
    client.put_object(bucket, "k", content=b"x")
    grants = [
        Grant(Grantee(GranteeType.Grantee_User, id="stranger", display_name="stranger"), WRITE),
        Grant(Grantee(GranteeType.Grantee_Group, canned=CannedType.Canned_Authenticated_Users), READ),
    ]
    owner = client.get_bucket_acl(bucket).owner
    client.put_bucket_acl(bucket, owner=Owner(owner.id, owner.display_name), grants=grants)
    assert rights(stranger, bucket) == {"list", "read", "write"}
    found = {(g.grantee.type, g.grantee.id, g.grantee.canned, g.permission) for g in client.get_bucket_acl(bucket).grants}
    assert found == {
        (GranteeType.Grantee_User, "stranger", None, WRITE),
        (GranteeType.Grantee_Group, None, CannedType.Canned_Authenticated_Users, READ),
    }


def test_a_list_without_grants_shows_the_owner(client, bucket, fails):
    client.put_object(bucket, "k", content=b"x", acl=ACLType.ACL_Private)
    for out in (client.get_bucket_acl(bucket), client.get_object_acl(bucket, "k")):
        (grant,) = out.grants
        assert (grant.grantee.id, grant.permission) == (out.owner.id, FULL)
    owner = client.get_bucket_acl(bucket).owner
    client.put_bucket_acl(bucket, owner=owner, bucket_acl_delivered=True)
    assert client.get_bucket_acl(bucket).bucket_acl_delivered
    error = fails(lambda: client.put_bucket_acl(bucket, owner=owner, bucket_acl_delivered=False))
    assert (error.status_code, error.code) == (501, "NotImplemented")


def test_grants_of_objects(client, bucket, stranger):
    client.put_object(bucket, "k", content=b"x", grant_read='id="stranger"')
    assert rights(stranger, bucket) == {"read"}
    assert not may(lambda: stranger.get_object_acl(bucket, "k"))
    assert not may(lambda: stranger.put_object_acl(bucket, "k", acl=ACLType.ACL_Public_Read))
    owner = client.get_object_acl(bucket, "k").owner
    acp = Grant(Grantee(GranteeType.Grantee_User, id="stranger"), PermissionType.Permission_Write_Acp)
    client.put_object_acl(bucket, "k", owner=owner, grants=[acp])
    assert not may(lambda: stranger.get_object(bucket, "k"))
    assert may(lambda: stranger.put_object_acl(bucket, "k", acl=ACLType.ACL_Public_Read))
    assert may(lambda: stranger.get_object(bucket, "k"))


def test_every_door_is_closed_to_a_stranger(client, bucket, stranger):
    client.put_object(bucket, "k", content=b"x")
    upload = client.create_multipart_upload(bucket, "k").upload_id
    for call in (
        lambda: stranger.head_object(bucket, "k"),
        lambda: stranger.list_objects(bucket),
        lambda: stranger.list_object_versions(bucket),
        lambda: stranger.list_multipart_uploads(bucket),
        lambda: stranger.list_parts(bucket, "k", upload),
        lambda: stranger.upload_part(bucket, "k", upload, 1, content=b"x"),
        lambda: stranger.complete_multipart_upload(bucket, "k", upload, complete_all=True),
        lambda: stranger.abort_multipart_upload(bucket, "k", upload),
        lambda: stranger.create_multipart_upload(bucket, "k"),
        lambda: stranger.delete_object(bucket, "k"),
        lambda: stranger.set_object_meta(bucket, "k", meta={"a": "b"}),
        lambda: stranger.put_object_tagging(bucket, "k", []),
        lambda: stranger.get_object_tagging(bucket, "k"),
        lambda: stranger.put_bucket_acl(bucket, acl=ACLType.ACL_Public_Read),
        lambda: stranger.get_bucket_version(bucket),
        lambda: stranger.get_bucket_location(bucket),
        lambda: stranger.get_bucket_notification_type2(bucket),
    ):
        with pytest.raises(tos.exceptions.TosServerError) as caught:
            call()
        assert caught.value.status_code == 403
    assert client.get_object(bucket, "k").read() == b"x"
    out = stranger.list_buckets()
    assert bucket not in [found.name for found in out.buckets] and out.owner.id == "stranger"


def test_a_name_that_is_taken(client, bucket, stranger, fails):
    error = fails(lambda: stranger.create_bucket(bucket))
    assert (error.status_code, error.code) == (409, "BucketAlreadyExists")


def test_an_absent_key_tells_nothing_to_strangers(client, bucket, stranger, fails):
    error = fails(lambda: stranger.get_object(bucket, "absent"))
    assert (error.status_code, error.code) == (403, "AccessDenied")


def test_lists_that_make_no_sense(client, bucket, fails):
    for call in (
        lambda: client.put_bucket_acl(bucket, grant_read="nobody"),
        lambda: client.put_bucket_acl(bucket, grant_read='canned="Everybody"'),
        lambda: client.put_bucket_acl(bucket, acl=ACLType.ACL_Private, grant_read='id="a"'),
        lambda: client.put_bucket_acl(bucket, owner=Owner("root", "root"), grants=[
            Grant(Grantee(GranteeType.Grantee_User, id=f"a{n}"), READ) for n in range(101)
        ]),
    ):
        assert fails(call).status_code == 400
    assert len(client.get_bucket_acl(bucket).grants) == 1


def test_nobody_lists_or_creates_buckets(anonymous):
    assert not may(anonymous.list_buckets)
    assert not may(lambda: anonymous.create_bucket("bucket-of-nobody"))
