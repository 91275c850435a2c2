"""The server under test, receivers, and the vendor's clients pointed at it."""

import os

import pytest
import s3_clients
from botocore.exceptions import ClientError
from buckets import named_after

pytest_plugins = ["servers"]

# Nothing of the machine's own settings takes part, and no metadata service is asked for keys.
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull


@pytest.fixture(scope="session")
def stranger(server):
    """A key of an account that owns nothing."""
    return server.command("key", "create", "--account", "stranger")


@pytest.fixture(scope="session")
def s3(server):
    return s3_clients.client(server)


@pytest.fixture()
def bucket(s3, request):
    """A bucket of its own for every test, named after it."""
    name = named_after(request)
    s3.create_bucket(Bucket=name)
    yield name
    try:
        s3.head_bucket(Bucket=name)
    except ClientError:
        return
    remove(s3, name)


@pytest.fixture()
def versioned(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket


def remove(s3, name):
    """Empties a bucket and deletes it: an account has at most 100."""
    s3.delete_bucket_policy(Bucket=name)
    for upload in s3.list_multipart_uploads(Bucket=name).get("Uploads", []):
        s3.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        found = page.get("Versions", []) + page.get("DeleteMarkers", [])
        gone = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
        if gone:
            assert "Errors" not in s3.delete_objects(Bucket=name, Delete={"Objects": gone, "Quiet": True})
    s3.delete_bucket(Bucket=name)


def failing(call, status, code):
    """Runs a call that must fail at the server."""
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response
    assert (error["ResponseMetadata"]["HTTPStatusCode"], error["Error"]["Code"]) == (status, code), error
    return error


@pytest.fixture()
def fails():
    return failing
