"""Links: what was signed works for anybody who has it, and nothing else does."""

import base64
import json
import time
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import pytest
import requests
from tos.enum import HttpMethodType

GET, PUT = HttpMethodType.Http_Method_Get, HttpMethodType.Http_Method_Put
HEAD, DELETE = HttpMethodType.Http_Method_Head, HttpMethodType.Http_Method_Delete


def link(client, method, bucket, key="k", query=None, header=None, **options):
    """A signed URL. The client writes into what it is given, so it gets copies."""
    query, header = dict(query or {}), dict(header or {})
    return client.pre_signed_url(method, bucket, key, query=query, header=header, **options).signed_url


def changed(url, **values):
    """The URL with other query values; None drops one."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True)) | values
    query = {name: value for name, value in query.items() if value is not None}
    return urlunsplit(parts._replace(query=urlencode(query)))


def refused(answer, *wanted):
    assert (answer.status_code, answer.json()["Code"]) == wanted, answer.text
    assert answer.headers["x-tos-request-id"] and answer.headers["x-tos-ec"]


def encoded(value):
    return base64.b64encode(json.dumps(value).encode()).decode()


@pytest.mark.parametrize("key", ["k", "中/a b", "a+b&c=d?e#f%20g"], ids=range(3))
def test_reading_and_writing(server, client, bucket, key):
    put = server.http("PUT", link(client, PUT, bucket, key), data=b"by link")
    assert put.status_code == 200 and put.headers["ETag"]
    assert client.get_object(bucket, key).read() == b"by link"
    got = server.http("GET", link(client, GET, bucket, key))
    assert got.status_code == 200 and got.content == b"by link"
    part = server.http("GET", link(client, GET, bucket, key), headers={"Range": "bytes=3-"})
    assert part.status_code == 206 and part.content == b"link"
    assert server.http("HEAD", link(client, HEAD, bucket, key)).headers["Content-Length"] == "7"
    assert server.http("DELETE", link(client, DELETE, bucket, key)).status_code == 204
    assert not client.does_object_exist(bucket, key)


def test_an_answer_as_the_link_says(server, client, bucket):
    client.put_object(bucket, "k", content=b"x")
    name = "attachment; filename*=UTF-8''%E4%B8%AD.txt"
    query = {"response-content-disposition": name, "response-content-type": "a/b"}
    answer = server.http("GET", link(client, GET, bucket, query=query))
    assert (answer.headers["Content-Disposition"], answer.headers["Content-Type"]) == (name, "a/b")


def test_a_link_is_for_one_thing(server, client, bucket):
    client.put_object(bucket, "k", content=b"x")
    client.put_object(bucket, "other", content=b"secret")
    url = link(client, GET, bucket)
    for method in ("PUT", "DELETE", "POST"):
        assert server.http(method, url).status_code in (403, 405), method
    parts = urlsplit(url)
    refused(server.http("GET", urlunsplit(parts._replace(path="/other"))), 403, "SignatureDoesNotMatch")
    other = urlunsplit(parts._replace(netloc=parts.netloc.replace(bucket, "never-created-links")))
    refused(server.http("GET", other), 403, "SignatureDoesNotMatch")
    assert client.get_object(bucket, "k").read() == b"x"


def test_tampering(server, client, bucket):
    client.put_object(bucket, "k", content=b"x")
    url = link(client, GET, bucket)
    refused(server.http("GET", changed(url, **{"X-Tos-Expires": "7200"})), 403, "SignatureDoesNotMatch")
    refused(server.http("GET", changed(url, **{"X-Tos-Signature": "0" * 64})), 403, "SignatureDoesNotMatch")
    refused(server.http("GET", changed(url, versionId="null")), 403, "SignatureDoesNotMatch")
    refused(server.http("GET", changed(url, **{"response-content-type": "a/b"})), 403, "SignatureDoesNotMatch")
    for missing in ("X-Tos-Signature", "X-Tos-Credential", "X-Tos-Date", "X-Tos-Expires"):
        assert server.http("GET", changed(url, **{missing: None})).status_code in (400, 403), missing
    credential = dict(parse_qsl(urlsplit(url).query))["X-Tos-Credential"]
    unknown = credential.replace(server.access_key, "AKUNKNOWN")
    refused(server.http("GET", changed(url, **{"X-Tos-Credential": unknown})), 403, "InvalidAccessKeyId")


def test_the_end_of_a_link(server, client, bucket):
    client.put_object(bucket, "k", content=b"x")
    url = link(client, GET, bucket, expires=1)
    assert server.http("GET", url).status_code == 200
    time.sleep(2.5)
    refused(server.http("GET", url), 403, "AccessDenied")
    for days in (0, 8):
        url = link(client, GET, bucket, expires=days * 86400)
        refused(server.http("GET", url), 400, "AuthorizationQueryParametersError")


def test_headers_beside_a_link(server, client, bucket):
    """A header of the vendor that nobody signed is an order of whoever has the link."""
    client.put_object(bucket, "secret", content=b"secret")
    url = link(client, PUT, bucket)
    for extra in (
        {"x-tos-copy-source": f"{bucket}/secret"},
        {"x-tos-acl": "public-read"},
        {"x-tos-meta-a": "b"},
        {"x-tos-callback": encoded({"callbackUrl": "http://127.0.0.1:1/", "callbackBody": "a=1"})},
    ):
        refused(server.http("PUT", url, data=b"x", headers=extra), 403, "AccessDenied")
    assert not client.does_object_exist(bucket, "k")
    signed = {"x-tos-acl": "public-read", "x-tos-meta-a": "b"}
    url = link(client, PUT, bucket, header=signed)
    assert server.http("PUT", url, data=b"x", headers=signed).status_code == 200
    assert client.head_object(bucket, "k").meta == {"a": "b"}
    refused(server.http("PUT", url, data=b"x", headers=signed | {"x-tos-meta-a": "c"}), 403, "SignatureDoesNotMatch")
    refused(server.http("PUT", url, data=b"x"), 403, "SignatureDoesNotMatch")


def test_a_type_that_was_signed(server, client, bucket):
    signed = {"Content-Type": "text/x-me"}
    url = link(client, PUT, bucket, header=signed, is_signed_all_headers=True)
    assert server.http("PUT", url, data=b"x", headers=signed).status_code == 200
    assert client.head_object(bucket, "k").content_type == "text/x-me"
    answer = server.http("PUT", url, data=b"x", headers={"Content-Type": "text/html"})
    refused(answer, 403, "SignatureDoesNotMatch")


def test_a_callback_in_the_link(server, client, bucket, receiver):
    body = '{"object": ${object}, "by": ${x:by}}'
    query = {
        "x-tos-callback": encoded(
            {"callbackUrl": receiver.url + "/cb", "callbackBody": body, "callbackBodyType": "application/json"}
        ),
        "x-tos-callback-var": encoded({"x:by": "link"}),
    }
    receiver.answer = lambda request: (200, "application/json", b'{"heard": true}')
    answer = server.http("PUT", link(client, PUT, bucket, query=query), data=b"x")
    assert answer.status_code == 200 and answer.json() == {"heard": True} and answer.headers["ETag"]
    (request,) = receiver.requests
    assert json.loads(request.body) == {"object": "k", "by": "link"}
    answer = server.http("PUT", link(client, PUT, bucket, "h", header=query), data=b"x", headers=query)
    assert answer.json() == {"heard": True}
    receiver.answer = lambda request: (500, "text/plain", b"")
    answer = server.http("PUT", link(client, PUT, bucket, "kept", query=query), data=b"x")
    refused(answer, 203, "CallbackFailed")
    assert client.get_object(bucket, "kept").read() == b"x"


def test_a_part_by_link(server, client, bucket):
    upload = client.create_multipart_upload(bucket, "k").upload_id
    url = link(client, PUT, bucket, query={"uploadId": upload, "partNumber": "1"})
    assert server.http("PUT", url, data=b"part").status_code == 200
    client.complete_multipart_upload(bucket, "k", upload, complete_all=True)
    assert client.get_object(bucket, "k").read() == b"part"


def test_a_link_cannot_do_what_its_signer_may_not(server, client, bucket, stranger):
    client.put_object(bucket, "k", content=b"x")
    refused(server.http("GET", link(stranger, GET, bucket)), 403, "AccessDenied")


def test_requests_without_signature(server, client, bucket):
    client.put_object(bucket, "k", content=b"x")
    url = f"http://{bucket}.tos-cn-beijing.volces.com/k"
    for method in ("GET", "PUT", "DELETE"):
        refused(server.http(method, url, data=b"y" if method == "PUT" else None), 403, "AccessDenied")
    head = server.http("HEAD", url)
    assert (head.status_code, head.content) == (403, b"") and head.headers["x-tos-ec"]
    assert client.get_object(bucket, "k").read() == b"x"
    direct = requests.get(f"http://{server.host}:{server.port}/", timeout=30, headers={"Host": f"{bucket}.localhost"})
    refused(direct, 403, "AccessDenied")
