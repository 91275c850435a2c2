"""Inventories of buckets, and logs of requests to them: what the server writes by itself."""

import re

import pytest
import requests
import s3_clients
from harness import Server
from reports import QUICK, log_lines, newest_list, until


@pytest.fixture(scope="module")
def quick():
    server = Server(QUICK)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def client(quick):
    return s3_clients.client(quick)


@pytest.fixture()
def names(client, request):
    """A bucket and another one that something is written into."""
    both = [f"{request.node.name.replace('_', '-')[:40]}-{end}" for end in ("from", "into")]
    for name in both:
        client.create_bucket(Bucket=name)
    return both


def keys(client, bucket):
    return lambda: [found["Key"] for found in client.list_objects_v2(Bucket=bucket).get("Contents", [])]


def reading(client, bucket):
    return lambda key: client.get_object(Bucket=bucket, Key=key)["Body"].read()


def inventory(into, **options):
    place = {"Bucket": f"arn:aws:s3:::{into}", "Format": "CSV", "Prefix": "lists", "AccountId": "123456789012"}
    place |= options.pop("place", {})
    settings = {
        "Id": "report",
        "IsEnabled": True,
        "Destination": {"S3BucketDestination": place},
        "IncludedObjectVersions": "Current",
        "Schedule": {"Frequency": "Daily"},
    }
    return settings | options


def test_inventories_are_written(client, names):
    source, into = names
    client.put_object(Bucket=source, Key="photos/a b.jpg", Body=b"one", ServerSideEncryption="AES256")
    upload = client.create_multipart_upload(Bucket=source, Key="photos/parts")["UploadId"]
    part = client.upload_part(Bucket=source, Key="photos/parts", UploadId=upload, PartNumber=1, Body=b"part")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    client.complete_multipart_upload(Bucket=source, Key="photos/parts", UploadId=upload, MultipartUpload=parts)
    client.put_object(Bucket=source, Key="other", Body=b"x")
    fields = ["Size", "LastModifiedDate", "StorageClass", "ETag", "IsMultipartUploaded", "ReplicationStatus"]
    fields += ["EncryptionStatus", "ChecksumAlgorithm", "ObjectOwner"]
    ordered = inventory(into, Filter={"Prefix": "photos/"}, OptionalFields=fields, place={"Encryption": {"SSES3": {}}})
    client.put_bucket_inventory_configuration(Bucket=source, Id="report", InventoryConfiguration=ordered)
    told = client.get_bucket_inventory_configuration(Bucket=source, Id="report")["InventoryConfiguration"]
    assert told == ordered
    manifest, rows = until(lambda: newest_list(keys(client, into), reading(client, into)))
    assert manifest["destinationBucket"] == f"arn:aws:s3:::{into}" and manifest["version"] == "2016-11-30"
    assert manifest["fileSchema"] == "Bucket, Key, " + ", ".join(fields)
    file = manifest["files"][0]["key"]
    assert re.fullmatch(f"lists/{source}/report/data/[0-9a-f-]{{36}}.csv.gz", file)
    links = [key for key in keys(client, into)() if key.endswith("symlink.txt")]
    assert re.fullmatch(rf"lists/{source}/report/hive/dt=\d{{4}}(-\d\d){{4}}/symlink.txt", links[0])
    assert reading(client, into)(links[0]).decode().startswith(f"s3://{into}/lists/{source}/report/data/")
    assert [row["Key"] for row in rows] == ["photos/a%20b.jpg", "photos/parts"]
    first, second = rows
    head = client.head_object(Bucket=source, Key="photos/a b.jpg")
    assert f'"{first["ETag"]}"' == head["ETag"] and (first["Size"], first["StorageClass"]) == ("3", "STANDARD")
    assert (first["EncryptionStatus"], second["EncryptionStatus"]) == ("SSE-S3", "NOT-SSE")
    assert (first["IsMultipartUploaded"], second["IsMultipartUploaded"]) == ("false", "true")
    assert client.head_object(Bucket=into, Key=file)["ServerSideEncryption"] == "AES256"
    client.delete_bucket_inventory_configuration(Bucket=source, Id="report")


def test_inventories_come_and_go(client, names, fails):
    source, into = names

    def put(**options):
        one = inventory(into, IsEnabled=False, **options)
        client.put_bucket_inventory_configuration(Bucket=source, Id="report", InventoryConfiguration=one)

    empty = client.list_bucket_inventory_configurations(Bucket=source)
    assert not empty["IsTruncated"] and "InventoryConfigurationList" not in empty
    get = lambda: client.get_bucket_inventory_configuration(Bucket=source, Id="report")
    fails(get, 404, "NoSuchConfiguration")
    put()
    listed = client.list_bucket_inventory_configurations(Bucket=source)["InventoryConfigurationList"]
    assert [one["Id"] for one in listed] == ["report"]
    fails(lambda: put(place={"Bucket": "arn:aws:s3:::nowhere-at-all"}), 400, "InvalidS3DestinationBucket")
    fails(lambda: put(place={"Format": "ORC"}), 400, "InvalidArgument")
    fails(lambda: put(place={"Encryption": {"SSEKMS": {"KeyId": "k"}}}), 501, "NotImplemented")
    fails(lambda: put(OptionalFields=["ObjectLockMode"]), 501, "NotImplemented")
    fails(lambda: put(Id="other"), 400, "InvalidArgument")
    client.delete_bucket_inventory_configuration(Bucket=source, Id="report")
    fails(get, 404, "NoSuchConfiguration")


def test_requests_are_logged(client, names, quick, fails):
    source, into = names
    assert "LoggingEnabled" not in client.get_bucket_logging(Bucket=source)

    def put(**options):
        enabled = {"TargetBucket": into, "TargetPrefix": "log/"} | options
        client.put_bucket_logging(Bucket=source, BucketLoggingStatus={"LoggingEnabled": enabled})

    fails(lambda: put(TargetBucket="nowhere-at-all"), 400, "InvalidTargetBucketForLogging")
    grant = {"Grantee": {"Type": "CanonicalUser", "ID": "somebody"}, "Permission": "READ"}
    fails(lambda: put(TargetGrants=[grant]), 501, "NotImplemented")
    fails(lambda: put(TargetObjectKeyFormat={"PartitionedPrefix": {"PartitionDateSource": "EventTime"}}), 501, "NotImplemented")
    put(TargetObjectKeyFormat={"SimplePrefix": {}})
    enabled = client.get_bucket_logging(Bucket=source)["LoggingEnabled"]
    assert (enabled["TargetBucket"], enabled["TargetPrefix"]) == (into, "log/")
    client.put_object(Bucket=source, Key="a b.txt", Body=b"hello")
    link = client.generate_presigned_url("get_object", {"Bucket": source, "Key": "a b.txt"})
    assert requests.get(link).content == b"hello"
    fails(lambda: client.get_object(Bucket=source, Key="none"), 404, "NoSuchKey")
    lines = lambda: log_lines(keys(client, into), reading(client, into))
    found = until(lambda: (all_of := lines()) and len(all_of) >= 4 and all_of)
    assert all(len(line) == 27 for line in found), found
    by_operation = {(line[6], line[9]): line for line in found}
    put_line = by_operation["REST.PUT.OBJECT", "200"]
    got = by_operation["REST.GET.OBJECT", "200"]
    assert put_line[1] == source and put_line[7] == "a%20b.txt" and put_line[12] == "5"
    assert (put_line[19], put_line[21], put_line[26]) == ("SigV4", "AuthHeader", "us-east-1")
    assert (got[11], got[12], got[21]) == ("5", "5", "QueryString")
    signature = re.search("Signature=([^&]+)", link).group(1)
    assert "Signature=-" in got[8] and signature not in str(found)
    assert by_operation["REST.GET.OBJECT", "404"][10] == "NoSuchKey"
    assert by_operation["REST.GET.LOGGING_STATUS", "200"][7] == "-"
    assert re.fullmatch(r"log/\d{4}(-\d\d){5}-[0-9A-F]{16}", keys(client, into)()[0])
    client.put_bucket_logging(Bucket=source, BucketLoggingStatus={})
    assert "LoggingEnabled" not in client.get_bucket_logging(Bucket=source)
