"""Sync tasks and what becomes of their keys."""

import time

import pytest
from huaweicloudsdkoms.v2 import (
    CreateSyncTaskReq,
    CreateSyncTaskRequest,
    DeleteSyncTaskRequest,
    ListSyncTasksRequest,
    ListSyncTaskStatisticRequest,
    ShowSyncTaskRequest,
    StartSyncTaskReq,
    StartSyncTaskRequest,
    StopSyncTaskRequest,
)


def shown(client, task, query_time=None):
    query_time = int(time.time() * 1000) if query_time is None else query_time
    return client.show_sync_task(ShowSyncTaskRequest(task.id, query_time))


def start(client, task, server, **other):
    keys = dict.fromkeys(("src_ak", "dst_ak"), server.access_key) | dict.fromkeys(("src_sk", "dst_sk"), server.secret_key)
    return client.start_sync_task(StartSyncTaskRequest(task.id, StartSyncTaskReq(**keys | other)))


def test_a_task_is_shown(client, task, settings, server):
    now = time.time() * 1000
    found = shown(client, task)
    for name in ("src_cloud_type", "src_region", "src_bucket", "dst_bucket", "dst_region"):
        assert getattr(found, name) == settings[name]
    assert (found.sync_task_id, found.status, found.description) == (task.id, "SYNCHRONIZING", "")
    assert abs(found.create_time - now) < 60_000 and found.last_start_time == found.create_time
    assert found.object_overwrite_mode == "SIZE_LAST_MODIFIED_COMPARISON_OVERWRITE"
    assert (found.consistency_check, found.dst_storage_policy) == ("size_last_modified", "STANDARD")
    assert (found.enable_metadata_migration, found.enable_restore) == (False, False)
    assert (found.monthly_acceptance_request, found.monthly_size) == (0, 0)
    assert server.secret_key not in str(found)


def test_tasks_are_listed(client, task, settings):
    body = CreateSyncTaskReq(**settings)
    newer = client.create_sync_task(CreateSyncTaskRequest(body=body)).sync_task_id
    listed = client.list_sync_tasks(ListSyncTasksRequest())
    assert [one.sync_task_id for one in listed.tasks] == [newer, task.id] and listed.count == 2
    client.stop_sync_task(StopSyncTaskRequest(newer))
    for status, wanted in (("STOPPED", newer), ("SYNCHRONIZING", task.id)):
        listed = client.list_sync_tasks(ListSyncTasksRequest(status=status))
        assert [one.sync_task_id for one in listed.tasks] == [wanted] and listed.count == 1
    page = client.list_sync_tasks(ListSyncTasksRequest(limit=1, offset=1))
    assert [one.sync_task_id for one in page.tasks] == [task.id] and page.count == 2


def test_a_task_rests_and_goes_on(client, task, server, fails, tos, buckets, keys_of):
    source, destination = buckets
    tos.put_object(source, "k", content="x")
    fails(lambda: client.delete_sync_task(DeleteSyncTaskRequest(task.id)), 400, "OMS.0063")
    fails(lambda: start(client, task, server), 400, "OMS.0065")
    assert client.stop_sync_task(StopSyncTaskRequest(task.id)).status_code == 200
    fails(lambda: client.stop_sync_task(StopSyncTaskRequest(task.id)), 400, "OMS.0066")
    fails(lambda: task.event("k"), 400, "OMS.1036")
    fails(lambda: start(client, task, server, dst_sk="wrong"), 400, "OMS.1020")
    assert start(client, task, server).status_code == 200
    task.event("k")
    assert task.wait()["SUCCESS"] == 1 and keys_of(destination) == ["k"]
    client.stop_sync_task(StopSyncTaskRequest(task.id))
    assert client.delete_sync_task(DeleteSyncTaskRequest(task.id)).status_code == 200
    for call in (
        lambda: shown(client, task),
        lambda: task.event("k"),
        lambda: client.stop_sync_task(StopSyncTaskRequest(task.id)),
        lambda: client.delete_sync_task(DeleteSyncTaskRequest(task.id)),
        lambda: task.statistics(),
    ):
        fails(call, 404, "OMS.1009")


def test_every_request_has_its_outcome(client, task, tos, buckets, keys_of):
    source, destination = buckets
    names = {"new", "dir/", "a//b", " blank ", "中文/对象.txt", "100%.txt"}
    for key in names:
        tos.put_object(source, key, content=key, content_type="text/x-test", meta={"who": "me"})
    quoted = ["new", "dir%2F", "a%2F%2Fb", "+blank+", "%E4%B8%AD%E6%96%87/%E5%AF%B9%E8%B1%A1.txt", "100%25.txt"]
    task.event(*quoted, "missing")
    counts = task.wait()
    assert counts == {"REQUEST": 7, "SUCCESS": 6, "FAILURE": 1, "SKIP": 0, "SIZE": sum(len(k.encode()) for k in names)}
    assert keys_of(destination) == sorted(names)
    copy = tos.head_object(destination, "new")
    assert copy.content_type == "text/x-test" and not copy.meta, "metadata comes along when it is asked for"
    # What is there already is left alone, and a newer object is not.
    task.event("new", "new")
    assert task.wait()["SKIP"] == 2
    tos.put_object(source, "new", content="newer")
    task.event("new")
    assert task.wait()["SUCCESS"] == 7
    assert tos.get_object(destination, "new").read() == b"newer"
    month = shown(client, task)
    assert (month.monthly_acceptance_request, month.monthly_success_object) == (10, 7)
    assert (month.monthly_failure_object, month.monthly_skip_object) == (1, 2)
    assert month.monthly_size == counts["SIZE"] + len("newer")
    assert shown(client, task, 0).monthly_acceptance_request == 0


def test_what_became_of_keys_is_listed_in_the_destination(task, tos, buckets):
    source, destination = buckets
    tos.put_object(source, "a b", content="12345")
    task.event("a+b", "mis%2Fsing")
    task.wait()
    task.event("a+b")
    task.wait()
    lists = {}
    end = time.monotonic() + 60
    while len(lists) < 3:
        assert time.monotonic() < end, lists
        time.sleep(0.2)
        for found in tos.list_objects_type2(destination, prefix=f"oms/sync_task/{task.id}/", max_keys=1000).contents:
            kind = found.key.split("/")[3]
            lists[kind] = tos.get_object(destination, found.key).read().decode()
    moment, *success = lists["success_object_lists"].rstrip("\n").split("\t")
    assert success == ["a b", "5", "digest"] and moment.endswith("Z")
    assert lists["skip_object_lists"].rstrip("\n").split("\t")[1:] == ["a b", "5"]
    encoded, plain, why = lists["failed_object_lists"].rstrip("\n").split("\t")
    assert (encoded, plain) == ("mis%2Fsing", "mis/sing")
    assert why.startswith("GET_SRC_OBJ_META_FAILURE: ")


@pytest.mark.parametrize("bad", [[], ["k"] * 101, [""], ["good", "bad%"], ["%FF"], ["k" * 1025], ["k" * 16_385]])
def test_a_bad_event_is_refused_whole(task, fails, bad):
    fails(lambda: task.event(*bad), 400, "OMS.1003")
    assert task.statistics()["REQUEST"] == 0


def test_what_no_task_can_be_made_of(client, settings, fails):
    def create(**change):
        body = CreateSyncTaskReq(**settings | change)
        return client.create_sync_task(CreateSyncTaskRequest(body=body))

    for change, code in (
        ({"src_bucket": None}, "OMS.1004"),
        # No store has such a region.
        ({"src_region": "No Where"}, "OMS.0079"),
        ({"src_bucket": "no-such-bucket-at-all"}, "OMS.1014"),
        ({"src_sk": "wrong"}, "OMS.1014"),
        ({"dst_sk": "wrong"}, "OMS.1020"),
        ({"dst_bucket": "no-such-bucket-at-all"}, "OMS.1020"),
        ({"description": "a<b"}, "OMS.0078"),
        ({"src_cloud_type": "Nowhere"}, "OMS.1003"),
    ):
        if None in change.values():
            # The SDK's models refuse what is missing themselves only in some languages.
            body = CreateSyncTaskReq(**settings)
            body._src_bucket = None
            fails(lambda: client.create_sync_task(CreateSyncTaskRequest(body=body)), 400, code)
        else:
            fails(lambda: create(**change), 400, code)


def test_statistics_need_a_span(client, task, fails):
    ask = lambda *of: client.list_sync_task_statistic(ListSyncTaskStatisticRequest(task.id, *of))
    told = ask("SKIP,REQUEST", 0, 30 * 86_400_000)
    assert told.statistic_time_type == "ONE_HOUR"
    assert [(of.data_type, of.data) for of in told.statistic_datas] == [("SKIP", []), ("REQUEST", [])]
    fails(lambda: ask("SKIP", 2, 1), 400, "OMS.1003")
    fails(lambda: ask("NOTHING", 1, 2), 400, "OMS.1003")
