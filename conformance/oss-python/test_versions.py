"""Versions: nothing is lost while they are kept, and everything can be named."""

import oss2
import pytest
from oss2.models import BatchDeleteObjectVersion, BatchDeleteObjectVersionList, BucketVersioningConfig, Tagging, TaggingRule

ENABLED = BucketVersioningConfig(oss2.BUCKET_VERSIONING_ENABLE)
SUSPENDED = BucketVersioningConfig(oss2.BUCKET_VERSIONING_SUSPEND)


def at(version):
    return {"versionId": version}


def test_the_state_of_a_bucket(bucket):
    assert bucket.get_bucket_versioning().status is None
    assert bucket.put_object("k", b"x").versionid is None
    for config in (ENABLED, SUSPENDED, ENABLED):
        bucket.put_bucket_versioning(config)
        assert bucket.get_bucket_versioning().status == config.status
        assert bucket.get_bucket_info().versioning_status == config.status


def test_every_version_can_be_read(versioned):
    versions = [versioned.put_object("k", b"%d" % n).versionid for n in range(3)]
    assert len(set(versions)) == 3
    for n, version in enumerate(versions):
        got = versioned.get_object("k", params=at(version))
        assert got.read() == b"%d" % n and got.versionid == version
        assert versioned.head_object("k", params=at(version)).versionid == version
        assert versioned.get_object_meta("k", params=at(version)).versionid == version
    assert versioned.get_object("k").versionid == versions[-1]


def test_delete_markers(versioned, fails):
    version = versioned.put_object("k", b"x").versionid
    out = versioned.delete_object("k")
    marker = out.versionid
    assert out.status == 204 and out.delete_marker and marker
    error = fails(lambda: versioned.get_object("k"), 404, "NoSuchKey")
    assert error.headers["x-oss-delete-marker"] == "true" and error.headers["x-oss-version-id"] == marker
    fails(lambda: versioned.get_object("k", params=at(marker)), 405, "MethodNotAllowed")
    assert versioned.get_object("k", params=at(version)).read() == b"x"
    assert not versioned.object_exists("k") and list(oss2.ObjectIterator(versioned)) == []
    gone = versioned.delete_object("k", params=at(marker))
    assert gone.delete_marker and gone.versionid == marker
    assert versioned.get_object("k").read() == b"x", "without its marker it is back"
    assert versioned.get_object("k").delete_marker is None


def test_deleting_a_version(versioned, fails):
    first, second = (versioned.put_object("k", content).versionid for content in (b"1", b"2"))
    out = versioned.delete_object("k", params=at(second))
    assert out.versionid == second and not out.delete_marker
    assert versioned.get_object("k").read() == b"1"
    fails(lambda: versioned.get_object("k", params=at(second)), 404, "NoSuchVersion")
    assert versioned.delete_object("k", params=at(second)).status == 204
    fails(lambda: versioned.get_object("k", params=at("234")), 400, "InvalidArgument")
    fails(lambda: versioned.delete_object("k", params=at("234")), 400, "InvalidArgument")
    versioned.delete_object("k", params=at(first))
    versioned.delete_bucket()


def test_null_versions(bucket):
    bucket.put_object("k", b"before")
    bucket.put_bucket_versioning(ENABLED)
    enabled = bucket.put_object("k", b"enabled").versionid
    assert bucket.get_object("k", params=at("null")).read() == b"before"
    bucket.put_bucket_versioning(SUSPENDED)
    assert bucket.put_object("k", b"suspended").versionid == "null"
    bucket.put_object("k", b"suspended twice")
    assert bucket.get_object("k", params=at("null")).read() == b"suspended twice"
    out = bucket.delete_object("k")
    assert out.delete_marker and out.versionid == "null"
    bucket.delete_object("k", params=at("null"))
    assert bucket.get_object("k").versionid == enabled


def test_deleting_many_versions(versioned, fails):
    first, second = (versioned.put_object("k", content).versionid for content in (b"1", b"2"))
    wanted = BatchDeleteObjectVersionList([BatchDeleteObjectVersion("k", first), BatchDeleteObjectVersion("other 中")])
    known, other = versioned.delete_object_versions(wanted).delete_versions
    assert (known.key, known.versionid, known.delete_marker) == ("k", first, False)
    assert other.key == "other 中" and other.delete_marker and other.delete_marker_versionid
    wanted = BatchDeleteObjectVersionList([BatchDeleteObjectVersion("k", second), BatchDeleteObjectVersion("k", "234")])
    fails(lambda: versioned.delete_object_versions(wanted), 400, "InvalidArgument")
    assert versioned.get_object("k", params=at(second)).read() == b"2", "nothing is half done"


def test_what_stands_beside_a_version(versioned):
    first = versioned.put_object("k", b"1", headers={"x-oss-tagging": "n=1"}).versionid
    versioned.put_object("k", b"2", headers={"x-oss-tagging": "n=2"})
    assert versioned.get_object_tagging("k", params=at(first)).tag_set.tagging_rule == {"n": "1"}
    tags = TaggingRule()
    tags.add("n", "one")
    assert versioned.put_object_tagging("k", Tagging(tags), params=at(first)).versionid == first
    assert versioned.get_object_tagging("k", params=at(first)).tag_set.tagging_rule == {"n": "one"}
    versioned.delete_object_tagging("k", params=at(first))
    assert versioned.get_object_tagging("k", params=at(first)).tag_set.tagging_rule == {}
    assert versioned.get_object_tagging("k").tag_set.tagging_rule == {"n": "2"}
    versioned.put_object_acl("k", oss2.OBJECT_ACL_PUBLIC_READ, params=at(first))
    assert versioned.get_object_acl("k", params=at(first)).acl == "public-read"
    assert versioned.get_object_acl("k").acl == "default"


def test_a_version_is_copied(versioned):
    first = versioned.put_object("k", b"1").versionid
    versioned.put_object("k", b"2")
    out = versioned.copy_object(versioned.bucket_name, "k", "copy", params=at(first))
    assert out.headers["x-oss-copy-source-version-id"] == first and out.versionid
    assert versioned.get_object("copy").read() == b"1"


def test_overwriting_is_not_forbidden_where_versions_are_kept(versioned):
    versioned.put_object("k", b"1")
    assert versioned.put_object("k", b"2", headers={"x-oss-forbid-overwrite": "true"}).status == 200


@pytest.mark.parametrize("status", ["On", ""])
def test_states_that_are_none(bucket, fails, status):
    fails(lambda: bucket.put_bucket_versioning(BucketVersioningConfig(status)), 400, "MalformedXML")
    assert bucket.get_bucket_versioning().status is None
