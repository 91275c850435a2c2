"""Uploads by HTML forms: the policy says what may be uploaded, and the server keeps to it."""

import base64
import datetime
import hashlib
import hmac
import json
import xml.etree.ElementTree as ElementTree

import oss2
import oss_clients
import pytest
from callbacks import encoded, verify

V1, V2, V4 = "v1", "v2", "v4"


def digest(key, text, kind=hashlib.sha256):
    key = key if isinstance(key, bytes) else key.encode()
    return hmac.new(key, text.encode(), kind).digest()


def v4_key(secret, date, region):
    return digest(digest(digest(digest("aliyun_v4" + secret, date), region), "oss"), "aliyun_v4_request")


def fields(server, bucket, conditions=None, version=V1, expires=600, key=None, stamp="%Y-%m-%dT%H:%M:%S.000Z"):
    """The signed fields of a form, as an application's server makes them."""
    key = key or {"access_key": server.access_key, "secret_key": server.secret_key}
    access, secret = key["access_key"], key["secret_key"]
    now = datetime.datetime.now(datetime.timezone.utc)
    conditions = [{"bucket": bucket.bucket_name}, *(conditions or [])]
    form, date = {}, now.strftime("%Y%m%d")
    if version == V4:
        credential = f"{access}/{date}/{oss_clients.REGION}/oss/aliyun_v4_request"
        form = {"x-oss-signature-version": "OSS4-HMAC-SHA256", "x-oss-credential": credential, "x-oss-date": now.strftime("%Y%m%dT%H%M%SZ")}
        conditions += [{name: value} for name, value in form.items()]
    if key.get("security_token"):
        form["x-oss-security-token"] = key["security_token"]
        conditions.append({"x-oss-security-token": key["security_token"]})
    expiration = (now + datetime.timedelta(seconds=expires)).strftime(stamp)
    policy = base64.b64encode(json.dumps({"expiration": expiration, "conditions": conditions}).encode()).decode()
    form["policy"] = policy
    if version == V1:
        form |= {"OSSAccessKeyId": access, "Signature": base64.b64encode(digest(secret, policy, hashlib.sha1)).decode()}
    elif version == V2:
        signature = base64.b64encode(digest(secret, policy)).decode()
        form |= {"x-oss-signature-version": "OSS2", "x-oss-access-key-id": access, "x-oss-signature": signature}
    else:
        form["x-oss-signature"] = digest(v4_key(secret, date, oss_clients.REGION), policy).hex()
    return form


def post(server, bucket, form, content=b"by form", name="file.txt", media=None):
    file = (name, content, media) if media else (name, content)
    files = [(field, (None, value)) for field, value in form.items()] + [("file", file)]
    return server.http("POST", f"http://{bucket.bucket_name}.oss-cn-hangzhou.aliyuncs.com/", files=files)


def refused(answer, status, code):
    assert answer.status_code == status and f"<Code>{code}</Code>" in answer.text, answer.text


@pytest.mark.parametrize("version", [V1, V2, V4])
@pytest.mark.parametrize("key", ["k", "中/a b"], ids=range(2))
def test_a_form(server, bucket, version, key):
    answer = post(server, bucket, fields(server, bucket, version=version) | {"key": key})
    assert answer.status_code == 204 and answer.content == b"", answer.text
    got = bucket.get_object(key)
    assert got.read() == b"by form" and f'"{got.etag}"' == answer.headers["ETag"]
    assert answer.headers["x-oss-hash-crc64ecma"] == str(got.server_crc) and got.object_type == "Normal"


def test_an_expiry_without_fractions(server, bucket):
    form = fields(server, bucket, stamp="%Y-%m-%dT%H:%M:%SZ") | {"key": "k"}
    assert post(server, bucket, form).status_code == 204


def test_a_temporary_key(server, bucket):
    key = server.command("key", "create", "--temporary", "15m")
    for version in (V1, V4):
        form = fields(server, bucket, version=version, key=key) | {"key": f"by/{version}"}
        assert post(server, bucket, form).status_code == 204
        del form["x-oss-security-token"]
        assert post(server, bucket, form | {"key": "never"}).status_code == 403
    assert not bucket.object_exists("never")


def test_the_files_own_name(server, bucket):
    form = fields(server, bucket, [["starts-with", "$key", "user/"]]) | {"key": "user/${filename}"}
    assert post(server, bucket, form, name="cat.jpg").status_code == 204
    assert bucket.get_object("user/cat.jpg").read() == b"by form"


@pytest.mark.parametrize(("said", "status"), [("200", 200), ("201", 201), ("204", 204), ("999", 204)])
def test_the_status_of_success(server, bucket, said, status):
    answer = post(server, bucket, fields(server, bucket) | {"key": "k", "success_action_status": said})
    assert answer.status_code == status
    if status == 201:
        root = ElementTree.fromstring(answer.content)
        assert root.tag == "PostResponse" and root.findtext("Bucket") == bucket.bucket_name
        assert root.findtext("Key") == "k" and root.findtext("ETag") == answer.headers["ETag"] and root.findtext("Location")


def test_a_redirect(server, bucket):
    form = fields(server, bucket) | {"key": "a b", "success_action_redirect": "http://app.example.com/done"}
    answer = post(server, bucket, form)
    assert answer.status_code == 303
    where = answer.headers["Location"]
    assert where.startswith("http://app.example.com/done?") and f"bucket={bucket.bucket_name}" in where
    assert "key=a%20b" in where and "etag=" in where


def test_everything_said_in_a_form(server, bucket):
    said = {
        "Cache-Control": "no-cache",
        "Content-Disposition": "attachment",
        "x-oss-meta-name": "value",
        "x-oss-storage-class": "IA",
        "x-oss-object-acl": "public-read",
        "x-oss-content-type": "a/b",
        "Content-Type": "text/ignored",
    }
    assert post(server, bucket, fields(server, bucket) | {"key": "k"} | said).status_code == 204
    head = bucket.head_object("k")
    for name in ("Cache-Control", "Content-Disposition", "x-oss-meta-name", "x-oss-storage-class"):
        assert head.headers[name] == said[name], name
    assert head.content_type == "a/b" and bucket.get_object_acl("k").acl == "public-read"
    assert post(server, bucket, fields(server, bucket) | {"key": "part"}, media="image/png").status_code == 204
    assert bucket.head_object("part").content_type == "image/png"


def test_conditions(server, bucket):
    conditions = [["starts-with", "$key", "user/"], ["eq", "$x-oss-object-acl", "private"], {"x-oss-meta-a": "b"}]
    good = {"key": "user/1", "x-oss-object-acl": "private", "x-oss-meta-a": "b"}
    cases = [
        (good, 204),
        (good | {"key": "other/1"}, 403),
        (good | {"x-oss-object-acl": "public-read"}, 403),
        (good | {"x-oss-meta-a": "c"}, 403),
        ({name: value for name, value in good.items() if name != "x-oss-meta-a"}, 403),
    ]
    for said, status in cases:
        answer = post(server, bucket, fields(server, bucket, conditions) | said)
        assert answer.status_code == status, (said, answer.text)
        if status == 403:
            refused(answer, 403, "AccessDenied")
            assert "Invalid according to Policy" in answer.text
    for operator, key, status in (("in", "a", 204), ("in", "c", 403), ("not-in", "a", 403), ("not-in", "c", 204)):
        form = fields(server, bucket, [[operator, "$key", ["a", "b"]]]) | {"key": key}
        assert post(server, bucket, form).status_code == status, (operator, key)
    assert sorted(found.key for found in oss2.ObjectIterator(bucket)) == ["a", "c", "user/1"]


def test_sizes(server, bucket):
    for size, status, code in ((4, 400, "EntityTooSmall"), (5, 204, ""), (10, 204, ""), (11, 400, "EntityTooLarge")):
        form = fields(server, bucket, [["content-length-range", 5, 10]]) | {"key": f"k{size}"}
        answer = post(server, bucket, form, b"x" * size)
        assert answer.status_code == status and code in answer.text, size
    assert [found.key for found in oss2.ObjectIterator(bucket)] == ["k10", "k5"]


@pytest.mark.parametrize("version", [V1, V4])
def test_forms_that_were_changed(server, bucket, version):
    form = fields(server, bucket, version=version) | {"key": "k"}
    name = "Signature" if version == V1 else "x-oss-signature"
    refused(post(server, bucket, form | {name: "0" * len(form[name])}), 403, "SignatureDoesNotMatch")
    policy = json.loads(base64.b64decode(form["policy"])) | {"conditions": []}
    weaker = base64.b64encode(json.dumps(policy).encode()).decode()
    refused(post(server, bucket, form | {"policy": weaker}), 403, "SignatureDoesNotMatch")
    expired = post(server, bucket, fields(server, bucket, version=version, expires=-10) | {"key": "k"})
    refused(expired, 403, "AccessDenied")
    assert "Invalid according to Policy: Policy expired." in expired.text
    elsewhere = oss_clients.bucket(server, bucket.bucket_name + "-2")
    elsewhere.create_bucket()
    refused(post(server, elsewhere, form), 403, "AccessDenied")
    elsewhere.delete_bucket()
    assert list(oss2.ObjectIterator(bucket)) == []


@pytest.mark.parametrize("policy", ["nonsense!", "bm90IGpzb24=", "e30=", "eyJleHBpcmF0aW9uIjogIm5ldmVyIiwgImNvbmRpdGlvbnMiOiBbXX0="])
def test_policies_that_are_none(server, bucket, policy):
    signature = base64.b64encode(digest(server.secret_key, policy, hashlib.sha1)).decode()
    form = {"key": "k", "OSSAccessKeyId": server.access_key, "policy": policy, "Signature": signature}
    refused(post(server, bucket, form), 400, "InvalidPolicyDocument")


def test_nobody_may_write_into_a_private_bucket(server, bucket):
    refused(post(server, bucket, {"key": "k"}), 403, "AccessDenied")
    bucket.put_bucket_acl(oss2.BUCKET_ACL_PUBLIC_READ_WRITE)
    assert post(server, bucket, {"key": "k"}).status_code == 204


def test_forms_that_are_none(server, bucket):
    url = f"http://{bucket.bucket_name}.oss-cn-hangzhou.aliyuncs.com/"
    form = fields(server, bucket) | {"key": "k"}
    without_file = [(name, (None, value)) for name, value in form.items()]
    assert server.http("POST", url, files=without_file).status_code == 400
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    for body in (b"", b"--b", b"--b\r\n\r\nx"):
        assert server.http("POST", url, data=body, headers=kind).status_code == 400, body
    assert list(oss2.ObjectIterator(bucket)) == []


@pytest.mark.parametrize("version", [V1, V4])
def test_a_callback_in_a_form(server, bucket, receiver, version):
    callback = encoded({"callbackUrl": receiver.url + "/form", "callbackBody": "o=${object}&op=${operation}&by=${x:by}"})
    form = fields(server, bucket, [{"callback": callback}], version) | {"key": "k", "callback": callback, "x:by": "a form"}
    answer = post(server, bucket, form | {"success_action_status": "201"})
    assert (answer.status_code, answer.content) == (200, b'{"Status":"OK"}'), answer.text
    (request,) = receiver.requests
    assert request.body == b"o=k&op=PostObject&by=a%20form"
    verify(server, request)
    receiver.answer = lambda request: (500, "text/plain", b"")
    answer = post(server, bucket, form | {"key": "kept"})
    refused(answer, 203, "CallbackFailed")
    assert bucket.get_object("kept").read() == b"by form"
    other = encoded({"callbackUrl": receiver.url + "/other", "callbackBody": "a"})
    refused(post(server, bucket, form | {"key": "never", "callback": other}), 403, "AccessDenied")
    assert len(receiver.requests) == 2 and not bucket.object_exists("never")


def test_a_large_file(server, bucket):
    content = b"0123456789" * 1_000_000
    assert post(server, bucket, fields(server, bucket) | {"key": "k"}, content).status_code == 204
    assert bucket.get_object("k").read() == content
