"""Rules that name a sync task in place of a function: uploads in one bucket appear in another."""

import pytest
from tos.models2 import CloudFunctionConfiguration, DestinationVeFaaS, NotificationDestination, NotificationRule

EVENTS = ["tos:ObjectCreated:*", "tos:ObjectRemoved:*"]


@pytest.fixture()
def copies(client, bucket):
    """A second bucket."""
    name = f"{bucket}-copies"
    client.create_bucket(name)
    return name


@pytest.fixture()
def task(server):
    """Makes sync tasks; all are gone afterwards, for an account has at most five."""
    made = []

    def task(source, destination, *flags):
        shown = server.command("sync", "create", f"local/{source}", f"local/{destination}", *flags)
        made.append(shown["task"])
        return shown["task"]

    yield task
    for id in made:
        server.command("sync", "stop", id)
        server.command("sync", "rm", id)


@pytest.fixture()
def carry(task):
    """Sets a rule that names a task; no rule is left when the tasks go, for their events would wait."""
    ruled = []

    def carry(client, bucket, task):
        ruled.append((client, bucket))
        rule = CloudFunctionConfiguration(id="carry", events=EVENTS, cloud_function=f"sync:{task}")
        client.put_bucket_notification(bucket, [rule])

    yield carry
    for client, bucket in ruled:
        client.put_bucket_notification(bucket, [])


def settled(server, *tasks):
    """Waits until all that was changed so far has gone its whole way; what the tasks did."""
    for _ in tasks:
        assert server.command("events", "wait")["settled"]
        for task in tasks:
            server.command("sync", "wait", task, "--timeout", "60s")
    return [server.command("sync", "show", task) for task in tasks]


def keys(client, bucket):
    """Keys and sizes, without the lists that tasks leave."""
    listed = client.list_objects_type2(bucket, max_keys=1000).contents
    return {found.key: found.size for found in listed if not found.key.startswith("oms/")}


def test_both_forms_show_the_task_that_a_rule_names(client, bucket, copies, task, carry, fails):
    name = f"sync:{task(bucket, copies)}"
    carry(client, bucket, name.removeprefix("sync:"))
    assert client.get_bucket_notification(bucket).cloud_function_configurations[0].cloud_function == name
    both = NotificationDestination(ve_faas=[DestinationVeFaaS(name), DestinationVeFaaS("f")])
    client.put_bucket_notification_type2(bucket, [NotificationRule(rule_id="r", events=EVENTS, destination=both)])
    (rule,) = client.get_bucket_notification_type2(bucket).rules
    assert sorted(f.function_id for f in rule.destination.ve_faas) == ["f", name]
    for bad in ("sync:", "sync:photos", name.upper()[:5].lower() + name[5:].upper()):
        error = fails(lambda: carry(client, bucket, bad.removeprefix("sync:")))
        assert (error.status_code, error.code) == (400, "InvalidArgument"), bad


def test_uploads_of_every_kind_are_carried_and_removals_are_not(server, client, bucket, copies, task, carry):
    carried = task(bucket, copies)
    carry(client, bucket, carried)
    client.put_object(bucket, "中/put", content=b"one", content_type="text/x-test", meta={"colour": "blue"})
    client.append_object(bucket, "not told", 0, content=b"x")
    client.copy_object(bucket, "copy", bucket, "中/put")
    upload = client.create_multipart_upload(bucket, "parts").upload_id
    client.upload_part(bucket, "parts", upload, 1, content=b"p" * 10_000)
    client.complete_multipart_upload(bucket, "parts", upload, complete_all=True)
    (shown,) = settled(server, carried)
    assert (shown["success"], shown["failure"]) == (3, 0), shown
    assert keys(client, copies) == {"中/put": 3, "copy": 3, "parts": 10_000}
    copy = client.get_object(copies, "中/put")
    assert copy.read() == b"one" and copy.content_type == "text/x-test" and copy.meta["colour"] == "blue"
    client.delete_object(bucket, "copy")
    settled(server, carried)
    assert "copy" in keys(client, copies)


def test_removals_are_carried_where_the_task_says_so(server, client, bucket, copies, task, carry):
    carried = task(bucket, copies, "--deletes")
    carry(client, bucket, carried)
    client.put_object(bucket, "k", content=b"one")
    client.put_object(bucket, "stays", content=b"1")
    settled(server, carried)
    assert keys(client, copies) == {"k": 3, "stays": 1}
    client.delete_object(bucket, "k")
    settled(server, carried)
    assert keys(client, copies) == {"stays": 1}


def test_two_buckets_that_are_carried_to_each_other_end_in_peace(server, client, bucket, copies, task, carry):
    there, back = task(bucket, copies, "--deletes"), task(copies, bucket, "--deletes")
    carry(client, bucket, there)
    carry(client, copies, back)
    client.put_object(bucket, "from-one", content=b"one")
    client.put_object(copies, "from-other", content=b"other")
    settled(server, there, back)
    wanted = {"from-one": 3, "from-other": 5}
    assert keys(client, bucket) == keys(client, copies) == wanted
    client.delete_object(bucket, "from-one")
    settled(server, there, back)
    assert keys(client, bucket) == keys(client, copies) == {"from-other": 5}
    for shown in settled(server, there, back):
        # Its own change, what came from the other side, and the removal: nothing goes round.
        assert shown["requests"] <= 3 and shown["failure"] == 0, shown


def test_a_task_of_another_account_is_not_entered(server, client, bucket, copies, task, carry, stranger):
    foreign = task(bucket, copies)
    mine = f"{bucket}-foreign"
    stranger.create_bucket(mine)
    carry(stranger, mine, foreign)
    stranger.put_object(mine, "k", content=b"x")
    server.command("events", "cancel", mine, f"sync:{foreign}")
    assert server.command("events", "wait")["settled"]
    assert server.command("sync", "show", foreign)["requests"] == 0
    assert keys(client, copies) == {}
