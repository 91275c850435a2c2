"""What goes wrong when an application is called: the uploader's answer, the object, the delivery log."""

import contextlib
import socket
import threading
import time
import xml.etree.ElementTree as ElementTree

import oss2
import oss_clients
import pytest
from callbacks import order, trace, verify
from harness import Receiver, Server

LIMIT = 3 * 1024 * 1024


def raw(head, body=b"{}"):
    return f"HTTP/1.1 {head}\r\nContent-Type: application/json\r\n\r\n".encode() + body


def long_answer():
    body = b'"' + b"x" * LIMIT + b'"'
    return 200, "application/json", body


REDIRECT = "302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0"

# What the application answers; part of the message to the uploader; its EC; the phase in the log.
TABLE = {
    "500": ((500, "text/plain", b"no"), "Error status : 500.", "0007-00000203", "request"),
    "404": ((404, "application/json", b"{}"), "Error status : 404.", "0007-00000203", "request"),
    "201": ((201, "application/json", b"{}"), "Error status : 201.", "0007-00000203", "request"),
    "redirect": (raw(REDIRECT, b""), "Error status : 302.", "0007-00000203", "request"),
    "not JSON": ((200, "application/json", b"saved"), "Response body is not valid json format.", "0007-00000205", "answer"),
    "empty": ((200, "application/json", b""), "Response body is not valid json format.", "0007-00000205", "answer"),
    "no length": (raw("200 OK"), "content-length", "0007-00000203", "answer"),
    "too long": (long_answer(), "content-length", "0007-00000203", "answer"),
    "not HTTP": (b"hello\r\n\r\n", "Error status : ", "0007-00000203", "request"),
    "hung up": (b"", "Error status : ", "0007-00000203", "request"),
}


def told(result):
    """The error that the uploader gets: oss2 raises nothing, 203 is a success to it."""
    assert result.status == 203
    root = ElementTree.fromstring(result.resp.read())
    assert root.tag == "Error" and root.findtext("Code") == "CallbackFailed"
    assert root.findtext("RequestId") == result.request_id
    assert root.findtext("EC") == result.headers["x-oss-ec"]
    assert result.etag and result.headers["x-oss-hash-crc64ecma"], "what an upload answers stays"
    return root.findtext("Message"), root.findtext("EC"), root.findtext("CallbackAddress")


def kept(bucket, key="k", content=b"kept"):
    assert bucket.get_object(key).read() == content, "the object stays"


@pytest.mark.parametrize("name", TABLE)
def test_answers(server, bucket, receiver, name):
    answer, message, ec, phase = TABLE[name]
    receiver.answer = lambda request: answer
    result = bucket.put_object("k", b"kept", order(receiver.url + "/app"))
    said, code, address = told(result)
    assert address == receiver.url.removeprefix("http://")
    assert message in said and code == ec, said
    kept(bucket)
    assert [request.path for request in receiver.requests] == ["/app"], "called once, no redirect followed"
    call = trace(server, bucket.bucket_name, "k")
    assert call["state"] == "failed" and call["urls"] == [receiver.url + "/app"] and call["failure"]
    (attempt,) = call["attempts"]
    assert attempt["url"] == receiver.url + "/app" and attempt["failed"] == phase and attempt["why"], attempt
    assert attempt["status"] == (answer[0] if isinstance(answer, tuple) and answer[0] != 200 else attempt["status"])


def closed_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def test_the_receiver_is_down(server, bucket):
    url = f"http://127.0.0.1:{closed_port()}/"
    message, ec, address = told(bucket.put_object("k", b"kept", order(url)))
    assert message.startswith("Error status : -1") and ec == "0007-00000203"
    assert address == url.rstrip("/").removeprefix("http://"), "the error says which address"
    kept(bucket)
    (attempt,) = trace(server, bucket.bucket_name, "k")["attempts"]
    assert attempt["failed"] == "connect" and attempt["status"] is None


def test_a_name_that_does_not_resolve(server, bucket):
    message, ec, _ = told(bucket.put_object("k", b"kept", order("http://no-such-host.invalid/")))
    assert "Error status : -1" in message and ec == "0007-00000203"
    kept(bucket)
    (attempt,) = trace(server, bucket.bucket_name, "k")["attempts"]
    assert attempt["failed"] == "resolve"


def test_the_receiver_is_slow(server, bucket, receiver):
    released = threading.Event()

    def answer(request):
        released.wait(60)
        return 200, "application/json", b"{}"

    receiver.answer = answer
    try:
        message, ec, _ = told(bucket.put_object("k", b"kept", order(receiver.url)))
    finally:
        released.set()
    assert "timeout" in message and "5000ms" in message and ec == "0007-00000202", message
    kept(bucket)
    (attempt,) = trace(server, bucket.bucket_name, "k")["attempts"]
    assert attempt["failed"] and attempt["took_ms"] >= 4900


def test_the_second_address_after_a_failing_first(server, bucket, receiver):
    receiver.answer = lambda request: (502 if request.path == "/bad" else 200, "application/json", b'{"from": "good"}')
    dead = f"http://127.0.0.1:{closed_port()}/"
    result = bucket.put_object("k", b"kept", order(f"{dead};{receiver.url}/bad;{receiver.url}/good;{receiver.url}/never"))
    assert result.status == 200 and result.resp.read() == b'{"from": "good"}'
    assert [request.path for request in receiver.requests] == ["/bad", "/good"]
    for request in receiver.requests:
        verify(server, request)
    call = trace(server, bucket.bucket_name, "k")
    assert call["state"] == "accepted" and call["failure"] is None
    assert [attempt["failed"] for attempt in call["attempts"]] == ["connect", "request", None]
    assert [attempt["status"] for attempt in call["attempts"]] == [None, 502, 200]


def test_the_last_address_is_what_is_told(server, bucket, receiver):
    receiver.answer = lambda request: (500 if request.path == "/a" else 503, "text/plain", b"")
    message, *_ = told(bucket.put_object("k", b"kept", order(f"{receiver.url}/a;{receiver.url}/b")))
    assert "Error status : 503." in message
    assert len(trace(server, bucket.bucket_name, "k")["attempts"]) == 2


@pytest.fixture(scope="module")
def careful():
    """A server that calls public addresses only, as one does that listens to the world."""
    server = Server(COHONG_EGRESS_PROFILE="prod")
    yield server
    server.stop()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://10.0.0.1/", "http://localhost:1/", "http://169.254.169.254/"])
def test_a_private_address_under_the_prod_profile(careful, fails, url):
    bucket = oss_clients.bucket(careful, "private-addresses")
    bucket.create_bucket()
    error = fails(lambda: bucket.put_object("never", b"x", order(url)), 400, "InvalidArgument", "0007-00000008")
    assert error.message == "Private address is forbidden to callback."
    assert error.details["ArgumentName"] == "callbackUrl"
    assert not bucket.object_exists("never"), "nothing is stored"


def test_an_allowed_address_under_the_prod_profile(receiver):
    with started(COHONG_EGRESS_PROFILE="prod", COHONG_EGRESS_ALLOW="127.0.0.1/32") as server:
        bucket = oss_clients.bucket(server, "allowed")
        bucket.create_bucket()
        assert bucket.put_object("k", b"x", order(receiver.url)).status == 200
    assert len(receiver.requests) == 1


def test_metadata_services_are_never_called(bucket, fails):
    fails(lambda: bucket.put_object("never", b"x", order("http://169.254.169.254/")), 400, "InvalidArgument")
    assert not bucket.object_exists("never")


@contextlib.contextmanager
def started(**settings):
    server = Server(**settings)
    try:
        yield server
    finally:
        server.stop()


def test_the_client_is_gone_while_the_callback_runs(server, bucket, receiver):
    released = threading.Event()

    def answer(request):
        released.wait(60)
        return 200, "application/json", b"{}"

    receiver.answer = answer
    url = bucket.sign_url("PUT", "k", 600, headers=order(receiver.url))
    path = url.removeprefix(server.url)
    with socket.create_connection((server.host, server.port)) as client:
        lines = [f"PUT {path} HTTP/1.1", f"Host: {server.host}:{server.port}", "Content-Length: 4"]
        lines += [f"{name}: {value}" for name, value in order(receiver.url).items()]
        client.sendall("\r\n".join(lines).encode() + b"\r\n\r\nkept")
        end = time.monotonic() + 20
        while not bucket.object_exists("k"):
            assert time.monotonic() < end, "the object is stored before the application is called"
            time.sleep(0.05)
    released.set()
    receiver.wait(1)
    end = time.monotonic() + 20
    while (call := trace(server, bucket.bucket_name, "k"))["state"] == "running":
        assert time.monotonic() < end
        time.sleep(0.05)
    assert call["state"] == "accepted" and len(call["attempts"]) == 1
    kept(bucket)


def test_a_failing_callback_of_a_multipart_upload(server, bucket, receiver, fails):
    receiver.answer = lambda request: (500, "text/plain", b"")
    upload = bucket.init_multipart_upload("k").upload_id
    part = bucket.upload_part("k", upload, 1, b"kept")
    parts = [oss2.models.PartInfo(1, part.etag, size=4, part_crc=part.crc)]
    message, *_ = told(bucket.complete_multipart_upload("k", upload, parts, order(receiver.url)))
    assert "Error status : 500." in message
    kept(bucket)
    fails(lambda: bucket.list_parts("k", upload), 404, "NoSuchUpload")


def test_an_upload_that_fails_calls_nobody(bucket, receiver, fails):
    headers = order(receiver.url) | {"Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="}
    fails(lambda: bucket.put_object("k", b"x", headers), 400, "InvalidDigest")
    bucket.put_object("k", b"kept")
    headers = order(receiver.url) | {"x-oss-forbid-overwrite": "true"}
    fails(lambda: bucket.put_object("k", b"x", headers), 409, "FileAlreadyExists")
    kept(bucket)
    assert receiver.requests == []


def test_a_receiver_that_comes_back(bucket):
    receiver = Receiver()
    url = receiver.url
    assert bucket.put_object("k", b"1", order(url)).status == 200
    receiver.stop()
    assert bucket.put_object("k", b"2", order(url)).status == 203
    assert bucket.get_object("k").read() == b"2"
