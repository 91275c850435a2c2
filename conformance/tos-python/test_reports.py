"""Inventories of buckets: lists that the server writes by itself."""

import re

import pytest
import tos_clients
from harness import Server
from reports import QUICK, newest_list, until
from tos.enum import InventoryFormatType, InventoryFrequencyType, InventoryIncludedObjType
from tos.models2 import (
    BucketInventoryConfiguration,
    InventoryDestination,
    InventoryFilter,
    InventoryOptionalFields,
    InventorySchedule,
    TOSBucketDestination,
)

FIELDS = ["Size", "LastModifiedDate", "ETag", "StorageClass", "IsMultipartUploaded", "EncryptionStatus", "CRC64"]


@pytest.fixture(scope="module")
def quick():
    server = Server(QUICK)
    yield server
    server.stop()


def inventory(into, name="report", **options):
    settings = {
        "is_enabled": True,
        "schedule": InventorySchedule(InventoryFrequencyType.InventoryFrequencyTypeDaily),
        "included_object_versions": InventoryIncludedObjType.InventoryIncludedObjTypeCurrent,
        "inventory_filter": InventoryFilter("photos/"),
        "optional_fields": InventoryOptionalFields(FIELDS),
    }
    place = TOSBucketDestination(InventoryFormatType.InventoryFormatCsv, "2100000000", "TosArchiveTOSInventory", into, "lists")
    return BucketInventoryConfiguration(name, destination=InventoryDestination(place), **(settings | options))


@pytest.mark.parametrize("plain", [False, True])
def test_inventories_are_written(quick, plain):
    client = tos_clients.client(quick)
    source, into = f"from-{plain}".lower(), f"into-{plain}".lower()
    for bucket in (source, into):
        client.create_bucket(bucket)
    client.put_object(source, "photos/a b.jpg", content=b"one")
    client.put_object(source, "other", content=b"x")
    client.put_bucket_inventory(source, inventory(into, is_un_compressed=plain))
    told = client.get_bucket_inventory(source, "report").bucket_inventory_configuration
    assert (told.is_enabled, told.is_un_compressed, told.optional_fields.fields) == (True, plain, FIELDS)
    place = told.destination.tos_bucket_destination
    assert (place.bucket, place.prefix, place.role) == (into, "lists", "TosArchiveTOSInventory")
    keys = lambda: [found.key for found in client.list_objects_type2(into).contents]
    manifest, rows = until(lambda: newest_list(keys, lambda key: client.get_object(into, key).read()))
    end = "csv" if plain else "csv.gz"
    name = rf"lists/{source}/report/\d{{4}}-\d\d-\d\dT\d\d-\d\dZ/files/[0-9a-f]{{32}}_0\.{end}"
    assert re.fullmatch(name, manifest["files"][0]["key"])
    head = client.head_object(source, "photos/a b.jpg")
    (row,) = rows
    assert (row["Key"], row["Size"], row["CRC64"]) == ("photos/a%20b.jpg", "3", str(head.hash_crc64_ecma))
    assert f'"{row["ETag"]}"' in (head.etag, f'"{head.etag}"') and row["StorageClass"] == "STANDARD"
    client.delete_bucket_inventory(source, "report")


def test_inventories_come_and_go(client, bucket, fails):
    listed = client.list_bucket_inventory(bucket)
    assert (listed.configurations, listed.is_truncated) == ([], False)
    off = inventory(bucket, is_enabled=False)
    for name in [f"report-{n}" for n in range(10)]:
        off.inventory_id = name
        client.put_bucket_inventory(bucket, off)
    off.inventory_id = "report-10"
    error = fails(lambda: client.put_bucket_inventory(bucket, off))
    assert (error.status_code, error.code, error.ec) == (400, "InvalidArgument", "0025-00000016")
    assert len(client.list_bucket_inventory(bucket).configurations) == 10
    for n in range(10):
        client.delete_bucket_inventory(bucket, f"report-{n}")
    error = fails(lambda: client.get_bucket_inventory(bucket, "report-0"))
    assert (error.status_code, error.code) == (404, "NoSuchInventoryConfiguration")
