"""Object lock: what a version is kept from, and by whom."""

import datetime

import pytest
import s3_clients
from buckets import named_after
from conftest import remove

NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
SOON = NOW + datetime.timedelta(days=1)
LATER = NOW + datetime.timedelta(days=2)


@pytest.fixture()
def locking(s3, request):
    """A bucket whose objects may be locked. It is emptied by taking back what may be."""
    name = named_after(request) + "-lock"
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    yield name
    for version in s3.list_object_versions(Bucket=name).get("Versions", []):
        of = {"Bucket": name, "Key": version["Key"], "VersionId": version["VersionId"]}
        s3.put_object_legal_hold(**of, LegalHold={"Status": "OFF"})
        s3.put_object_retention(**of, Retention={}, BypassGovernanceRetention=True)
    remove(s3, name)


def put(s3, bucket, **lock):
    return s3.put_object(Bucket=bucket, Key="k", Body=b"x", **lock)["VersionId"]


def test_a_bucket_has_a_default(s3, locking, bucket, fails):
    assert s3.get_bucket_versioning(Bucket=locking)["Status"] == "Enabled"
    for span in ({"Days": 1}, {"Years": 1}):
        rule = {"DefaultRetention": {"Mode": "GOVERNANCE", **span}}
        configuration = {"ObjectLockEnabled": "Enabled", "Rule": rule}
        s3.put_object_lock_configuration(Bucket=locking, ObjectLockConfiguration=configuration)
        told = s3.get_object_lock_configuration(Bucket=locking)["ObjectLockConfiguration"]
        assert told == configuration
    put(s3, locking)
    seen = s3.head_object(Bucket=locking, Key="k")
    assert seen["ObjectLockMode"] == "GOVERNANCE"
    assert seen["ObjectLockRetainUntilDate"] > NOW + datetime.timedelta(days=364)
    suspend = {"Status": "Suspended"}
    suspended = lambda: s3.put_bucket_versioning(Bucket=locking, VersioningConfiguration=suspend)
    fails(suspended, 409, "InvalidBucketState")
    get = lambda: s3.get_object_lock_configuration(Bucket=bucket)
    fails(get, 404, "ObjectLockConfigurationNotFoundError")
    late = lambda: s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=configuration)
    fails(late, 409, "InvalidBucketState")
    fails(lambda: put(s3, bucket, ObjectLockLegalHoldStatus="ON"), 400, "InvalidRequest")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    late()


def test_governance(server, s3, locking, stranger, fails):
    version = put(s3, locking, ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=SOON)
    of = {"Bucket": locking, "Key": "k", "VersionId": version}
    told = s3.get_object_retention(**of)["Retention"]
    assert told == {"Mode": "GOVERNANCE", "RetainUntilDate": SOON}
    fails(lambda: s3.delete_object(**of), 403, "AccessDenied")
    one = {"Objects": [{"Key": "k", "VersionId": version}]}
    failed = s3.delete_objects(Bucket=locking, Delete=one)["Errors"]
    assert [error["Code"] for error in failed] == ["AccessDenied"]
    s3.put_object_retention(**of, Retention={"Mode": "GOVERNANCE", "RetainUntilDate": LATER})
    shorter = {"Mode": "GOVERNANCE", "RetainUntilDate": SOON}
    fails(lambda: s3.put_object_retention(**of, Retention=shorter), 403, "AccessDenied")
    other = s3_clients.client(server, stranger)
    fails(lambda: other.delete_object(**of, BypassGovernanceRetention=True), 403, "AccessDenied")
    s3.put_object_retention(**of, Retention=shorter, BypassGovernanceRetention=True)
    assert s3.delete_object(Bucket=locking, Key="k")["DeleteMarker"]
    passing = s3.delete_objects(Bucket=locking, Delete=one, BypassGovernanceRetention=True)
    assert "Errors" not in passing


def test_compliance_gives_way_to_nobody(s3, request, fails):
    # The bucket outlives the test: that is the point.
    bucket = named_after(request)
    s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    version = put(s3, bucket, ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=LATER)
    of = {"Bucket": bucket, "Key": "k", "VersionId": version, "BypassGovernanceRetention": True}
    fails(lambda: s3.delete_object(**of), 403, "AccessDenied")
    for less in ({}, {"Mode": "GOVERNANCE", "RetainUntilDate": LATER}, {"Mode": "COMPLIANCE", "RetainUntilDate": SOON}):
        fails(lambda: s3.put_object_retention(**of, Retention=less), 403, "AccessDenied")
    longer = LATER + datetime.timedelta(days=1)
    s3.put_object_retention(**of, Retention={"Mode": "COMPLIANCE", "RetainUntilDate": longer})
    fails(lambda: s3.delete_bucket(Bucket=bucket), 409, "BucketNotEmpty")


def test_legal_holds(s3, locking, fails):
    of = {"Bucket": locking, "Key": "k"}
    version = put(s3, locking)
    fails(lambda: s3.get_object_legal_hold(**of), 404, "NoSuchObjectLockConfiguration")
    for status in ("ON", "OFF"):
        s3.put_object_legal_hold(**of, LegalHold={"Status": status})
        assert s3.get_object_legal_hold(**of)["LegalHold"] == {"Status": status}
        assert s3.head_object(**of)["ObjectLockLegalHoldStatus"] == status
        gone = lambda: s3.delete_object(**of, VersionId=version, BypassGovernanceRetention=True)
        if status == "ON":
            fails(gone, 403, "AccessDenied")
        else:
            gone()


def test_uploads_and_copies(s3, locking, fails):
    lock = {
        "ObjectLockMode": "GOVERNANCE",
        "ObjectLockRetainUntilDate": SOON,
        "ObjectLockLegalHoldStatus": "ON",
    }
    put(s3, locking)
    s3.copy_object(Bucket=locking, Key="copy", CopySource={"Bucket": locking, "Key": "k"}, **lock)
    upload = s3.create_multipart_upload(Bucket=locking, Key="whole", **lock)["UploadId"]
    of = {"Bucket": locking, "Key": "whole", "UploadId": upload}
    part = s3.upload_part(**of, PartNumber=1, Body=b"x")
    parts = [{"PartNumber": 1, "ETag": part["ETag"]}]
    s3.complete_multipart_upload(**of, MultipartUpload={"Parts": parts})
    for key in ("copy", "whole"):
        seen = s3.head_object(Bucket=locking, Key=key)
        assert {name: seen[name] for name in lock} == lock
        gone = lambda: s3.delete_object(Bucket=locking, Key=key, VersionId=seen["VersionId"])
        fails(gone, 403, "AccessDenied")
