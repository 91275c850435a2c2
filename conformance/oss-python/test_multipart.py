"""Uploads in parts: by hand, resumed, listed, copied, refused."""

import os

import oss2
import pytest
from oss2.models import PartInfo
from oss2.utils import Crc64

SMALLEST = 100 * 1024


def crc(content):
    digest = Crc64()
    digest.update(content)
    return digest.crc


def upload_parts(bucket, key, upload, contents):
    """Uploads all; the list that completing needs, with which the client checks the checksum."""
    parts = []
    for number, content in contents.items():
        result = bucket.upload_part(key, upload, number, content)
        parts.append(PartInfo(number, result.etag, size=len(content), part_crc=result.crc))
    return parts


def test_by_hand(bucket):
    contents = {1: b"1" * SMALLEST, 3: b"3" * SMALLEST, 10000: b"end"}
    headers = {"Content-Type": "a/b", "x-oss-meta-a": "b", "x-oss-tagging": "t=1", "x-oss-storage-class": "IA"}
    upload = bucket.init_multipart_upload("dir/中 +", headers=headers).upload_id
    parts = upload_parts(bucket, "dir/中 +", upload, contents)
    result = bucket.complete_multipart_upload("dir/中 +", upload, parts)
    whole = b"".join(contents.values())
    assert result.status == 200 and result.crc == crc(whole) and result.etag.endswith("-3")
    got = bucket.get_object("dir/中 +")
    assert got.read() == whole
    assert (got.object_type, got.content_type, got.etag) == ("Multipart", "a/b", result.etag)
    assert (got.headers["x-oss-meta-a"], got.headers["x-oss-tagging-count"]) == ("b", "1")
    assert got.headers["x-oss-storage-class"] == "IA" and "Content-MD5" not in got.headers


def test_all_parts_without_naming_them(bucket, fails):
    upload = bucket.init_multipart_upload("k").upload_id
    upload_parts(bucket, "k", upload, {2: b"2", 1: b"1" * SMALLEST})
    headers = {"x-oss-complete-all": "yes"}
    parts = [PartInfo(1, "0" * 32)]
    error = fails(lambda: bucket.complete_multipart_upload("k", upload, parts, headers), 400, "InvalidArgument", "0042-00000216")
    assert error.message == "Should not speficy both complete all header and http body."
    bucket.complete_multipart_upload("k", upload, None, headers)
    assert bucket.get_object("k").read() == b"1" * SMALLEST + b"2"


def test_a_part_sent_again_replaces_the_first(bucket):
    upload = bucket.init_multipart_upload("k").upload_id
    bucket.upload_part("k", upload, 1, b"wrong")
    parts = upload_parts(bucket, "k", upload, {1: b"right"})
    bucket.complete_multipart_upload("k", upload, parts)
    assert bucket.get_object("k").read() == b"right"


def test_parts_that_do_not_fit(bucket, fails):
    upload = bucket.init_multipart_upload("k").upload_id
    parts = upload_parts(bucket, "k", upload, {1: b"a" * SMALLEST, 2: b"b" * (SMALLEST - 1), 3: b"c"})
    one, two, three = parts
    complete = lambda parts: bucket.complete_multipart_upload("k", upload, parts)
    fails(lambda: complete([one, two, three]), 400, "EntityTooSmall")
    fails(lambda: complete([one, one]), 400, "InvalidPartOrder")
    fails(lambda: complete([one, PartInfo(2, "0" * 32)]), 400, "InvalidPart")
    fails(lambda: complete([one, PartInfo(9, one.etag)]), 400, "InvalidPart")
    assert not bucket.object_exists("k")
    complete([PartInfo(1, one.etag.lower()), PartInfo(3, three.etag)])
    assert bucket.get_object("k").read() == b"a" * SMALLEST + b"c"


@pytest.mark.parametrize("number", [0, 10001])
def test_numbers_that_no_part_may_have(bucket, fails, number):
    upload = bucket.init_multipart_upload("k").upload_id
    fails(lambda: bucket.upload_part("k", upload, number, b"x"), 400, "InvalidArgument")


def test_uploads_that_are_over(bucket, fails):
    upload = bucket.init_multipart_upload("k").upload_id
    parts = upload_parts(bucket, "k", upload, {1: b"x"})
    assert bucket.abort_multipart_upload("k", upload).status == 204
    fails(lambda: bucket.upload_part("k", upload, 1, b"x"), 404, "NoSuchUpload", "0042-00000311")
    fails(lambda: bucket.list_parts("k", upload), 404, "NoSuchUpload")
    fails(lambda: bucket.abort_multipart_upload("k", upload), 404, "NoSuchUpload", "0042-00000104")
    fails(lambda: bucket.complete_multipart_upload("k", upload, parts), 404, "NoSuchUpload")
    assert not bucket.object_exists("k")


def test_lists_of_parts(bucket):
    upload = bucket.init_multipart_upload("k").upload_id
    parts = upload_parts(bucket, "k", upload, {n: b"%d" % n for n in (1, 2, 5, 7, 100)})
    for size in (1, 2, 4, 5, 1000):
        found = list(oss2.PartIterator(bucket, "k", upload, max_parts=size))
        told = [(one.part_number, one.etag, one.size) for one in found]
        assert told == [(one.part_number, one.etag, one.size) for one in parts], size
    assert [one.part_number for one in bucket.list_parts("k", upload, marker="5").parts] == [7, 100]


def test_lists_of_uploads(bucket):
    keys = ["a", "b/1", "b/1", "b/2", "中 +", "中 +"]
    uploads = sorted((key, bucket.init_multipart_upload(key).upload_id) for key in keys)
    for size in (1, 2, 3, 6, 1000):
        found = list(oss2.MultipartUploadIterator(bucket, max_uploads=size))
        assert sorted((one.key, one.upload_id) for one in found) == uploads, size
        assert [one.key for one in found] == keys
    page = bucket.list_multipart_uploads(delimiter="/")
    assert page.prefix_list == ["b/"] and [one.key for one in page.upload_list] == ["a", "中 +", "中 +"]
    assert page.next_key_marker == "中 +" and page.next_upload_id_marker == page.upload_list[-1].upload_id
    assert [one.key for one in bucket.list_multipart_uploads(prefix="b/1").upload_list] == ["b/1", "b/1"]
    found = oss2.ObjectUploadIterator(bucket, "b/1")
    assert {one.upload_id for one in found} == {upload for key, upload in uploads if key == "b/1"}


class Interrupted(Exception):
    pass


def test_a_file_is_resumed(bucket, tmp_path, monkeypatch):
    file, out = tmp_path / "file", tmp_path / "out"
    file.write_bytes(os.urandom(SMALLEST * 7 + 1))
    store = oss2.ResumableStore(root=str(tmp_path))
    sent, real = [], bucket.upload_part

    def upload_part(key, upload, number, data, **options):
        if len(sent) == 3:
            raise Interrupted
        sent.append(number)
        return real(key, upload, number, data, **options)

    options = dict(store=store, multipart_threshold=SMALLEST, part_size=SMALLEST, num_threads=1)
    monkeypatch.setattr(bucket, "upload_part", upload_part)
    with pytest.raises(Interrupted):
        oss2.resumable_upload(bucket, "k", str(file), **options)
    (left,) = bucket.list_multipart_uploads().upload_list
    assert len(bucket.list_parts("k", left.upload_id).parts) == 3
    again = []
    monkeypatch.setattr(bucket, "upload_part", lambda *args, **more: again.append(args[2]) or real(*args, **more))
    result = oss2.resumable_upload(bucket, "k", str(file), **options)
    assert sorted(sent + again) == list(range(1, 9)), "only what was missing is sent"
    assert result.crc == crc(file.read_bytes()) and bucket.list_multipart_uploads().upload_list == []
    oss2.resumable_download(bucket, "k", str(out), multiget_threshold=SMALLEST, part_size=SMALLEST, num_threads=3)
    assert out.read_bytes() == file.read_bytes()


def test_parts_that_are_copied(bucket):
    source = bytes(range(256)) * 1000
    bucket.put_object("source 中/+", source)
    upload = bucket.init_multipart_upload("k").upload_id
    parts = []
    for number, (first, last) in enumerate([(0, SMALLEST - 1), (SMALLEST, len(source) - 1)], 1):
        part = bucket.upload_part_copy(bucket.bucket_name, "source 中/+", (first, last), "k", upload, number)
        assert part.etag
        parts.append(PartInfo(number, part.etag))
    result = bucket.complete_multipart_upload("k", upload, parts)
    assert bucket.get_object("k").read() == source and result.crc == crc(source)


def test_parts_in_sequence(bucket, fails):
    upload = bucket.init_multipart_upload("k", params={"sequential": ""}).upload_id
    bucket.upload_part("k", upload, 1, b"a" * SMALLEST)
    fails(lambda: bucket.upload_part("k", upload, 3, b"x"), 400, "PartNotSequential")


def test_what_counts_when_completing(bucket, fails):
    bucket.put_object("k", b"kept")
    upload = bucket.init_multipart_upload("k").upload_id
    parts = upload_parts(bucket, "k", upload, {1: b"new"})
    forbid = {"x-oss-forbid-overwrite": "true"}
    fails(lambda: bucket.complete_multipart_upload("k", upload, parts, forbid), 409, "FileAlreadyExists")
    assert bucket.get_object("k").read() == b"kept"
    bucket.complete_multipart_upload("k", upload, parts, {"x-oss-object-acl": "public-read"})
    assert bucket.get_object_acl("k").acl == "public-read"
