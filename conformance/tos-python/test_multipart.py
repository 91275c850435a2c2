"""Multipart uploads: their lists, their ends, and what they refuse."""

import pytest
from tos.enum import StorageClassType
from tos.models2 import UploadedPart

PART = 5 * 1024 * 1024
NONE = "0" * 32


@pytest.fixture()
def upload(client, bucket):
    return client.create_multipart_upload(bucket, "k").upload_id


def put(client, bucket, upload, number, body):
    return UploadedPart(number, client.upload_part(bucket, "k", upload, number, content=body).etag)


def refused(fails, call, *wanted):
    error = fails(call)
    assert (error.status_code, error.code) == wanted


def test_what_was_said_at_the_beginning_holds_at_the_end(client, bucket):
    upload = client.create_multipart_upload(
        bucket, "k", meta={"名": "值"}, content_type="a/b", storage_class=StorageClassType.Storage_Class_Ia, tagging="t=1"
    ).upload_id
    part = put(client, bucket, upload, 1, b"x")
    assert not client.does_object_exist(bucket, "k")
    out = client.complete_multipart_upload(bucket, "k", upload, [part])
    assert (out.bucket, out.key) == (bucket, "k")
    head = client.head_object(bucket, "k")
    assert (head.meta, head.content_type, head.tagging_count) == ({"名": "值"}, "a/b", 1)
    assert head.storage_class == StorageClassType.Storage_Class_Ia
    assert head.etag == out.etag and head.hash_crc64_ecma == out.hash_crc64_ecma


def test_listing_parts(client, bucket, upload):
    etags = {n: put(client, bucket, upload, n, b"x" * n).etag for n in (5, 2, 9, 1, 7)}
    for size in (1, 2, 3, 5, 1000):
        found, marker = [], None
        while True:
            page = client.list_parts(bucket, "k", upload, part_number_marker=marker, max_parts=size)
            assert page.max_parts == size and len(page.parts) <= size
            found += [(part.part_number, part.etag, part.size) for part in page.parts]
            if not page.is_truncated:
                break
            marker = page.next_part_number_marker
        assert found == [(n, etags[n], n) for n in sorted(etags)], size
    assert page.owner.id and page.upload_id == upload


def test_a_part_sent_twice_is_the_last_one(client, bucket, upload):
    put(client, bucket, upload, 1, b"first")
    put(client, bucket, upload, 1, b"second")
    client.complete_multipart_upload(bucket, "k", upload, complete_all=True)
    assert client.get_object(bucket, "k").read() == b"second"


def test_complete_all_tells_the_parts(client, bucket, upload):
    parts = [put(client, bucket, upload, 1, b"a" * PART), put(client, bucket, upload, 4, b"b")]
    out = client.complete_multipart_upload(bucket, "k", upload, complete_all=True)
    found = [(part.part_number, part.etag.strip('"')) for part in out.complete_parts]
    assert found == [(part.part_number, part.etag) for part in parts]


def test_listing_uploads(client, bucket):
    wanted = []
    for key in ("a/1", "a/2", "b", "b", "b", "c/1", "中"):
        wanted.append((key, client.create_multipart_upload(bucket, key).upload_id))
    for size in (1, 2, 3, 7, 1000):
        found, marker, id_marker = [], None, None
        while True:
            page = client.list_multipart_uploads(bucket, max_uploads=size, key_marker=marker, upload_id_marker=id_marker)
            assert page.max_uploads == size and len(page.uploads) <= size
            found += [(item.key, item.upload_id) for item in page.uploads]
            if not page.is_truncated:
                break
            marker, id_marker = page.next_key_marker, page.next_upload_id_marker
        assert sorted(found) == sorted(wanted), size
        assert [key for key, _ in found] == [key for key, _ in wanted], size
    page = client.list_multipart_uploads(bucket, delimiter="/")
    assert [item.prefix for item in page.common_prefixes] == ["a/", "c/"]
    assert [item.key for item in page.uploads] == ["b", "b", "b", "中"]
    assert [item.key for item in client.list_multipart_uploads(bucket, prefix="a/").uploads] == ["a/1", "a/2"]


def test_abort(client, bucket, upload, fails):
    put(client, bucket, upload, 1, b"x")
    assert client.abort_multipart_upload(bucket, "k", upload).status_code == 204
    assert client.list_multipart_uploads(bucket).uploads == []
    for call in (
        lambda: client.list_parts(bucket, "k", upload),
        lambda: client.upload_part(bucket, "k", upload, 1, content=b"x"),
        lambda: client.complete_multipart_upload(bucket, "k", upload, [UploadedPart(1, NONE)]),
        lambda: client.abort_multipart_upload(bucket, "k", upload),
    ):
        refused(fails, call, 404, "NoSuchUpload")
    assert not client.does_object_exist(bucket, "k")


def test_completing_with_wrong_parts(client, bucket, upload, fails):
    small = put(client, bucket, upload, 1, b"too small")
    last = put(client, bucket, upload, 2, b"the end")

    def complete(*parts):
        return lambda: client.complete_multipart_upload(bucket, "k", upload, list(parts))

    refused(fails, complete(UploadedPart(1, NONE)), 400, "InvalidPart")
    refused(fails, complete(UploadedPart(3, last.etag)), 400, "InvalidPart")
    refused(fails, complete(small, last), 400, "EntityTooSmall")
    refused(fails, complete(small, small), 400, "MalformedBody")
    refused(fails, complete(UploadedPart(0, NONE)), 400, "InvalidPartNumber")
    refused(fails, complete(UploadedPart(10001, NONE)), 400, "InvalidPartNumber")
    assert not client.does_object_exist(bucket, "k")
    assert [part.part_number for part in client.list_parts(bucket, "k", upload).parts] == [1, 2]
    complete(last)()
    assert client.get_object(bucket, "k").read() == b"the end"


def test_completing_nothing(client, bucket, upload, fails):
    assert fails(lambda: client.complete_multipart_upload(bucket, "k", upload, complete_all=True)).status_code == 400
    assert not client.does_object_exist(bucket, "k")


def test_part_numbers(client, bucket, upload, fails):
    for number in (0, 10001, 4294967297):
        refused(fails, lambda: client.upload_part(bucket, "k", upload, number, content=b"x"), 400, "InvalidPartNumber")
    put(client, bucket, upload, 10000, b"x")


def test_completing_once_more(client, bucket, upload, fails):
    """A client that lost the answer and asks again hears the same."""
    part = put(client, bucket, upload, 1, b"x")
    first = client.complete_multipart_upload(bucket, "k", upload, [part])
    again = client.complete_multipart_upload(bucket, "k", upload, [part])
    assert (again.etag, again.hash_crc64_ecma) == (first.etag, first.hash_crc64_ecma)
    client.put_object(bucket, "k", content=b"overwritten")
    refused(fails, lambda: client.complete_multipart_upload(bucket, "k", upload, [part]), 404, "NoSuchUpload")
    assert client.get_object(bucket, "k").read() == b"overwritten"


def test_forbid_overwrite_at_the_beginning(client, bucket, fails):
    client.put_object(bucket, "there", content=b"old")
    error = fails(lambda: client.create_multipart_upload(bucket, "there", forbid_overwrite=True))
    assert error.status_code in (409, 412)
    assert client.list_multipart_uploads(bucket).uploads == []
    assert client.create_multipart_upload(bucket, "absent", forbid_overwrite=True).upload_id


def test_forbid_overwrite_at_the_end(client, bucket, upload, fails):
    part = put(client, bucket, upload, 1, b"new")
    client.put_object(bucket, "k", content=b"old")
    error = fails(lambda: client.complete_multipart_upload(bucket, "k", upload, [part], forbid_overwrite=True))
    assert error.status_code in (409, 412)
    assert client.get_object(bucket, "k").read() == b"old"


def test_parts_copied_from_objects(client, bucket, upload, fails):
    client.put_object(bucket, "源", content=b"0123456789" * (PART // 10) + b"rest")
    first = client.upload_part_copy(
        bucket, "k", upload, 1, bucket, "源", copy_source_range_start=0, copy_source_range_end=PART - 1
    )
    last = client.upload_part_copy(bucket, "k", upload, 2, bucket, "源", copy_source_range=f"bytes={PART}-{PART + 3}")
    for bad in (f"bytes={PART + 4}-{PART + 9}", "bytes=5-1", "whatever"):
        error = fails(lambda: client.upload_part_copy(bucket, "k", upload, 3, bucket, "源", copy_source_range=bad))
        assert error.status_code in (400, 416), bad
    error = fails(lambda: client.upload_part_copy(bucket, "k", upload, 3, bucket, "源", copy_source_if_match=NONE))
    assert (error.status_code, error.code) == (412, "PreconditionFailed")
    refused(fails, lambda: client.upload_part_copy(bucket, "k", upload, 3, bucket, "absent"), 404, "NoSuchKey")
    parts = [UploadedPart(2, last.etag), UploadedPart(1, first.etag)]
    client.complete_multipart_upload(bucket, "k", upload, parts)
    assert client.get_object(bucket, "k").read() == client.get_object(bucket, "源").read()


def test_an_upload_belongs_to_its_key(client, bucket, upload, fails):
    refused(fails, lambda: client.upload_part(bucket, "other", upload, 1, content=b"x"), 404, "NoSuchUpload")
    for nonsense in ("x", "../../etc", NONE):
        error = fails(lambda: client.list_parts(bucket, "k", nonsense))
        assert (error.status_code, error.code) == (404, "NoSuchUpload"), nonsense
