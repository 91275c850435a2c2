"""Encryption at rest through the vendor's SDK; its own tests say more (conformance/oss2)."""

import base64
import hashlib
import os

import oss2
import pytest

DATA = os.urandom(300_000)
KEY, OTHER = b"k" * 32, b"o" * 32
HOW = "x-oss-server-side-encryption"


def keyed(key, front="x-oss-"):
    name = f"{front}server-side-encryption-customer-"
    return {
        f"{name}algorithm": "AES256",
        f"{name}key": base64.b64encode(key).decode(),
        f"{name}key-MD5": base64.b64encode(hashlib.md5(key).digest()).decode(),
    }


@pytest.mark.parametrize("word", ["AES256", "SM4", "KMS"])
def test_keys_of_the_server(bucket, word):
    put = bucket.put_object("k", DATA, headers={HOW: word})
    assert put.headers[HOW] == word
    got = bucket.get_object("k", byte_range=(65530, 131080))
    assert got.read() == DATA[65530:131081] and got.headers[HOW] == word
    bucket.copy_object(bucket.bucket_name, "k", "plain")
    assert HOW not in bucket.head_object("plain").headers
    assert bucket.get_object("plain").read() == DATA


@pytest.mark.parametrize("size", [0, 10, 300_000])
def test_keys_of_the_client(bucket, size):
    bucket.put_object("k", DATA[:size], headers=keyed(KEY))
    assert bucket.get_object("k", headers=keyed(KEY)).read() == DATA[:size]
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        bucket.get_object("k")
    assert (caught.value.status, caught.value.code) == (400, "InvalidEncryptionRequest")
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        bucket.get_object("k", headers=keyed(OTHER))
    assert (caught.value.status, caught.value.code) == (403, "AccessDenied")
    both = {**keyed(KEY, "x-oss-copy-source-"), **keyed(OTHER)}
    bucket.copy_object(bucket.bucket_name, "k", "copy", headers=both)
    assert bucket.get_object("copy", headers=keyed(OTHER)).read() == DATA[:size]


def test_pieces_with_a_key(bucket):
    first = bucket.append_object("log", 0, DATA[:1000], headers=keyed(KEY))
    bucket.append_object("log", first.next_position, DATA[1000:], headers=keyed(KEY))
    assert bucket.get_object("log", headers=keyed(KEY)).read() == DATA
