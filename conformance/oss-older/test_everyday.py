"""Everyday work with `oss2` 2.13.1 of 2020, as applications that nobody touches have it."""

import io

import oss2
import pytest

pytest_plugins = ["servers"]

PART = 100 * 1024


@pytest.fixture(scope="module", params=[oss2.AUTH_VERSION_1, oss2.AUTH_VERSION_2])
def bucket(server, request):
    auth = oss2.make_auth(server.access_key, server.secret_key, request.param)
    bucket = oss2.Bucket(auth, server.url, f"older-{request.param}")
    bucket.create_bucket(oss2.BUCKET_ACL_PRIVATE)
    return bucket


def test_an_objects_life(bucket):
    key, content = "dir/中 a+b&c", b"content"
    put = bucket.put_object(key, content, headers={"x-oss-meta-name": "value", "Content-Type": "text/x-me"})
    assert put.status == 200 and len(put.request_id) == 24 and put.crc
    got = bucket.get_object(key)
    assert got.read() == content and got.server_crc == got.client_crc
    assert got.headers["x-oss-meta-name"] == "value" and got.content_type == "text/x-me"
    assert bucket.get_object(key, byte_range=(1, 3)).read() == b"ont"
    assert bucket.head_object(key).content_length == 7 and bucket.object_exists(key)
    bucket.copy_object(bucket.bucket_name, key, "copy")
    bucket.put_object_acl("copy", oss2.OBJECT_ACL_PUBLIC_READ)
    assert bucket.get_object_acl("copy").acl == oss2.OBJECT_ACL_PUBLIC_READ
    tags = oss2.models.Tagging()
    tags.tag_set.add("color", "red")
    bucket.put_object_tagging("copy", tags)
    assert bucket.get_object_tagging("copy").tag_set.tagging_rule == {"color": "red"}
    bucket.batch_delete_objects([key, "copy"])
    with pytest.raises(oss2.exceptions.NoSuchKey):
        bucket.get_object(key)


def test_lists(bucket):
    for key in ["lists/a/1", "lists/a/2", "lists/b"]:
        bucket.put_object(key, key)
    found = list(oss2.ObjectIterator(bucket, prefix="lists/", delimiter="/", max_keys=1))
    assert [one.key for one in found] == ["lists/a/", "lists/b"] and found[0].is_prefix()
    keys = [one.key for one in oss2.ObjectIterator(bucket, prefix="lists/a/")]
    assert keys == ["lists/a/1", "lists/a/2"]
    assert bucket.bucket_name in [one.name for one in oss2.BucketIterator(oss2.Service(bucket.auth, bucket.endpoint))]


def test_large_objects(bucket, tmp_path):
    content = bytes(range(256)) * 1600
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(content)
    store = oss2.ResumableStore(root=str(tmp_path))
    oss2.resumable_upload(bucket, "large", str(source), store=store, multipart_threshold=PART, part_size=PART, num_threads=2)
    store = oss2.ResumableDownloadStore(root=str(tmp_path))
    oss2.resumable_download(bucket, "large", str(target), store=store, multiget_threshold=PART, part_size=PART, num_threads=2)
    assert target.read_bytes() == content
    upload = bucket.init_multipart_upload("parts").upload_id
    parts = [oss2.models.PartInfo(1, bucket.upload_part("parts", upload, 1, io.BytesIO(content)).etag)]
    bucket.complete_multipart_upload("parts", upload, parts)
    assert bucket.get_object("parts").read() == content


def test_kinds(bucket):
    first = bucket.append_object("log", 0, b"one")
    assert bucket.append_object("log", first.next_position, b"two", init_crc=first.crc).next_position == 6
    bucket.put_symlink("log", "link")
    assert bucket.get_symlink("link").target_key == "log" and bucket.get_object("link").read() == b"onetwo"


def test_links_and_settings(bucket, server):
    bucket.put_object("shown", b"shown")
    assert server.http("GET", bucket.sign_url("GET", "shown", 60)).content == b"shown"
    rule = oss2.models.LifecycleRule("old", "old/", expiration=oss2.models.LifecycleExpiration(days=3))
    bucket.put_bucket_lifecycle(oss2.models.BucketLifecycle([rule]))
    assert bucket.get_bucket_lifecycle().rules[0].prefix == "old/"
    info = bucket.get_bucket_info()
    assert (info.name, info.acl.grant) == (bucket.bucket_name, oss2.BUCKET_ACL_PRIVATE)
