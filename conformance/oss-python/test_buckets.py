"""Buckets: made, described, listed, removed."""

import oss2
import oss_clients
import pytest
import requests
from oss2.models import BucketCreateConfig


def test_a_buckets_life(server, bucket, fails):
    name = bucket.bucket_name
    assert bucket.create_bucket().status == 200, "its owner may make it again"
    info = bucket.get_bucket_info()
    assert (info.name, info.location, info.storage_class) == (name, "oss-cn-hangzhou", "Standard")
    assert info.acl.grant == "private" and info.owner.id and info.extranet_endpoint and info.intranet_endpoint
    assert info.data_redundancy_type == "LRS" and info.creation_date
    assert bucket.get_bucket_location().location == "oss-cn-hangzhou"
    assert bucket.get_bucket_acl().acl == "private"
    bucket.put_object("k", b"x")
    error = fails(bucket.delete_bucket, 409, "BucketNotEmpty", "0015-00000301")
    assert error.message == "The bucket has objects. Please delete them first."
    bucket.delete_object("k")
    upload = bucket.init_multipart_upload("k").upload_id
    fails(bucket.delete_bucket, 409, "BucketNotEmpty")
    bucket.abort_multipart_upload("k", upload)
    assert bucket.delete_bucket().status == 204
    fails(bucket.get_bucket_info, 404, "NoSuchBucket")


def test_what_is_said_when_it_is_made(server, bucket):
    made = oss_clients.bucket(server, bucket.bucket_name + "-ia")
    made.create_bucket(oss2.BUCKET_ACL_PUBLIC_READ, BucketCreateConfig("IA", "ZRS"))
    info = made.get_bucket_info()
    assert (info.storage_class, info.data_redundancy_type, info.acl.grant) == ("IA", "ZRS", "public-read")
    made.put_object("k", b"x")
    assert made.head_object("k").headers["x-oss-storage-class"] == "IA"
    made.delete_object("k")
    made.delete_bucket()


def test_statistics(bucket):
    bucket.put_object("a", b"12345")
    bucket.put_object("b", b"1")
    bucket.init_multipart_upload("c")
    stat = bucket.get_bucket_stat()
    assert (stat.object_count, stat.storage_size_in_bytes, stat.multi_part_upload_count) == (2, 6, 1)


def test_lists_of_buckets(server, bucket):
    made = [oss_clients.bucket(server, f"{bucket.bucket_name}-{n}") for n in range(4)]
    for one in made:
        one.create_bucket()
    service = oss_clients.service(server)
    names = [bucket.bucket_name] + [one.bucket_name for one in made]
    for size in (1, 2, 3, 5, 100):
        found = list(oss2.BucketIterator(service, prefix=bucket.bucket_name, max_keys=size))
        assert [one.name for one in found] == names, size
    (first, *_) = service.list_buckets(prefix=bucket.bucket_name).buckets
    assert (first.location, first.storage_class, first.region) == ("oss-cn-hangzhou", "Standard", "cn-hangzhou")
    again = oss2.Bucket(oss_clients.auth(server), first.extranet_endpoint, first.name)
    assert again.get_bucket_acl().acl == "private", "the endpoint in the list leads to the bucket"
    for one in made:
        one.delete_bucket()


@pytest.mark.parametrize("name", ["ab", "UPPER-CASE", "-a-b", "a_b", "a" * 64])
def test_names_that_no_bucket_may_have(server, name):
    answer = requests.put(f"{server.url}/{name}/", timeout=30)
    assert answer.status_code in (400, 403), answer.text
    if answer.status_code == 400:
        assert "<Code>InvalidBucketName</Code>" in answer.text


def test_a_name_that_somebody_else_has(server, bucket, stranger, fails):
    other = oss_clients.bucket(server, bucket.bucket_name, stranger)
    fails(lambda: other.create_bucket(), 409, "BucketAlreadyExists", "0015-00000104")
    assert [one.name for one in oss_clients.service(server, stranger).list_buckets().buckets] == []


def test_an_acl_that_is_none(bucket, fails):
    error = fails(lambda: bucket.put_bucket_acl("everything"), 400, "InvalidArgument")
    assert error.details["ArgumentName"] == "x-oss-acl" and error.details["ArgumentValue"] == "everything"
    assert bucket.get_bucket_acl().acl == "private"


def test_regions(server):
    service = oss_clients.service(server)
    (found,) = service.describe_regions("oss-cn-hangzhou").regions
    assert found.region == "oss-cn-hangzhou" and found.internet_endpoint


def test_documents_that_are_none(server, bucket, fails):
    error = fails(lambda: bucket.put_bucket_lifecycle("<LifecycleConfiguration>"), 400, "MalformedXML", "0015-00000231")
    assert error.message.startswith("The XML you provided was not well-formed")
