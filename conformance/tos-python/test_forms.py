"""Uploads by HTML forms: the policy says what may be uploaded, and the server keeps to it."""

import base64
import json

import pytest
from tos.enum import ACLType
from tos.models2 import ContentLengthRange, PostSignatureCondition, PostSignatureMultiValuesCondition


def condition(key, value, operator=None):
    return PostSignatureCondition(key, value, operator)


def fields(client, bucket, key="k", extra=None, **options):
    """The signed fields of a form; `extra` are fields that a condition allows as they are."""
    extra = extra or {}
    conditions = options.pop("conditions", []) + [condition(name, value) for name, value in extra.items()]
    signed = client.pre_signed_post_signature(bucket=bucket, key=key, conditions=conditions, **options)
    return {
        "key": key,
        "policy": signed.policy,
        "x-tos-algorithm": signed.algorithm,
        "x-tos-credential": signed.credential,
        "x-tos-date": signed.date,
        "x-tos-signature": signed.signature,
    } | extra


def post(server, bucket, form, content=b"by form", name="file.txt"):
    files = [(field, (None, value)) for field, value in form.items()] + [("file", (name, content))]
    return server.http("POST", f"http://{bucket}.tos-cn-beijing.volces.com/", files=files)


def refused(answer, *wanted):
    assert (answer.status_code, answer.json()["Code"]) == wanted, answer.text


def test_a_form(server, client, bucket):
    answer = post(server, bucket, fields(client, bucket, "中/a b"))
    assert answer.status_code == 204 and answer.content == b""
    out = client.get_object(bucket, "中/a b")
    assert out.read() == b"by form" and out.etag == answer.headers["ETag"].strip('"')
    assert answer.headers["x-tos-hash-crc64ecma"] == str(out.hash_crc64_ecma)


def test_a_form_sent_to_the_key_with_a_file_field_of_any_name(server, client, bucket):
    form = fields(client, bucket, "dir/k")
    url = f"http://{bucket}.tos-cn-beijing.volces.com/"
    file = {"upload_file": ("file.txt", b"by form")}
    assert server.http("POST", url + "dir/k", data=form, files=file).status_code == 204
    assert client.get_object(bucket, "dir/k").read() == b"by form"
    refused(server.http("POST", url + "dir/other", data=form, files=file), 400, "InvalidArgument")
    assert not client.does_object_exist(bucket, "dir/other")


@pytest.mark.parametrize(("said", "status"), [("200", 200), ("201", 201), ("204", 204), ("999", 204)])
def test_the_status_of_success(server, client, bucket, said, status):
    answer = post(server, bucket, fields(client, bucket, extra={"success_action_status": said}))
    assert answer.status_code == status
    if status == 201:
        assert answer.json()["Bucket"] == bucket and answer.json()["Key"] == "k" and answer.json()["ETag"]


def test_a_redirect(server, client, bucket):
    extra = {"success_action_redirect": "http://application.example/done?a=b"}
    answer = post(server, bucket, fields(client, bucket, extra=extra))
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("http://application.example/done?a=b&")


def test_everything_said_in_a_form(server, client, bucket):
    extra = {
        "Content-Type": "a/b",
        "Cache-Control": "no-cache",
        "x-tos-meta-name": "value",
        "x-tos-storage-class": "IA",
        "x-tos-acl": "public-read",
        "x-tos-tagging": "t=1",
    }
    assert post(server, bucket, fields(client, bucket, extra=extra)).status_code == 204
    head = client.head_object(bucket, "k")
    assert (head.content_type, head.cache_control, head.meta) == ("a/b", "no-cache", {"name": "value"})
    assert (head.storage_class.value, head.tagging_count) == ("IA", 1)
    assert server.http("GET", f"http://{bucket}.tos-cn-beijing.volces.com/k").content == b"by form"


def test_conditions(server, client, bucket):
    starts = [condition("key", "user/", "starts-with"), condition("content-type", "image/", "starts-with")]
    cases = [
        ({"key": "user/1", "content-type": "image/png"}, 204),
        ({"key": "other/1", "content-type": "image/png"}, 403),
        ({"key": "user/1", "content-type": "text/html"}, 403),
        ({"key": "user/1"}, 403),
    ]
    for said, status in cases:
        form = fields(client, bucket, key=None, conditions=list(starts))
        form = {name: value for name, value in form.items() if name != "key"} | said
        assert post(server, bucket, form).status_code == status, said
    values = [PostSignatureMultiValuesCondition("key", ["a", "b"], "in")]
    for key, status in (("a", 204), ("c", 403)):
        form = fields(client, bucket, key=None, multi_values_conditions=values) | {"key": key}
        assert post(server, bucket, form).status_code == status, key
    assert sorted(item.key for item in client.list_objects_type2(bucket).contents) == ["a", "user/1"]


def test_sizes(server, client, bucket):
    for size, status in ((4, 400), (5, 204), (10, 204), (11, 400)):
        form = fields(client, bucket, f"k{size}", content_length_range=ContentLengthRange(5, 10))
        assert post(server, bucket, form, b"x" * size).status_code == status, size
    assert [item.key for item in client.list_objects_type2(bucket).contents] == ["k10", "k5"]


def test_forms_that_were_changed(server, client, bucket):
    form = fields(client, bucket)
    refused(post(server, bucket, form | {"key": "other"}), 403, "AccessDenied")
    refused(post(server, bucket, form | {"x-tos-acl": "public-read"}), 403, "AccessDenied")
    refused(post(server, bucket, form | {"x-tos-meta-a": "b"}), 403, "AccessDenied")
    refused(post(server, bucket, form | {"x-tos-signature": "0" * 64}), 403, "SignatureDoesNotMatch")
    policy = json.loads(base64.b64decode(form["policy"]))
    policy["conditions"].pop()
    weaker = base64.b64encode(json.dumps(policy).encode()).decode()
    refused(post(server, bucket, form | {"policy": weaker}), 403, "SignatureDoesNotMatch")
    unsigned = {name: value for name, value in form.items() if not name.startswith("x-tos-")}
    assert post(server, bucket, unsigned).status_code == 403
    assert post(server, bucket, {"key": "anonymous"}).status_code == 403
    refused(post(server, bucket, fields(client, bucket, expires=-10)), 403, "AccessDenied")
    elsewhere = bucket + "-2"
    client.create_bucket(elsewhere)
    refused(post(server, elsewhere, form), 403, "AccessDenied")
    for name in (bucket, elsewhere):
        assert client.list_objects_type2(name).contents == []


def test_forms_that_are_none(server, client, bucket):
    form = fields(client, bucket)
    url = f"http://{bucket}.tos-cn-beijing.volces.com/"
    without_file = [(name, (None, value)) for name, value in form.items()]
    assert server.http("POST", url, files=without_file).status_code == 400
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    for body in (b"", b"--b", b"--b\r\n\r\nx", b"--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n--b--\r\n"):
        assert server.http("POST", url, data=body, headers=kind).status_code == 400, body
    assert server.http("POST", url, data=b"x", headers={"Content-Type": "multipart/form-data"}).status_code == 400
    long = {"policy": "p" * 30000}
    assert post(server, bucket, form | long).status_code == 400
    assert client.list_objects_type2(bucket).contents == []


def test_a_bucket_that_everybody_writes(server, client, bucket):
    client.put_bucket_acl(bucket, acl=ACLType.ACL_Public_Read_Write)
    assert post(server, bucket, {"key": "anonymous"}).status_code == 204
    assert client.get_object(bucket, "anonymous").read() == b"by form"


@pytest.mark.parametrize("prefix", ["x-tos-", ""])
def test_a_callback_in_a_form(server, client, bucket, receiver, prefix):
    def encoded(value):
        return base64.b64encode(json.dumps(value).encode()).decode()

    callback = {
        "callbackUrl": receiver.url + "/form",
        "callbackBody": '{"object": ${object}, "size": ${size}, "by": ${x:by}}',
        "callbackBodyType": "application/json",
    }
    extra = {f"{prefix}callback": encoded(callback), f"{prefix}callback-var": encoded({"x:by": "form"})}
    receiver.answer = lambda request: (200, "application/json", b'{"heard": true}')
    answer = post(server, bucket, fields(client, bucket, extra=extra))
    assert answer.status_code == 200 and answer.json() == {"heard": True}
    (request,) = receiver.requests
    assert json.loads(request.body) == {"object": "k", "size": 7, "by": "form"}
    refused(post(server, bucket, fields(client, bucket, "never") | extra), 403, "AccessDenied")
    assert len(receiver.requests) == 1 and not client.does_object_exist(bucket, "never")


def test_a_large_file(server, client, bucket):
    content = b"0123456789" * 1_000_000
    assert post(server, bucket, fields(client, bucket), content).status_code == 204
    assert client.get_object(bucket, "k").read() == content
