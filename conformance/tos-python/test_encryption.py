"""Encryption at rest through the vendor's SDK."""

import base64
import hashlib
import io
import os

import pytest
from tos.models2 import ApplyServerSideEncryptionByDefault, BucketEncryptionRule, UploadedPart

DATA = os.urandom(300_000)
KEY, OTHER = b"k" * 32, b"o" * 32


def ssec(key, front=""):
    return {
        f"{front}ssec_algorithm": "AES256",
        f"{front}ssec_key": base64.b64encode(key).decode(),
        f"{front}ssec_key_md5": base64.b64encode(hashlib.md5(key).digest()).decode(),
    }


def code(error):
    return error.status_code, error.code


def test_keys_of_the_server(client, bucket):
    put = client.put_object(bucket, "k", content=DATA, server_side_encryption="AES256")
    assert put.header["x-tos-server-side-encryption"] == "AES256"
    assert client.get_object(bucket, "k").read() == DATA
    assert client.get_object(bucket, "k", range_start=65530, range_end=131080).read() == DATA[65530:131081]
    client.copy_object(bucket, "copy", bucket, "k", server_side_encryption="AES256")
    assert client.head_object(bucket, "copy").header["x-tos-server-side-encryption"] == "AES256"
    assert client.get_object(bucket, "copy").read() == DATA
    client.append_object(bucket, "log", 0, content=DATA[:1000], pre_hash_crc64_ecma=0)
    assert client.get_object(bucket, "log").read() == DATA[:1000]


def test_rules_of_buckets(client, bucket, fails):
    error = fails(lambda: client.get_bucket_encryption(bucket))
    assert code(error) == (404, "ServerSideEncryptionConfigurationNotFoundError")

    def encrypt(how, key):
        apply = ApplyServerSideEncryptionByDefault(sse_algorithm=how, kms_master_key_id=key)
        client.put_bucket_encryption(bucket, BucketEncryptionRule(apply_server_side_encryption_by_default=apply))
        told = client.get_bucket_encryption(bucket).rule.apply_server_side_encryption_by_default
        assert (told.sse_algorithm, told.kms_master_key_id) == (how, key)

    encrypt("kms", "key-1")
    assert client.put_object(bucket, "k", content=DATA).header["x-tos-server-side-encryption"] == "kms"
    got = client.get_object(bucket, "k")
    assert (got.read(), got.header["x-tos-server-side-encryption-kms-key-id"]) == (DATA, "key-1")
    encrypt("AES256", None)
    begun = client.create_multipart_upload(bucket, "parts")
    assert begun.header["x-tos-server-side-encryption"] == "AES256"
    part = client.upload_part(bucket, "parts", begun.upload_id, 1, content=io.BytesIO(DATA))
    client.complete_multipart_upload(bucket, "parts", begun.upload_id, [UploadedPart(1, part.etag)])
    assert client.get_object(bucket, "parts").read() == DATA
    client.delete_bucket_encryption(bucket)
    assert "x-tos-server-side-encryption" not in client.put_object(bucket, "k", content=b"x").header


@pytest.mark.parametrize("size", [0, 10, 300_000])
def test_keys_of_the_client(client, bucket, fails, size):
    put = client.put_object(bucket, "k", content=DATA[:size], **ssec(KEY))
    assert put.ssec_algorithm == "AES256" and put.ssec_key_md5 == ssec(KEY)["ssec_key_md5"]
    got = client.get_object(bucket, "k", **ssec(KEY))
    assert got.read() == DATA[:size]
    assert client.head_object(bucket, "k", **ssec(KEY)).content_length == size
    assert code(fails(lambda: client.get_object(bucket, "k"))) == (400, "InvalidRequest")
    assert code(fails(lambda: client.get_object(bucket, "k", **ssec(OTHER)))) == (403, "AccessDenied")
    assert code(fails(lambda: client.copy_object(bucket, "copy", bucket, "k"))) == (400, "InvalidRequest")
    client.copy_object(bucket, "copy", bucket, "k", **ssec(KEY, "copy_source_"))
    assert client.get_object(bucket, "copy").read() == DATA[:size]


def test_large_objects_with_a_key(client, bucket, tmp_path):
    data = os.urandom(11 << 20)
    (tmp_path / "f").write_bytes(data)
    client.upload_file(bucket, "large", str(tmp_path / "f"), part_size=5 << 20, task_num=3, **ssec(KEY))
    client.download_file(bucket, "large", str(tmp_path / "g"), part_size=5 << 20, task_num=3, **ssec(KEY))
    assert (tmp_path / "g").read_bytes() == data
