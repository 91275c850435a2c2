"""Copies: what is taken along, what is replaced, and under which conditions."""

from datetime import timedelta

import pytest
from tos.enum import (
    ACLType,
    MetadataDirectiveType,
    StorageClassType,
    TaggingDirectiveType,
    VersioningStatusType,
)

COPY, REPLACE = MetadataDirectiveType.Metadata_Directive_Copy, MetadataDirectiveType.Metadata_Directive_Replace


def code(error):
    return error.status_code, error.code


@pytest.fixture()
def source(client, bucket):
    client.put_object(
        bucket, "源 &?/1", content=b"x", meta={"a": "1"}, content_type="a/b", cache_control="no-cache", tagging="t=1"
    )
    return "源 &?/1"


def test_everything_is_taken_along(client, bucket, source):
    out = client.copy_object(bucket, "copy", bucket, source)
    before, after = client.head_object(bucket, source), client.head_object(bucket, "copy")
    assert out.etag == before.etag and out.last_modified
    for name in ("etag", "meta", "content_type", "cache_control", "tagging_count", "hash_crc64_ecma", "content_length"):
        assert getattr(after, name) == getattr(before, name), name
    assert client.get_object(bucket, "copy").read() == b"x"


def test_metadata_is_replaced_when_asked(client, bucket, source):
    said = {"meta": {"b": "2"}, "content_type": "c/d"}
    client.copy_object(bucket, "kept", bucket, source, metadata_directive=COPY, **said)
    client.copy_object(bucket, "replaced", bucket, source, metadata_directive=REPLACE, **said)
    kept, replaced = client.head_object(bucket, "kept"), client.head_object(bucket, "replaced")
    assert (kept.meta, kept.content_type, kept.cache_control) == ({"a": "1"}, "a/b", "no-cache")
    assert (replaced.meta, replaced.content_type, replaced.cache_control) == ({"b": "2"}, "c/d", None)
    assert replaced.tagging_count == 1, "tags have a directive of their own"


def test_tags_are_replaced_when_asked(client, bucket, source):
    for directive, wanted in (
        (TaggingDirectiveType.TaggingDirectiveTypeCopy, "1"),
        (TaggingDirectiveType.TaggingDirectiveTypeReplace, "2"),
    ):
        client.copy_object(bucket, "copy", bucket, source, tagging="t=2", tagging_directive=directive)
        (tag,) = client.get_object_tagging(bucket, "copy").tag_set
        assert (tag.key, tag.value) == ("t", wanted), directive


def test_onto_itself(client, bucket, source):
    client.copy_object(bucket, source, bucket, source)
    assert client.head_object(bucket, source).meta == {"a": "1"}
    client.copy_object(bucket, source, bucket, source, metadata_directive=REPLACE, meta={"n": "ew"})
    head = client.head_object(bucket, source)
    assert head.meta == {"n": "ew"} and client.get_object(bucket, source).read() == b"x"


def test_a_class_and_a_list_of_its_own(client, bucket, source, anonymous, fails):
    kind = StorageClassType.Storage_Class_Ia
    client.copy_object(bucket, "copy", bucket, source, storage_class=kind, acl=ACLType.ACL_Public_Read)
    assert client.head_object(bucket, "copy").storage_class == kind
    assert anonymous.get_object(bucket, "copy").read() == b"x"
    assert fails(lambda: anonymous.get_object(bucket, source)).code == "AccessDenied"


def test_conditions(client, bucket, source, fails):
    head = client.head_object(bucket, source)
    before, after = head.last_modified - timedelta(hours=1), head.last_modified + timedelta(seconds=1)
    for good in (
        {"copy_source_if_match": head.etag},
        {"copy_source_if_none_match": "0" * 32},
        {"copy_source_if_modified_since": before},
        {"copy_source_if_unmodified_since": after},
    ):
        client.copy_object(bucket, "good", bucket, source, **good)
    for bad in (
        {"copy_source_if_match": "0" * 32},
        {"copy_source_if_none_match": head.etag},
        {"copy_source_if_modified_since": after},
        {"copy_source_if_unmodified_since": before},
    ):
        error = fails(lambda: client.copy_object(bucket, "bad", bucket, source, **bad))
        assert code(error) == (412, "PreconditionFailed"), bad
    assert not client.does_object_exist(bucket, "bad")


def test_conditions_on_the_target(client, bucket, source, fails):
    etag = client.put_object(bucket, "there", content=b"old").etag
    error = fails(lambda: client.copy_object(bucket, "there", bucket, source, forbid_overwrite=True))
    assert error.status_code in (409, 412)
    error = fails(lambda: client.copy_object(bucket, "there", bucket, source, if_match="0" * 32))
    assert code(error) == (412, "PreconditionFailed")
    assert client.get_object(bucket, "there").read() == b"old"
    client.copy_object(bucket, "there", bucket, source, if_match=etag)
    assert client.get_object(bucket, "there").read() == b"x"


def test_between_buckets_and_versions(client, bucket, fails):
    target = bucket + "-2"
    client.create_bucket(target)
    client.put_bucket_versioning(bucket, VersioningStatusType.Versioning_Status_Enabled)
    first = client.put_object(bucket, "k", content=b"1").version_id
    second = client.put_object(bucket, "k", content=b"2").version_id
    out = client.copy_object(target, "newest", bucket, "k")
    assert out.copy_source_version_id == second and client.get_object(target, "newest").read() == b"2"
    out = client.copy_object(target, "oldest", bucket, "k", src_version_id=first)
    assert out.copy_source_version_id == first and client.get_object(target, "oldest").read() == b"1"
    back = client.copy_object(bucket, "k", bucket, "k", src_version_id=first)
    assert back.version_id not in (first, second) and client.get_object(bucket, "k").read() == b"1"
    client.delete_object(bucket, "k")
    assert code(fails(lambda: client.copy_object(target, "none", bucket, "k"))) == (404, "NoSuchKey")
    assert code(fails(lambda: client.copy_object(target, "none", "never-created-source", "k"))) == (404, "NoSuchBucket")


def test_nobody_copies_what_they_may_not_read(server, client, bucket, source, stranger, fails):
    stranger.create_bucket("copies-of-a-stranger")
    error = fails(lambda: stranger.copy_object("copies-of-a-stranger", "k", bucket, source))
    assert code(error) == (403, "AccessDenied")
    upload = stranger.create_multipart_upload("copies-of-a-stranger", "k").upload_id
    error = fails(lambda: stranger.upload_part_copy("copies-of-a-stranger", "k", upload, 1, bucket, source))
    assert code(error) == (403, "AccessDenied")
    error = fails(lambda: stranger.copy_object(bucket, "k", bucket, source))
    assert code(error) == (403, "AccessDenied")
    client.put_object_acl(bucket, source, acl=ACLType.ACL_Authenticated_Read)
    stranger.copy_object("copies-of-a-stranger", "k", bucket, source)
    assert stranger.get_object("copies-of-a-stranger", "k").read() == b"x"
