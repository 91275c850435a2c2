"""URLs and forms that somebody else uses, and bodies in the vendor's own chunks."""

import datetime
import hashlib
import hmac
import time
import zlib
from base64 import b64encode

import pytest
import requests
import s3_clients
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


@pytest.fixture(params=[None, "s3v4"], ids=["default", "v4"])
def client(server, request):
    """The default of the SDK presigns with version 2."""
    options = {"signature_version": request.param} if request.param else {}
    return s3_clients.client(server, **options)


def code(answer):
    return answer.status_code, answer.text.partition("<Code>")[2].partition("</Code>")[0]


def test_reading_and_writing(client, bucket):
    params = {"Bucket": bucket, "Key": "dir/a +中"}
    put = client.generate_presigned_url("put_object", Params=params | {"ContentType": "text/x-me", "Metadata": {"m": "1"}})
    sent = {"Content-Type": "text/x-me"}
    if "X-Amz-Signature" in put:
        sent["x-amz-meta-m"] = "1"
    assert requests.put(put, data=b"x", headers=sent, timeout=10).status_code == 200
    got = client.get_object(**params)
    assert (got["Body"].read(), got["ContentType"], got["Metadata"]) == (b"x", "text/x-me", {"m": "1"})
    get = client.generate_presigned_url("get_object", Params=params | {"ResponseContentType": "text/html"})
    answer = requests.get(get, timeout=10)
    assert (answer.content, answer.headers["Content-Type"]) == (b"x", "text/html")
    assert requests.get(get, headers={"Range": "bytes=0-0"}, timeout=10).status_code == 206
    plain = client.generate_presigned_url("get_object", Params=params)
    assert code(requests.put(plain, data=b"y", timeout=10)) == (403, "SignatureDoesNotMatch")
    assert code(requests.get(plain.replace(bucket + "/dir", bucket + "/other"), timeout=10)) == (403, "SignatureDoesNotMatch")
    gone = client.generate_presigned_url("get_object", Params=params, ExpiresIn=1)
    time.sleep(2.1)
    assert code(requests.get(gone, timeout=10)) == (403, "AccessDenied")


def test_a_link_is_not_more_than_it_says(server, client, bucket):
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    url = client.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "l"})
    for name, value in (("x-amz-acl", "public-read"), ("x-amz-copy-source", f"{bucket}/k")):
        refused = code(requests.put(url, data=b"y", headers={name: value}, timeout=10))
        assert refused in ((403, "AccessDenied"), (403, "SignatureDoesNotMatch")), (name, refused)
    assert "Contents" not in client.list_objects_v2(Bucket=bucket, Prefix="l")


def test_forms(client, bucket):
    conditions = [["content-length-range", 1, 10], {"acl": "public-read"}, ["starts-with", "$Content-Type", "text/"]]
    fields = {"acl": "public-read", "Content-Type": "text/plain", "success_action_status": "201"}
    conditions.append({"success_action_status": "201"})
    form = client.generate_presigned_post(bucket, "dir/${filename}", fields, conditions)
    send = lambda body, **more: requests.post(
        form["url"], data=form["fields"] | more, files={"file": ("f.txt", body)}, timeout=10
    )
    answer = send(b"content")
    assert answer.status_code == 201 and "<Key>dir/f.txt</Key>" in answer.text, answer.text
    assert client.get_object(Bucket=bucket, Key="dir/f.txt")["ContentType"] == "text/plain"
    assert code(send(b"x" * 11)) == (400, "EntityTooLarge")
    assert code(send(b"")) == (400, "EntityTooSmall")
    assert code(send(b"x", **{"acl": "private"})) == (403, "AccessDenied")
    assert code(send(b"x", **{"x-amz-meta-more": "1"})) == (403, "AccessDenied")
    bad = form["fields"] | {("signature" if "signature" in form["fields"] else "x-amz-signature"): "0" * 64}
    answer = requests.post(form["url"], data=bad, files={"file": ("f.txt", b"x")}, timeout=10)
    assert code(answer) == (403, "SignatureDoesNotMatch")


def test_keys_and_clocks(server, s3, bucket, fails):
    wrong = {"access_key": server.access_key, "secret_key": "wrong"}
    for options in ({}, {"signature_version": "s3"}):
        error = fails(lambda: s3_clients.client(server, wrong, **options).list_buckets(), 403, "SignatureDoesNotMatch")
        assert error["Error"]["AWSAccessKeyId"] == server.access_key and error["Error"]["StringToSign"]
        nobody = {"access_key": "nobody", "secret_key": "x"}
        fails(lambda: s3_clients.client(server, nobody, **options).list_buckets(), 403, "InvalidAccessKeyId")
        assert s3_clients.client(server, **options).head_bucket(Bucket=bucket)
    fails(lambda: s3_clients.anonymous(server).list_objects_v2(Bucket=bucket), 403, "AccessDenied")
    temporary = server.command("key", "create", "--account", "root", "--temporary", "1h")
    client = s3_clients.client(server, temporary)
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    bare = {name: temporary[name] for name in ("access_key", "secret_key")}
    fails(lambda: s3_clients.client(server, bare).get_object(Bucket=bucket, Key="k"), 400, "InvalidToken")


def signed(server, url, headers, payload):
    """The headers of a PUT, signed by the SDK's own signer over this payload line, and the signer."""
    request = AWSRequest("PUT", url, headers=headers | {"X-Amz-Content-SHA256": payload})

    class Signer(S3SigV4Auth):
        def payload(self, _):
            return payload

    signer = Signer(Credentials(server.access_key, server.secret_key), "s3", "us-east-1")
    signer.add_auth(request)
    return dict(request.headers.items()), signer, request


def chunk_signatures(server, request, chunks):
    """The signatures of chunks behind that of a request."""
    stamp = request.context["timestamp"]
    key = ("AWS4" + server.secret_key).encode()
    for word in (stamp[:8], "us-east-1", "s3", "aws4_request"):
        key = hmac.new(key, word.encode(), hashlib.sha256).digest()
    before = request.headers["Authorization"].rpartition("Signature=")[2]
    empty = hashlib.sha256(b"").hexdigest()
    for chunk in chunks:
        scope = f"{stamp[:8]}/us-east-1/s3/aws4_request"
        text = "\n".join(["AWS4-HMAC-SHA256-PAYLOAD", stamp, scope, before, empty, hashlib.sha256(chunk).hexdigest()])
        before = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        yield before


@pytest.mark.parametrize("size", [1, 8191, 65536])
def test_bodies_in_unsigned_chunks(server, s3, bucket, size):
    data = bytes(range(256)) * 1000
    url = f"{server.url}/{bucket}/k"
    headers = {"X-Amz-Trailer": "x-amz-checksum-crc32", "X-Amz-Decoded-Content-Length": str(len(data)),
               "Content-Encoding": "aws-chunked", "X-Amz-Sdk-Checksum-Algorithm": "CRC32"}
    crc = b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()
    for trailer, wanted in ((crc, (200, "")), ("AAAAAA==", (400, "BadDigest"))):
        sent, _, _ = signed(server, url, headers, "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
        body = b"".join(b"%x\r\n%s\r\n" % (len(data[at:at + 65536]), data[at:at + 65536]) for at in range(0, len(data), 65536))
        body += b"0\r\nx-amz-checksum-crc32:" + trailer.encode() + b"\r\n\r\n"
        pieces = (body[at:at + max(size, 100)] for at in range(0, len(body), max(size, 100)))
        assert code(requests.put(url, data=pieces, headers=sent, timeout=20)) == wanted
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == data and "ContentEncoding" not in got and got["ChecksumCRC32"] == crc


def test_bodies_in_signed_chunks(server, s3, bucket):
    url = f"{server.url}/{bucket}/k"
    chunks = [b"x" * 65536, b"y" * 1000, b""]
    headers = {"X-Amz-Decoded-Content-Length": "66536"}
    for spoil, wanted in ((False, (200, "")), (True, (403, "SignatureDoesNotMatch"))):
        sent, _, request = signed(server, url, headers, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
        body = b""
        for chunk, signature in zip(chunks, chunk_signatures(server, request, chunks)):
            chunk = chunk.replace(b"y", b"z", 1) if spoil else chunk
            body += b"%x;chunk-signature=%s\r\n%s\r\n" % (len(chunk), signature.encode(), chunk)
        assert code(requests.put(url, data=body, headers=sent, timeout=20)) == wanted
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"".join(chunks)


def test_dates_are_told_in_both_forms(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    (line,) = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert line["LastModified"] == s3.head_object(Bucket=bucket, Key="k")["LastModified"]
    assert abs(line["LastModified"] - datetime.datetime.now(datetime.timezone.utc)) < datetime.timedelta(hours=1)
