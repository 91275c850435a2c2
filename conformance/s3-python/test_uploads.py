"""Uploads in parts, as the SDK's transfer manager makes them and by hand; checksums of every kind."""

import hashlib
import os
import zlib
from base64 import b64encode

import pytest
from boto3.s3.transfer import TransferConfig

MIB = 1 << 20
CONFIG = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB, max_concurrency=4)
# Those that the SDK computes without its native companion library.
ALGORITHMS = ["CRC32", "SHA1", "SHA256"]


@pytest.fixture(scope="module")
def data():
    return os.urandom(12 * MIB + 123)


@pytest.mark.parametrize("algorithm", [None] + ALGORITHMS)
def test_the_transfer_manager(s3, bucket, data, tmp_path, algorithm):
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(data)
    extra = {"ChecksumAlgorithm": algorithm} if algorithm else {}
    s3.upload_file(str(source), bucket, "dir/k", ExtraArgs=extra | {"Metadata": {"a": "b"}}, Config=CONFIG)
    s3.download_file(bucket, "dir/k", str(target), Config=CONFIG)
    assert target.read_bytes() == data
    told = s3.head_object(Bucket=bucket, Key="dir/k", ChecksumMode="ENABLED")
    digests = b"".join(hashlib.md5(data[at : at + 5 * MIB]).digest() for at in range(0, len(data), 5 * MIB))
    assert told["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-3"' and told["Metadata"] == {"a": "b"}
    if told["ChecksumType"] == "FULL_OBJECT":
        assert told["ChecksumCRC32"] == b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()
    else:
        assert told["Checksum" + (algorithm or "CRC32")].endswith("-3")
    s3.copy({"Bucket": bucket, "Key": "dir/k"}, bucket, "copy", Config=CONFIG)
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == data


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_checksums_of_one_body(s3, bucket, algorithm):
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"hello", ChecksumAlgorithm=algorithm)
    name = "Checksum" + algorithm
    got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert got[name] == put[name] and got["ChecksumType"] == "FULL_OBJECT" and got["Body"].read() == b"hello"
    (line,) = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert line["ChecksumAlgorithm"] == [algorithm] and line["ChecksumType"] == "FULL_OBJECT"
    copied = s3.copy_object(Bucket=bucket, Key="c", CopySource=f"{bucket}/k")["CopyObjectResult"]
    assert copied[name] == put[name]
    other = s3.copy_object(Bucket=bucket, Key="c", CopySource=f"{bucket}/k", ChecksumAlgorithm="SHA256")
    assert other["CopyObjectResult"]["ChecksumSHA256"] == b64encode(hashlib.sha256(b"hello").digest()).decode()


def test_a_wrong_checksum_stores_nothing(s3, bucket, fails):
    s3.put_object(Bucket=bucket, Key="k", Body=b"before")
    wrong = b64encode(hashlib.sha256(b"other").digest()).decode()
    fails(lambda: s3.put_object(Bucket=bucket, Key="k", Body=b"after", ChecksumSHA256=wrong), 400, "BadDigest")
    fails(lambda: s3.put_object(Bucket=bucket, Key="k", Body=b"after", ChecksumSHA256="AAAA"), 400, "InvalidRequest")
    fails(lambda: s3.put_object(Bucket=bucket, Key="k", Body=b"after", ContentMD5="AAAA"), 400, "InvalidDigest")
    md5 = b64encode(hashlib.md5(b"other").digest()).decode()
    fails(lambda: s3.put_object(Bucket=bucket, Key="k", Body=b"after", ContentMD5=md5), 400, "BadDigest")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"before"


def test_an_upload_by_hand(s3, bucket, fails):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k", ContentType="text/x-me", Tagging="a=1")["UploadId"]
    at = {"Bucket": bucket, "Key": "k", "UploadId": upload}
    big = b"x" * 5 * MIB
    parts = [
        {"PartNumber": number, "ETag": s3.upload_part(Body=body, PartNumber=number, **at)["ETag"]}
        for number, body in ((1, b"wrong"), (1, big), (3, b"end"), (9, b"unused"))
    ]
    (listed,) = s3.list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert (listed["Key"], listed["UploadId"]) == ("k", upload) and listed["Initiator"] == listed["Owner"]
    page = s3.list_parts(MaxParts=2, **at)
    assert [one["PartNumber"] for one in page["Parts"]] == [1, 3] and page["IsTruncated"]
    assert page["Parts"][0]["Size"] == len(big)
    complete = lambda parts: s3.complete_multipart_upload(MultipartUpload={"Parts": parts}, **at)
    fails(lambda: complete([parts[2], parts[1]]), 400, "InvalidPartOrder")
    fails(lambda: complete([parts[0], parts[2]]), 400, "InvalidPart")
    fails(lambda: complete([parts[2], parts[3]]), 400, "EntityTooSmall")
    fails(lambda: complete([]), 400, "MalformedXML")
    done = complete([parts[1], parts[2]])
    assert done["ETag"].endswith('-2"') and done["Bucket"] == bucket and done["Location"].endswith(f"/{bucket}/k")
    assert complete([parts[1], parts[2]])["ETag"] == done["ETag"]
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == big + b"end" and (got["ContentType"], got["ETag"]) == ("text/x-me", done["ETag"])
    told = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    crc = b64encode(zlib.crc32(big + b"end").to_bytes(4, "big")).decode()
    assert (told["ChecksumCRC32"], told["ChecksumType"]) == (crc, "FULL_OBJECT")
    fails(lambda: s3.list_parts(**at), 404, "NoSuchUpload")
    second = s3.get_object(Bucket=bucket, Key="k", PartNumber=2)
    assert second["Body"].read() == b"end" and second["PartsCount"] == 2
    assert s3.head_object(Bucket=bucket, Key="k", PartNumber=1)["ContentLength"] == len(big)
    fails(lambda: s3.get_object(Bucket=bucket, Key="k", PartNumber=3), 416, "InvalidPartNumber")
    told = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectParts"])
    assert told["ObjectParts"]["TotalPartsCount"] == 2


def test_an_upload_is_given_up(s3, bucket, fails):
    at = {"Bucket": bucket, "Key": "k", "UploadId": s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]}
    s3.upload_part(Body=b"x", PartNumber=1, **at)
    fails(lambda: s3.upload_part(Body=b"x", PartNumber=10001, **at), 400, "InvalidArgument")
    fails(lambda: s3.upload_part(Body=b"x", PartNumber=1, **at | {"Key": "other"}), 404, "NoSuchUpload")
    s3.abort_multipart_upload(**at)
    fails(lambda: s3.abort_multipart_upload(**at), 404, "NoSuchUpload")
    fails(lambda: s3.upload_part(Body=b"x", PartNumber=1, **at), 404, "NoSuchUpload")


def test_parts_of_other_objects(s3, bucket, fails):
    s3.put_object(Bucket=bucket, Key="dir/source +", Body=b"0123456789")
    at = {"Bucket": bucket, "Key": "k", "UploadId": s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]}
    source = {"Bucket": bucket, "Key": "dir/source +"}
    copy = lambda given, **more: s3.upload_part_copy(CopySource=source, CopySourceRange=given, PartNumber=1, **more, **at)
    fails(lambda: copy("bytes=0-10"), 416, "InvalidRange")
    fails(lambda: copy("bytes=0-"), 400, "InvalidArgument")
    fails(lambda: copy("bytes=0-1", CopySourceIfMatch="other"), 412, "PreconditionFailed")
    etag = copy("bytes=2-4")["CopyPartResult"]["ETag"]
    s3.complete_multipart_upload(MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]}, **at)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"234"


def test_the_whole_is_what_was_said(s3, bucket, fails):
    create = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    assert (create["ChecksumAlgorithm"], create["ChecksumType"]) == ("CRC32", "FULL_OBJECT")
    at = {"Bucket": bucket, "Key": "k", "UploadId": create["UploadId"]}
    part = s3.upload_part(Body=b"hello", PartNumber=1, ChecksumAlgorithm="CRC32", **at)
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"], "ChecksumCRC32": part["ChecksumCRC32"]}]}
    complete = lambda **more: s3.complete_multipart_upload(MultipartUpload=parts, ChecksumType="FULL_OBJECT", **more, **at)
    fails(lambda: complete(ChecksumCRC32="AAAAAA=="), 400, "BadDigest")
    fails(lambda: complete(MpuObjectSize=4), 400, "InvalidRequest")
    done = complete(ChecksumCRC32="NhCmhg==", MpuObjectSize=5)
    assert (done["ChecksumCRC32"], done["ChecksumType"]) == ("NhCmhg==", "FULL_OBJECT")


def test_copies(s3, bucket, fails):
    s3.put_object(Bucket=bucket, Key="a", Body=b"x", ContentType="text/a", Metadata={"m": "1"}, Tagging="t=1")
    copy = lambda key="b", **more: s3.copy_object(Bucket=bucket, Key=key, CopySource=f"{bucket}/a", **more)
    copy()
    told = s3.head_object(Bucket=bucket, Key="b")
    assert (told["ContentType"], told["Metadata"]) == ("text/a", {"m": "1"})
    copy(MetadataDirective="REPLACE", Metadata={"n": "2"}, TaggingDirective="REPLACE", Tagging="u=2")
    told = s3.head_object(Bucket=bucket, Key="b")
    assert (told["ContentType"], told["Metadata"]) == ("binary/octet-stream", {"n": "2"})
    assert s3.get_object_tagging(Bucket=bucket, Key="b")["TagSet"] == [{"Key": "u", "Value": "2"}]
    fails(lambda: copy("a"), 400, "InvalidRequest")
    copy("a", MetadataDirective="REPLACE", Metadata={"m": "3"})
    fails(lambda: copy(CopySourceIfNoneMatch="*"), 412, "PreconditionFailed")
    fails(lambda: copy(IfNoneMatch="*"), 412, "PreconditionFailed")
    gone = lambda: s3.copy_object(Bucket=bucket, Key="b", CopySource=f"{bucket}/absent")
    fails(gone, 404, "NoSuchKey")
