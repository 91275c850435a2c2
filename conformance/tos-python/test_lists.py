"""Listings: every page size gives the same objects, in both directions, with and without a delimiter."""

from urllib.parse import unquote

import pytest
import tos_clients

KEYS = ["a", "a b", "b/", "b/1", "b/2/x", "b/2/y", "b0", "c/1", "c/2", "d+&%", "中/文", "😀"]
SIZES = [1, 2, 3, 5, 11, 12, 13, 1000]


@pytest.fixture(scope="module")
def filled(server):
    client = tos_clients.client(server)
    client.create_bucket("lists-of-objects")
    for key in reversed(KEYS):
        client.put_object("lists-of-objects", key, content=key.encode(), meta={"键": key})
    return "lists-of-objects"


def entries(page):
    return [item.key for item in page.contents] + [item.prefix for item in page.common_prefixes]


def folded(keys, prefix="", delimiter=None):
    """What a listing must show, computed the plain way."""
    found = set()
    for key in keys:
        if key.startswith(prefix):
            rest = key[len(prefix) :]
            cut = rest.find(delimiter) if delimiter else -1
            found.add(key if cut < 0 else prefix + rest[: cut + len(delimiter)])
    return sorted(found, key=str.encode)


def all_v1(client, bucket, size, **query):
    found, marker = [], None
    while True:
        page = client.list_objects(bucket, marker=marker, max_keys=size, **query)
        assert len(entries(page)) <= size and page.max_keys == size
        found.append(entries(page))
        if not page.is_truncated:
            return found
        assert page.next_marker
        marker = page.next_marker


def all_v2(client, bucket, size, **query):
    found, token = [], None
    while True:
        page = client.list_objects_type2(
            bucket, continuation_token=token, max_keys=size, list_only_once=True, **query
        )
        assert len(entries(page)) <= size and page.key_count == len(entries(page))
        found.append(entries(page))
        if not page.is_truncated:
            return found
        token = page.next_continuation_token


@pytest.mark.parametrize("listing", [all_v1, all_v2])
@pytest.mark.parametrize("size", SIZES)
def test_every_page_size(client, filled, listing, size):
    for query in ({}, {"delimiter": "/"}, {"prefix": "b/", "delimiter": "/"}, {"prefix": "b"}, {"delimiter": "文"}):
        wanted = folded(KEYS, query.get("prefix", ""), query.get("delimiter"))
        pages = listing(client, filled, size, **query)
        found = [entry for page in pages for entry in page]
        assert sorted(found, key=str.encode) == wanted and len(found) == len(wanted), query
        assert all(len(page) == size for page in pages[:-1]), query
        for before, after in zip(pages, pages[1:], strict=False):
            assert max(before, key=str.encode).encode() < min(after, key=str.encode).encode(), query


@pytest.mark.parametrize("size", SIZES)
def test_backwards(client, filled, size):
    for query in ({}, {"delimiter": "/"}):
        wanted = folded(KEYS, "", query.get("delimiter"))
        for listing in (all_v1, all_v2):
            pages = listing(client, filled, size, reverse=True, **query)
            found = [entry for page in pages for entry in page]
            assert sorted(found, key=str.encode) == wanted and len(found) == len(wanted), query
            for before, after in zip(pages, pages[1:], strict=False):
                assert min(before, key=str.encode).encode() > max(after, key=str.encode).encode(), query


def test_starting_in_the_middle(client, filled):
    for start in ("", "a", "a a", "b/2/x", "b/3", "中", "zzz", "😀"):
        wanted = [key for key in sorted(KEYS, key=str.encode) if key.encode() > start.encode()]
        assert entries(client.list_objects(filled, marker=start)) == wanted, start
        assert entries(client.list_objects_type2(filled, start_after=start)) == wanted, start
    assert entries(client.list_objects(filled, marker="b/", delimiter="/")) == ["b0", "d+&%", "😀", "c/", "中/"]


def test_what_is_told_of_an_object(client, filled):
    for page in (client.list_objects(filled, fetch_meta=True), client.list_objects_type2(filled, fetch_meta=True)):
        for item in page.contents:
            head = client.head_object(filled, item.key)
            assert (item.size, item.etag) == (head.content_length, head.etag)
            assert (item.hash_crc64_ecma, item.storage_class) == (head.hash_crc64_ecma, head.storage_class)
            assert abs((item.last_modified - head.last_modified).total_seconds()) < 1
            assert item.owner.id and item.object_type == "Normal"
            assert item.meta == {"键": item.key}
    assert not client.list_objects(filled).contents[0].meta


def test_names_of_all_kinds_encoded(client, filled):
    plain, encoded = client.list_objects(filled), client.list_objects(filled, encoding_type="url")
    assert entries(plain) == sorted(KEYS, key=str.encode)
    assert encoded.encoding_type == "url"
    assert all(key.isascii() for key in entries(encoded))
    assert [unquote(key) for key in entries(encoded)] == entries(plain)


def test_the_client_gathers_pages_by_itself(client, bucket):
    for n in range(7):
        client.put_object(bucket, f"k{n}")
    out = client.list_objects_type2(bucket, max_keys=5)
    assert len(out.contents) == 5 and out.is_truncated
    rest = client.list_objects_type2(bucket, continuation_token=out.next_continuation_token)
    assert [item.key for item in rest.contents] == ["k5", "k6"] and not rest.is_truncated


def test_more_than_a_page(client, bucket):
    for n in range(1003):
        client.put_object(bucket, f"k{n:04}")
    page = client.list_objects(bucket, max_keys=5000)
    assert len(page.contents) == 1000 and page.is_truncated and page.next_marker == "k0999"
    rest = client.list_objects(bucket, marker=page.next_marker)
    assert [item.key for item in rest.contents] == ["k1000", "k1001", "k1002"] and not rest.is_truncated


def test_what_makes_no_sense(client, bucket, fails):
    for call in (
        lambda: client.list_objects(bucket, max_keys=-1),
        lambda: client.list_objects(bucket, encoding_type="xml"),
        lambda: client.list_objects(bucket, prefix="p" * 5000),
        lambda: client.list_objects_type2(bucket, continuation_token="never given", list_only_once=True),
        lambda: client.list_object_versions(bucket, version_id_marker="x"),
    ):
        error = fails(call)
        assert (error.status_code, error.code) == (400, "InvalidArgument")
    assert fails(lambda: client.list_objects("never-created-for-lists")).code == "NoSuchBucket"
    assert client.list_objects(bucket).contents == []
