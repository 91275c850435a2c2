"""Encryption at rest through boto3: keys of the server, rules of buckets, and keys of the client's (over TLS)."""

import os

import pytest
from boto3.s3.transfer import TransferConfig
from test_tls import certificate, client, secure  # noqa: F401

DATA = os.urandom(300_000)
KEY, OTHER = b"k" * 32, b"o" * 32


def sse_c(key, front=""):
    return {f"{front}SSECustomerAlgorithm": "AES256", f"{front}SSECustomerKey": key}


def test_keys_of_the_server(s3, bucket):
    put = s3.put_object(Bucket=bucket, Key="k", Body=DATA, ServerSideEncryption="AES256")
    assert put["ServerSideEncryption"] == "AES256"
    got = s3.get_object(Bucket=bucket, Key="k", Range="bytes=65530-131080")
    assert got["Body"].read() == DATA[65530:131081] and got["ServerSideEncryption"] == "AES256"
    copied = s3.copy_object(Bucket=bucket, Key="plain", CopySource={"Bucket": bucket, "Key": "k"})
    assert "ServerSideEncryption" not in copied
    assert s3.get_object(Bucket=bucket, Key="plain")["Body"].read() == DATA
    copied = s3.copy_object(
        Bucket=bucket, Key="plain", CopySource={"Bucket": bucket, "Key": "plain"}, ServerSideEncryption="AES256"
    )
    assert copied["ServerSideEncryption"] == "AES256" and copied["CopyObjectResult"]["ETag"] == put["ETag"]
    assert s3.get_object(Bucket=bucket, Key="plain")["Body"].read() == DATA


def test_rules_of_buckets(s3, bucket, fails):
    missing = "ServerSideEncryptionConfigurationNotFoundError"
    fails(lambda: s3.get_bucket_encryption(Bucket=bucket), 404, missing)
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    told = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert told == [rule]
    assert s3.put_object(Bucket=bucket, Key="k", Body=DATA)["ServerSideEncryption"] == "AES256"
    begun = s3.create_multipart_upload(Bucket=bucket, Key="parts")
    assert begun["ServerSideEncryption"] == "AES256"
    upload = {"Bucket": bucket, "Key": "parts", "UploadId": begun["UploadId"]}
    part = s3.upload_part(PartNumber=1, Body=DATA, **upload)
    assert part["ServerSideEncryption"] == "AES256"
    parts = [{"PartNumber": 1, "ETag": part["ETag"]}]
    done = s3.complete_multipart_upload(MultipartUpload={"Parts": parts}, **upload)
    assert done["ServerSideEncryption"] == "AES256"
    assert s3.get_object(Bucket=bucket, Key="parts")["Body"].read() == DATA
    s3.delete_bucket_encryption(Bucket=bucket)
    assert "ServerSideEncryption" not in s3.put_object(Bucket=bucket, Key="k", Body=DATA)


def test_key_services_are_refused(s3, bucket, fails):
    put = lambda **how: s3.put_object(Bucket=bucket, Key="k", Body=b"x", **how)  # noqa: E731
    fails(lambda: put(ServerSideEncryption="aws:kms"), 501, "NotImplemented")
    fails(lambda: put(ServerSideEncryption="ROT13"), 400, "InvalidArgument")
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    rules = {"Rules": [rule]}
    put = lambda: s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=rules)  # noqa: E731
    fails(put, 501, "NotImplemented")
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


@pytest.mark.parametrize("size", [0, 10, 300_000])
def test_keys_of_the_client(client, fails, size):  # noqa: F811
    where = {"Bucket": "bucket-tls", "Key": "k"}
    put = client.put_object(Body=DATA[:size], **where, **sse_c(KEY))
    assert put["SSECustomerAlgorithm"] == "AES256" and put["SSECustomerKeyMD5"]
    got = client.get_object(**where, **sse_c(KEY))
    assert got["Body"].read() == DATA[:size] and got["SSECustomerKeyMD5"] == put["SSECustomerKeyMD5"]
    assert client.head_object(**where, **sse_c(KEY))["ContentLength"] == size
    fails(lambda: client.get_object(**where), 400, "InvalidRequest")
    fails(lambda: client.get_object(**where, **sse_c(OTHER)), 403, "AccessDenied")
    copy = {"Bucket": "bucket-tls", "Key": "copy", "CopySource": where}
    fails(lambda: client.copy_object(**copy), 400, "InvalidRequest")
    client.copy_object(**copy, **sse_c(KEY, "CopySource"), **sse_c(OTHER))
    copied = client.get_object(Bucket="bucket-tls", Key="copy", **sse_c(OTHER))
    assert copied["Body"].read() == DATA[:size]
    client.put_object(Bucket="bucket-tls", Key="open", Body=b"x")
    fails(lambda: client.get_object(Bucket="bucket-tls", Key="open", **sse_c(KEY)), 400, "InvalidRequest")


def test_the_transfer_manager_with_a_key(client, tmp_path):  # noqa: F811
    data = os.urandom(11 << 20)
    (tmp_path / "f").write_bytes(data)
    config = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20, max_concurrency=4)
    client.upload_file(str(tmp_path / "f"), "bucket-tls", "large", ExtraArgs=sse_c(KEY), Config=config)
    client.download_file("bucket-tls", "large", str(tmp_path / "g"), ExtraArgs=sse_c(KEY), Config=config)
    assert (tmp_path / "g").read_bytes() == data


def test_no_key_goes_in_clear(s3, bucket, fails):
    fails(lambda: s3.put_object(Bucket=bucket, Key="k", Body=b"x", **sse_c(KEY)), 400, "InvalidRequest")
