"""One object, two tongues: what is written through one vendor's SDK is read through the other's."""

import json

import oss2
import oss_clients
import pytest
import tos
import tos_clients
from callbacks import order, verify
from oss2.models import PartInfo
from tos.enum import ACLType, StorageClassType, VersioningStatusType
from tos.models2 import CloudFunctionConfiguration, Filter, FilterKey, FilterRule

KEY = "dir/中 a+b"


@pytest.fixture()
def client(server):
    return tos_clients.client(server)


@pytest.fixture()
def through_tos(server, client, bucket):
    """A bucket that was made through TOS, as OSS sees it."""
    name = bucket.bucket_name + "-t"
    client.create_bucket(name)
    seen = oss_clients.bucket(server, name)
    yield seen
    for found in oss2.ObjectIterator(seen):
        seen.delete_object(found.key)
    seen.delete_bucket()


def test_an_object_from_tos_to_oss(client, through_tos):
    put = client.put_object(
        through_tos.bucket_name,
        KEY,
        content=b"content",
        meta={"name": "value"},
        content_type="text/x-me",
        cache_control="no-cache",
        storage_class=StorageClassType.Storage_Class_Ia,
        tagging="t=1&u=%20",
        acl=ACLType.ACL_Public_Read,
    )
    got = through_tos.get_object(KEY)
    assert got.read() == b"content" and got.server_crc == put.hash_crc64_ecma
    assert got.etag == put.etag.strip('"').upper() and got.object_type == "Normal"
    assert (got.content_type, got.headers["Cache-Control"]) == ("text/x-me", "no-cache")
    assert got.headers["x-oss-meta-name"] == "value" and got.headers["x-oss-storage-class"] == "IA"
    assert got.headers["x-oss-tagging-count"] == "2"
    assert not [name for name in got.headers if name.lower().startswith("x-tos-")]
    assert through_tos.get_object_tagging(KEY).tag_set.tagging_rule == {"t": "1", "u": " "}
    assert through_tos.get_object_acl(KEY).acl == "public-read"
    assert got.last_modified == client.head_object(through_tos.bucket_name, KEY).last_modified.timestamp()
    (entry,) = through_tos.list_objects().object_list
    assert (entry.key, entry.etag, entry.storage_class, entry.size) == (KEY, got.etag, "IA", 7)


def test_an_object_from_oss_to_tos(server, client, bucket):
    headers = {
        "Content-Type": "text/x-me",
        "Cache-Control": "no-cache",
        "x-oss-meta-name": "value",
        "x-oss-storage-class": "IA",
        "x-oss-tagging": "t=1&u=%20",
        "x-oss-object-acl": "public-read",
    }
    put = bucket.put_object(KEY, b"content", headers=headers)
    got = client.get_object(bucket.bucket_name, KEY)
    assert got.read() == b"content" and got.hash_crc64_ecma == put.crc
    assert got.etag.strip('"') == put.etag.lower() and got.meta == {"name": "value"}
    assert (got.content_type, got.cache_control) == ("text/x-me", "no-cache")
    assert got.storage_class == StorageClassType.Storage_Class_Ia
    assert not [name for name in got.header if name.lower().startswith("x-oss-")]
    tags = client.get_object_tagging(bucket.bucket_name, KEY).tag_set
    assert {tag.key: tag.value for tag in tags} == {"t": "1", "u": " "}
    (entry,) = client.list_objects_type2(bucket.bucket_name).contents
    assert (entry.key, entry.etag.strip('"'), entry.size) == (KEY, put.etag.lower(), 7)
    anonymous = tos_clients.anonymous(server)
    assert anonymous.get_object(bucket.bucket_name, KEY).read() == b"content"


def test_a_multipart_object_from_tos_to_oss(client, through_tos):
    name, contents = through_tos.bucket_name, [b"1" * (5 * 1024 * 1024), b"2"]
    upload = client.create_multipart_upload(name, KEY, meta={"a": "b"}).upload_id
    for number, content in enumerate(contents, 1):
        client.upload_part(name, KEY, upload, number, content=content)
    out = client.complete_multipart_upload(name, KEY, upload, complete_all=True)
    got = through_tos.get_object(KEY)
    assert got.read() == b"".join(contents) and got.object_type == "Multipart"
    assert got.server_crc == out.hash_crc64_ecma and got.etag == out.etag.strip('"').upper() and got.etag.endswith("-2")
    assert got.headers["x-oss-meta-a"] == "b" and "Content-MD5" not in got.headers
    assert through_tos.head_object(KEY).etag == got.etag


def test_a_multipart_object_from_oss_to_tos(client, bucket):
    contents = [b"1" * 102400, b"2"]
    upload = bucket.init_multipart_upload(KEY, headers={"x-oss-meta-a": "b"}).upload_id
    parts = []
    for number, content in enumerate(contents, 1):
        part = bucket.upload_part(KEY, upload, number, content)
        parts.append(PartInfo(number, part.etag, size=len(content), part_crc=part.crc))
    out = bucket.complete_multipart_upload(KEY, upload, parts)
    got = client.get_object(bucket.bucket_name, KEY)
    assert got.read() == b"".join(contents) and got.meta == {"a": "b"}
    assert got.hash_crc64_ecma == out.crc and got.etag.strip('"') == out.etag.lower()


def test_an_upload_begun_in_one_tongue_is_finished_in_the_other(client, bucket):
    name = bucket.bucket_name
    upload = bucket.init_multipart_upload("k").upload_id
    bucket.upload_part("k", upload, 1, b"1" * (5 * 1024 * 1024))
    client.upload_part(name, "k", upload, 2, content=b"2")
    assert [part.part_number for part in client.list_parts(name, "k", upload).parts] == [1, 2]
    client.complete_multipart_upload(name, "k", upload, complete_all=True)
    assert bucket.head_object("k").content_length == 5 * 1024 * 1024 + 1


def test_versions(client, versioned):
    name = versioned.bucket_name
    assert client.get_bucket_version(name).status == VersioningStatusType.Versioning_Status_Enabled
    first = versioned.put_object("k", b"1").versionid
    second = client.put_object(name, "k", content=b"2").version_id
    assert versioned.get_object("k", params={"versionId": second}).read() == b"2"
    assert client.get_object(name, "k", version_id=first).read() == b"1"
    marker = client.delete_object(name, "k").version_id
    with pytest.raises(oss2.exceptions.NoSuchKey):
        versioned.get_object("k")
    assert [one.versionid for one in versioned.list_object_versions().delete_marker] == [marker]
    versioned.delete_object("k", params={"versionId": marker})
    assert client.get_object(name, "k").version_id == second


def test_access_lists(server, client, bucket, stranger):
    bucket.put_object("k", b"x")
    other = tos_clients.client(server, stranger["access_key"], stranger["secret_key"])
    with pytest.raises(tos.exceptions.TosServerError):
        other.get_object(bucket.bucket_name, "k")
    bucket.put_bucket_acl(oss2.BUCKET_ACL_PUBLIC_READ)
    assert other.get_object(bucket.bucket_name, "k").read() == b"x"
    client.put_bucket_acl(bucket.bucket_name, acl=ACLType.ACL_Private)
    assert bucket.get_bucket_acl().acl == "private"


def test_a_policy_of_oss_counts_in_tos(server, client, bucket, stranger):
    bucket.put_object("k", b"x")
    other = tos_clients.client(server, stranger["access_key"], stranger["secret_key"])
    resource = f"acs:oss:*:*:{bucket.bucket_name}/*"
    allow = {"Effect": "Allow", "Action": ["oss:GetObject"], "Principal": ["stranger"], "Resource": [resource]}
    bucket.put_bucket_policy(json.dumps({"Version": "1", "Statement": [allow]}))
    assert other.get_object(bucket.bucket_name, "k").read() == b"x"
    with pytest.raises(tos.exceptions.TosServerError):
        other.put_object(bucket.bucket_name, "never", content=b"x")


def rule(function, events):
    where = Filter(FilterKey([FilterRule(name="prefix", value="img/"), FilterRule(name="suffix", value=".png")]))
    return CloudFunctionConfiguration(id="1", events=events, filter=where, cloud_function=function)


def test_a_rule_of_tos_hears_of_uploads_through_oss(server, client, bucket, receiver):
    server.command("function", "add", "across", receiver.url + "/run")
    events = ["tos:ObjectCreated:*", "tos:ObjectRemoved:*"]
    client.put_bucket_notification(bucket.bucket_name, [rule("across", events)])
    put = bucket.put_object("img/中 1.png", b"a picture")
    bucket.put_object("doc/2.png", b"no match")
    bucket.copy_object(bucket.bucket_name, "img/中 1.png", "img/copy.png")
    upload = bucket.init_multipart_upload("img/parts.png").upload_id
    part = bucket.upload_part("img/parts.png", upload, 1, b"x")
    bucket.complete_multipart_upload("img/parts.png", upload, [PartInfo(1, part.etag)])
    bucket.delete_object("img/copy.png")
    requests = receiver.wait(4)
    told = {}
    for request in requests:
        assert request.path == "/run" and request.headers["ce-type"] == "faas.tos.event"
        (event,) = json.loads(request.body)["events"]
        told[event["eventName"], event["tos"]["object"]["key"]] = event
    assert set(told) == {
        ("tos:ObjectCreated:Put", "img/中 1.png"),
        ("tos:ObjectCreated:Copy", "img/copy.png"),
        ("tos:ObjectCreated:CompleteUpload", "img/parts.png"),
        ("tos:ObjectRemoved:Delete", "img/copy.png"),
    }
    about = told["tos:ObjectCreated:Put", "img/中 1.png"]["tos"]
    assert about["ruleId"] == "1" and about["bucket"]["name"] == bucket.bucket_name
    assert about["object"]["size"] == 9 and about["object"]["eTag"].strip('"') == put.etag.lower()
    assert server.command("events", "wait")["dead"] == 0


def test_callback_and_rule_of_one_upload(server, client, bucket, receiver):
    server.command("function", "add", "both", receiver.url + "/function")
    client.put_bucket_notification(bucket.bucket_name, [rule("both", ["tos:ObjectCreated:Put"])])
    assert bucket.put_object("img/k.png", b"x", order(receiver.url + "/callback")).status == 200
    requests = {request.path: request for request in receiver.wait(2)}
    assert set(requests) == {"/callback", "/function"}
    verify(server, requests["/callback"])
    trace = server.command("trace", f"{bucket.bucket_name}/img/k.png")["changes"][0]
    assert trace["callback"]["state"] == "accepted" and trace["dialect"] == "oss"
