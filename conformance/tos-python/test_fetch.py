"""Objects that the server fetches from a URL, at once or as a task."""

import base64
import hashlib
import http.server
import json
import threading
import time

import pytest
from tos.enum import ACLType, StorageClassType
from tos.models2 import CloudFunctionConfiguration

import tos_clients
from harness import Server


class Origin:
    """Somebody else's server: gives what its pages say, as status, media type and body."""

    def __init__(self):
        self.pages, self.asked = {}, []
        origin = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                origin.asked.append(self.path)
                page = origin.pages.get(self.path.split("?")[0], (404, "text/plain", b"no"))
                status, media, body = page() if callable(page) else page
                self.send_response(status)
                self.send_header("Content-Type", media)
                self.send_header("Content-Length", str(len(body)))
                if status == 302:
                    self.send_header("Location", "/page")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture()
def origin():
    origin = Origin()
    origin.pages["/page"] = (200, "text/x-page", b"fetched")
    yield origin
    origin.stop()


def md5_of(content):
    return base64.b64encode(hashlib.md5(content).digest()).decode()


def ended(client, bucket, task, before=("Running",)):
    """The task when it has ended: when it is in none of the states before."""
    end = time.monotonic() + 20
    while True:
        found = client.get_fetch_task(bucket, task)
        if found.state not in before:
            return found
        assert time.monotonic() < end, "the task does not end"
        time.sleep(0.1)


def test_an_object_from_a_url(client, bucket, origin):
    meta = {"姓名": "张三"}
    out = client.fetch_object(
        bucket, "k", origin.url + "/page?a=b", meta=meta, acl=ACLType.ACL_Public_Read,
        storage_class=StorageClassType.Storage_Class_Ia, content_md5=md5_of(b"fetched"),
    )
    got = client.get_object(bucket, "k")
    assert (got.read(), got.etag, got.content_type, got.meta) == (b"fetched", out.etag, "text/x-page", meta)
    assert got.storage_class == StorageClassType.Storage_Class_Ia
    assert client.get_object_acl(bucket, "k").grants and origin.asked == ["/page?a=b"]


def test_a_large_object(client, bucket, origin):
    content = bytes(range(256)) * 40_000
    origin.pages["/large"] = (200, "a/b", content)
    assert client.fetch_object(bucket, "k", origin.url + "/large").etag == hashlib.md5(content).hexdigest()
    assert client.get_object(bucket, "k").read() == content


def test_what_is_there_is_left_alone_or_overwritten(client, bucket, origin):
    stored = client.put_object(bucket, "k", content=b"there")
    assert client.fetch_object(bucket, "k", origin.url + "/page", ignore_same_key=True).etag == stored.etag
    assert origin.asked == [] and client.get_object(bucket, "k").read() == b"there"
    client.fetch_object(bucket, "k", origin.url + "/page")
    assert client.get_object(bucket, "k").read() == b"fetched"


def test_what_cannot_be_fetched(client, bucket, origin, fails):
    origin.pages["/moved"] = (302, "text/plain", b"")
    refused = lambda url, **more: fails(lambda: client.fetch_object(bucket, "k", url, **more))
    for url in (origin.url + "/absent", origin.url + "/moved", "", "ftp://a.example/", "http://", "http://169.254.169.254/x", "file:///etc/passwd"):
        error = refused(url)
        assert (error.status_code, error.code) == (400, "InvalidArgument"), url
    assert refused(origin.url + "/page", content_md5="123").code == "InvalidDigest"
    assert refused(origin.url + "/page", content_md5=md5_of(b"other")).code == "BadDigest"
    assert "127.0.0.1" not in refused(origin.url + "/absent").message
    assert not client.does_object_exist(bucket, "k")


def test_others_fetch_nothing_into_a_bucket(stranger, anonymous, bucket, origin, fails):
    for client in (stranger, anonymous):
        assert fails(lambda: client.fetch_object(bucket, "k", origin.url + "/page")).code == "AccessDenied"
        assert fails(lambda: client.put_fetch_task(bucket, "k", origin.url + "/page")).code == "AccessDenied"
    assert origin.asked == []


def test_the_outbound_policy_is_kept(origin, fails):
    server = Server(COHONG_EGRESS_PROFILE="prod")
    try:
        client = tos_clients.client(server)
        client.create_bucket("strict")
        for url in (origin.url + "/page", f"http://localhost:{origin.server.server_port}/page", "http://10.0.0.1/"):
            assert fails(lambda: client.fetch_object("strict", "k", url)).code == "InvalidArgument", url
        assert origin.asked == []
    finally:
        server.stop()


def test_a_task(client, bucket, origin, receiver):
    raw = "!@#$%^&*()_+-=[]{}|;':\",./<>?中文测试编码%20%%%^&abcd /\\"
    meta = {"name": " %张/三%", "special": raw}
    callback_body = '{"bucket":${bucket},"object":${object},"size":${size}}'
    task = client.put_fetch_task(
        bucket, "dir/k", origin.url + "/page", meta=meta, acl=ACLType.ACL_Public_Read_Write,
        storage_class=StorageClassType.Storage_Class_Ia, callback_url=receiver.url + "/done", callback_body=callback_body,
        callback_body_type="application/json", content_md5=md5_of(b"fetched"), ignore_same_key=True,
    ).task_id
    out = ended(client, bucket, task)
    assert (out.state, out.err) == ("Succeed", "")
    told = out.task
    assert (told.bucket, told.key, told.url) == (bucket, "dir/k", origin.url + "/page")
    assert (told.acl, told.storage_class) == (ACLType.ACL_Public_Read_Write, StorageClassType.Storage_Class_Ia)
    assert (told.callback_url, told.callback_body, told.callback_body_type) == (receiver.url + "/done", callback_body, "application/json")
    assert told.meta == meta and told.ignore_same_key
    got = client.get_object(bucket, "dir/k")
    assert got.read() == b"fetched" and got.meta == meta
    (call,) = receiver.wait(1)
    assert call.path == "/done" and json.loads(call.body) == {"bucket": bucket, "object": "dir/k", "size": 7}


def test_events_of_fetched_objects(server, client, bucket, origin, receiver):
    server.command("function", "add", bucket, receiver.url)
    events = ["tos:ObjectCreated:Fetch"]
    client.put_bucket_notification(bucket, [CloudFunctionConfiguration(id="f", events=events, cloud_function=bucket)])
    client.fetch_object(bucket, "at-once", origin.url + "/page")
    ended(client, bucket, client.put_fetch_task(bucket, "as-a-task", origin.url + "/page").task_id)
    told = [json.loads(request.body)["events"][0] for request in receiver.wait(2)]
    assert {event["eventName"] for event in told} == {"tos:ObjectCreated:Fetch"}
    assert {event["tos"]["object"]["key"] for event in told} == {"at-once", "as-a-task"}


def test_tasks_that_fail(client, bucket, origin, receiver, fails):
    out = ended(client, bucket, client.put_fetch_task(bucket, "k", origin.url + "/absent").task_id)
    assert out.state == "Failed" and "404" in out.err
    out = ended(client, bucket, client.put_fetch_task(bucket, "k", origin.url + "/page", content_md5=md5_of(b"x")).task_id)
    assert out.state == "Failed" and not client.does_object_exist(bucket, "k")
    receiver.answer = lambda request: (500, "text/plain", b"")
    call = {"callback_url": receiver.url, "callback_body": "a=b"}
    task = client.put_fetch_task(bucket, "k", origin.url + "/page", **call).task_id
    # It has succeeded until the application has refused it.
    out = ended(client, bucket, task, before=("Running", "Succeed"))
    assert out.state == "FetchSuccessCallBackError" and out.err and client.does_object_exist(bucket, "k")
    bad = call | {"callback_body_type": "text/plain"}
    assert fails(lambda: client.put_fetch_task(bucket, "k", origin.url + "/page", **bad)).code == "InvalidArgument"
    assert fails(lambda: client.put_fetch_task(bucket, "k", "http://169.254.169.254/")).code == "InvalidArgument"
    assert fails(lambda: client.get_fetch_task(bucket, "0" * 32)).code == "NoSuchFetchTask"
    assert fails(lambda: client.get_fetch_task(bucket, "nonsense")).status_code == 404


def test_a_task_is_tried_again(client, bucket, origin):
    answers = iter([(503, "text/plain", b""), (500, "text/plain", b"")])
    origin.pages["/busy"] = lambda: next(answers, (200, "a/b", b"at last"))
    out = ended(client, bucket, client.put_fetch_task(bucket, "k", origin.url + "/busy").task_id)
    assert out.state == "Succeed" and len(origin.asked) == 3
    assert client.get_object(bucket, "k").read() == b"at last"


def test_a_task_survives_the_server(origin):
    server = Server()
    try:
        client = tos_clients.client(server)
        client.create_bucket("killed")
        asked = threading.Event()

        def page():
            asked.set()
            return (503, "text/plain", b"")

        origin.pages["/later"] = page
        task = client.put_fetch_task("killed", "k", origin.url + "/later").task_id
        assert asked.wait(20)
        server.kill()
        origin.pages["/later"] = (200, "a/b", b"after the kill")
        client = tos_clients.client(server)
        assert ended(client, "killed", task).state == "Succeed"
        assert client.get_object("killed", "k").read() == b"after the kill"
    finally:
        server.stop()
