"""Copies: within a bucket and between buckets, with metadata kept or replaced, under conditions."""

import oss2
import oss_clients
import pytest


@pytest.mark.parametrize("key", ["k", "dir/中 a+b", "a?b&c=%20"], ids=range(3))
def test_a_copy(server, bucket, key):
    other = oss_clients.bucket(server, bucket.bucket_name + "-2")
    other.create_bucket()
    headers = {"Content-Type": "a/b", "x-oss-meta-a": "b", "x-oss-tagging": "t=1", "Cache-Control": "no-cache"}
    source = bucket.put_object(key, b"content", headers=headers)
    for target in (bucket, other):
        result = target.copy_object(bucket.bucket_name, key, "copy/" + key)
        assert result.etag == source.etag and result.headers["x-oss-hash-crc64ecma"] == str(source.crc)
        got = target.get_object("copy/" + key)
        assert got.read() == b"content" and got.content_type == "a/b" and got.headers["Cache-Control"] == "no-cache"
        assert got.headers["x-oss-meta-a"] == "b" and got.headers["x-oss-tagging-count"] == "1"
    other.delete_object("copy/" + key)
    other.delete_bucket()


def test_metadata_is_replaced(bucket):
    bucket.put_object("k", b"x", headers={"Content-Type": "a/b", "x-oss-meta-a": "b", "Cache-Control": "no-cache", "x-oss-tagging": "t=1"})
    bucket.copy_object(bucket.bucket_name, "k", "copy", headers={"x-oss-metadata-directive": "REPLACE", "x-oss-meta-c": "d"})
    head = bucket.head_object("copy")
    assert head.content_type == "a/b" and head.headers["x-oss-meta-c"] == "d"
    assert "x-oss-meta-a" not in head.headers and "Cache-Control" not in head.headers
    headers = {"x-oss-tagging-directive": "Replace", "x-oss-tagging": "u=2"}
    bucket.copy_object(bucket.bucket_name, "k", "copy", headers=headers)
    assert bucket.get_object_tagging("copy").tag_set.tagging_rule == {"u": "2"}
    assert bucket.head_object("copy").headers["x-oss-meta-a"] == "b"


def test_metadata_of_an_object_is_changed_in_place(bucket):
    etag = bucket.put_object("k", b"x", headers={"x-oss-meta-a": "b"}).etag
    bucket.update_object_meta("k", {"x-oss-meta-c": "d", "Content-Type": "text/x-new"})
    head = bucket.head_object("k")
    assert (head.etag, head.content_type, head.headers["x-oss-meta-c"]) == (etag, "text/x-new", "d")
    assert "x-oss-meta-a" not in head.headers


def test_conditions(bucket, fails):
    etag = bucket.put_object("k", b"x").etag
    past, future = "Wed, 01 Jan 2020 00:00:00 GMT", "Fri, 28 Feb 2042 05:38:42 GMT"
    copy = lambda **headers: bucket.copy_object(
        bucket.bucket_name, "k", "copy", headers={f"x-oss-copy-source-{name.replace('_', '-')}": value for name, value in headers.items()}
    )
    for bad in ({"if_match": "0" * 32}, {"if_unmodified_since": past}):
        fails(lambda: copy(**bad), 412, "PreconditionFailed")
    for same in ({"if_none_match": etag}, {"if_modified_since": future}):
        with pytest.raises(oss2.exceptions.NotModified):
            copy(**same)
    assert not bucket.object_exists("copy")
    for good in ({"if_match": etag}, {"if_none_match": "0" * 32}, {"if_modified_since": past}, {"if_unmodified_since": future}):
        assert copy(**good).status == 200, good


def test_a_multipart_object_becomes_a_normal_one(bucket):
    upload = bucket.init_multipart_upload("k").upload_id
    part = bucket.upload_part("k", upload, 1, b"part")
    bucket.complete_multipart_upload("k", upload, [oss2.models.PartInfo(1, part.etag)])
    bucket.copy_object(bucket.bucket_name, "k", "copy")
    head = bucket.head_object("copy")
    assert head.object_type == "Normal" and bucket.get_object("copy").read() == b"part"


def test_sources_that_are_none(bucket, stranger, server, fails):
    fails(lambda: bucket.copy_object(bucket.bucket_name, "absent", "copy"), 404, "NoSuchKey")
    fails(lambda: bucket.copy_object("no-such-bucket-anywhere", "k", "copy"), 404, "NoSuchBucket")
    bucket.put_object("k", b"secret")
    mine = oss_clients.bucket(server, bucket.bucket_name + "-theirs", stranger)
    mine.create_bucket()
    fails(lambda: mine.copy_object(bucket.bucket_name, "k", "copy"), 403, "AccessDenied")
    mine.delete_bucket()
