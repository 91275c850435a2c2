"""Listings: every page size gives the same objects, with and without a delimiter, however keys are written."""

import oss2
import oss_clients
import pytest
from oss2.models import BucketVersioningConfig

KEYS = ["a", "a b", "a+b", "b/", "b/1", "b/2/x", "b/2/y", "b0", "c/1", "c/2", "control\x0c", "d+&%", "中/文", "😀"]
SIZES = [1, 2, 3, 5, 13, 14, 15, 1000]


@pytest.fixture(scope="module")
def filled(server):
    bucket = oss_clients.bucket(server, "lists-of-objects")
    bucket.create_bucket()
    for key in KEYS:
        bucket.put_object(key, key.encode())
    return bucket


def rolled(keys, prefix, delimiter):
    """What a listing shows, computed from the keys alone."""
    shown = []
    for key in sorted((key for key in keys if key.startswith(prefix)), key=str.encode):
        head, found, _ = key[len(prefix):].partition(delimiter) if delimiter else (key, "", "")
        entry = prefix + head + delimiter if found else key
        if entry not in shown:
            shown.append(entry)
    return shown


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("prefix", "delimiter"), [("", ""), ("", "/"), ("b/", "/"), ("b", ""), ("中", "/"), ("x", ""), ("a", " ")])
def test_every_page_size(filled, prefix, delimiter, size):
    for iterator in (oss2.ObjectIterator, oss2.ObjectIteratorV2):
        found = list(iterator(filled, prefix=prefix, delimiter=delimiter, max_keys=size))
        assert [one.key for one in found] == rolled(KEYS, prefix, delimiter), iterator
        assert all(one.is_prefix() for one in found if one.key not in KEYS)


@pytest.mark.parametrize("marker", ["", "a", "a b", "b/", "b/2", "b/2/x", "zz", "😀"])
def test_markers(filled, marker):
    wanted = [key for key in sorted(KEYS, key=str.encode) if key.encode() > marker.encode()]
    assert [one.key for one in filled.list_objects(marker=marker).object_list] == wanted
    assert [one.key for one in filled.list_objects_v2(start_after=marker).object_list] == wanted
    page = filled.list_objects(marker=marker, delimiter="/")
    prefixes = [one for one in rolled(KEYS, "", "/") if one.endswith("/") and one.encode() > marker.encode() and not marker.startswith(one)]
    assert page.prefix_list == prefixes


def test_what_an_entry_tells(filled):
    (one,) = filled.list_objects(prefix="a b").object_list
    head = filled.head_object("a b")
    assert (one.etag, one.size, one.type, one.storage_class) == (head.etag, 3, "Normal", "Standard")
    assert one.last_modified == head.last_modified and one.owner.id
    (without,) = filled.list_objects_v2(prefix="a b").object_list
    (told,) = filled.list_objects_v2(prefix="a b", fetch_owner=True).object_list
    assert without.owner is None and told.owner.id == one.owner.id


@pytest.mark.parametrize("encoding", ["url", ""])
def test_keys_as_they_are_and_encoded(filled, encoding):
    page = filled.list_objects_v2(prefix="d+", encoding_type=encoding)
    assert [one.key for one in page.object_list] == ["d+&%"]


@pytest.mark.parametrize("size", [0, 1001, -1])
def test_page_sizes_that_make_no_sense(filled, fails, size):
    for call in (filled.list_objects, filled.list_objects_v2, filled.list_object_versions):
        error = fails(lambda: call(max_keys=size), 400, "InvalidArgument")
        assert error.details["ArgumentName"] == "max-keys"


def test_a_token_that_is_none(filled, fails):
    fails(lambda: filled.list_objects_v2(continuation_token="nonsense"), 400, "InvalidArgument")


def history(bucket, **options):
    """All versions, page by page: key, version id, whether it is a marker, whether it is the latest."""
    found, key, version, truncated = [], "", "", True
    while truncated:
        page = bucket.list_object_versions(key_marker=key, versionid_marker=version, **options)
        entries = [(one, False) for one in page.versions] + [(one, True) for one in page.delete_marker]
        found += [(one.key, one.versionid, marker, one.is_latest) for one, marker in entries]
        truncated, key, version = page.is_truncated, page.next_key_marker, page.next_versionid_marker
        assert not truncated or (key and version)
    return found


def test_the_history_page_by_page(versioned):
    for n in range(3):
        for key in ("a", "b/1", "b/2", "中 +"):
            versioned.put_object(key, b"%d" % n)
        versioned.delete_object("b/1")
    whole = history(versioned)
    assert len(whole) == 15 and sum(latest for *_, latest in whole) == 4
    for size in (1, 2, 3, 4, 7, 15, 1000):
        assert sorted(history(versioned, max_keys=size)) == sorted(whole), size
    assert sorted(key for key, *_ in history(versioned, prefix="b/")) == ["b/1"] * 6 + ["b/2"] * 3
    page = versioned.list_object_versions(delimiter="/")
    assert page.common_prefix == ["b/"] and [one.key for one in page.versions] == ["a"] * 3 + ["中 +"] * 3
    (latest, *older) = [one for one in page.versions if one.key == "a"]
    assert latest.is_latest and not any(one.is_latest for one in older)
    assert (latest.type, latest.storage_class, latest.size) == ("Normal", "Standard", 1) and latest.owner.id
    newest_first = [versioned.get_object("a", params={"versionId": one.versionid}).read() for one in (latest, *older)]
    assert newest_first == [b"2", b"1", b"0"]


def test_the_history_of_a_bucket_without_versions(bucket):
    bucket.put_object("k", b"x")
    assert history(bucket) == [("k", "null", False, True)]
    bucket.put_bucket_versioning(BucketVersioningConfig(oss2.BUCKET_VERSIONING_ENABLE))
    version = bucket.put_object("k", b"y").versionid
    assert history(bucket) == [("k", version, False, True), ("k", "null", False, False)]
