"""One object, three tongues: what is written through one vendor's SDK is read through the others'."""

import json

import oss2
import oss_clients
import pytest
import tos_clients
from tos.models2 import CloudFunctionConfiguration, Filter, FilterKey, FilterRule

KEY = "dir/中 a+b"


@pytest.fixture()
def tos(server):
    return tos_clients.client(server)


@pytest.fixture()
def oss(server, bucket):
    return oss_clients.bucket(server, bucket)


def test_an_object_from_tos(s3, bucket, tos):
    put = tos.put_object(bucket, KEY, content=b"content", meta={"name": "value"}, content_type="text/x-me", tagging="t=1")
    got = s3.get_object(Bucket=bucket, Key=KEY)
    assert got["Body"].read() == b"content" and got["ETag"].strip('"') == put.etag.strip('"')
    assert (got["ContentType"], got["Metadata"]) == ("text/x-me", {"name": "value"})
    assert s3.get_object_tagging(Bucket=bucket, Key=KEY)["TagSet"] == [{"Key": "t", "Value": "1"}]
    assert not [name for name in got["ResponseMetadata"]["HTTPHeaders"] if name.startswith("x-tos-")]
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [KEY]


def test_objects_from_oss(s3, bucket, oss):
    oss.put_object(KEY, b"content", headers={"x-oss-meta-name": "value", "x-oss-storage-class": "IA"})
    oss.put_symlink(KEY, "link")
    oss.append_object("log", 0, b"one")
    oss.append_object("log", 3, b"two")
    got = s3.get_object(Bucket=bucket, Key="link")
    assert got["Body"].read() == b"content"
    got = s3.get_object(Bucket=bucket, Key=KEY)
    assert (got["Metadata"], got["StorageClass"]) == ({"name": "value"}, "STANDARD_IA")
    assert s3.get_object(Bucket=bucket, Key="log")["Body"].read() == b"onetwo"
    copied = s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": KEY})
    assert copied["CopyObjectResult"]["ETag"] == got["ETag"]


def test_an_object_to_the_others(s3, bucket, oss, tos):
    put = s3.put_object(Bucket=bucket, Key=KEY, Body=b"content", Metadata={"name": "value"}, ContentType="text/x-me")
    got = oss.get_object(KEY)
    assert got.read() == b"content" and got.etag == put["ETag"].strip('"').upper()
    assert (got.content_type, got.headers["x-oss-meta-name"]) == ("text/x-me", "value")
    got = tos.get_object(bucket, KEY)
    assert got.read() == b"content" and (got.content_type, got.meta["name"]) == ("text/x-me", "value")
    assert not [name for name in got.header if name.lower().startswith("x-amz-")]
    assert [one.key for one in oss2.ObjectIterator(oss)] == [KEY]


def test_a_rule_of_tos_fires_on_uploads_of_s3(server, s3, bucket, tos, receiver):
    server.command("function", "add", "told", receiver.url + "/told")
    rule = CloudFunctionConfiguration(
        id="1", events=["tos:ObjectCreated:*"], filter=Filter(FilterKey([FilterRule(name="suffix", value=".jpg")])),
        cloud_function="told",
    )
    tos.put_bucket_notification(bucket, [rule])
    s3.put_object(Bucket=bucket, Key="no.txt", Body=b"x")
    s3.put_object(Bucket=bucket, Key="a.jpg", Body=b"x")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="b.jpg")["UploadId"]
    at = {"Bucket": bucket, "Key": "b.jpg", "UploadId": upload}
    etag = s3.upload_part(Body=b"y", PartNumber=1, **at)["ETag"]
    s3.complete_multipart_upload(MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]}, **at)
    told = [json.loads(request.body)["events"][0] for request in receiver.wait(2)]
    keys = sorted((one["tos"]["object"]["key"], one["eventName"]) for one in told)
    assert [key for key, _ in keys] == ["a.jpg", "b.jpg"], keys


def test_rules_of_oss_count_here(s3, bucket, oss):
    rule = oss2.models.LifecycleRule("one", "logs/", status="Enabled", expiration=oss2.models.LifecycleExpiration(days=3))
    oss.put_bucket_lifecycle(oss2.models.BucketLifecycle([rule]))
    (seen,) = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert seen == {"ID": "one", "Filter": {"Prefix": "logs/"}, "Status": "Enabled", "Expiration": {"Days": 3}}
