"""Links, archived objects, the status of files, and transfers that are held back."""

import json
import os

import pytest
from tos.enum import ACLType, StorageClassType, TierType
from tos.models2 import CloudFunctionConfiguration, RestoreJobParameters

from buckets import named_after

KEY = "dir/中文 %1 ? # */~"


def test_a_link(client, bucket):
    stored = client.put_object(bucket, KEY, content=b"target", content_type="a/b")
    client.put_symlink(bucket, "link", KEY)
    link = client.get_symlink(bucket, "link")
    assert link.symlink_target_key == KEY and link.etag and link.last_modified
    out = client.get_object(bucket, "link")
    assert (out.read(), out.object_type, out.content_type) == (b"target", "Symlink", "a/b")
    head = client.head_object(bucket, "link")
    assert (head.symlink_target_size, head.content_length, head.object_type) == (6, 6, "Symlink")
    assert head.hash_crc64_ecma == stored.hash_crc64_ecma
    for listed in (client.list_objects(bucket, prefix="link"), client.list_objects_type2(bucket, prefix="link")):
        assert [item.object_type for item in listed.contents] == ["Symlink"]
    assert client.head_object(bucket, KEY).symlink_target_size is None


def test_a_link_into_another_bucket(client, bucket, request, anonymous, fails):
    other = named_after(request) + "-to"
    client.create_bucket(other)
    try:
        client.put_symlink(bucket, "link", KEY, symlink_target_bucket=other, acl=ACLType.ACL_Public_Read)
        client.put_symlink(bucket, "own", KEY, symlink_target_bucket=bucket)
        assert fails(lambda: client.get_object(bucket, "link")).code == "SymlinkTargetNotExist"
        client.put_object(other, KEY, content=b"elsewhere")
        assert client.get_object(bucket, "link").read() == b"elsewhere"
        assert client.head_object(bucket, "link").symlink_target_size == 9
        told = [client.get_symlink(bucket, key).symlink_target_bucket for key in ("link", "own")]
        assert told == [other, bucket]
        assert fails(lambda: anonymous.get_object(bucket, "link")).status_code == 403
        client.put_object_acl(other, KEY, acl=ACLType.ACL_Public_Read)
        assert anonymous.get_object(bucket, "link").read() == b"elsewhere"
        error = fails(lambda: client.put_symlink(bucket, "k", "k", symlink_target_bucket="No_Bucket"))
        assert (error.status_code, error.code) == (400, "InvalidArgument")
    finally:
        client.delete_object(other, KEY)
        client.delete_bucket(other)


def test_what_a_link_carries_itself(client, bucket):
    client.put_object(bucket, "k", content=b"x", meta={"name": "target"})
    client.put_symlink(bucket, "link", "k", meta={"name": "值"}, acl=ACLType.ACL_Public_Read)
    assert client.head_object(bucket, "link").meta == {"name": "值"}
    link, target = (client.get_object_acl(bucket, key) for key in ("link", "k"))
    assert (link.is_default, target.is_default) == (False, True)


def test_what_is_no_link(client, bucket, fails):
    client.put_object(bucket, "k", content=b"x")
    assert fails(lambda: client.get_symlink(bucket, "k")).code == "NotSymlink"
    client.put_symlink(bucket, "dangling", "absent")
    assert fails(lambda: client.get_object(bucket, "dangling")).code == "SymlinkTargetNotExist"
    client.put_symlink(bucket, "chain", "dangling")
    assert fails(lambda: client.get_object(bucket, "chain")).code == "InvalidTargetType"
    error = fails(lambda: client.put_symlink(bucket, "k", "absent", forbid_overwrite=True))
    assert (error.status_code, error.code) == (409, "DuplicateObject")
    assert client.get_object(bucket, "k").read() == b"x"


def test_the_status_of_files(client, bucket, fails):
    content = os.urandom(100)
    stored = client.put_object(bucket, "dir/k", content=content)
    status = client.get_file_status(bucket, "dir/k")
    assert (status.key, status.size, status.object_type) == ("dir/k", 100, "Normal")
    assert (status.etag, status.crc64) == (stored.etag, str(stored.hash_crc64_ecma))
    client.put_symlink(bucket, "link", "dir/k")
    status = client.get_file_status(bucket, "link")
    assert (status.object_type, status.size) == ("Symlink", 100)
    client.append_object(bucket, "log", 0, content=b"x")
    assert client.get_file_status(bucket, "log").object_type == "Appendable"
    assert fails(lambda: client.get_file_status(bucket, "absent")).code == "NoSuchKey"


FROZEN = [
    StorageClassType.Storage_Class_Archive,
    StorageClassType.Storage_Class_Cold_Archive,
    StorageClassType.Storage_Class_DEEP_COLD_ARCHIVE,
]


@pytest.mark.parametrize("storage_class", FROZEN)
def test_an_archived_object_is_read_when_it_was_restored(server, client, bucket, receiver, fails, storage_class):
    server.command("function", "add", bucket, receiver.url)
    events = ["tos:ObjectRestore:*"]
    client.put_bucket_notification(bucket, [CloudFunctionConfiguration(id="r", events=events, cloud_function=bucket)])
    client.put_object(bucket, "k", content=b"cold", storage_class=storage_class)
    assert client.head_object(bucket, "k").storage_class == storage_class
    assert fails(lambda: client.get_object(bucket, "k")).code == "InvalidObjectState"

    tier = RestoreJobParameters(TierType.Tier_Expedited)
    assert client.restore_object(bucket, "k", days=1, restore_job_parameters=tier).status_code == 202
    names = [json.loads(request.body)["events"][0]["eventName"] for request in receiver.wait(2)]
    assert names == ["tos:ObjectRestore:Post", "tos:ObjectRestore:Completed"]
    out = client.get_object(bucket, "k")
    assert out.read() == b"cold" and 'ongoing-request="false"' in out.restore
    assert client.restore_object(bucket, "k", days=2).status_code == 200


def test_what_cannot_be_restored(client, bucket, fails):
    client.put_object(bucket, "k", content=b"x")
    assert fails(lambda: client.restore_object(bucket, "k", days=1)).status_code == 400
    assert fails(lambda: client.restore_object(bucket, "absent", days=1)).code == "NoSuchKey"
    client.put_object(bucket, "cold", content=b"x", storage_class=FROZEN[0])
    unknown = RestoreJobParameters(TierType.Tier_Unknown)
    assert fails(lambda: client.restore_object(bucket, "cold", days=1, restore_job_parameters=unknown)).code == "InvalidArgument"
    assert fails(lambda: client.restore_object(bucket, "cold", days=10**6)).code == "InvalidArgument"


def test_classes_everywhere(client):
    bucket = "classes-of-tos"
    client.create_bucket(bucket, storage_class=StorageClassType.Storage_Class_Cold_Archive)
    assert client.head_bucket(bucket).storage_class == StorageClassType.Storage_Class_Cold_Archive
    client.put_object(bucket, "default", content=b"x")
    client.put_object(bucket, "warm", content=b"x", storage_class=StorageClassType.Storage_Class_Standard)
    client.copy_object(bucket, "copy", bucket, "warm", storage_class=FROZEN[2])
    upload = client.create_multipart_upload(bucket, "parts", storage_class=FROZEN[0]).upload_id
    part = client.upload_part(bucket, "parts", upload, 1, content=b"x")
    client.complete_multipart_upload(bucket, "parts", upload, [part])
    wanted = {"default": FROZEN[1], "copy": FROZEN[2], "parts": FROZEN[0]}
    for key, storage_class in wanted.items():
        assert client.head_object(bucket, key).storage_class == storage_class, key
    listed = {item.key: item.storage_class for item in client.list_objects_type2(bucket).contents}
    assert listed == wanted | {"warm": StorageClassType.Storage_Class_Standard}


def test_transfers_that_are_held_back(client, bucket, fails):
    content = os.urandom(120 * 1024)
    client.put_object(bucket, "k", content=content, traffic_limit=819200)
    assert client.get_object(bucket, "k", traffic_limit=819200).read() == content
    for limit in (819199, 838860801):
        assert fails(lambda limit=limit: client.put_object(bucket, "k", content=b"x", traffic_limit=limit)).code == "InvalidArgument"


def test_pictures_are_not_processed(client, bucket, fails):
    client.put_object(bucket, "k.png", content=b"x")
    error = fails(lambda: client.get_object(bucket, "k.png", process="image/info"))
    assert (error.status_code, error.code) == (501, "NotImplemented")
    assert fails(lambda: client.put_object(bucket, "p", content=b"x", image_operations="e30=")).code == "NotImplemented"
    assert not client.does_object_exist(bucket, "p")
