"""Seed 2: upload callbacks on put_object and complete_multipart_upload, as the page writes them."""

import base64
import json
from io import StringIO

BODY = '{"bucket": ${bucket}, "object": ${object}, "key1": ${x:key1}}'


def encoded(text):
    return base64.b64encode(text.encode("utf-8")).decode("utf-8")


def parameters(url, body=BODY, media="application/json"):
    callback = '{"callbackUrl":"%s","callbackBody":"%s","callbackBodyType":"%s"}'
    return encoded(callback % (url, body.replace('"', '\\"'), media)), encoded('{"x:key1": "ceshi"}')


def test_put_object(client, receiver):
    client.create_bucket("bucket-test")
    callback, callback_var = parameters(receiver.url + "/callback?a=%2Fb")
    receiver.answer = lambda request: (200, "application/json", b'{"from": "the application"}')
    out = client.put_object(
        "bucket-test", "object-test", content=StringIO("hello tos"), callback=callback, callback_var=callback_var
    )
    assert out.status_code == 200 and out.request_id
    assert out.callback_result == '{"from": "the application"}'
    assert out.etag and out.hash_crc64_ecma
    (request,) = receiver.requests
    assert request.path == "/callback?a=%2Fb"
    assert request.body == b'{"bucket": "bucket-test", "object": "object-test", "key1": "ceshi"}'
    assert request.headers["content-type"] == "application/json"
    assert client.get_object("bucket-test", "object-test").read() == b"hello tos"


def test_complete_multipart_upload_without_parts(client, bucket, receiver):
    callback, callback_var = parameters(receiver.url)
    upload = client.create_multipart_upload(bucket, "object-test").upload_id
    first, last = b"a" * (5 * 1024 * 1024), b"the end"
    client.upload_part(bucket, "object-test", upload, 1, content=first)
    client.upload_part(bucket, "object-test", upload, 2, content=last)
    out = client.complete_multipart_upload(
        bucket, "object-test", upload_id=upload, parts=[], callback=callback, callback_var=callback_var
    )
    assert out.status_code == 200 and out.request_id
    assert out.callback_result == '{"Status":"OK"}'
    (request,) = receiver.requests
    assert request.body == b'{"bucket": "%s", "object": "object-test", "key1": "ceshi"}' % bucket.encode()
    assert client.get_object(bucket, "object-test").read() == first + last


def test_the_receiver_reads_the_object_back(client, bucket, receiver):
    def answer(request):
        found = client.get_object(bucket, json.loads(request.body)["object"]).read()
        return 200, "text/plain", b"read " + found

    receiver.answer = answer
    callback, callback_var = parameters(receiver.url)
    out = client.put_object(bucket, "k", content=b"me", callback=callback, callback_var=callback_var)
    assert out.callback_result == "read me"


def test_a_failing_application(client, bucket, receiver, fails):
    receiver.answer = lambda request: (500, "text/plain", b"no")
    callback, callback_var = parameters(receiver.url)
    error = fails(lambda: client.put_object(bucket, "k", content=b"kept", callback=callback, callback_var=callback_var))
    assert (error.status_code, error.code) == (203, "CallbackFailed")
    assert client.get_object(bucket, "k").read() == b"kept", "the object stays"
    assert len(receiver.requests) == 1, "one address is never called twice"


def test_the_second_address_is_tried(client, bucket, receiver):
    receiver.answer = lambda request: (502 if request.path == "/bad" else 200, "text/plain", request.path.encode())
    callback, callback_var = parameters(f"{receiver.url}/bad;{receiver.url}/good")
    out = client.put_object(bucket, "k", content=b"x", callback=callback, callback_var=callback_var)
    assert out.callback_result == "/good"
    assert [r.path for r in receiver.requests] == ["/bad", "/good"]


def test_a_template_that_is_no_json(client, bucket, receiver, fails):
    callback, callback_var = parameters(receiver.url, body='{"bucket": ${bucket, "object": ${object}}')
    error = fails(lambda: client.put_object(bucket, "k", content=b"kept", callback=callback, callback_var=callback_var))
    assert (error.status_code, error.code) == (203, "CallbackFailed")
    assert client.get_object(bucket, "k").read() == b"kept"
    assert not receiver.requests


def test_parameters_that_make_no_sense(client, bucket, receiver, fails):
    url = receiver.url
    cases = {
        "base64": "x123-*&",
        "json": encoded("{"),
        "six": parameters(";".join([url] * 6))[0],
        "body": parameters(url, body="")[0],
        "type": parameters(url, media="text/plain")[0],
        "host": encoded(json.dumps({"callbackUrl": url, "callbackBody": "a=1", "callbackHost": "a\r\nb: c"})),
        "metadata": encoded(json.dumps({"callbackUrl": "http://169.254.169.254/", "callbackBody": "a=1"})),
    }
    for name, callback in cases.items():
        error = fails(lambda: client.put_object(bucket, "never", content=b"x", callback=callback))
        assert (error.status_code, error.code) == (400, "InvalidArgument"), name
    assert fails(lambda: client.get_object(bucket, "never")).code == "NoSuchKey"
    assert not receiver.requests


def test_form_bodies(client, bucket, receiver):
    callback, callback_var = parameters(
        receiver.url, body="b=${bucket}&o=${object}&s=${size}&k=${x:key1}", media="application/x-www-form-urlencoded"
    )
    client.put_object(bucket, "dir a/中&=.txt", content=b"12345", callback=callback, callback_var=callback_var)
    (request,) = receiver.requests
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.body == f"b={bucket}&o=dir%20a%2F%E4%B8%AD%26%3D.txt&s=5&k=ceshi".encode()
