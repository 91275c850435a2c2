"""Versions: enabled, suspended, markers, and the whole history listed page by page."""

import pytest
import tos
from tos.enum import VersioningStatusType
from tos.models2 import ObjectTobeDeleted

ENABLED = VersioningStatusType.Versioning_Status_Enabled
SUSPENDED = VersioningStatusType.Versioning_Status_Suspended


@pytest.fixture()
def versioned(client, bucket):
    client.put_bucket_versioning(bucket, ENABLED)
    return bucket


def history(client, bucket, **query):
    """Versions, then markers, page by page: each as (key, version, marker, latest)."""
    found, marker, id_marker = [], None, None
    while True:
        page = client.list_object_versions(bucket, key_marker=marker, version_id_marker=id_marker, **query)
        both = [(v.key, v.version_id, False, v.is_latest) for v in page.versions]
        both += [(m.key, m.version_id, True, m.is_latest) for m in page.delete_markers]
        assert len(both) <= page.max_keys
        found += both
        if not page.is_truncated:
            return found
        marker, id_marker = page.next_key_marker, page.next_version_id_marker


def test_the_state_of_a_bucket(client, bucket):
    assert client.get_bucket_version(bucket).status is None
    for status in (ENABLED, SUSPENDED, ENABLED):
        client.put_bucket_versioning(bucket, status)
        assert client.get_bucket_version(bucket).status == status


def test_every_version_stays(client, versioned):
    ids = [client.put_object(versioned, "k", content=b"%d" % n).version_id for n in range(3)]
    assert len(set(ids)) == 3 and all(ids)
    assert client.get_object(versioned, "k").read() == b"2"
    for n, version in enumerate(ids):
        out = client.get_object(versioned, "k", version_id=version)
        assert (out.read(), out.version_id) == (b"%d" % n, version)
        assert client.head_object(versioned, "k", version_id=version).content_length == 1
    assert history(client, versioned) == [("k", v, False, v == ids[2]) for v in reversed(ids)]


def test_markers(client, versioned, fails):
    stored = client.put_object(versioned, "k", content=b"x").version_id
    out = client.delete_object(versioned, "k")
    assert out.delete_marker and out.version_id not in (None, stored)
    for call in (client.get_object, client.head_object):
        with pytest.raises(tos.exceptions.TosServerError) as caught:
            call(versioned, "k")
        assert caught.value.status_code == 404
        assert caught.value.header["x-tos-delete-marker"] == "true"
    assert client.list_objects_type2(versioned).contents == []
    assert client.get_object(versioned, "k", version_id=stored).read() == b"x"
    error = fails(lambda: client.get_object(versioned, "k", version_id=out.version_id))
    assert (error.status_code, error.code) == (405, "MethodNotAllowed")
    assert history(client, versioned) == [("k", stored, False, False), ("k", out.version_id, True, True)]
    gone = client.delete_object(versioned, "k", version_id=out.version_id)
    assert gone.delete_marker and gone.version_id == out.version_id
    assert client.get_object(versioned, "k").read() == b"x", "without its marker it is back"


def test_deleting_a_version(client, versioned, fails):
    first = client.put_object(versioned, "k", content=b"1").version_id
    second = client.put_object(versioned, "k", content=b"2").version_id
    out = client.delete_object(versioned, "k", version_id=second)
    assert out.version_id == second and not out.delete_marker
    assert client.get_object(versioned, "k").read() == b"1"
    error = fails(lambda: client.get_object(versioned, "k", version_id=second))
    assert error.status_code == 404
    assert client.delete_object(versioned, "k", version_id=second).status_code == 204, "once more changes nothing"
    error = fails(lambda: client.get_object(versioned, "k", version_id="no version"))
    assert (error.status_code, error.code) == (400, "InvalidVersionId")
    client.delete_object(versioned, "k", version_id=first)
    client.delete_bucket(versioned)


def test_null_versions(client, bucket):
    client.put_object(bucket, "k", content=b"before")
    client.put_bucket_versioning(bucket, ENABLED)
    enabled = client.put_object(bucket, "k", content=b"enabled").version_id
    assert client.get_object(bucket, "k", version_id="null").read() == b"before"
    client.put_bucket_versioning(bucket, SUSPENDED)
    client.put_object(bucket, "k", content=b"suspended")
    client.put_object(bucket, "k", content=b"suspended twice")
    assert client.get_object(bucket, "k", version_id="null").read() == b"suspended twice"
    assert history(client, bucket) == [("k", "null", False, True), ("k", enabled, False, False)]
    out = client.delete_object(bucket, "k")
    assert out.delete_marker
    assert history(client, bucket) == [("k", enabled, False, False), ("k", "null", True, True)]
    client.delete_object(bucket, "k", version_id="null")
    assert client.get_object(bucket, "k").read() == b"enabled"


def test_the_history_page_by_page(client, versioned):
    for n in range(3):
        for key in ("a", "b/1", "b/2", "中"):
            client.put_object(versioned, key, content=b"%d" % n)
        client.delete_object(versioned, "b/1")
    whole = history(client, versioned)
    assert len(whole) == 15
    assert sum(latest for *_, latest in whole) == 4
    for size in (1, 2, 3, 4, 7, 15, 1000):
        assert sorted(history(client, versioned, max_keys=size)) == sorted(whole), size
    assert sorted(k for k, *_ in history(client, versioned, prefix="b/")) == ["b/1"] * 6 + ["b/2"] * 3
    page = client.list_object_versions(versioned, delimiter="/")
    assert [item.prefix for item in page.common_prefixes] == ["b/"]
    assert [v.key for v in page.versions] == ["a"] * 3 + ["中"] * 3


def test_versions_of_an_unversioned_bucket(client, bucket):
    client.put_object(bucket, "k", content=b"x")
    ((key, version, marker, latest),) = history(client, bucket)
    assert (key, marker, latest) == ("k", False, True)
    client.delete_object(bucket, key, version_id=version)
    assert history(client, bucket) == []


def test_what_stands_beside_a_version(client, versioned):
    first = client.put_object(versioned, "k", content=b"1", tagging="n=1", meta={"n": "1"}).version_id
    client.put_object(versioned, "k", content=b"2", tagging="n=2", meta={"n": "2"})
    (tag,) = client.get_object_tagging(versioned, "k", version_id=first).tag_set
    assert tag.value == "1"
    client.delete_object_tagging(versioned, "k", version_id=first)
    assert client.get_object_tagging(versioned, "k", version_id=first).tag_set == []
    assert len(client.get_object_tagging(versioned, "k").tag_set) == 1
    client.set_object_meta(versioned, "k", version_id=first, meta={"n": "one"})
    assert client.head_object(versioned, "k", version_id=first).meta == {"n": "one"}
    assert client.head_object(versioned, "k").meta == {"n": "2"}
    told = client.list_object_versions(versioned, fetch_meta=True).versions
    assert [version.meta for version in told] == [{"n": "2"}, {"n": "one"}]


def test_deleting_many(client, bucket):
    keys = [f"k{n}" for n in range(5)] + ["中 &<>"]
    for key in keys:
        client.put_object(bucket, key, content=b"x")
    out = client.delete_multi_objects(bucket, [ObjectTobeDeleted(key) for key in [*keys[:3], "absent"]])
    assert [item.key for item in out.deleted] == [*keys[:3], "absent"] and out.error == []
    assert [item.key for item in client.list_objects_type2(bucket).contents] == keys[3:]
    out = client.delete_multi_objects(bucket, [ObjectTobeDeleted(key) for key in keys], quiet=True)
    assert out.deleted == [] and out.error == []
    assert client.list_objects_type2(bucket).contents == []


def test_deleting_many_versions(client, versioned):
    first = client.put_object(versioned, "k", content=b"1").version_id
    second = client.put_object(versioned, "k", content=b"2").version_id
    out = client.delete_multi_objects(versioned, [ObjectTobeDeleted("k", first), ObjectTobeDeleted("other")])
    known, other = out.deleted
    assert (known.key, known.version_id) == ("k", first)
    assert other.delete_marker and other.delete_marker_version_id
    assert [version for key, version, *_ in history(client, versioned) if key == "k"] == [second]
    out = client.delete_multi_objects(versioned, [ObjectTobeDeleted("k", "no version"), ObjectTobeDeleted("k", second)])
    assert [item.version_id for item in out.deleted] == [second]
    (bad,) = out.error
    assert (bad.key, bad.version_id, bad.code) == ("k", "no version", "InvalidVersionId") and bad.message


def test_a_thousand_and_one(client, bucket, fails):
    client.put_object(bucket, "k0", content=b"x")
    objects = [ObjectTobeDeleted(f"k{n}") for n in range(1001)]
    error = fails(lambda: client.delete_multi_objects(bucket, objects))
    assert (error.status_code, error.code) == (400, "MalformedBody")
    assert client.does_object_exist(bucket, "k0"), "nothing is half done"
    assert len(client.delete_multi_objects(bucket, objects[:1000]).deleted) == 1000
    assert not client.does_object_exist(bucket, "k0")
