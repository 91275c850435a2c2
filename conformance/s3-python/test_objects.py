"""Objects as applications use them through boto3."""

import datetime
import io

import pytest

KEYS = ["plain", "a b", "a+b", "dir//x", "dir/../y", "./z", "中文/é", "100%", "a&b=c?d#e", "(x)'!*~", "new\nline", "tab\tcr\r", "trailing/"]


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_stored_read_listed_and_deleted(s3, bucket, key):
    put = s3.put_object(Bucket=bucket, Key=key, Body=b"content")
    got = s3.get_object(Bucket=bucket, Key=key)
    assert got["Body"].read() == b"content" and got["ETag"] == put["ETag"] == '"9a0364b9e99bb480dd25e1f0284c8555"'
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
    assert [one["Key"] for one in s3.list_objects(Bucket=bucket)["Contents"]] == [key]
    assert [one["Key"] for one in s3.list_object_versions(Bucket=bucket)["Versions"]] == [key]
    copied = s3.copy_object(Bucket=bucket, Key=key + "2", CopySource={"Bucket": bucket, "Key": key})
    assert copied["CopyObjectResult"]["ETag"] == put["ETag"]
    done = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key}, {"Key": key + "2"}]})
    assert sorted(one["Key"] for one in done["Deleted"]) == sorted([key, key + "2"])
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_what_an_object_carries_comes_back(s3, bucket):
    expires = datetime.datetime(2030, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
    carried = {
        "ContentType": "text/x-me",
        "CacheControl": "no-cache",
        "ContentDisposition": 'attachment; filename="a.txt"',
        "ContentEncoding": "gzip",
        "ContentLanguage": "de",
        "Metadata": {"name": "value", "other": "two words"},
        "StorageClass": "STANDARD_IA",
        "WebsiteRedirectLocation": "/elsewhere",
    }
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Expires=expires, Tagging="a=1&b=%20", **carried)
    for told in (s3.get_object(Bucket=bucket, Key="k"), s3.head_object(Bucket=bucket, Key="k")):
        assert {name: told[name] for name in carried} == carried
        assert told["ExpiresString"] == "Wed, 02 Jan 2030 03:04:05 GMT"
        assert told["AcceptRanges"] == "bytes" and told["ContentLength"] == 1
        assert told["ResponseMetadata"]["HTTPHeaders"]["x-amz-tagging-count"] == "2"
    plain = s3.put_object(Bucket=bucket, Key="plain", Body=b"")
    told = s3.head_object(Bucket=bucket, Key="plain")
    assert told["ContentType"] == "binary/octet-stream" and "StorageClass" not in told
    assert plain["ETag"] == '"d41d8cd98f00b204e9800998ecf8427e"' and "VersionId" not in plain
    headers = plain["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-amz-id-2"] and len(headers["x-amz-request-id"]) == 24
    assert not [name for name in headers if name.startswith("x-amz-server") or "crc64ecma" in name]


@pytest.mark.parametrize(
    "given, status, wanted",
    [
        ("bytes=0-3", 206, b"0123"),
        ("bytes=5-", 206, b"56789"),
        ("bytes=-3", 206, b"789"),
        ("bytes=-99", 206, b"0123456789"),
        ("bytes=8-99", 206, b"89"),
        ("bytes=3-1", 200, b"0123456789"),
        ("lines=1-2", 200, b"0123456789"),
    ],
)
def test_ranges(s3, bucket, given, status, wanted):
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    got = s3.get_object(Bucket=bucket, Key="k", Range=given)
    assert got["ResponseMetadata"]["HTTPStatusCode"] == status and got["Body"].read() == wanted
    head = s3.head_object(Bucket=bucket, Key="k", Range=given)
    assert (head["ResponseMetadata"]["HTTPStatusCode"], head["ContentLength"]) == (status, len(wanted))
    assert head.get("ContentRange") == got.get("ContentRange")


def test_ranges_outside(s3, bucket, fails):
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    s3.put_object(Bucket=bucket, Key="empty", Body=b"")
    error = fails(lambda: s3.get_object(Bucket=bucket, Key="k", Range="bytes=10-"), 416, "InvalidRange")
    assert (error["Error"]["ActualObjectSize"], error["Error"]["RangeRequested"]) == ("10", "bytes=10-")
    fails(lambda: s3.get_object(Bucket=bucket, Key="k", Range="bytes=-0"), 416, "InvalidRange")
    fails(lambda: s3.get_object(Bucket=bucket, Key="empty", Range="bytes=0-"), 416, "InvalidRange")


def test_conditional_reads(s3, bucket, fails):
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    etag, bare = put["ETag"], put["ETag"].strip('"')
    for tag in (etag, bare, "*"):
        s3.get_object(Bucket=bucket, Key="k", IfMatch=tag)
        fails(lambda: s3.get_object(Bucket=bucket, Key="k", IfNoneMatch=tag), 304, "304")
    fails(lambda: s3.get_object(Bucket=bucket, Key="k", IfMatch="other"), 412, "PreconditionFailed")
    fails(lambda: s3.head_object(Bucket=bucket, Key="k", IfMatch="other"), 412, "412")
    before = datetime.datetime(2020, 1, 1)
    fails(lambda: s3.get_object(Bucket=bucket, Key="k", IfUnmodifiedSince=before), 412, "PreconditionFailed")
    s3.get_object(Bucket=bucket, Key="k", IfModifiedSince=before)


def test_conditional_writes(s3, bucket, fails):
    first = s3.put_object(Bucket=bucket, Key="k", Body=b"1", IfNoneMatch="*")
    fails(lambda: s3.put_object(Bucket=bucket, Key="k", Body=b"2", IfNoneMatch="*"), 412, "PreconditionFailed")
    fails(lambda: s3.put_object(Bucket=bucket, Key="k", Body=b"2", IfMatch='"other"'), 412, "PreconditionFailed")
    fails(lambda: s3.put_object(Bucket=bucket, Key="absent", Body=b"2", IfMatch='"other"'), 404, "NoSuchKey")
    fails(lambda: s3.put_object(Bucket=bucket, Key="k", Body=b"2", IfNoneMatch='"other"'), 501, "NotImplemented")
    second = s3.put_object(Bucket=bucket, Key="k", Body=b"2", IfMatch=first["ETag"])
    fails(lambda: s3.delete_object(Bucket=bucket, Key="k", IfMatch=first["ETag"]), 412, "PreconditionFailed")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"2"
    s3.delete_object(Bucket=bucket, Key="k", IfMatch=second["ETag"])
    fails(lambda: s3.get_object(Bucket=bucket, Key="k"), 404, "NoSuchKey")


def test_errors_say_what_is_missing(s3, bucket, fails):
    error = fails(lambda: s3.get_object(Bucket=bucket, Key="dir/a b"), 404, "NoSuchKey")
    assert error["Error"]["Key"] == "dir/a b" and error["Error"]["Message"] == "The specified key does not exist."
    assert error["ResponseMetadata"]["HTTPHeaders"]["content-type"] == "application/xml"
    assert error["ResponseMetadata"]["RequestId"]
    fails(lambda: s3.head_object(Bucket=bucket, Key="k"), 404, "404")
    error = fails(lambda: s3.get_object(Bucket="no-such-bucket-here", Key="k"), 404, "NoSuchBucket")
    assert error["Error"]["BucketName"] == "no-such-bucket-here"
    fails(lambda: s3.put_object(Bucket=bucket, Key="k" * 1025, Body=b""), 400, "KeyTooLongError")
    s3.put_object(Bucket=bucket, Key="k" * 1024, Body=b"")
    fails(lambda: s3.put_object(Bucket=bucket, Key="k", Body=b"", StorageClass="OUTPOSTS"), 400, "InvalidStorageClass")
    fails(lambda: s3.put_object(Bucket=bucket, Key="k", Body=b"", ServerSideEncryption="aws:kms"), 501, "NotImplemented")
    fails(lambda: s3.put_object(Bucket=bucket, Key="k", Body=b"", WriteOffsetBytes=1), 501, "NotImplemented")
    fails(lambda: s3.get_object(Bucket=bucket, Key="k" * 1024, VersionId="nonsense"), 400, "InvalidArgument")


def test_the_expected_owner(s3, bucket, fails):
    owner = s3.get_bucket_acl(Bucket=bucket)["Owner"]["ID"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ExpectedBucketOwner=owner)
    fails(lambda: s3.put_object(Bucket=bucket, Key="k", Body=b"y", ExpectedBucketOwner="other"), 403, "AccessDenied")
    fails(lambda: s3.list_objects_v2(Bucket=bucket, ExpectedBucketOwner="other"), 403, "AccessDenied")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


def test_bodies_of_every_kind(s3, bucket):
    data = bytes(range(256)) * 3000
    s3.put_object(Bucket=bucket, Key="bytes", Body=data)
    s3.put_object(Bucket=bucket, Key="file", Body=io.BytesIO(data))
    for key in ("bytes", "file"):
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == data


def test_attributes(s3, bucket, fails):
    s3.put_object(Bucket=bucket, Key="k", Body=b"hello")
    told = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ETag", "ObjectSize", "StorageClass"])
    assert (told["ETag"], told["ObjectSize"], told["StorageClass"]) == ("5d41402abc4b2a76b9719d911017c592", 5, "STANDARD")
    assert "Checksum" not in told and "ObjectParts" not in told
    only = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["Checksum"])
    assert only["Checksum"] == {"ChecksumCRC32": "NhCmhg==", "ChecksumType": "FULL_OBJECT"} and "ETag" not in only
    fails(lambda: s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["Nonsense"]), 400, "InvalidArgument")


def test_a_response_is_rewritten_for_who_signs(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ContentType="text/plain")
    got = s3.get_object(Bucket=bucket, Key="k", ResponseContentType="text/html", ResponseContentDisposition="inline")
    assert (got["ContentType"], got["ContentDisposition"]) == ("text/html", "inline")


def test_restoring(s3, bucket, fails):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", StorageClass="GLACIER")
    fails(lambda: s3.get_object(Bucket=bucket, Key="k"), 403, "InvalidObjectState")
    done = s3.restore_object(Bucket=bucket, Key="k", RestoreRequest={"Days": 1, "GlacierJobParameters": {"Tier": "Bulk"}})
    assert done["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert s3.head_object(Bucket=bucket, Key="k")["Restore"].startswith('ongoing-request="false", expiry-date="')
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    s3.put_object(Bucket=bucket, Key="s", Body=b"x")
    fails(lambda: s3.restore_object(Bucket=bucket, Key="s", RestoreRequest={"Days": 1}), 403, "InvalidObjectState")
