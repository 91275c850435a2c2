"""How callbacks are ordered: where, with which variables, and what is refused before anything is stored."""

import json
import struct
import zlib
from urllib.parse import parse_qsl

import alibabacloud_oss_v2 as oss_v2
import oss2
import oss_clients
import pytest
import requests
from callbacks import FORM, JSON, encoded, order, verify

ALL = (
    "bucket object etag size mimeType imageInfo.height imageInfo.width imageInfo.format "
    "crc64 contentMd5 vpcId clientIp reqId operation x:a x:absent nonsense"
).split()


def png(width, height):
    """A picture of one colour."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress((b"\0" + b"\0\0\0" * width) * height)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def everything(result, bucket, content, **more):
    """The values of all variables for an upload of `content` to `dir/中 +&.png`."""
    return {
        "bucket": bucket.bucket_name,
        "object": "dir/中 +&.png",
        "etag": result.etag,
        "size": str(len(content)),
        "mimeType": "image/png",
        "imageInfo.height": "3",
        "imageInfo.width": "7",
        "imageInfo.format": "png",
        "crc64": str(result.crc),
        "contentMd5": result.headers.get("Content-MD5", ""),
        "vpcId": "",
        "clientIp": "127.0.0.1",
        "reqId": result.request_id,
        "operation": "PutObject",
        "x:a": "1 & 2",
        "x:absent": "",
        "nonsense": "",
    } | more


def test_all_variables_in_a_form_body(server, bucket, receiver):
    content = png(7, 3)
    body = "&".join(f"{name}=${{{name}}}" for name in ALL)
    headers = order(receiver.url, body, variables={"x:a": "1 & 2"}) | {"Content-Type": "image/png"}
    result = bucket.put_object("dir/中 +&.png", content, headers)
    (request,) = receiver.requests
    assert dict(parse_qsl(request.body.decode(), keep_blank_values=True)) == everything(result, bucket, content)
    assert b"object=dir%2F%E4%B8%AD%20%2B%26.png" in request.body, "everything but unreserved characters is encoded"
    assert result.headers["Content-MD5"]
    verify(server, request)


def test_all_variables_in_a_json_body(server, bucket, receiver):
    content = png(7, 3)
    body = "{" + ",".join(f'"{name}": ${{{name}}}' for name in ALL) + "}"
    headers = order(receiver.url, body, JSON, {"x:a": "1 & 2"}) | {"Content-Type": "image/png"}
    result = bucket.put_object("dir/中 +&.png", content, headers)
    (request,) = receiver.requests
    assert request.headers["content-type"] == JSON
    numbers = {"size": len(content), "imageInfo.height": 3, "imageInfo.width": 7}
    assert json.loads(request.body) == everything(result, bucket, content, **numbers)
    verify(server, request)


def test_what_a_multipart_upload_says(bucket, receiver):
    key, contents = "big", [b"a" * 102400, b"b"]
    upload = bucket.init_multipart_upload(key, headers={"Content-Type": "text/x-big"}).upload_id
    parts = []
    for number, content in enumerate(contents, 1):
        part = bucket.upload_part(key, upload, number, content)
        parts.append(oss2.models.PartInfo(number, part.etag, size=len(content), part_crc=part.crc))
    body = "${operation} ${size} ${mimeType} ${etag} ${crc64} [${contentMd5}] [${imageInfo.width}]"
    result = bucket.complete_multipart_upload(key, upload, parts, order(receiver.url, body))
    (request,) = receiver.requests
    said = f"CompleteMultipartUpload 102401 text%2Fx-big {result.etag} {result.crc} [] []"
    assert request.body.decode() == said


def test_placeholders_in_quotes_and_values_with_quotes(bucket, receiver):
    body = '{"size": "${size}", "object": "${object}", "bare": ${object}, "v": ${x:v}}'
    bucket.put_object('a"b\\c', b"12345", order(receiver.url, body, JSON, {"x:v": "${bucket}\n"}))
    (request,) = receiver.requests
    name = 'a"b\\c'
    assert json.loads(request.body) == {"size": "5", "object": name, "bare": name, "v": "${bucket}\n"}


def test_old_placeholders_and_constants_are_sent_as_written(bucket, receiver):
    bucket.put_object("k", b"x", order(receiver.url, "a=$(bucket)&b=/ +%&c=${object"))
    (request,) = receiver.requests
    assert request.body == b"a=$(bucket)&b=/ +%&c=${object"


def test_variables_without_their_prefix_are_ignored(bucket, receiver):
    headers = order(receiver.url, "a=${x:a}&b=${b}", variables={"x:a": "1", "b": "2"})
    assert bucket.put_object("k", b"x", headers).status == 200
    (request,) = receiver.requests
    assert request.body == b"a=1&b="


def test_the_default_is_a_form(bucket, receiver):
    callback = {"callbackUrl": receiver.url, "callbackBody": "k=${object}"}
    bucket.put_object("k", b"x", {"x-oss-callback": encoded(callback)})
    (request,) = receiver.requests
    assert request.headers["content-type"] == FORM


def test_an_address_without_scheme(bucket, receiver):
    assert bucket.put_object("k", b"x", order(receiver.url.removeprefix("http://") + "/a")).status == 200
    (request,) = receiver.requests
    assert request.path == "/a"


def test_no_address_is_no_callback(bucket, receiver):
    for callback in ({"callbackUrl": "", "callbackBody": "a"}, {"callbackBody": "a"}):
        result = bucket.put_object("k", b"x", {"x-oss-callback": encoded(callback)})
        assert result.status == 200 and result.resp.read() == b""


def test_headers_of_the_callers_choice(server, bucket, receiver):
    bucket.put_object("k", b"x", order(receiver.url, additionalHeaders={"X-App": "value"}, callbackSNI=True))
    (request,) = receiver.requests
    assert request.headers["x-app"] == "value"
    verify(server, request)


def test_the_applications_answer_is_passed_on(bucket, receiver):
    for media, body in (("application/json; charset=utf-8", '{"中": 1}'.encode()), ("application/xml", b"<a>1</a>")):
        receiver.answer = lambda request: (200, media, body)
        result = bucket.put_object("k", b"x", order(receiver.url))
        assert result.status == 200 and result.resp.read() == body and result.headers["Content-Type"] == media


def test_a_callback_in_the_query_of_a_link(server, bucket, receiver):
    params = {
        "callback": encoded({"callbackUrl": receiver.url, "callbackBody": "o=${object}&by=${x:by}"}),
        "callback-var": encoded({"x:by": "link"}),
    }
    for version in (oss2.AUTH_VERSION_1, oss2.AUTH_VERSION_2, oss2.AUTH_VERSION_4):
        signer = oss_clients.bucket(server, bucket.bucket_name, version=version)
        url = signer.sign_url("PUT", f"by/{version}", 60, params=dict(params))
        answer = requests.put(url, data=b"x", timeout=30)
        assert (answer.status_code, answer.content) == (200, b'{"Status":"OK"}'), answer.text
        assert receiver.requests[-1].body == f"o=by%2F{version}&by=link".encode()
        verify(server, receiver.requests[-1])
    tampered = url.replace("callback-var=", "callback-var=x")
    assert requests.put(tampered, data=b"x", timeout=30).status_code == 403
    assert len(receiver.requests) == 3


def test_the_newer_sdk(server, v2, bucket, receiver):
    headers = order(receiver.url, "o=${object}&a=${x:a}", variables={"x:a": "1"})
    asked = {"callback": headers["x-oss-callback"], "callback_var": headers["x-oss-callback-var"]}
    name = bucket.bucket_name
    result = v2.put_object(oss_v2.PutObjectRequest(bucket=name, key="k", body=b"x", **asked))
    assert result.status_code == 200 and result.callback_result == '{"Status":"OK"}'
    upload = v2.initiate_multipart_upload(oss_v2.InitiateMultipartUploadRequest(bucket=name, key="m"))
    part = v2.upload_part(
        oss_v2.UploadPartRequest(bucket=name, key="m", upload_id=upload.upload_id, part_number=1, body=b"part")
    )
    parts = oss_v2.CompleteMultipartUpload(parts=[oss_v2.UploadPart(part_number=1, etag=part.etag)])
    result = v2.complete_multipart_upload(
        oss_v2.CompleteMultipartUploadRequest(
            bucket=name, key="m", upload_id=upload.upload_id, complete_multipart_upload=parts, **asked
        )
    )
    assert result.status_code == 200 and result.callback_result == '{"Status":"OK"}'
    assert [request.body for request in receiver.requests] == [b"o=k&a=1", b"o=m&a=1"]
    receiver.answer = lambda request: (500, "text/plain", b"")
    result = v2.put_object(oss_v2.PutObjectRequest(bucket=name, key="failed", body=b"x", **asked))
    assert result.status_code == 203 and "<Code>CallbackFailed</Code>" in result.callback_result
    assert v2.get_object(oss_v2.GetObjectRequest(bucket=name, key="failed")).body.content == b"x"


def bad(**changes):
    callback = {"callbackUrl": "http://127.0.0.1:1/", "callbackBody": "a=1"} | changes
    return {"x-oss-callback": encoded(callback)}


GOOD = bad()
REFUSED = {
    "too long": (bad(callbackBody="a" * 6000), "0007-00000001"),
    "not base64": ({"x-oss-callback": "x123-*&"}, "0007-00000002"),
    "not JSON": ({"x-oss-callback": encoded("{")}, "0007-00000003"),
    "a list": ({"x-oss-callback": encoded("[]")}, None),
    "not an address": (bad(callbackUrl="http://127.0.0.1:port/"), "0007-00000004"),
    "six addresses": (bad(callbackUrl=";".join(["http://127.0.0.1:1/"] * 6)), "0007-00000005"),
    "host that is none": (bad(callbackHost="a\r\nb: c"), "0007-00000009"),
    "empty body": (bad(callbackBody=""), "0007-00000011"),
    "no body": ({"x-oss-callback": encoded({"callbackUrl": "http://127.0.0.1:1/"})}, "0007-00000011"),
    "type that is none": (bad(callbackBodyType="text/plain"), "0007-00000012"),
    "header of the vendor": (bad(additionalHeaders={"x-oss-tag": "NO"}), "0007-00000026"),
    "long variables": (GOOD | {"x-oss-callback-var": encoded({"x:a": "a" * 6000})}, "0007-00000101"),
    "variables that are none": (GOOD | {"x-oss-callback-var": encoded("{")}, None),
}


@pytest.mark.parametrize("name", REFUSED)
def test_parameters_that_make_no_sense(bucket, fails, name):
    headers, ec = REFUSED[name]
    error = fails(lambda: bucket.put_object("never", b"x", headers), 400, "InvalidArgument", ec)
    assert error.details.get("ArgumentName"), error
    assert not bucket.object_exists("never")


def test_header_and_query_together(bucket, receiver, fails):
    callback = order(receiver.url)
    url = bucket.sign_url("PUT", "never", 60, headers=callback, params={"callback": callback["x-oss-callback"]})
    error = fails(lambda: bucket.put_object_with_url(url, b"x", headers=callback), 400, "InvalidArgument", "0007-00000027")
    assert error.message and receiver.requests == [] and not bucket.object_exists("never")
