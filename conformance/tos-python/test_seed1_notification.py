"""Seed 1: bucket event notification, as an application sets, reads and lives by it."""

import json

import tos
import tos_clients
from tos.models2 import CloudFunctionConfiguration, Filter, FilterKey, FilterRule


def rule(function, prefix, suffix, id="1"):
    return CloudFunctionConfiguration(
        id=id,
        events=["tos:ObjectCreated:Put", "tos:ObjectCreated:Post"],
        filter=Filter(FilterKey([FilterRule(name="prefix", value=prefix), FilterRule(name="suffix", value=suffix)])),
        cloud_function=function,
    )


def test_set_and_get(client, bucket):
    client.put_bucket_notification(bucket, [rule("your-function", "your prefix", "your suffix")])
    out = client.get_bucket_notification(bucket)
    assert out.status_code == 200 and out.request_id
    (found,) = out.cloud_function_configurations
    assert found.id == "1"
    assert found.events == ["tos:ObjectCreated:Put", "tos:ObjectCreated:Post"]
    assert found.cloud_function == "your-function"
    assert [(r.name, r.value) for r in found.filter.key.rules] == [("prefix", "your prefix"), ("suffix", "your suffix")]


def test_the_function_is_called(server, client, bucket, receiver):
    server.command("function", "add", "on-image", receiver.url + "/run")
    client.put_bucket_notification(bucket, [rule("on-image", "img/", ".png")])
    out = client.put_object(bucket, "img/中 1.png", content=b"a picture")
    client.put_object(bucket, "img/2.jpg", content=b"no match")
    client.put_object(bucket, "doc/3.png", content=b"no match")
    (request,) = receiver.wait(1)
    assert request.path == "/run"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["ce-specversion"] == "1.0"
    assert request.headers["ce-type"] == "faas.tos.event"
    assert request.headers["x-faas-event-type"] == "cloudevent"
    (event,) = json.loads(request.body)["events"]
    assert event["eventName"] == "tos:ObjectCreated:Put"
    about = event["tos"]
    assert about["ruleId"] == "1" and about["region"] == "cn-beijing"
    assert about["bucket"]["name"] == bucket
    assert about["object"]["key"] == "img/中 1.png"
    assert about["object"]["size"] == 9
    assert about["object"]["eTag"].strip('"') == out.etag.strip('"')
    assert server.command("events", "wait")["dead"] == 0
    assert len(receiver.requests) == 1


def test_a_function_that_fails_is_called_again(server, client, bucket, receiver):
    answers = [500, 404, 200]
    receiver.answer = lambda request: (answers.pop(0) if answers else 200, "text/plain", b"")
    server.command("function", "add", "flaky", receiver.url + "/flaky")
    client.put_bucket_notification(bucket, [rule("flaky", "", "")])
    client.put_object(bucket, "k", content=b"x")
    requests = receiver.wait(3, seconds=60)
    assert len({r.headers["ce-id"] for r in requests}) == 1, "an event keeps its id"
    assert len({r.body for r in requests}) == 1


def test_rules_that_make_no_sense(client, bucket, fails):
    client.put_bucket_notification(bucket, [rule("f", "a/", "")])
    cases = {
        "overlap": [rule("f", "img/", "", "a"), rule("g", "img/x", "", "b")],
        "eleven": [rule("f", f"p{n:02}/", "", str(n)) for n in range(11)],
        "same id": [rule("f", "a/", "", "1"), rule("f", "b/", "", "1")],
    }
    misspelt = rule("f", "a/", "")
    misspelt.events = ["tos:ObjectCreated:Putt"]
    cases["misspelt"] = [misspelt]
    for name, rules in cases.items():
        error = fails(lambda: client.put_bucket_notification(bucket, rules))
        assert (error.status_code, error.code) == (400, "InvalidArgument"), name
    (kept,) = client.get_bucket_notification(bucket).cloud_function_configurations
    assert kept.filter.key.rules[0].value == "a/", "a refused configuration changes nothing"


def test_only_the_owner_reads_the_rules(server, client, bucket, fails):
    key = server.command("key", "create", "--account", "somebody-else")
    stranger = tos_clients.client(server, key["access_key"], key["secret_key"])
    for call in (
        lambda: stranger.get_bucket_notification(bucket),
        lambda: stranger.put_bucket_notification(bucket, [rule("f", "", "")]),
    ):
        error = fails(call)
        assert (error.status_code, error.code) == (403, "AccessDenied")


def test_errors_of_both_kinds(client, fails):
    error = fails(lambda: client.get_bucket_notification("no-such-bucket-anywhere"))
    assert (error.status_code, error.code) == (404, "NoSuchBucket")
    try:
        client.get_bucket_notification("UPPER CASE")
    except tos.exceptions.TosClientError as e:
        assert e.message
    else:
        raise AssertionError("the client checks bucket names itself")


def test_clear(client, bucket):
    client.put_bucket_notification(bucket, [rule("f", "a/", "")])
    client.put_bucket_notification(bucket, [])
    assert not client.get_bucket_notification(bucket).cloud_function_configurations
