"""Objects that say when they end, and when they were written. That they do end is tested with a steered clock."""

import datetime
import email.utils

import pytest

DAY = datetime.timedelta(days=1)


def end_of(client, bucket, key):
    """The end that an object tells, or None."""
    told = client.head_object(bucket, key).expiration
    return told and email.utils.parsedate_to_datetime(told.split('"')[1])


def midnight_after(days):
    now = datetime.datetime.now(datetime.timezone.utc)
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + (days + 1) * DAY


def test_every_way_to_write_takes_an_end(client, bucket):
    client.put_object(bucket, "never", content=b"x")
    client.put_object(bucket, "put", content=b"x", object_expires=3)
    client.copy_object(bucket, "copy", bucket, "never", object_expires=3)
    client.append_object(bucket, "append", 0, content=b"x", object_expires=3)
    upload = client.create_multipart_upload(bucket, "parts", object_expires=3).upload_id
    part = client.upload_part(bucket, "parts", upload, 1, content=b"x")
    client.complete_multipart_upload(bucket, "parts", upload, [part])
    assert end_of(client, bucket, "never") is None
    for key in ("put", "copy", "append", "parts"):
        assert abs(end_of(client, bucket, key) - midnight_after(3)) <= DAY, key
    client.copy_object(bucket, "copied", bucket, "put")
    assert end_of(client, bucket, "copied") is None


def test_an_end_is_set_and_taken_back(client, bucket, fails):
    client.put_object(bucket, "k", content=b"x")
    client.set_object_expires(bucket, "k", object_expires=3)
    assert abs(end_of(client, bucket, "k") - midnight_after(3)) <= DAY
    client.set_object_expires(bucket, "k", object_expires=0)
    assert end_of(client, bucket, "k") is None
    assert fails(lambda: client.set_object_expires(bucket, "k", object_expires=-1)).status_code == 400
    assert fails(lambda: client.set_object_expires(bucket, "absent", object_expires=1)).code == "NoSuchKey"


@pytest.mark.parametrize("away", [-400 * DAY, datetime.timedelta(minutes=10)])
def test_when_an_object_was_written(client, bucket, away):
    client.put_object(bucket, "k", content=b"x", meta={"a": "b"})
    at = datetime.datetime.now(datetime.timezone.utc) + away
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    client.set_object_time(bucket, "k", modify_timestamp=at)
    head = client.head_object(bucket, "k")
    assert head.last_modify_timestamp == at and head.meta == {"a": "b"}
    (listed,) = client.list_objects_type2(bucket).contents
    assert abs(listed.last_modified.replace(tzinfo=datetime.timezone.utc) - at) < datetime.timedelta(seconds=1)
