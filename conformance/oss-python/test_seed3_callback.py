"""Seed 3: upload callbacks with oss2, as the page writes them; the receiver verifies the signature."""

import time

import oss2
import oss_clients
import pytest
from callbacks import FORM, order, public_key, verify
from cryptography.exceptions import InvalidSignature
from oss2.credentials import EnvironmentVariableCredentialsProvider

KEY = "examplefiles/exampleobject.txt"
VARIABLES = {"x:my_var1": "my_val1", "x:my_var2": "my_val2"}
BODY = "bucket=${bucket}&object=${object}"
BODY_WITH_VARIABLES = BODY + "&my_var_1=${x:my_var1}&my_var_2=${x:my_var2}"
SENT = b"bucket=examplebucket&object=examplefiles%2Fexampleobject.txt"
SENT_WITH_VARIABLES = SENT + b"&my_var_1=my_val1&my_var_2=my_val2"


@pytest.fixture(params=["address", "proxy"])
def example(server, monkeypatch, request):
    """The page's bucket, at the server's address and at the vendor's endpoint behind a proxy setting."""
    monkeypatch.setenv("OSS_ACCESS_KEY_ID", server.access_key)
    monkeypatch.setenv("OSS_ACCESS_KEY_SECRET", server.secret_key)
    auth = oss2.ProviderAuth(EnvironmentVariableCredentialsProvider())
    if request.param == "proxy":
        monkeypatch.setenv("HTTP_PROXY", server.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        bucket = oss2.Bucket(auth, oss_clients.ENDPOINT, "examplebucket")
    else:
        bucket = oss2.Bucket(auth, server.url, "examplebucket")
    bucket.create_bucket()
    return bucket


def answered(result, text=b'{"Status":"OK"}'):
    """What every successful upload with a callback looks like to the application."""
    assert result.status == 200 and len(result.request_id) == 24
    assert result.resp.read() == text
    assert result.resp.headers["Content-Type"] == "application/json"
    assert result.etag and result.crc is not None


def heard(server, receiver, result, body):
    """The one request that the receiver got: its signature, its body and who it says it is."""
    (request,) = receiver.requests
    verify(server, request)
    assert request.body == body
    assert request.headers["content-type"] == FORM
    assert request.headers["user-agent"] == "aliyun-oss-callback"
    assert request.headers["x-oss-request-id"] == result.request_id
    assert request.headers["x-oss-bucket"] == "examplebucket"
    assert request.headers["x-oss-tag"] == "CALLBACK"
    assert request.headers["x-oss-signature-version"] == "1.0"
    assert request.headers["connection"].lower() == "close"
    assert abs(oss2.utils.http_to_unixtime(request.headers["date"]) - time.time()) < 900
    return request


def test_put_object(server, example, receiver):
    headers = order(receiver.url, BODY, variables=VARIABLES)
    result = example.put_object(KEY, "a" * 1024 * 1024, headers)
    answered(result)
    request = heard(server, receiver, result, SENT)
    assert request.path == "/"
    assert request.headers["host"] == receiver.url.removeprefix("http://")
    assert example.get_object(KEY).read() == b"a" * 1024 * 1024


def test_put_object_from_file(server, example, receiver, tmp_path):
    file = tmp_path / "examplefile.txt"
    file.write_bytes(b"from a file")
    headers = order(receiver.url + "/upload?from=file", BODY_WITH_VARIABLES, variables=VARIABLES, callbackHost="app.example.com")
    result = example.put_object_from_file(KEY, str(file), headers)
    answered(result)
    request = heard(server, receiver, result, SENT_WITH_VARIABLES)
    assert request.path == "/upload?from=file"
    assert request.headers["host"] == "app.example.com"
    assert example.get_object(KEY).read() == b"from a file"


def test_complete_multipart_upload(server, example, receiver):
    upload = example.init_multipart_upload(KEY).upload_id
    contents = [b"1" * 1024 * 1024, b"2" * 1000]
    parts = []
    for number, content in enumerate(contents, 1):
        part = example.upload_part(KEY, upload, number, content)
        parts.append(oss2.models.PartInfo(number, part.etag, size=len(content), part_crc=part.crc))
    headers = order(receiver.url + "/complete", BODY_WITH_VARIABLES, variables=VARIABLES)
    result = example.complete_multipart_upload(KEY, upload, parts, headers)
    answered(result)
    heard(server, receiver, result, SENT_WITH_VARIABLES)
    assert example.get_object(KEY).read() == b"".join(contents)


def test_a_changed_request_does_not_verify(server, example, receiver):
    example.put_object(KEY, "a", order(receiver.url + "/path"))
    (request,) = receiver.requests
    verify(server, request)
    for name, value in (("body", request.body + b"&admin=1"), ("path", "/other")):
        kept = getattr(request, name)
        setattr(request, name, value)
        with pytest.raises(InvalidSignature):
            verify(server, request)
        setattr(request, name, kept)


@pytest.mark.parametrize("path", ["", "/", "/a%20b/%E4%B8%AD", "/a?b=%2Fc&d=e%20f", "/%3F?x", "?only=query"])
def test_signatures_of_odd_addresses(server, bucket, receiver, path):
    bucket.put_object("k", "x", order(receiver.url + path))
    (request,) = receiver.requests
    assert request.path == (path if path.startswith("/") else "/" + path)
    verify(server, request)


def test_the_key_is_everybodys_and_stays(server, bucket, receiver):
    bucket.put_object("k", "x", order(receiver.url))
    bucket.put_object("k", "x", order(receiver.url))
    first, second = receiver.requests
    assert public_key(server, first).public_numbers() == public_key(server, second).public_numbers()
    assert public_key(server, first).key_size >= 2048
