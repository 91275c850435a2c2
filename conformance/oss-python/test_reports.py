"""Inventories of buckets, and logs of requests to them: what the server writes by itself."""

import base64
import json
import re

import alibabacloud_oss_v2 as oss_v2
import oss2
import oss_clients
import pytest
import requests
from harness import Server
from oss2.models import (
    BucketLogging,
    InventoryBucketDestination,
    InventoryConfiguration,
    InventoryDestination,
    InventoryFilter,
    InventorySchedule,
    InventoryServerSideEncryptionKMS,
    InventoryServerSideEncryptionOSS,
)
from reports import QUICK, log_lines, newest_list, until

FIELDS = ["Size", "LastModifiedDate", "ETag", "StorageClass", "IsMultipartUploaded", "EncryptionStatus", "ObjectAcl"]


@pytest.fixture(scope="module")
def quick():
    server = Server(QUICK)
    yield server
    server.stop()


@pytest.fixture()
def buckets(quick, request):
    """A bucket and another one that something is written into."""
    names = [f"{request.node.name.replace('_', '-')[:40]}-{end}" for end in ("from", "into")]
    both = [oss_clients.bucket(quick, name) for name in names]
    for bucket in both:
        bucket.create_bucket()
    return both


def keys(bucket, prefix=""):
    return lambda: [found.key for found in oss2.ObjectIterator(bucket, prefix=prefix)]


def reading(bucket):
    return lambda key: bucket.get_object(key).read()


def inventory(into, name="report", **options):
    place = InventoryBucketDestination(
        account_id="100000000000000",
        role_arn="acs:ram::100000000000000:role/AliyunOSSRole",
        bucket=into.bucket_name,
        inventory_format="CSV",
        prefix="lists",
        **options.pop("encryption", {}),
    )
    settings = {
        "is_enabled": True,
        "inventory_schedule": InventorySchedule("Daily"),
        "included_object_versions": "All",
        "inventory_filter": InventoryFilter("photos/"),
        "optional_fields": FIELDS,
    }
    return InventoryConfiguration(
        inventory_id=name, inventory_destination=InventoryDestination(place), **(settings | options)
    )


def test_inventories_are_written(buckets):
    source, into = buckets
    source.put_bucket_versioning(oss2.models.BucketVersioningConfig(oss2.BUCKET_VERSIONING_ENABLE))
    source.put_object("photos/a b.jpg", b"one")
    source.put_object("photos/a b.jpg", b"three", headers={"x-oss-storage-class": "IA"})
    source.put_object("photos/gone", b"x", headers={"x-oss-server-side-encryption": "AES256"})
    source.delete_object("photos/gone")
    source.put_object("other", b"x")
    own = {"sse_oss_encryption": InventoryServerSideEncryptionOSS()}
    source.put_bucket_inventory_configuration(inventory(into, encryption=own))
    manifest, rows = until(lambda: newest_list(keys(into), reading(into)))
    assert manifest["sourceBucket"] == source.bucket_name and manifest["destinationBucket"] == into.bucket_name
    assert manifest["fileSchema"] == "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, " + ", ".join(FIELDS)
    assert re.fullmatch(f"lists/{source.bucket_name}/report/data/[0-9a-f-]{{36}}.csv.gz", manifest["files"][0]["key"])
    found = [(row["Key"], row["IsLatest"], row["IsDeleteMarker"], row["Size"], row["EncryptionStatus"]) for row in rows]
    assert found == [
        ("photos%2Fa%20b.jpg", "true", "false", "5", "false"),
        ("photos%2Fa%20b.jpg", "false", "false", "3", "false"),
        ("photos%2Fgone", "true", "true", "", ""),
        ("photos%2Fgone", "false", "false", "1", "true"),
    ]
    now = source.head_object("photos/a b.jpg")
    assert (rows[0]["VersionId"], rows[0]["ETag"]) == (now.versionid, now.etag)
    assert (rows[0]["StorageClass"], rows[0]["ObjectAcl"]) == ("IA", "default")
    packed = into.head_object(manifest["files"][0]["key"])
    assert packed.headers["x-oss-server-side-encryption"] == "AES256"
    source.delete_bucket_inventory_configuration("report")


def test_inventories_come_and_go(buckets, fails):
    source, into = buckets
    fails(source.list_bucket_inventory_configurations, 404, "NoSuchInventory")
    whole = InventoryFilter("photos/", 1637883649, 1638347592, 1024, 1048576, "Standard,IA")
    key = {"sse_kms_encryption": InventoryServerSideEncryptionKMS("key-1")}
    off = {"is_enabled": False, "inventory_schedule": InventorySchedule("Weekly")}
    source.put_bucket_inventory_configuration(inventory(into, inventory_filter=whole, encryption=key, **off))
    told = source.get_bucket_inventory_configuration("report")
    assert (told.is_enabled, told.inventory_schedule.frequency, told.optional_fields) == (False, "Weekly", FIELDS)
    limits = vars(told.inventory_filter)
    assert limits == vars(InventoryFilter("photos/", "1637883649", "1638347592", "1024", "1048576", "IA,Standard"))
    place = told.inventory_destination.bucket_destination
    assert (place.account_id, place.role_arn) == ("100000000000000", "acs:ram::100000000000000:role/AliyunOSSRole")
    assert (place.bucket, place.prefix, place.sse_kms_encryption.key_id) == (into.bucket_name, "lists", "key-1")
    for bad, code in [
        ({"optional_fields": ["LastAccessDate"]}, "NotImplemented"),
        ({"optional_fields": ["Sice"]}, "InvalidArgument"),
        ({"included_object_versions": "Some"}, "InvalidArgument"),
        ({"name": "a/b"}, "InvalidArgument"),
    ]:
        fails(lambda: source.put_bucket_inventory_configuration(inventory(into, **bad)), 400, code)
    nowhere = oss2.Bucket(into.auth, into.endpoint, "nowhere-at-all")
    fails(lambda: source.put_bucket_inventory_configuration(inventory(nowhere)), 400, "InvalidTargetBucketForLogging")
    assert len(source.list_bucket_inventory_configurations().inventory_configurations) == 1
    for _ in range(2):
        source.delete_bucket_inventory_configuration("report")
    fails(lambda: source.get_bucket_inventory_configuration("report"), 404, "NoSuchInventory")


def test_requests_are_logged(buckets, quick, fails):
    source, into = buckets
    told = source.get_bucket_logging()
    assert (told.target_bucket, told.target_prefix) == ("", "")
    fails(lambda: source.put_bucket_logging(BucketLogging("nowhere-at-all", "")), 400, "InvalidTargetBucketForLogging")
    source.put_bucket_logging(BucketLogging(into.bucket_name, "日志+/"))
    told = source.get_bucket_logging()
    assert (told.target_bucket, told.target_prefix) == (into.bucket_name, "日志+/")
    source.put_object("a b.txt", b"hello")
    link = source.sign_url("GET", "a b.txt", 60, slash_safe=True)
    assert requests.get(link, headers={"Referer": "http://a.example/", "User-Agent": 'mine "1"'}).content == b"hello"
    fails(lambda: source.get_object("none"), 404, "NoSuchKey")

    def lines():
        found = log_lines(keys(into, "日志+/"), reading(into))
        return found if len(found) >= 4 else None

    found = until(lines)
    assert all(len(line) == 27 for line in found), found
    by_operation = {(line[14], line[5]): line for line in found}
    put, get, failed = (by_operation[one] for one in [("PutObject", "200"), ("GetObject", "200"), ("GetObject", "404")])
    assert (put[0], put[15], put[16], put[17], put[20]) == ("127.0.0.1", source.bucket_name, "a%20b.txt", "5", "5")
    assert (get[6], get[8], get[9], get[12], get[17]) == ("5", "http://a.example/", "mine '1'", "true", "5")
    assert get[4].startswith(f"GET /{source.bucket_name}/a%20b.txt?") and get[4].endswith(" HTTP/1.1")
    assert "Signature=-" in get[4] and link.split("Signature=")[1].split("&")[0] not in str(found)
    assert failed[19] == "NoSuchKey"
    name = keys(into, "日志+/")()[0]
    assert re.fullmatch(f"日志\\+/{source.bucket_name}\\d{{4}}(-\\d\\d){{5}}-[0-9A-F]{{16}}", name)
    source.delete_bucket_logging()
    source.delete_bucket_logging()
    assert source.get_bucket_logging().target_bucket == ""


def test_lines_tell_what_the_bucket_wants_told(quick, buckets, fails):
    source, into = buckets
    newer, name = oss_clients.v2(quick), source.bucket_name
    source.put_bucket_logging(BucketLogging(into.bucket_name, "log/"))

    def wanted(headers, parameters):
        headers, parameters = oss_v2.LoggingHeaderSet(headers), oss_v2.LoggingParamSet(parameters)
        fields = oss_v2.UserDefinedLogFieldsConfiguration(header_set=headers, param_set=parameters)
        newer.put_user_defined_log_fields_config(oss_v2.PutUserDefinedLogFieldsConfigRequest(name, fields))

    def told():
        found = newer.get_user_defined_log_fields_config(oss_v2.GetUserDefinedLogFieldsConfigRequest(name))
        found = found.user_defined_log_fields_configuration
        return found.header_set and found.header_set.headers, found.param_set and found.param_set.parameters

    assert told() == (None, None)
    with pytest.raises(oss_v2.exceptions.OperationError, match="InvalidArgument"):
        wanted([f"x-{n}" for n in range(7)], [])
    assert told() == (None, None)
    wanted(["X-Forwarded-For", "Authorization"], ["x-from"])
    assert told() == (["X-Forwarded-For", "Authorization"], ["x-from"])
    fails(lambda: source.get_object("none", headers={"x-forwarded-for": "192.0.2.7"}, params={"x-from": "日"}), 404, "NoSuchKey")

    def fields():
        lines = [line for line in log_lines(keys(into, "log/"), reading(into)) if line[5] == "404"]
        return json.loads(base64.b64decode(lines[0][27])) if lines else None

    assert until(fields) == {
        "truncated": False,
        "headers": {"X-Forwarded-For": "192.0.2.7", "Authorization": "-"},
        "querys": {"x-from": "日"},
    }
    newer.delete_user_defined_log_fields_config(oss_v2.DeleteUserDefinedLogFieldsConfigRequest(name))
    assert told() == (None, None)
    source.delete_bucket_logging()


def test_lines_wait_for_each_other_and_are_written_at_a_stop(fails):
    server = Server("access_log_delay_s = 3600\n")
    try:
        bucket = oss_clients.bucket(server, "logs-itself")
        bucket.create_bucket()
        # Into itself: what writes the lines is no request and leaves none.
        bucket.put_bucket_logging(BucketLogging("logs-itself", "log/"))
        for n in range(3):
            bucket.put_object(f"k{n}", b"x")
        fails(lambda: bucket.get_object("none"), 404, "NoSuchKey")
        assert keys(bucket, "log/")() == []
        server.process.terminate()
        assert server.process.wait(timeout=20) == 0
        server.start()
        bucket = oss_clients.bucket(server, "logs-itself")
        assert len(keys(bucket, "log/")()) == 1
        found = log_lines(keys(bucket, "log/"), reading(bucket))
        operations = [line[14] for line in found]
        assert operations == ["PutObject"] * 3 + ["GetObject", "ListObjects"], operations
    finally:
        server.stop()
