"""Objects one at a time: written, read, described, guarded by conditions, removed."""

import base64
import hashlib
import io
import time
from urllib.parse import quote

import oss2
import oss_clients
import pytest
import requests
from oss2.utils import Crc64

KEYS = ["plain", "a/b/c", "a//b", "中文 键", "a+b&c=d?e#f%20g", "'\"<>^`{|}~", "k" * 1023, "😀", "a.", "...", "~", "a/", "t\tn\nr"]


def crc(content):
    digest = Crc64()
    digest.update(content)
    return digest.crc


@pytest.mark.parametrize("key", KEYS, ids=range(len(KEYS)))
def test_a_round_trip(bucket, key):
    content = key.encode() + b"\0\xff"
    result = bucket.put_object(key, content)
    assert result.status == 200 and len(result.request_id) == 24 and result.request_id == result.request_id.upper()
    assert result.etag == hashlib.md5(content).hexdigest().upper()
    assert result.crc == crc(content)
    got = bucket.get_object(key)
    assert got.read() == content and got.server_crc == got.client_crc == crc(content)
    assert (got.etag, got.content_length, got.object_type) == (result.etag, len(content), "Normal")
    assert [found.key for found in oss2.ObjectIterator(bucket)] == [key]
    assert bucket.object_exists(key)
    assert bucket.delete_object(key).status == 204
    assert not bucket.object_exists(key)
    assert bucket.delete_object(key).status == 204, "once more changes nothing"


@pytest.mark.parametrize("version", [oss2.AUTH_VERSION_1, oss2.AUTH_VERSION_2, oss2.AUTH_VERSION_4])
def test_every_signature_at_an_address_and_at_the_vendors_name(server, bucket, version):
    for place in (oss_clients.bucket, oss_clients.proxied):
        signer = place(server, bucket.bucket_name, version=version)
        signer.put_object("dir/中 +", b"x", headers={"x-oss-meta-a": "b", "Content-Type": "text/plain; charset=utf-8"})
        assert signer.get_object("dir/中 +", byte_range=(0, 0)).read() == b"x"
        assert [found.key for found in signer.list_objects(prefix="dir/中 ", delimiter="/").object_list] == ["dir/中 +"]
        assert signer.get_bucket_info().name == bucket.bucket_name
        signer.delete_object("dir/中 +")


@pytest.mark.parametrize("content", [b"", b"x", b"0123456789" * 100_000])
def test_sizes_and_ways_of_sending(bucket, content):
    pieces = [content[at : at + 70_000] for at in range(0, len(content), 70_000)]
    for data in (content, io.BytesIO(content), iter(pieces)):
        result = bucket.put_object("k", data)
        assert result.crc == crc(content) and result.etag == hashlib.md5(content).hexdigest().upper()
        assert bucket.get_object("k").read() == content


def test_what_is_told_about_an_object(server, bucket):
    headers = {
        "Content-Type": "text/x-me",
        "Cache-Control": "no-cache",
        "Content-Disposition": "attachment; filename=a.txt",
        "Content-Encoding": "utf-8",
        "Content-Language": "zh",
        "Expires": "Fri, 28 Feb 2042 05:38:42 GMT",
        "x-oss-meta-name": "value",
        "x-oss-meta-other-Name": "a b",
        "x-oss-storage-class": "IA",
        "x-oss-tagging": "a=1&b=%20%2B",
    }
    put = bucket.put_object("k", b"12345", headers=headers)
    head = bucket.head_object("k")
    for name, value in headers.items():
        if name != "x-oss-tagging":
            assert head.headers[name] == value, name
    assert head.headers["x-oss-tagging-count"] == "2"
    assert (head.etag, head.content_length, head.object_type) == (put.etag, 5, "Normal")
    assert head.headers["Content-MD5"] == base64.b64encode(hashlib.md5(b"12345").digest()).decode()
    assert head.headers["Server"] == "AliyunOSS" and head.headers["x-oss-server-time"].isdigit()
    assert abs(head.last_modified - time.time()) < 60
    meta = bucket.get_object_meta("k")
    assert (meta.content_length, meta.etag) == (5, put.etag) and "x-oss-meta-name" not in meta.headers


def test_metadata_in_any_language(server, bucket):
    with requests.Session() as session:
        url = bucket.sign_url("PUT", "k", 60, headers={"x-oss-meta-name": "值"})
        assert session.put(url, data=b"x", headers={"x-oss-meta-name": "值".encode()}, timeout=30).status_code == 200
        answer = session.get(bucket.sign_url("GET", "k", 60), timeout=30)
        assert answer.headers["x-oss-meta-name"].encode("latin-1").decode() == "值"


def test_a_type_that_nobody_named(bucket):
    bucket.put_object("k.unknown-extension", b"x")
    assert bucket.head_object("k.unknown-extension").content_type == "application/octet-stream"
    bucket.put_object("k.html", b"x")
    assert bucket.head_object("k.html").content_type == "text/html"


def test_ranges(bucket):
    content = b"0123456789"
    bucket.put_object("k", content)
    for asked, part in [((0, 0), b"0"), ((3, 5), b"345"), ((8, None), b"89"), ((None, 3), b"789"), ((8, 100), b"89")]:
        got = bucket.get_object("k", byte_range=asked)
        assert got.status == 206 and got.read() == part, asked
        assert got.content_range.endswith("/10")
    for said in ("bytes=10-", "bytes=20-30", "bytes=5-3", "bytes=a-b", "lines=1-2"):
        got = bucket.get_object("k", headers={"Range": said})
        assert got.status == 200 and got.read() == content, said


def test_ranges_by_the_standard(bucket, fails):
    bucket.put_object("k", b"0123456789")
    headers = {"Range": "bytes=10-", "x-oss-range-behavior": "standard"}
    error = fails(lambda: bucket.get_object("k", headers=headers), 416, "InvalidRange")
    assert error.details["ActualObjectSize"] == "10" and error.details["RangeRequested"]
    assert bucket.get_object("k", headers={"Range": "bytes=2-3", "x-oss-range-behavior": "standard"}).read() == b"23"


def test_conditions_of_reading(bucket):
    etag = bucket.put_object("k", b"x").etag
    past, future = "Wed, 01 Jan 2020 00:00:00 GMT", "Fri, 28 Feb 2042 05:38:42 GMT"
    for call in (bucket.get_object, bucket.head_object):
        for good in (
            {"If-Match": etag},
            {"If-Match": f'"{etag}"'},
            {"If-None-Match": "0" * 32},
            {"If-Modified-Since": past},
            {"If-Unmodified-Since": future},
        ):
            assert call("k", headers=good).status == 200, good
        for same in ({"If-None-Match": f'"{etag}"'}, {"If-Modified-Since": future}):
            with pytest.raises(oss2.exceptions.NotModified):
                call("k", headers=same)
        for bad in ({"If-Match": "0" * 32}, {"If-Unmodified-Since": past}):
            with pytest.raises(oss2.exceptions.PreconditionFailed):
                call("k", headers=bad)


def test_an_object_that_must_not_be_overwritten(bucket, fails):
    bucket.put_object("k", b"1", headers={"x-oss-forbid-overwrite": "true"})
    forbid = {"x-oss-forbid-overwrite": "true"}
    fails(lambda: bucket.put_object("k", b"2", headers=forbid), 409, "FileAlreadyExists")
    fails(lambda: bucket.copy_object(bucket.bucket_name, "k", "k", headers=forbid), 409, "FileAlreadyExists")
    assert bucket.get_object("k").read() == b"1"
    bucket.put_object("k", b"3", headers={"x-oss-forbid-overwrite": "false"})
    assert bucket.get_object("k").read() == b"3"


def test_digests_are_checked(bucket, fails):
    good = base64.b64encode(hashlib.md5(b"x").digest()).decode()
    bucket.put_object("k", b"x", headers={"Content-MD5": good})
    for bad in (base64.b64encode(bytes(16)).decode(), "nonsense"):
        fails(lambda: bucket.put_object("k", b"y", headers={"Content-MD5": bad}), 400, "InvalidDigest")
    assert bucket.get_object("k").read() == b"x"


def test_answers_as_the_link_says(bucket, fails):
    bucket.put_object("k", b"x")
    params = {"response-content-type": "a/b", "response-content-disposition": "attachment; filename=中.txt"}
    url = bucket.sign_url("GET", "k", 60, params={"response-content-type": "a/b", "response-cache-control": "no-store"})
    answer = requests.get(url, timeout=30)
    assert (answer.headers["Content-Type"], answer.headers["Cache-Control"]) == ("a/b", "no-store")
    assert bucket.get_object("k", params=params).content_type == "a/b"


def test_compressed_answers(bucket):
    text = b"all work and no play " * 100
    bucket.put_object("k.txt", text, headers={"Content-Type": "text/plain"})
    got = bucket.get_object("k.txt", headers={"Accept-Encoding": "gzip"})
    assert got.headers["Content-Encoding"] == "gzip" and "Content-Length" not in got.headers
    assert got.read() == text
    bucket.put_object("k.bin", text, headers={"Content-Type": "application/zip"})
    assert "Content-Encoding" not in bucket.get_object("k.bin", headers={"Accept-Encoding": "gzip"}).headers


def test_files_in_and_out(bucket, tmp_path):
    source, target = tmp_path / "in", tmp_path / "out"
    source.write_bytes(b"0123456789" * 30_000)
    bucket.put_object_from_file("k", str(source))
    bucket.get_object_to_file("k", str(target))
    assert target.read_bytes() == source.read_bytes()
    told = []
    bucket.get_object_to_file("k", str(target), progress_callback=lambda done, total: told.append((done, total)))
    assert told[-1] == (300_000, 300_000)


def test_deleting_many(bucket):
    keys = ["a", "b/中", "c&<>", "control\x0c\x01", "x" * 1023, "😀", " leading"]
    for key in keys:
        bucket.put_object(key, b"x")
    bucket.put_object("stays", b"x")
    result = bucket.batch_delete_objects([*keys, "absent"])
    assert sorted(result.deleted_keys) == sorted([*keys, "absent"])
    assert [found.key for found in oss2.ObjectIterator(bucket)] == ["stays"]


def test_deleting_too_many(bucket, fails):
    bucket.put_object("k0", b"x")
    fails(lambda: bucket.batch_delete_objects([f"k{n}" for n in range(1001)]), 400, "MalformedXML")
    assert bucket.object_exists("k0"), "nothing is half done"
    assert len(bucket.batch_delete_objects([f"k{n}" for n in range(1000)]).deleted_keys) == 1000
    assert not bucket.object_exists("k0")


@pytest.mark.parametrize("key", ["/front", "\\front", "k" * 1024], ids=range(3))
def test_names_that_no_object_may_have(bucket, fails, key):
    fails(lambda: bucket.put_object(key, b"x"), 400, "InvalidObjectName")
    assert list(oss2.ObjectIterator(bucket)) == []


def test_errors_as_applications_see_them(server, bucket, fails):
    error = fails(lambda: bucket.get_object("absent"), 404, "NoSuchKey", "0026-00000001")
    assert error.message == "The specified key does not exist." and error.details["Key"] == "absent"
    assert error.details["HostId"] and error.details["RequestId"] == error.request_id
    fails(lambda: bucket.head_object("absent"), 404, "NoSuchKey", "0026-00000001")
    nowhere = oss_clients.bucket(server, "no-such-bucket-anywhere")
    for call in (
        lambda: nowhere.get_object("k"),
        lambda: nowhere.head_object("k"),
        lambda: nowhere.put_object("k", b"x"),
        lambda: nowhere.list_objects(),
        lambda: nowhere.get_bucket_info(),
        lambda: nowhere.delete_bucket(),
    ):
        error = fails(call, 404, "NoSuchBucket", "0015-00000101")
        assert error.details["BucketName"] == "no-such-bucket-anywhere"


def test_what_is_not_served_says_so(bucket):
    bucket.put_object("k", b"x")
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        bucket.process_object("k", "image/resize,w_10|sys/saveas,o_" + base64.urlsafe_b64encode(b"copy").decode())
    assert caught.value.code == "NotImplemented", caught.value
    assert not bucket.object_exists("copy")


def test_checksums_of_parts_combine(bucket):
    first, second = b"a" * 1000, b"b" * 77
    one, two = bucket.put_object("1", first), bucket.put_object("2", second)
    both = bucket.put_object("3", first + second)
    assert Crc64().combine(one.crc, two.crc, len(second)) == both.crc


def test_raw_paths(server, bucket):
    """A slash in a key may come encoded or not, and nothing else of a path is changed."""
    bucket.put_object("a/b", b"encoded")
    bucket.put_bucket_acl(oss2.BUCKET_ACL_PUBLIC_READ)
    for path in ("a/b", "a%2Fb", "%61/b"):
        assert requests.get(f"{server.url}/{bucket.bucket_name}/{path}", timeout=30).content == b"encoded", path
    bucket.put_object("c+d//e", b"plus")
    assert requests.get(f"{server.url}/{bucket.bucket_name}/c+d//e", timeout=30).content == b"plus"
    assert requests.get(f"{server.url}/{bucket.bucket_name}/{quote('c d//e')}", timeout=30).status_code == 404
