"""Migration tasks: a bucket, prefixes or objects brought as a whole."""

import time

import pytest
from huaweicloudsdkoms.v2 import (
    BandwidthPolicyDto,
    BatchUpdateTasksReq,
    BatchUpdateTasksRequest,
    CreateTaskReq,
    CreateTaskRequest,
    DeleteTaskRequest,
    DstNodeReq,
    ListTasksRequest,
    ShowTaskRequest,
    SrcNodeReq,
    StartTaskReq,
    StartTaskRequest,
    StopTaskRequest,
    UpdateBandwidthPolicyReq,
    UpdateBandwidthPolicyRequest,
)

RUNNING, STOPPED, FAILED, DONE = 2, 3, 4, 5
SLOWEST, FASTEST = 1_048_576, 209_715_200


def policy(rate):
    return [BandwidthPolicyDto(start="00:00", end="23:59", max_bandwidth=rate)]


class Migration:
    def __init__(self, client, server, buckets, keys=("",), source=None, target=None, **options):
        self.client, self.server = client, server
        ak, sk = server.access_key, server.secret_key
        node = {"cloud_type": "HuaweiCloud", "region": "local", "bucket": buckets[0], "object_key": list(keys)}
        body = CreateTaskReq(
            src_node=SrcNodeReq(ak=ak, sk=sk, **node | (source or {})),
            dst_node=DstNodeReq(ak=ak, sk=sk, region="cn-north-4", bucket=buckets[1], **target or {}),
            **options,
        )
        made = client.create_task(CreateTaskRequest(body=body))
        self.id, self.name = made.id, made.task_name

    def show(self):
        return self.client.show_task(ShowTaskRequest(self.id))

    def start(self, **options):
        ak, sk = self.server.access_key, self.server.secret_key
        body = StartTaskReq(**{"src_ak": ak, "src_sk": sk, "dst_ak": ak, "dst_sk": sk} | options)
        return self.client.start_task(StartTaskRequest(self.id, body))

    def stop(self):
        return self.client.stop_task(StopTaskRequest(self.id))

    def delete(self):
        return self.client.delete_task(DeleteTaskRequest(self.id))

    def until(self, there, seconds=90):
        """The task, as soon as something is so."""
        end = time.monotonic() + seconds
        while not there(shown := self.show()):
            assert time.monotonic() < end, shown
            time.sleep(0.1)
        return shown

    def end(self):
        """The task when it has ended; its progress only grows until then."""
        before = [0, 0]

        def there(shown):
            now = [shown.successful_num + shown.skipped_num + shown.failed_num, shown.total_num]
            assert all(old <= new for old, new in zip(before, now)), (before, now)
            before[:] = now
            return shown.status not in (RUNNING,)

        return self.until(there)


@pytest.fixture()
def migration(client, server, buckets):
    """Makes migrations between the two buckets; all are gone afterwards."""
    made = []

    def make(*keys, **options):
        made.append(Migration(client, server, buckets, keys or ("",), **options))
        return made[-1]

    yield make
    for task in made:
        if task.show().status == RUNNING:
            task.stop()
        task.delete()


def numbers(shown):
    return shown.total_num, shown.successful_num, shown.failed_num, shown.skipped_num


def test_a_bucket_is_brought_as_a_whole(migration, tos, buckets, server):
    source, destination = buckets
    objects = {f"photos/{n:04}/ä+ {n}.jpg": f"bytes of {n}" for n in range(300)} | {"readme": "", "dir/": "", "/a//b": "x"}
    for key, text in objects.items():
        tos.put_object(source, key, content=text, content_type="text/x-test", meta={"who": "me"})
    task = migration(enable_metadata_migration=True, description="the whole bucket")
    shown = task.end()
    size = sum(len(text) for text in objects.values())
    assert (shown.status, shown.progress, shown.is_query_over, shown.error_reason) == (DONE, 1.0, True, None)
    assert numbers(shown) == (len(objects), len(objects), 0, 0)
    assert (shown.total_size, shown.complete_size, shown.real_size) == (size, size, size)
    assert (shown.name, shown.group_type, shown.task_type) == (task.name, "NORMAL_TASK", "object")
    assert shown.src_node.bucket == source and shown.dst_node.bucket == destination
    assert server.secret_key not in str(shown)
    for key, text in objects.items():
        copy = tos.get_object(destination, key)
        assert (copy.read().decode(), copy.content_type, copy.meta["who"]) == (text, "text/x-test", "me"), key
    lists = tos.list_objects_type2(destination, prefix=f"oms/task/{task.name}/", max_keys=1000).contents
    assert {found.key.split("/")[3] for found in lists} == {"success_object_lists"}
    lines = "".join(tos.get_object(destination, found.key).read().decode() for found in lists).splitlines()
    assert sorted(line.split("\t")[1] for line in lines) == sorted(objects)
    # Once more: there is nothing left to do.
    again = migration().end()
    assert (again.status, numbers(again)) == (DONE, (len(objects), 0, 0, len(objects)))
    assert (again.complete_size, again.real_size) == (size, 0)


def test_folders_objects_and_prefixes_go_where_they_are_to_go(migration, tos, buckets, keys_of):
    source, destination = buckets
    for key in ("a/1", "a/2", "ab", "b", "c1", "c2/x", "d"):
        tos.put_object(source, key, content=key)
    assert migration("a/", "b", target={"save_prefix": "copies/"}).end().status == DONE
    assert keys_of(destination) == ["copies/a/1", "copies/a/2", "copies/b"]
    shown = migration("c", "d", task_type="prefix").end()
    assert (shown.status, shown.src_node.object_key) == (DONE, ["c", "d"])
    assert keys_of(destination) == ["c1", "c2/x", "copies/a/1", "copies/a/2", "copies/b", "d"]


def test_a_failed_object_is_brought_again(migration, tos, buckets, fails):
    source, destination = buckets
    for n in range(20):
        tos.put_object(source, f"there/{n}", content="x")
    task = migration("there/", "late")
    shown = task.end()
    assert (shown.status, numbers(shown)) == (FAILED, (21, 20, 1, 0))
    assert (shown.error_reason.error_code, shown.failed_object_record.result) == ("TRF.0004", True)
    folder = shown.failed_object_record.list_file_key
    lists = tos.list_objects_type2(destination, prefix=folder, max_keys=10).contents
    assert [tos.get_object(destination, found.key).read().decode().split("\t")[0] for found in lists] == ["late"]
    tos.put_object(source, "late", content="after all")
    # Only what failed is read again: that would be skipped, and is not even counted.
    assert task.start(migrate_failed_object=True).status_code == 200
    shown = task.end()
    assert (shown.status, numbers(shown), shown.error_reason) == (DONE, (21, 21, 0, 0), None)
    assert tos.get_object(destination, "late").read() == b"after all"
    fails(task.start, 400, "OMS.0070")
    fails(task.stop, 400, "OMS.0070")


def test_all_is_looked_at_again_where_that_is_asked(migration, tos, buckets):
    source, _ = buckets
    tos.put_object(source, "there", content="x")
    task = migration("there", "late")
    assert numbers(task.end()) == (2, 1, 1, 0)
    tos.put_object(source, "late", content="after all")
    task.start()
    shown = task.end()
    assert (shown.status, numbers(shown)) == (DONE, (2, 1, 0, 1))


def test_a_task_is_stopped_and_goes_on(client, migration, tos, buckets, keys_of, fails):
    source, destination = buckets
    content = b"0123456789abcdef" * 8192
    names = [f"{n:03}" for n in range(100)]
    for name in names:
        tos.put_object(source, name, content=content)
    task = migration(bandwidth_policy=policy(SLOWEST))
    fails(task.delete, 400, "OMS.0063")
    fails(task.start, 400, "OMS.0065")
    task.until(lambda shown: shown.successful_num > 0)
    assert task.stop().status_code == 200
    stopped = task.show()
    assert stopped.status == STOPPED and stopped.successful_num < len(names)
    fails(task.stop, 400, "OMS.0066")
    update = UpdateBandwidthPolicyReq(bandwidth_policy=policy(FASTEST))
    assert client.update_bandwidth_policy(UpdateBandwidthPolicyRequest(task.id, update)).status_code == 200
    fails(lambda: task.start(dst_sk="wrong"), 400, "OMS.1020")
    assert task.start().status_code == 200
    shown = task.end()
    assert (shown.status, numbers(shown)) == (DONE, (100, 100, 0, 0))
    assert shown.bandwidth_policy[0].max_bandwidth == FASTEST
    assert keys_of(destination) == names
    assert all(tos.get_object(destination, name).read() == content for name in names[::9])


def test_only_newer_objects_and_only_what_may_be_overwritten(migration, tos, buckets):
    source, destination = buckets
    tos.put_object(source, "k", content="of the source")
    tos.put_object(destination, "k", content="here")
    late = int(time.time()) + 3600
    shown = migration(migrate_since=late, object_overwrite_mode="FULL_OVERWRITE").end()
    assert (numbers(shown), shown.migrate_since) == ((1, 0, 0, 1), late * 1000)
    shown = migration(object_overwrite_mode="NO_OVERWRITE").end()
    assert numbers(shown) == (1, 0, 0, 1)
    assert tos.get_object(destination, "k").read() == b"here"
    shown = migration(object_overwrite_mode="FULL_OVERWRITE").end()
    assert numbers(shown) == (1, 1, 0, 0)
    assert tos.get_object(destination, "k").read() == b"of the source"


def test_tasks_are_listed_and_changed_together(client, migration):
    one, other = migration(), migration()
    assert one.end().status == other.end().status == DONE
    listed = client.list_tasks(ListTasksRequest(status=DONE, limit=100))
    assert {one.id, other.id} <= {task.id for task in listed.tasks} and listed.count >= 2
    found = client.list_tasks(ListTasksRequest(task_name=str(one.id)))
    assert ([task.name for task in found.tasks], found.count) == ([one.name], 1)
    assert client.list_tasks(ListTasksRequest(status=STOPPED)).count == 0
    failed = [migration("missing"), migration("missing")]
    assert all(task.end().status == FAILED for task in failed)
    body = BatchUpdateTasksReq(ids=[task.id for task in failed], bandwidth_policy=policy(SLOWEST), task_priority="HIGH")
    assert client.batch_update_tasks(BatchUpdateTasksRequest(body)).status_code == 200
    for task in failed:
        shown = task.show()
        assert (shown.task_priority, shown.bandwidth_policy[0].max_bandwidth) == ("HIGH", SLOWEST)


def test_what_no_task_can_be_made_of(migration, buckets, fails):
    for options, code in (
        ({"source": {"bucket": "no-such-bucket-at-all"}}, "OMS.1014"),
        ({"source": {"region": "No Where"}}, "OMS.0079"),
        ({"source": {"bucket": buckets[1]}}, "OMS.1003"),
        ({"target": {"save_prefix": "p" * 1025}}, "OMS.1003"),
        ({"description": "a<b"}, "OMS.0078"),
        ({"bandwidth_policy": policy(1)}, "OMS.0084"),
        ({"task_type": "url_list"}, "OMS.1003"),
    ):
        fails(lambda: migration(**options), 400, code)


def test_an_unknown_task_is_a_bad_request(client, fails):
    """Real clients take this for a task that is gone."""
    for call in (
        lambda: client.show_task(ShowTaskRequest(4711)),
        lambda: client.stop_task(StopTaskRequest(4711)),
        lambda: client.delete_task(DeleteTaskRequest(4711)),
    ):
        fails(call, 400, "OMS.1009")
