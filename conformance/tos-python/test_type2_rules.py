"""Notification rules of the second form: many destinations, versions, webhooks."""

import base64
import hashlib
import hmac
import json

import pytest
from tos.enum import VersioningStatusType
from tos.models2 import (
    CloudFunctionConfiguration,
    DestinationKafka,
    DestinationRocketMQ,
    DestinationVeFaaS,
    NotificationDestination,
    NotificationFilter,
    NotificationFilterKey,
    NotificationFilterRule,
    NotificationRule,
)

EVENTS = ["tos:ObjectCreated:*", "tos:ObjectRemoved:*"]


def functions(*names):
    return NotificationDestination(ve_faas=[DestinationVeFaaS(name) for name in names])


def rule(id="r", prefix="", destination=None, events=EVENTS):
    filters = [NotificationFilterRule("prefix", prefix)] if prefix else []
    filter = NotificationFilter(NotificationFilterKey(filters)) if filters else None
    return NotificationRule(rule_id=id, events=list(events), filter=filter, destination=destination or functions("f"))


def put_raw(client, bucket, body):
    """The client cannot name a webhook: its own signed request with another body."""
    return client._req(bucket=bucket, method="PUT", params={"notification_v2": ""}, data=json.dumps(body))


def webhook(url, id="hook", events=EVENTS):
    return {"Rules": [{"RuleId": id, "Events": events, "Destination": {"HttpServer": [{"Url": url}]}}]}


def test_everything_comes_back(client, bucket):
    mq = DestinationRocketMQ("trn:iam::1:role/r", "instance", "topic", "key")
    kafka = DestinationKafka("trn:iam::1:role/r", "instance", "topic", "user", "cn-beijing")
    both = NotificationDestination(rocket_mq=[mq], ve_faas=[DestinationVeFaaS("f"), DestinationVeFaaS("g")], kafka=[kafka])
    assert client.put_bucket_notification_type2(bucket, [rule("a", "a/", both), rule("b", "b/")]).status_code == 200
    out = client.get_bucket_notification_type2(bucket)
    assert out.version.isdigit()
    first, second = out.rules
    assert (first.rule_id, sorted(first.events)) == ("a", sorted(EVENTS))
    assert [(r.name, r.value) for r in first.filter.tos_key.filter_rules] == [("prefix", "a/")]
    assert [f.function_id for f in first.destination.ve_faas] == ["f", "g"]
    assert [vars(found) for found in first.destination.rocket_mq] == [vars(mq)]
    assert [vars(found) for found in first.destination.kafka] == [vars(kafka)]
    assert second.rule_id == "b"


def test_five_destinations(client, bucket, fails):
    client.put_bucket_notification_type2(bucket, [rule(destination=functions(*"abcde"))])
    six = [rule(destination=functions(*"abcdef"))]
    error = fails(lambda: client.put_bucket_notification_type2(bucket, six))
    assert (error.status_code, error.code, error.ec) == (400, "InvalidArgument", "0014-00000014")
    for bad in (functions("a", "a"), NotificationDestination()):
        error = fails(lambda: client.put_bucket_notification_type2(bucket, [rule(destination=bad)]))
        assert (error.status_code, error.code) == (400, "InvalidArgument")
    assert len(client.get_bucket_notification_type2(bucket).rules[0].destination.ve_faas) == 5


def test_a_version_that_is_no_longer_there(client, bucket, fails):
    client.put_bucket_notification_type2(bucket, [rule("a")])
    seen = client.get_bucket_notification_type2(bucket).version
    client.put_bucket_notification_type2(bucket, [rule("b")], version=seen)
    newer = client.get_bucket_notification_type2(bucket).version
    assert int(newer) > int(seen)
    error = fails(lambda: client.put_bucket_notification_type2(bucket, [rule("c")], version=seen))
    assert error.status_code == 409
    assert client.get_bucket_notification_type2(bucket).rules[0].rule_id == "b"
    client.put_bucket_notification_type2(bucket, [rule("d")])
    assert client.get_bucket_notification_type2(bucket).rules[0].rule_id == "d", "without a version it overwrites"


def test_both_forms_show_the_same_rules(client, bucket):
    client.put_bucket_notification(
        bucket, [CloudFunctionConfiguration(id="v1", events=["tos:ObjectCreated:Put"], cloud_function="f")]
    )
    (found,) = client.get_bucket_notification_type2(bucket).rules
    assert found.rule_id == "v1" and found.destination.ve_faas[0].function_id == "f"
    client.put_bucket_notification_type2(bucket, [rule("one", "a/"), rule("two", "b/", functions("f", "g"))])
    assert [shown.id for shown in client.get_bucket_notification(bucket).cloud_function_configurations] == ["one"]
    client.put_bucket_notification_type2(bucket, [])
    assert client.get_bucket_notification_type2(bucket).rules == []


def test_rules_that_make_no_sense(client, bucket, fails):
    client.put_bucket_notification_type2(bucket, [rule("kept")])
    cases = {
        "append": [rule(events=["tos:ObjectCreated:Append"])],
        "no event": [rule(events=[])],
        "long id": [rule("r" * 256)],
        "overlap": [rule("a", "x/"), rule("b", "x/y")],
        "same id": [rule("a", "x/"), rule("a", "y/")],
        "eleven": [rule(str(n), f"p{n:02}/") for n in range(11)],
    }
    for name, rules in cases.items():
        error = fails(lambda: client.put_bucket_notification_type2(bucket, rules))
        assert (error.status_code, error.code) == (400, "InvalidArgument"), name
    for url in ("", "ftp://a/", "http://", "http://a b/", "javascript:x"):
        error = fails(lambda: put_raw(client, bucket, webhook(url)))
        assert (error.status_code, error.code) == (400, "InvalidArgument"), url
    assert client.get_bucket_notification_type2(bucket).rules[0].rule_id == "kept"


def test_a_webhook_is_called_and_signed(server, client, bucket, receiver):
    put_raw(client, bucket, webhook(receiver.url + "/hook?a=b"))
    client.put_object(bucket, "中/k", content=b"x")
    client.delete_object(bucket, "中/k")
    created, removed = receiver.wait(2)
    shown = server.command("key", "webhook")["webhook_secret"]
    secret = base64.b64decode(shown.removeprefix("whsec_"))
    for request, name in ((created, "tos:ObjectCreated:Put"), (removed, "tos:ObjectRemoved:Delete")):
        assert request.path == "/hook?a=b"
        (event,) = json.loads(request.body)["events"]
        assert event["eventName"] == name and event["tos"]["object"]["key"] == "中/k"
        assert request.headers["webhook-id"] and request.headers["webhook-timestamp"].isdigit()
        stamped = f'{request.headers["webhook-id"]}.{request.headers["webhook-timestamp"]}.'.encode()
        wanted = hmac.new(secret, stamped + request.body, hashlib.sha256).digest()
        version, signature = request.headers["webhook-signature"].split(",")
        assert version == "v1" and base64.b64decode(signature) == wanted
    assert created.headers["webhook-id"] != removed.headers["webhook-id"]
    assert created.headers["webhook-signature"] != removed.headers["webhook-signature"]


def test_every_destination_of_a_rule_is_told(server, client, bucket, receiver):
    for name in ("told-1", "told-2"):
        server.command("function", "add", name, f"{receiver.url}/{name}")
    client.put_bucket_notification_type2(bucket, [rule(destination=functions("told-1", "told-2"))])
    client.put_object(bucket, "k", content=b"x")
    assert sorted(request.path for request in receiver.wait(2)) == ["/told-1", "/told-2"]


@pytest.mark.parametrize("suspended", [False, True])
def test_what_each_change_is_called(server, client, bucket, receiver, suspended):
    put_raw(client, bucket, webhook(receiver.url))
    client.put_object(bucket, "put", content=b"x")
    client.copy_object(bucket, "copy", bucket, "put")
    upload = client.create_multipart_upload(bucket, "multipart").upload_id
    client.upload_part(bucket, "multipart", upload, 1, content=b"x")
    client.complete_multipart_upload(bucket, "multipart", upload, complete_all=True)
    client.set_object_meta(bucket, "put", meta={"a": "b"})
    client.delete_object(bucket, "never-there")
    state = VersioningStatusType.Versioning_Status_Suspended if suspended else VersioningStatusType.Versioning_Status_Enabled
    client.put_bucket_versioning(bucket, state)
    client.delete_object(bucket, "put")
    wanted = {
        ("put", "tos:ObjectCreated:Put"),
        ("copy", "tos:ObjectCreated:Copy"),
        ("multipart", "tos:ObjectCreated:CompleteUpload"),
        ("put", "tos:ObjectRemoved:DeleteMarkerCreated"),
    }
    receiver.wait(len(wanted))
    server.command("events", "wait")
    events = [json.loads(request.body)["events"][0] for request in receiver.requests]
    assert sorted((event["tos"]["object"]["key"], event["eventName"]) for event in events) == sorted(wanted)
