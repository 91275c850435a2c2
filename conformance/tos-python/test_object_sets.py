"""Object sets: parts of a bucket with quotas, rates and lifecycle rules of their own, each with its effect."""

import datetime
import time

import pytest
from tos.enum import StatusType
from tos.models2 import BucketLifeCycleExpiration, BucketLifeCycleRule, ObjectSetQuotaRule, ObjectSetTagLifecycleRule, QosConfig, Tag

PAST = datetime.datetime(2020, 1, 1)


@pytest.fixture()
def divided(client, bucket):
    """A bucket with the sets `a/` and `b/`."""
    client.put_bucket_object_set_configuration(bucket, path_level=1, enable_default_object_set=False)
    client.put_object_set(bucket, "a", [Tag("team", "one")])
    client.put_object_set(bucket, "b")
    return bucket


def keys(client, bucket):
    return [found.key for found in client.list_objects_type2(bucket).contents]


def until(check, seconds=20):
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.1)


def rule(prefix=""):
    return BucketLifeCycleRule(id="a", prefix=prefix, status=StatusType.Status_Enable, expiration=BucketLifeCycleExpiration(date=PAST))


def test_sets_come_and_go(client, bucket, fails):
    assert fails(lambda: client.get_bucket_object_set_configuration(bucket)).code == "NoSuchObjectSet"
    client.put_bucket_object_set_configuration(bucket, path_level=2, enable_default_object_set=True, custom_delimiter="-")
    told = client.get_bucket_object_set_configuration(bucket)
    assert (told.path_level, told.custom_delimiter, told.enable_default_object_set, told.storage_quota) == (2, "-", True, None)
    client.put_object_set(bucket, "a-b", [Tag("k", "v")])
    assert client.get_object_set(bucket, "a-b-").object_set_name == "a-b-"
    client.put_object_set_tagging(bucket, "a-b", [Tag("k", "w")])
    assert [tag.value for tag in client.get_object_set_tagging(bucket, "a-b").tag_set] == ["w"]
    assert [found.object_set_name for found in client.list_object_set(bucket, tags="k=w").object_sets] == ["a-b-"]
    assert client.list_object_set(bucket, tags="k=v").object_sets == []
    assert client.get_object_set_endpoint(bucket, "a-b").endpoints[0].endpoint[0].startswith(bucket)
    error = fails(lambda: client.put_object_set(bucket, "a"))
    assert (error.status_code, error.code) == (400, "InvalidArgument")
    client.delete_object_set(bucket, "a-b")
    assert fails(lambda: client.get_object_set(bucket, "a-b")).status_code == 404


def test_a_quota_refuses_what_is_too_much(client, divided, fails):
    client.put_object_set_quota(divided, "a", "100")
    assert client.get_object_set_quota(divided, "a").storage_quota == "100"
    client.put_object(divided, "a/1", content=b"x" * 60)
    error = fails(lambda: client.put_object(divided, "a/2", content=b"x" * 41))
    assert (error.status_code, error.code) == (403, "QuotaExceeded")
    client.put_object(divided, "b/2", content=b"x" * 41)
    stored = client.get_object_set_storage(divided, "a").total_storage_stat
    assert (stored.storage_size, stored.object_count) == ("60", 1)
    client.put_object_set_quota(divided, "a", "0")
    client.put_object(divided, "a/2", content=b"x" * 41)


def test_quotas_and_rates_by_tag(client, divided, fails):
    assert fails(lambda: client.get_object_set_quota_by_tag(divided)).status_code == 404
    bounds = ObjectSetQuotaRule(tag=Tag("team", "one"), qos=QosConfig(writes_qps=1), storage_quota="10")
    client.put_object_set_quota_by_tag(divided, [bounds])
    told = client.get_object_set_quota_by_tag(divided).rules[0]
    assert (told.tag.key, told.qos.writes_qps, told.qos.list_qps, told.storage_quota) == ("team", 1, None, "10")
    client.put_object(divided, "b/1", content=b"x" * 11)
    assert fails(lambda: client.put_object(divided, "a/1", content=b"x" * 11)).code in ("QuotaExceeded", "ExceedBucketQPSLimit")
    client.delete_object_set_quota_by_tag(divided)
    client.put_object(divided, "a/1", content=b"x" * 11)


def test_lifecycle_rules_of_a_set(client, divided, fails):
    for key in ("a/log/1", "a/1", "b/log/1", "log/1"):
        client.put_object(divided, key, content=b"x")
    client.put_object_set_lifecycle(divided, "a", [rule("log/")])
    assert client.get_object_set_lifecycle(divided, "a").rules[0].prefix == "log/"
    until(lambda: keys(client, divided) == ["a/1", "b/log/1", "log/1"])
    client.delete_object_set_lifecycle(divided, "a")
    assert fails(lambda: client.get_object_set_lifecycle(divided, "a")).code == "NoSuchLifecycleConfiguration"


def test_lifecycle_rules_by_tag(client, divided, fails):
    for key in ("a/1", "b/1"):
        client.put_object(divided, key, content=b"x")
    client.put_object_set_lifecycle_by_tag(divided, [ObjectSetTagLifecycleRule(Tag("team", "one"), [rule()])])
    assert client.get_object_set_lifecycle_by_tag(divided).object_set_tag_rules[0].tag.value == "one"
    until(lambda: keys(client, divided) == ["b/1"])
    client.delete_object_set_lifecycle_by_tag(divided)
    assert fails(lambda: client.get_object_set_lifecycle_by_tag(divided)).status_code == 404


def test_sets_are_the_owners(stranger, divided, fails):
    for ask in (
        lambda: stranger.get_object_set(divided, "a"),
        lambda: stranger.put_object_set(divided, "c"),
        lambda: stranger.list_object_set(divided),
        lambda: stranger.put_bucket_object_set_configuration(divided, 1, False),
    ):
        assert fails(ask).code == "AccessDenied"
