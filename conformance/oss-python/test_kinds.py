"""Kinds of objects: appended ones, symbolic links, archived ones; tags of objects."""

import oss2
import pytest
from oss2.models import RestoreConfiguration, RestoreJobParameters, Tagging, TaggingRule
from oss2.utils import Crc64


def test_appending(bucket):
    first = bucket.append_object("log", 0, b"one ", headers={"x-oss-meta-a": "b", "Content-Type": "text/x-log"}, init_crc=0)
    assert first.next_position == 4
    second = bucket.append_object("log", 4, b"two", headers={"x-oss-meta-a": "ignored"}, init_crc=first.crc)
    assert second.next_position == 7
    digest = Crc64()
    digest.update(b"one two")
    assert second.crc == digest.crc
    got = bucket.get_object("log")
    assert got.read() == b"one two" and got.object_type == "Appendable"
    assert (got.headers["x-oss-meta-a"], got.content_type, got.headers["x-oss-next-append-position"]) == ("b", "text/x-log", "7")
    (entry,) = bucket.list_objects().object_list
    assert (entry.type, entry.size) == ("Appendable", 7)


def test_appending_at_the_wrong_place(bucket):
    bucket.append_object("log", 0, b"one")
    for position in (0, 2, 4):
        with pytest.raises(oss2.exceptions.PositionNotEqualToLength) as caught:
            bucket.append_object("log", position, b"x")
        assert (caught.value.status, caught.value.next_position) == (409, 3)
        assert caught.value.ec == "0026-00000016"
    with pytest.raises(oss2.exceptions.PositionNotEqualToLength):
        bucket.append_object("absent", 1, b"x")
    bucket.put_object("normal", b"x")
    with pytest.raises(oss2.exceptions.ObjectNotAppendable):
        bucket.append_object("normal", 1, b"x")
    assert bucket.get_object("log").read() == b"one"


def test_many_appends(bucket):
    position, whole = 0, b""
    for n in range(30):
        piece = b"%d;" % n
        position = bucket.append_object("log", position, piece).next_position
        whole += piece
    assert bucket.get_object("log").read() == whole and position == len(whole)
    assert bucket.get_object("log", byte_range=(5, 9)).read() == whole[5:10]
    bucket.put_object("log", b"over")
    assert bucket.head_object("log").object_type == "Normal"


def test_links(bucket, fails):
    target = bucket.put_object("dir/目标 +", b"content", headers={"x-oss-meta-of": "target"})
    bucket.put_symlink("dir/目标 +", "link", headers={"x-oss-meta-of": "link"})
    assert bucket.get_symlink("link").target_key == "dir/目标 +"
    got = bucket.get_object("link")
    assert got.read() == b"content" and got.object_type == "Symlink"
    assert (got.etag, got.content_length, got.headers["x-oss-meta-of"]) == (target.etag, 7, "link")
    assert bucket.head_object("link").object_type == "Symlink"
    bucket.delete_object("dir/目标 +")
    fails(lambda: bucket.get_object("link"), 404, "SymlinkTargetNotExist")
    assert bucket.get_symlink("link").status == 200
    bucket.put_object("k", b"x")
    fails(lambda: bucket.get_symlink("k"), 400, "NotSymlink")
    fails(lambda: bucket.get_symlink("absent"), 404, "NoSuchKey")


def test_a_link_before_its_target_and_no_chains(bucket, fails):
    bucket.put_symlink("later", "link")
    fails(lambda: bucket.get_object("link"), 404, "SymlinkTargetNotExist")
    bucket.put_object("later", b"now")
    assert bucket.get_object("link").read() == b"now"
    bucket.put_symlink("link", "chain")
    with pytest.raises(oss2.exceptions.ServerError):
        bucket.get_object("chain")
    fails(lambda: bucket.put_symlink("later", "link", headers={"x-oss-forbid-overwrite": "true"}), 409, "FileAlreadyExists")


def archived(bucket, storage_class, key="k"):
    bucket.put_object(key, b"cold", headers={"x-oss-storage-class": storage_class})
    return key


def test_an_archived_object_is_restored(bucket, fails):
    key = archived(bucket, "Archive")
    fails(lambda: bucket.get_object(key), 403, "InvalidObjectState")
    assert bucket.head_object(key).headers["x-oss-storage-class"] == "Archive"
    assert bucket.restore_object(key).status == 202
    assert bucket.head_object(key).headers["x-oss-restore"].startswith("ongoing-request=")


def test_jobs_of_colder_classes(bucket, fails):
    key = archived(bucket, "ColdArchive")
    fails(lambda: bucket.get_object(key), 403, "InvalidObjectState")
    job = RestoreConfiguration(days=2, job_parameters=RestoreJobParameters(oss2.models.RESTORE_TIER_EXPEDITED))
    result = bucket.restore_object(key, input=job)
    assert result.status == 202 and result.headers["x-oss-object-restore-priority"] == "Expedited"
    wrong = RestoreConfiguration(days=2, job_parameters=RestoreJobParameters("Soon"))
    fails(lambda: bucket.restore_object(archived(bucket, "ColdArchive", "other"), input=wrong), 400, "InvalidArgument")
    fails(lambda: bucket.restore_object(archived(bucket, "Archive", "third"), input=job), 400, "MalformedXML")


def test_what_cannot_be_restored(bucket, fails):
    bucket.put_object("k", b"x")
    fails(lambda: bucket.restore_object("k"), 400, "OperationNotSupported")
    fails(lambda: bucket.restore_object("absent"), 404, "NoSuchKey")


def tagging(values):
    rule = TaggingRule()
    for key, value in values.items():
        rule.add(key, value)
    return Tagging(rule)


def test_tags_of_an_object(bucket, fails):
    bucket.put_object("k", b"x")
    assert bucket.get_object_tagging("k").tag_set.tagging_rule == {}
    values = {"a": "1", "中 +": "值 -=", "b.c:d/e": ""}
    bucket.put_object_tagging("k", tagging(values))
    assert bucket.get_object_tagging("k").tag_set.tagging_rule == values
    assert bucket.head_object("k").headers["x-oss-tagging-count"] == "3"
    assert bucket.delete_object_tagging("k").status == 204
    assert "x-oss-tagging-count" not in bucket.head_object("k").headers
    fails(lambda: bucket.get_object_tagging("absent"), 404, "NoSuchKey")


def test_too_many_tags(bucket, fails):
    eleven = "&".join(f"k{n}=v" for n in range(11))
    fails(lambda: bucket.put_object("k", b"x", headers={"x-oss-tagging": eleven}), 400, "InvalidTag")
    assert not bucket.object_exists("k")
