"""Objects: what is stored comes back, with everything that was said about it."""

import base64
import hashlib
import io
from datetime import datetime, timedelta, timezone

import crcmod
import pytest
import tos
from tos.enum import ACLType, StorageClassType
from tos.models2 import Tag

CRC64 = crcmod.mkCrcFun(0x142F0E1EBA9EA3693, initCrc=0, xorOut=0xFFFFFFFFFFFFFFFF, rev=True)
TEXT = bytes(range(256)) * 10


def code(error):
    return error.status_code, error.code


@pytest.mark.parametrize(
    "key",
    ["plain", "a/b/c", "a//b", "/front", "中文 键", "a+b&c=d?e#f%20g", "'\"<>\\^`{|}~", "k" * 696, "😀", "a.", "...", "~"],
    ids=range(12),
)
def test_keys_are_opaque(client, bucket, key):
    client.put_object(bucket, key, content=key.encode())
    assert client.get_object(bucket, key).read() == key.encode()
    assert [item.key for item in client.list_objects_type2(bucket).contents] == [key]
    assert client.does_object_exist(bucket, key)
    client.delete_object(bucket, key)
    assert not client.does_object_exist(bucket, key)


def test_keys_that_are_too_long(client, bucket, fails):
    assert code(fails(lambda: client.put_object(bucket, "k" * 697, content=b"x"))) == (400, "KeyTooLong")
    assert client.list_objects_type2(bucket).contents == []


@pytest.mark.parametrize("size", [0, 1, 4096, 65536, 65537, 3_000_001])
def test_bodies_of_all_sizes(client, bucket, size):
    body = (TEXT * (size // len(TEXT) + 1))[:size]
    put = client.put_object(bucket, "k", content=body)
    assert put.etag == hashlib.md5(body).hexdigest()
    assert put.hash_crc64_ecma == CRC64(body)
    got = client.get_object(bucket, "k")
    assert got.content_length == size and got.hash_crc64_ecma == CRC64(body)
    assert got.etag == put.etag
    assert got.read() == body
    assert b"".join(client.get_object(bucket, "k")) == body, "piece by piece, with the client's own check"


def test_no_content_at_all(client, bucket):
    client.put_object(bucket, "empty")
    assert client.head_object(bucket, "empty").content_length == 0


def test_streams_of_unknown_length(client, bucket):
    client.put_object(bucket, "generator", content=(b"piece %d;" % n for n in range(1000)))
    assert client.get_object(bucket, "generator").read() == b"".join(b"piece %d;" % n for n in range(1000))
    client.put_object(bucket, "file", content=io.BytesIO(TEXT))
    assert client.get_object(bucket, "file").read() == TEXT


def test_files(client, bucket, tmp_path):
    source, copy = tmp_path / "source", tmp_path / "copy"
    source.write_bytes(TEXT * 8000)
    put = client.put_object_from_file(bucket, "k.html", str(source))
    assert put.hash_crc64_ecma == CRC64(TEXT * 8000)
    client.get_object_to_file(bucket, "k.html", str(copy))
    assert copy.read_bytes() == source.read_bytes()
    assert client.head_object(bucket, "k.html").content_type == "text/html", "guessed by the client"


@pytest.mark.parametrize(
    ("asked", "found", "told"),
    [
        ({"range_start": 0, "range_end": 0}, slice(0, 1), "bytes 0-0/2560"),
        ({"range_start": 10, "range_end": 19}, slice(10, 20), "bytes 10-19/2560"),
        ({"range_start": 2550, "range_end": 9999}, slice(2550, None), "bytes 2550-2559/2560"),
        ({"range_start": 2559}, slice(2559, None), "bytes 2559-2559/2560"),
        ({"range": "bytes=-5"}, slice(-5, None), "bytes 2555-2559/2560"),
    ],
)
def test_ranges(client, bucket, asked, found, told):
    client.put_object(bucket, "k", content=TEXT)
    out = client.get_object(bucket, "k", **asked)
    assert (out.status_code, out.content_range) == (206, told)
    assert out.read() == TEXT[found]
    assert out.hash_crc64_ecma == CRC64(TEXT), "that of the whole object"


def test_ranges_beyond_the_end(client, bucket, fails):
    client.put_object(bucket, "k", content=TEXT)
    assert code(fails(lambda: client.get_object(bucket, "k", range_start=2560))) == (416, "InvalidRange")
    for nonsense in ("bytes=5-2", "lines=1-2", "bytes=0-1,3-4"):
        out = client.get_object(bucket, "k", range=nonsense)
        assert out.status_code == 200 and out.read() == TEXT, nonsense


def test_everything_said_at_the_upload_comes_back(client, bucket):
    expires = datetime(2030, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    said = {
        "cache_control": "no-cache",
        "content_disposition": "attachment; filename=中.txt",
        "content_encoding": "identity",
        "content_language": "zh-CN",
        "content_type": "text/x-me",
        "website_redirect_location": "/other",
    }
    meta = {"name": "value", "中文": "值 with=signs&%"}
    client.put_object(bucket, "k", content=b"x", expires=expires, meta=meta, tagging="a=1&b=%E4%B8%AD", **said)
    for out in (client.head_object(bucket, "k"), client.get_object(bucket, "k")):
        for name, value in said.items():
            assert getattr(out, name) == value, name
        assert out.expires == expires
        assert out.meta == meta
        assert out.tagging_count == 2
        assert out.storage_class == StorageClassType.Storage_Class_Standard
        assert abs(datetime.now(timezone.utc) - out.last_modified) < timedelta(minutes=1)


def test_headers_of_the_answer_can_be_replaced(client, bucket):
    client.put_object(bucket, "k", content=b"x", content_type="text/plain")
    expires = datetime(2031, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    said = {
        "cache_control": "no-store",
        "content_disposition": "attachment; filename=中 1.txt",
        "content_encoding": "identity",
        "content_language": "en",
        "content_type": "application/x-me",
    }
    out = client.get_object(
        bucket, "k", response_expires=expires, **{f"response_{name}": value for name, value in said.items()}
    )
    for name, value in said.items():
        assert getattr(out, name) == value, name
    assert out.expires == expires
    assert client.head_object(bucket, "k").content_type == "text/plain"


def test_reading_under_conditions(client, bucket, fails):
    etag = client.put_object(bucket, "k", content=b"x").etag
    changed = client.head_object(bucket, "k").last_modified
    before, after = changed - timedelta(hours=1), changed + timedelta(seconds=1)
    for read in (client.get_object, client.head_object):
        for good in (
            {"if_match": etag},
            {"if_match": f'"{etag}"'},
            {"if_none_match": "0" * 32},
            {"if_modified_since": before},
            {"if_unmodified_since": after},
        ):
            assert read(bucket, "k", **good).status_code == 200, good
        for bad, status in (
            ({"if_match": "0" * 32}, 412),
            ({"if_none_match": etag}, 304),
            ({"if_modified_since": after}, 304),
            ({"if_unmodified_since": before}, 412),
        ):
            with pytest.raises(tos.exceptions.TosServerError) as caught:
                read(bucket, "k", **bad)
            assert caught.value.status_code == status and caught.value.request_id, bad
    assert code(fails(lambda: client.get_object(bucket, "k", if_match="0" * 32))) == (412, "PreconditionFailed")


def test_writing_under_conditions(client, bucket, fails):
    first = client.put_object(bucket, "k", content=b"1", forbid_overwrite=True)
    assert code(fails(lambda: client.put_object(bucket, "k", content=b"2", forbid_overwrite=True)))[0] in (409, 412)
    error = fails(lambda: client.put_object(bucket, "k", content=b"2", if_match="0" * 32))
    assert code(error) == (412, "PreconditionFailed")
    assert client.get_object(bucket, "k").read() == b"1"
    client.put_object(bucket, "k", content=b"2", if_match=first.etag)
    assert client.get_object(bucket, "k").read() == b"2"


def test_metadata_is_replaced(client, bucket):
    client.put_object(bucket, "k", content=b"x", meta={"a": "1"}, cache_control="no-cache", content_type="a/b")
    before = client.head_object(bucket, "k")
    client.set_object_meta(bucket, "k", meta={"中": "文"}, content_type="c/d")
    out = client.head_object(bucket, "k")
    assert (out.meta, out.content_type, out.cache_control) == ({"中": "文"}, "c/d", None)
    assert out.etag == before.etag and client.get_object(bucket, "k").read() == b"x"


def test_tags(client, bucket, fails):
    client.put_object(bucket, "k", content=b"x")
    assert client.get_object_tagging(bucket, "k").tag_set == []
    client.put_object_tagging(bucket, "k", [Tag("键", "值"), Tag("b", "")])
    found = client.get_object_tagging(bucket, "k").tag_set
    assert [(tag.key, tag.value) for tag in found] == [("键", "值"), ("b", "")]
    for bad in ([Tag(str(n), "v") for n in range(101)], [Tag("a", "1"), Tag("a", "2")], [Tag("", "v")], [Tag("a" * 129, "v")]):
        assert fails(lambda: client.put_object_tagging(bucket, "k", bad)).status_code == 400
    assert len(client.get_object_tagging(bucket, "k").tag_set) == 2
    client.delete_object_tagging(bucket, "k")
    assert client.get_object_tagging(bucket, "k").tag_set == []
    assert code(fails(lambda: client.get_object_tagging(bucket, "absent"))) == (404, "NoSuchKey")


@pytest.mark.parametrize("name", ["STANDARD", "IA", "ARCHIVE_FR", "INTELLIGENT_TIERING"])
def test_storage_classes(client, bucket, name):
    kind = StorageClassType(name)
    client.put_object(bucket, "k", content=b"x", storage_class=kind)
    assert client.head_object(bucket, "k").storage_class == kind
    assert client.list_objects_type2(bucket).contents[0].storage_class == kind
    assert client.get_object(bucket, "k").read() == b"x"


def test_a_bucket_has_a_storage_class_for_its_objects(client):
    client.create_bucket("class-of-bucket", storage_class=StorageClassType.Storage_Class_Ia)
    assert client.head_bucket("class-of-bucket").storage_class == StorageClassType.Storage_Class_Ia
    client.put_object("class-of-bucket", "k", content=b"x")
    assert client.head_object("class-of-bucket", "k").storage_class == StorageClassType.Storage_Class_Ia


def test_digests_are_checked(client, bucket, fails):
    good = base64.b64encode(hashlib.md5(b"x").digest()).decode()
    wrong = base64.b64encode(hashlib.md5(b"y").digest()).decode()
    client.put_object(bucket, "good", content=b"x", content_md5=good)
    client.put_object(bucket, "sha", content=b"x", content_sha256=hashlib.sha256(b"x").hexdigest())
    assert code(fails(lambda: client.put_object(bucket, "bad", content=b"x", content_md5=wrong))) == (400, "BadDigest")
    error = fails(lambda: client.put_object(bucket, "bad", content=b"x", content_md5="no digest"))
    assert code(error) == (400, "InvalidDigest")
    sha256 = hashlib.sha256(b"y").hexdigest()
    assert fails(lambda: client.put_object(bucket, "bad", content=b"x", content_sha256=sha256)).status_code == 400
    assert not client.does_object_exist(bucket, "bad")


def test_what_is_not_there(client, bucket, fails):
    for call in (
        lambda: client.get_object(bucket, "absent"),
        lambda: client.head_object(bucket, "absent"),
        lambda: client.get_object_acl(bucket, "absent"),
        lambda: client.set_object_meta(bucket, "absent", meta={"a": "b"}),
    ):
        with pytest.raises(tos.exceptions.TosServerError) as caught:
            call()
        assert caught.value.status_code == 404
        assert caught.value.header["x-tos-ec"] == "0017-00000003"
    assert code(fails(lambda: client.get_object(bucket, "absent"))) == (404, "NoSuchKey")
    assert client.delete_object(bucket, "absent").status_code == 204
    assert not client.does_bucket_exist("never-created")
    assert code(fails(lambda: client.put_object("never-created", "k", content=b"x"))) == (404, "NoSuchBucket")


def test_appending(client, bucket, fails):
    first = client.append_object(bucket, "log", 0, content=b"one ", meta={"a": "b"}, content_type="text/x-log", pre_hash_crc64_ecma=0)
    second = client.append_object(bucket, "log", first.next_append_offset, content=b"two", pre_hash_crc64_ecma=first.hash_crc64_ecma)
    assert (first.next_append_offset, second.next_append_offset) == (4, 7)
    assert second.hash_crc64_ecma == CRC64(b"one two")
    got = client.get_object(bucket, "log")
    assert got.read() == b"one two" and (got.object_type, got.content_type, got.meta["a"]) == ("Appendable", "text/x-log", "b")
    for offset in (0, 3, 8):
        assert code(fails(lambda: client.append_object(bucket, "log", offset, content=b"x"))) == (409, "OffsetNotMatched")
    client.put_object(bucket, "k", content=b"x")
    assert code(fails(lambda: client.append_object(bucket, "k", 1, content=b"x"))) == (409, "NotAppendable")


def test_what_the_server_does_not_do_is_refused(client, bucket, fails):
    """A promise about stored bytes is kept or refused, never ignored."""
    client.put_object(bucket, "k", content=b"x")
    for call in (
        lambda: client.get_bucket_real_time_log(bucket),
    ):
        assert code(fails(call)) == (501, "NotImplemented")
    assert [item.key for item in client.list_objects_type2(bucket).contents] == ["k"]


def test_buckets(client, bucket, fails):
    assert bucket in [found.name for found in client.list_buckets().buckets]
    assert client.head_bucket(bucket).region == "cn-beijing"
    assert client.get_bucket_location(bucket).region == "cn-beijing"
    assert client.get_bucket_info(bucket).bucket_info.name == bucket
    assert code(fails(lambda: client.create_bucket(bucket))) == (409, "BucketAlreadyOwnedByYou")
    client.put_object(bucket, "k", content=b"x", acl=ACLType.ACL_Private)
    assert code(fails(lambda: client.delete_bucket(bucket))) == (409, "BucketNotEmpty")
    client.delete_object(bucket, "k")
    assert client.delete_bucket(bucket).status_code == 204
    assert not client.does_bucket_exist(bucket)
