"""One table for one object: what each tongue writes, every tongue reads, with every header and every field of a list."""

import base64
import datetime
import hashlib
import zlib

import oss_clients
import pytest
import tos_clients
from tos.enum import StorageClassType

KEY = "dir/中 a+b"
BODY = b"content"
MD5 = hashlib.md5(BODY)
ETAG = MD5.hexdigest()
CRC64 = "8883282091546349020"
EXPIRES = datetime.datetime(2037, 1, 1)
TONGUES = ["tos", "oss", "s3"]

# Header by tongue and what it holds; one value for all, or one by tongue. None: the tongue has no such header.
NAMES = {"tos": "x-tos-{}", "oss": "x-oss-{}", "s3": "x-amz-{}"}
EVERYWHERE = {
    "content-length": str(len(BODY)),
    "content-type": "text/x-me",
    "content-disposition": "inline",
    "content-encoding": "x-me",
    "content-language": "zh",
    "cache-control": "no-cache",
    "expires": "Thu, 01 Jan 2037 00:00:00 GMT",
    "accept-ranges": "bytes",
}
PREFIXED = {
    "meta-name": "value",
    "website-redirect-location": "/other",
    "tagging-count": "2",
}
OWN = {
    "tos": {"etag": f'"{ETAG}"', "x-tos-storage-class": "IA", "x-tos-hash-crc64ecma": CRC64},
    "oss": {
        "etag": f'"{ETAG.upper()}"',
        "x-oss-storage-class": "IA",
        "x-oss-hash-crc64ecma": CRC64,
        "x-oss-object-type": "Normal",
        "content-md5": base64.b64encode(MD5.digest()).decode(),
    },
    "s3": {"etag": f'"{ETAG}"', "x-amz-storage-class": "STANDARD_IA"},
}
# What only the tongue shows that wrote it: the checksum that the SDK sent.
CRC32 = base64.b64encode(zlib.crc32(BODY).to_bytes(4, "big")).decode()
BY_WRITER = {("s3", "s3"): {"x-amz-checksum-crc32": CRC32, "x-amz-checksum-type": "FULL_OBJECT"}}
# Headers of an answer rather than of the object.
OF_THE_ANSWER = {
    "tos": {"server", "date", "x-tos-request-id", "x-tos-id-2", "x-tos-server-time"},
    "oss": {"server", "date", "x-oss-request-id", "x-oss-server-time"},
    "s3": {"server", "date", "x-amz-request-id", "x-amz-id-2"},
}
# Fields of an entry of a list.
LISTED = {
    "tos": {"key": KEY, "etag": ETAG, "size": len(BODY), "class": "IA", "type": "Normal", "crc": int(CRC64)},
    "oss": {"key": KEY, "etag": ETAG.upper(), "size": len(BODY), "class": "IA", "type": "Normal"},
    "s3": {"key": KEY, "etag": f'"{ETAG}"', "size": len(BODY), "class": "STANDARD_IA"},
}


@pytest.fixture()
def clients(server, s3, bucket):
    return {"s3": s3, "oss": oss_clients.bucket(server, bucket), "tos": tos_clients.client(server)}


def write(clients, tongue, bucket):
    """Writes the object with everything that it can have in all tongues."""
    if tongue == "tos":
        clients["tos"].put_object(
            bucket, KEY, content=BODY, content_type="text/x-me", content_disposition="inline", content_encoding="x-me",
            content_language="zh", cache_control="no-cache", expires=EXPIRES, meta={"name": "value"},
            storage_class=StorageClassType.Storage_Class_Ia, tagging="t=1&u=2", website_redirect_location="/other",
        )
    elif tongue == "oss":
        headers = {name: EVERYWHERE[name] for name in EVERYWHERE if name not in ("content-length", "accept-ranges")}
        own = {"x-oss-meta-name": "value", "x-oss-storage-class": "IA", "x-oss-tagging": "t=1&u=2"}
        clients["oss"].put_object(KEY, BODY, headers=headers | own | {"x-oss-website-redirect-location": "/other"})
    else:
        clients["s3"].put_object(
            Bucket=bucket, Key=KEY, Body=BODY, ContentType="text/x-me", ContentDisposition="inline", ContentEncoding="x-me",
            ContentLanguage="zh", CacheControl="no-cache", Expires=EXPIRES, Metadata={"name": "value"},
            StorageClass="STANDARD_IA", Tagging="t=1&u=2", WebsiteRedirectLocation="/other",
        )


def headers(clients, tongue, bucket, method):
    """Headers of a GET or HEAD, names in small letters."""
    if tongue == "tos":
        call = {"GET": clients["tos"].get_object, "HEAD": clients["tos"].head_object}[method]
        found = call(bucket, KEY).header
    elif tongue == "oss":
        call = {"GET": clients["oss"].get_object, "HEAD": clients["oss"].head_object}[method]
        found = call(KEY).headers
    else:
        call = {"GET": clients["s3"].get_object, "HEAD": clients["s3"].head_object}[method]
        found = call(Bucket=bucket, Key=KEY, ChecksumMode="ENABLED")["ResponseMetadata"]["HTTPHeaders"]
    return {name.lower(): value for name, value in found.items()}


@pytest.mark.parametrize("writer", TONGUES)
def test_every_header_in_every_tongue(clients, bucket, writer):
    write(clients, writer, bucket)
    modified = set()
    for reader in TONGUES:
        prefixed = {NAMES[reader].format(name): value for name, value in PREFIXED.items()}
        wanted = EVERYWHERE | prefixed | OWN[reader] | BY_WRITER.get((writer, reader), {})
        for method in ("GET", "HEAD"):
            found = headers(clients, reader, bucket, method)
            modified.add(found.pop("last-modified"))
            if reader == "tos":
                # What is missing of the second.
                assert 0 <= int(found.pop("x-tos-last-modified-ns")) < 10**9
            assert set(found) - set(wanted) == OF_THE_ANSWER[reader], (reader, method)
            assert {name: found.get(name) for name in wanted} == wanted, (reader, method)
    assert len(modified) == 1, modified


def listed(clients, tongue, bucket):
    """The one entry of every kind of list, as common fields, with time and owner."""
    if tongue == "tos":
        entries = [
            clients["tos"].list_objects(bucket).contents,
            clients["tos"].list_objects_type2(bucket).contents,
            clients["tos"].list_object_versions(bucket).versions,
        ]
        names = {"key": "key", "etag": "etag", "size": "size", "type": "object_type", "crc": "hash_crc64_ecma"}
        for (one,) in entries:
            fields = {field: getattr(one, name) for field, name in names.items()} | {"class": one.storage_class.value}
            yield fields, int(one.last_modified.timestamp()), one.owner.id
    elif tongue == "oss":
        entries = [
            clients["oss"].list_objects().object_list,
            clients["oss"].list_objects_v2(fetch_owner=True).object_list,
            clients["oss"].list_object_versions().versions,
        ]
        names = {"key": "key", "etag": "etag", "size": "size", "type": "type", "class": "storage_class"}
        for (one,) in entries:
            yield {field: getattr(one, name) for field, name in names.items()}, one.last_modified, one.owner.id
    else:
        entries = [
            clients["s3"].list_objects(Bucket=bucket)["Contents"],
            clients["s3"].list_objects_v2(Bucket=bucket, FetchOwner=True)["Contents"],
            clients["s3"].list_object_versions(Bucket=bucket)["Versions"],
        ]
        names = {"key": "Key", "etag": "ETag", "size": "Size", "class": "StorageClass"}
        for (one,) in entries:
            fields = {field: one[name] for field, name in names.items()}
            yield fields, int(one["LastModified"].timestamp()), one["Owner"]["ID"]


@pytest.mark.parametrize("writer", TONGUES)
def test_every_field_of_every_list_in_every_tongue(clients, bucket, writer):
    write(clients, writer, bucket)
    common = set()
    for reader in TONGUES:
        for fields, modified, owner in listed(clients, reader, bucket):
            assert fields == LISTED[reader], reader
            common.add((modified, owner))
    assert len(common) == 1, common
