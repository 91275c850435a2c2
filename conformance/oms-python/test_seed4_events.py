"""Seed 4: the page's samples, with their three bodies and the credentials from the page's variables."""

import os

import oms_clients
import pytest
from huaweicloudsdkcore.exceptions import exceptions
from huaweicloudsdkoms.v2 import CreateSyncEventsRequest, SyncObjectReq

# Every name that one of the bodies might mean under some reading.
SOURCE = ["test/001.txt", "test/002.txt", "test+001.txt", "test 001.txt", "test%2F001.txt", "test%2B001.txt"]

# What the page sends, and what it means.
BODIES = [
    (["test%2F001.txt", "test%2F002.txt"], ["test/001.txt", "test/002.txt"]),
    (["test%2B001.txt"], ["test+001.txt"]),
    (["test+001.txt"], ["test 001.txt"]),
]


@pytest.fixture()
def sample(server, monkeypatch):
    """The client as the page makes it; the project is looked up."""
    for name, value in oms_clients.variables(server).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("CLOUD_SDK_AK", server.access_key)
    monkeypatch.setenv("CLOUD_SDK_SK", server.secret_key)
    return oms_clients.client(os.environ["CLOUD_SDK_AK"], os.environ["CLOUD_SDK_SK"])


@pytest.mark.parametrize("body, moved", BODIES)
def test_exactly_the_named_objects_move(sample, task, tos, buckets, keys_of, body, moved):
    source, destination = buckets
    for key in SOURCE:
        tos.put_object(source, key, content=f"bytes of {key}")
    request = CreateSyncEventsRequest()
    request.sync_task_id = task.id
    request.body = SyncObjectReq(object_keys=body)
    response = sample.create_sync_events(request)
    assert response.status_code == 200
    counts = task.wait()
    size = sum(len(f"bytes of {key}") for key in moved)
    assert counts == {"REQUEST": len(body), "SUCCESS": len(body), "FAILURE": 0, "SKIP": 0, "SIZE": size}
    assert keys_of(destination) == sorted(moved)
    for key in moved:
        assert tos.get_object(destination, key).read() == f"bytes of {key}".encode()


@pytest.mark.parametrize("body, _", BODIES)
def test_the_samples_name_no_task(sample, body, _):
    """Unchanged they end in an error that has all that they print."""
    request = CreateSyncEventsRequest()
    request.body = SyncObjectReq(object_keys=body)
    with pytest.raises(exceptions.ClientRequestException) as caught:
        sample.create_sync_events(request)
    error = caught.value
    assert (error.status_code, error.error_code) == (404, "OMS.1009")
    assert len(error.request_id) == 24 and error.error_msg
