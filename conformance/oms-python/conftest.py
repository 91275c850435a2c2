"""The server under test, two buckets, and the vendor's client pointed at it."""

import time

import oms_clients
import pytest
import tos_clients
from buckets import named_after
from huaweicloudsdkcore.exceptions.exceptions import ServiceResponseException
from huaweicloudsdkoms.v2 import (
    CreateSyncEventsRequest,
    CreateSyncTaskReq,
    CreateSyncTaskRequest,
    DeleteSyncTaskRequest,
    ListSyncTaskStatisticRequest,
    ListSyncTasksRequest,
    StopSyncTaskRequest,
    SyncObjectReq,
)

pytest_plugins = ["servers"]


@pytest.fixture()
def client(server, monkeypatch):
    """Made as the published samples make theirs: region by name, keys, nothing else."""
    for name, value in oms_clients.variables(server).items():
        monkeypatch.setenv(name, value)
    return oms_clients.client(server.access_key, server.secret_key)


@pytest.fixture(scope="session")
def tos(server):
    """Objects are put and looked at through another dialect."""
    return tos_clients.client(server)


@pytest.fixture()
def buckets(tos, request):
    """Names of a source and a destination."""
    name = named_after(request)
    names = (f"{name}-src", f"{name}-dst")
    for name in names:
        tos.create_bucket(name)
    return names


@pytest.fixture()
def settings(server, buckets):
    """What makes a task between the two buckets."""
    source, destination = buckets
    return {
        "src_cloud_type": "HuaweiCloud",
        "src_region": "local",
        "src_bucket": source,
        "src_ak": server.access_key,
        "src_sk": server.secret_key,
        "dst_ak": server.access_key,
        "dst_sk": server.secret_key,
        "dst_region": "cn-north-4",
        "dst_bucket": destination,
    }


@pytest.fixture()
def task(client, settings):
    """A running task between the two buckets; all tasks are gone afterwards, for an account has at most five."""
    yield Task(client, settings)
    remove_all(client)


class Task:
    def __init__(self, client, settings):
        self.client = client
        body = CreateSyncTaskReq(**settings)
        made = client.create_sync_task(CreateSyncTaskRequest(body=body))
        assert made.status_code == 200
        self.id = made.sync_task_id

    def event(self, *keys):
        body = SyncObjectReq(object_keys=list(keys))
        return self.client.create_sync_events(CreateSyncEventsRequest(sync_task_id=self.id, body=body))

    def statistics(self):
        """What was counted around now."""
        now = int(time.time() * 1000)
        types = "REQUEST,SUCCESS,FAILURE,SKIP,SIZE"
        asked = ListSyncTaskStatisticRequest(self.id, types, now - 3_600_000, now + 3_600_000)
        told = self.client.list_sync_task_statistic(asked)
        assert told.statistic_time_type == "FIVE_MINUTES"
        return {
            of.data_type: sum(span.statistic_num for span in of.data) for of in told.statistic_datas
        }

    def wait(self, seconds=60):
        """The counts, when every request has its outcome."""
        end = time.monotonic() + seconds
        while True:
            counts = self.statistics()
            if counts["REQUEST"] == counts["SUCCESS"] + counts["FAILURE"] + counts["SKIP"]:
                return counts
            assert time.monotonic() < end, counts
            time.sleep(0.2)


def remove_all(client):
    for task in client.list_sync_tasks(ListSyncTasksRequest(limit=100)).tasks:
        if task.status == "SYNCHRONIZING":
            client.stop_sync_task(StopSyncTaskRequest(task.sync_task_id))
        client.delete_sync_task(DeleteSyncTaskRequest(task.sync_task_id))


def failing(call, status, code):
    """Runs a call that must fail at the server; every part that the samples print must be there."""
    with pytest.raises(ServiceResponseException) as caught:
        call()
    error = caught.value
    assert (error.status_code, error.error_code) == (status, code), error
    assert len(error.request_id) == 24 and error.error_msg, error
    return error


@pytest.fixture()
def fails():
    return failing


@pytest.fixture()
def keys_of(tos):
    """The keys of a bucket, without the lists that tasks leave there."""

    def keys_of(bucket):
        listed = tos.list_objects_type2(bucket, max_keys=1000).contents
        return sorted(found.key for found in listed if not found.key.startswith("oms/"))

    return keys_of
