"""The server under test, receivers, and the vendor's client pointed at it."""

import time

import pytest
import tos
from tos.models2 import ObjectTobeDeleted

import tos_clients
from buckets import named_after

pytest_plugins = ["servers"]


@pytest.fixture()
def client(server):
    return tos_clients.client(server)


@pytest.fixture(scope="session")
def stranger(server):
    """A client of an account that owns nothing."""
    return tos_clients.stranger(server, "stranger")


@pytest.fixture(scope="session")
def anonymous(server):
    return tos_clients.anonymous(server)


@pytest.fixture()
def bucket(client, request):
    """A bucket of its own for every test, named after it."""
    name = named_after(request)
    client.create_bucket(name)
    yield name
    if client.does_bucket_exist(name):
        remove(client, name)


def remove(client, bucket):
    """Empties a bucket and deletes it: an account has at most 100. A sync task that was stopped may still write a list
    into it, so it may have to be emptied again."""
    for upload in client.list_multipart_uploads(bucket).uploads:
        client.abort_multipart_upload(bucket, upload.key, upload.upload_id)
    end = time.monotonic() + 10
    while True:
        clear(client, bucket)
        try:
            return client.delete_bucket(bucket)
        except tos.exceptions.TosServerError as error:
            if error.code != "BucketNotEmpty" or time.monotonic() > end:
                raise


def clear(client, bucket):
    """Removes all versions."""
    truncated = True
    while truncated:
        page = client.list_object_versions(bucket)
        truncated = page.is_truncated
        gone = [ObjectTobeDeleted(found.key, found.version_id) for found in page.versions + page.delete_markers]
        if gone:
            client.delete_multi_objects(bucket, gone, quiet=True)


def failing(call):
    """Runs a call that must fail at the server; every part an application prints must be there."""
    with pytest.raises(tos.exceptions.TosServerError) as caught:
        call()
    error = caught.value
    for part in ("code", "request_id", "message", "status_code", "ec", "request_url"):
        assert getattr(error, part), f"{part} is empty in {error}"
    return error


@pytest.fixture()
def fails():
    return failing
