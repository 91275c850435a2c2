"""The server under test, receivers, and the vendor's clients pointed at it."""

import oss2
import oss_clients
import pytest
from buckets import named_after

pytest_plugins = ["servers"]


@pytest.fixture(scope="session")
def stranger(server):
    """A key of an account that owns nothing."""
    return server.command("key", "create", "--account", "stranger")


@pytest.fixture()
def bucket(server, request):
    """A bucket of its own for every test, named after it."""
    bucket = oss_clients.bucket(server, named_after(request))
    bucket.create_bucket()
    yield bucket
    try:
        bucket.get_bucket_location()
    except oss2.exceptions.NoSuchBucket:
        return
    remove(bucket)


@pytest.fixture()
def versioned(bucket):
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig(oss2.BUCKET_VERSIONING_ENABLE))
    return bucket


@pytest.fixture(scope="session")
def v2(server):
    return oss_clients.v2(server)


def remove(bucket):
    """Empties a bucket and deletes it: an account has at most 100."""
    for upload in oss2.MultipartUploadIterator(bucket):
        bucket.abort_multipart_upload(upload.key, upload.upload_id)
    truncated = True
    while truncated:
        page = bucket.list_object_versions()
        truncated = page.is_truncated
        gone = oss2.models.BatchDeleteObjectVersionList()
        for found in page.versions + page.delete_marker:
            gone.append(oss2.models.BatchDeleteObjectVersion(found.key, found.versionid))
        if gone.len():
            bucket.delete_object_versions(gone)
    bucket.delete_bucket()


def failing(call, status, code, ec=None):
    """Runs a call that must fail at the server; every part an application prints must be there."""
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        call()
    error = caught.value
    assert (error.status, error.code) == (status, code), error
    assert len(error.request_id) == 24 and error.message and error.ec, error
    assert ec is None or error.ec == ec, error
    return error


@pytest.fixture()
def fails():
    return failing
