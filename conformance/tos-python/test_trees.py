"""Hierarchical buckets: directories, their renaming and removal, pieces for any object, and the trash."""

import datetime

import pytest

from buckets import named_after


@pytest.fixture()
def tree(client, request):
    """A hierarchical bucket of its own for every test."""
    name = named_after(request)
    client.create_bucket(name, bucket_type="hns")
    yield name
    page = client.list_objects_type2(name, delimiter="/")
    for key in [one.prefix for one in page.common_prefixes] + [one.key for one in page.contents]:
        client.delete_object(name, key, recursive=True, skip_trash=True)
    client.delete_bucket(name)


def keys(client, bucket):
    return [one.key for one in client.list_objects_type2(bucket).contents]


def test_a_directory_is_renamed_and_removed_with_what_lies_in_it(client, tree, fails):
    client.put_object(tree, "a/b/c", content=b"x")
    assert client.get_bucket_info(tree).bucket_info.bucket_type == "hns"
    assert client.head_object(tree, "a/b").is_directory and not client.head_object(tree, "a/b/c").is_directory
    assert fails(lambda: client.delete_object(tree, "a")).ec == "0026-00000013"
    assert fails(lambda: client.put_object(tree, "a", content=b"x")).ec == "0026-00000021"
    client.rename_object(tree, "a", "d/e", recursive_mkdir=True)
    assert keys(client, tree) == ["d/", "d/e/", "d/e/b/", "d/e/b/c"]
    client.delete_object(tree, "d", recursive=True)
    assert keys(client, tree) == []


def test_any_object_grows(client, tree, fails):
    client.put_object(tree, "k", content=b"whole")
    client.append_object(tree, "k", 5, content=b"-piece")
    assert client.get_object(tree, "k").read() == b"whole-piece"
    assert fails(lambda: client.append_object(tree, "k", 5, content=b"x")).status_code == 409


def test_what_is_deleted_is_found_in_the_trash(client, tree):
    client._put_bucket_trash(tree, trash_path=".Trash", clean_interval=1, status="Enabled")
    client.put_object(tree, "a/k", content=b"x")
    path = client.delete_object(tree, "a/k").trash_path
    assert path.startswith(".Trash/") and path.endswith("/a/k")
    assert client.get_object(tree, path).read() == b"x"
    client.rename_object(tree, path, "a/k")
    assert client.delete_object(tree, "a/k", skip_trash=True).trash_path is None


def test_times_are_kept_to_the_nanosecond(client, tree):
    client.put_object(tree, "k", content=b"x")
    at = datetime.datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=datetime.timezone.utc)
    client.set_object_time(tree, "k", modify_timestamp=at)
    assert client.head_object(tree, "k").last_modify_timestamp == at
