"""Replication: what is written into a bucket appears in another one."""

from reports import until
from tos.enum import StatusType, StorageClassInheritDirectiveType, StorageClassType
from tos.models2 import AccessControlTranslation, Destination, ReplicationRule, Tag

ROLE = "ServiceRoleforReplicationAccessTOS"


def rule(into, **options):
    place = Destination(into, "cn-beijing", StorageClassType.Storage_Class_Ia)
    settings = {"id": "1", "status": StatusType.Status_Enable, "destination": place}
    return ReplicationRule(**(settings | options))


def copies(client, bucket, *keys):
    """Waits until a bucket holds these keys and no others."""
    found = lambda: {item.key for item in client.list_objects_type2(bucket).contents}
    until(lambda: found() == set(keys) or None)


def test_what_is_written_is_copied(client, bucket):
    into = f"{bucket}-copies"
    client.create_bucket(into)
    client.put_object(bucket, "in/before", content=b"before")
    wanted = rule(
        into, prefix_set=["in/"], tags=[Tag("keep", "yes")],
        access_control_translation=AccessControlTranslation("BucketOwnerEntrusted"),
    )
    client.put_bucket_replication(bucket, ROLE, [wanted])
    client.put_object(bucket, "in/plain", content=b"plain")
    client.put_object(bucket, "out", content=b"out", tagging="keep=yes")
    client.put_object(bucket, "in/a b", content=b"kept", tagging="keep=yes", meta={"name": "value"})
    copies(client, into, "in/a b")
    copy = client.get_object(into, "in/a b")
    assert (copy.read(), copy.meta["name"], copy.storage_class) == (b"kept", "value", StorageClassType.Storage_Class_Ia)
    assert copy.replication_status.value == "REPLICA"
    status = lambda: client.head_object(bucket, "in/a b").replication_status.value
    until(lambda: status() == "COMPLETE" or None)
    client.put_object(bucket, "in/a b", content=b"newer", tagging="keep=yes")
    until(lambda: client.get_object(into, "in/a b").read() == b"newer" or None)
    client.delete_object(bucket, "in/a b")
    client.delete_bucket_replication(bucket)
    client.put_object(bucket, "in/late", content=b"late", tagging="keep=yes")
    copies(client, into, "in/a b")
    client.delete_object(into, "in/a b")
    client.delete_bucket(into)


def test_what_was_there_before_is_copied(client, bucket):
    into = f"{bucket}-copies"
    client.create_bucket(into)
    for n in range(3):
        client.put_object(bucket, f"{n}", content=b"old", storage_class=StorageClassType.Storage_Class_Archive_Fr)
    place = Destination(
        into, "cn-beijing", storage_class_inherit_directive=StorageClassInheritDirectiveType.Storage_Class_ID_Source_Object
    )
    client.put_bucket_replication(
        bucket, ROLE, [rule(into, destination=place, historical_object_replication=StatusType.Status_Enable)]
    )
    progress = lambda: client.get_bucket_replication(bucket, "1").rules[0].progress
    assert progress().historical_object == 0.0
    until(lambda: progress().historical_object == 1.0 or None)
    assert progress().new_object.endswith("Z")
    copies(client, into, "0", "1", "2")
    assert client.head_object(into, "0").storage_class == StorageClassType.Storage_Class_Archive_Fr
    for n in range(3):
        client.delete_object(into, f"{n}")
    client.delete_bucket(into)


def test_rules_that_are_refused(client, stranger, bucket, fails):
    def refused(*rules, by=client):
        error = fails(lambda: by.put_bucket_replication(bucket, ROLE, list(rules)))
        return error.status_code, error.code

    assert refused(rule(bucket)) == (400, "InvalidArgument")
    assert refused(rule("nowhere-at-all")) == (404, "NoSuchBucket")
    into, theirs = f"{bucket}-copies", f"{bucket}-theirs"
    client.create_bucket(into)
    stranger.create_bucket(theirs)
    assert refused(rule(theirs)) == (403, "AccessDenied")
    assert refused(rule(into), by=stranger) == (403, "AccessDenied")
    assert refused(rule(into, prefix_set=["a"]), rule(into, id="2", prefix_set=["ab"])) == (400, "InvalidArgument")
    error = fails(lambda: client.get_bucket_replication(bucket))
    assert (error.status_code, error.code) == (404, "NoSuchBucketReplication")
    client.delete_bucket(into)
    stranger.delete_bucket(theirs)
