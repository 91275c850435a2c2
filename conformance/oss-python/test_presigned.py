"""Links: what was signed works for anybody who has it, and nothing else does."""

import datetime
import time
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import alibabacloud_oss_v2 as oss_v2
import oss2
import oss_clients
import pytest
import requests

ALL = [oss2.AUTH_VERSION_1, oss2.AUTH_VERSION_2, oss2.AUTH_VERSION_4]


@pytest.fixture(params=ALL)
def signer(server, bucket, request):
    return oss_clients.bucket(server, bucket.bucket_name, version=request.param)


def changed(url, **values):
    """The URL with other query values; None drops one."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True)) | values
    query = {name: value for name, value in query.items() if value is not None}
    return urlunsplit(parts._replace(query=urlencode(query)))


def asked(method, url, **options):
    return requests.request(method, url, timeout=30, **options)


def refused(answer, status, *codes):
    assert answer.status_code == status and any(f"<Code>{code}</Code>" in answer.text for code in codes), answer.text
    assert len(answer.headers["x-oss-request-id"]) == 24 and answer.headers["x-oss-ec"]


@pytest.mark.parametrize("key", ["k", "中/a b", "a+b&c=d?e#f%20g"], ids=range(3))
@pytest.mark.parametrize("slash_safe", [False, True])
def test_reading_and_writing(signer, key, slash_safe):
    link = lambda method: signer.sign_url(method, key, 60, slash_safe=slash_safe)
    assert asked("PUT", link("PUT"), data=b"by link").status_code == 200
    assert signer.get_object(key).read() == b"by link"
    assert asked("GET", link("GET")).content == b"by link"
    part = asked("GET", link("GET"), headers={"Range": "bytes=3-"})
    assert part.status_code == 206 and part.content == b"link"
    assert asked("HEAD", link("HEAD")).headers["Content-Length"] == "7"
    assert asked("DELETE", link("DELETE")).status_code == 204
    assert not signer.object_exists(key)


def test_a_link_is_for_one_thing(signer):
    signer.put_object("k", b"x")
    signer.put_object("other", b"secret")
    url = signer.sign_url("GET", "k", 60)
    for method in ("PUT", "DELETE"):
        refused(asked(method, url), 403, "SignatureDoesNotMatch")
    parts = urlsplit(url)
    refused(asked("GET", urlunsplit(parts._replace(path=parts.path[:-1] + "other"))), 403, "SignatureDoesNotMatch")
    refused(asked("GET", changed(url, versionId="null")), 403, "SignatureDoesNotMatch")
    assert signer.get_object("k").read() == b"x"


def test_tampering(signer):
    signer.put_object("k", b"x")
    url = signer.sign_url("GET", "k", 60)
    for name in ("Expires", "x-oss-expires"):
        if f"{name}=" in url:
            later = dict(parse_qsl(urlsplit(url).query))[name]
            refused(asked("GET", changed(url, **{name: str(int(later) + 1)})), 403, "SignatureDoesNotMatch")
    for name in ("Signature", "x-oss-signature"):
        if f"{name}=" in url:
            refused(asked("GET", changed(url, **{name: "0" * 64})), 403, "SignatureDoesNotMatch")
            assert asked("GET", changed(url, **{name: None})).status_code in (400, 403)


def test_the_end_of_a_link(signer):
    signer.put_object("k", b"x")
    url = signer.sign_url("GET", "k", 1)
    assert asked("GET", url).status_code == 200
    time.sleep(2.5)
    answer = asked("GET", url)
    refused(answer, 403, "AccessDenied")
    assert "<Message>Request has expired.</Message>" in answer.text


def test_links_of_a_week_at_most(server, bucket):
    signer = oss_clients.bucket(server, bucket.bucket_name, version=oss2.AUTH_VERSION_4)
    signer.put_object("k", b"x")
    assert asked("GET", signer.sign_url("GET", "k", 604800)).status_code == 200
    refused(asked("GET", signer.sign_url("GET", "k", 604801)), 400, "InvalidArgument")


def test_headers_that_were_signed(signer):
    headers = {"Content-Type": "text/x-me", "x-oss-meta-a": "b", "x-oss-object-acl": "public-read"}
    url = signer.sign_url("PUT", "k", 60, headers=dict(headers))
    assert asked("PUT", url, data=b"x", headers=headers).status_code == 200
    assert signer.head_object("k").headers["x-oss-meta-a"] == "b" and signer.get_object_acl("k").acl == "public-read"
    refused(asked("PUT", url, data=b"x", headers=headers | {"x-oss-meta-a": "c"}), 403, "SignatureDoesNotMatch")
    refused(asked("PUT", url, data=b"x"), 403, "SignatureDoesNotMatch")
    refused(asked("PUT", url, data=b"x", headers=headers | {"x-oss-meta-more": "d"}), 403, "SignatureDoesNotMatch")


def test_the_sdks_own_way_to_use_links(signer, tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"from a file")
    signer.put_object_with_url_from_file(signer.sign_url("PUT", "k", 60), str(file))
    assert signer.get_object_with_url(signer.sign_url("GET", "k", 60)).read() == b"from a file"
    signer.get_object_with_url_to_file(signer.sign_url("GET", "k", 60), str(tmp_path / "out"))
    assert (tmp_path / "out").read_bytes() == b"from a file"


def test_a_part_by_link(signer):
    upload = signer.init_multipart_upload("k").upload_id
    url = signer.sign_url("PUT", "k", 60, params={"uploadId": upload, "partNumber": "1"})
    answer = asked("PUT", url, data=b"part")
    signer.complete_multipart_upload("k", upload, [oss2.models.PartInfo(1, answer.headers["ETag"])])
    assert signer.get_object("k").read() == b"part"


def test_a_link_cannot_do_what_its_signer_may_not(server, bucket, stranger):
    bucket.put_object("k", b"x")
    for version in ALL:
        theirs = oss_clients.bucket(server, bucket.bucket_name, stranger, version)
        refused(asked("GET", theirs.sign_url("GET", "k", 60)), 403, "AccessDenied")


@pytest.mark.parametrize("signature", ["v1", "v4"])
def test_links_of_the_newer_sdk(server, bucket, signature):
    client = oss_clients.v2(server, signature_version=signature)
    name = bucket.bucket_name
    put = client.presign(oss_v2.PutObjectRequest(bucket=name, key="中/k", metadata={"a": "b"}), expires=datetime.timedelta(minutes=5))
    assert put.method == "PUT" and asked("PUT", put.url, data=b"x", headers=dict(put.signed_headers)).status_code == 200
    get = client.presign(oss_v2.GetObjectRequest(bucket=name, key="中/k"))
    assert asked("GET", get.url).content == b"x"
    assert bucket.head_object("中/k").headers["x-oss-meta-a"] == "b"
