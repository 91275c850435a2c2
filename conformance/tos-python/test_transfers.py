"""The client's own transfers in parts, several threads at a time."""

import os

import pytest
import tos
from tos.checkpoint import CancelHook
from tos.enum import UploadEventType
from tos.models2 import UploadedPart

MIB = 1024 * 1024
PART = 5 * MIB


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("transfers") / "source.bin"
    path.write_bytes(os.urandom(4 * PART + 12345))
    return path


def test_upload_and_download_by_several_threads(client, bucket, source, tmp_path):
    out = client.upload_file(bucket, "k.txt", str(source), part_size=PART, task_num=4, meta={"a": "b"}, tagging="t=1")
    assert out.etag.endswith("-5")
    head = client.head_object(bucket, "k.txt")
    assert (head.content_length, head.meta, head.tagging_count) == (source.stat().st_size, {"a": "b"}, 1)
    assert head.hash_crc64_ecma == out.hash_crc64_ecma
    copy = tmp_path / "copy"
    client.download_file(bucket, "k.txt", str(copy), part_size=PART, task_num=4)
    assert copy.read_bytes() == source.read_bytes()
    assert client.list_multipart_uploads(bucket).uploads == []


def test_resumable_copy_by_several_threads(client, bucket, source):
    client.put_object_from_file(bucket, "source", str(source))
    out = client.resumable_copy_object(
        bucket, "copy", bucket, "source", part_size=PART, task_num=4, enable_checkpoint=False
    )
    assert out.etag.endswith("-5")
    assert client.get_object(bucket, "copy").read() == source.read_bytes()
    assert client.head_object(bucket, "copy").hash_crc64_ecma == client.head_object(bucket, "source").hash_crc64_ecma


def test_an_interrupted_upload_goes_on(client, bucket, source, tmp_path):
    checkpoint = str(tmp_path / "checkpoint" / "file")

    hook, sent = CancelHook(), []

    def listen(kind, *_):
        if kind == UploadEventType.Upload_Event_Upload_Part_Succeed:
            sent.append(kind)
            if len(sent) == 2:
                hook.cancel(False)

    options = {"part_size": PART, "checkpoint_file": checkpoint}
    with pytest.raises((tos.exceptions.TosClientError, tos.exceptions.CancelError)):
        client.upload_file(bucket, "k", str(source), upload_event_listener=listen, cancel_hook=hook, **options)
    (upload,) = client.list_multipart_uploads(bucket).uploads
    assert not client.does_object_exist(bucket, "k")
    stored = len(client.list_parts(bucket, "k", upload.upload_id).parts)
    assert 2 <= stored < 5
    out = client.upload_file(bucket, "k", str(source), **options)
    assert out.upload_id == upload.upload_id
    assert client.get_object(bucket, "k").read() == source.read_bytes()


def test_an_empty_file(client, bucket, tmp_path):
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    client.upload_file(bucket, "k", str(empty))
    assert client.head_object(bucket, "k").content_length == 0
    client.download_file(bucket, "k", str(tmp_path / "copy"))
    assert (tmp_path / "copy").read_bytes() == b""


def test_a_large_stream_of_unknown_length(client, bucket):
    pieces = [os.urandom(MIB) for _ in range(3)]
    client.put_object(bucket, "k", content=(pieces[n % 3] for n in range(24)))
    assert client.head_object(bucket, "k").content_length == 24 * MIB
    second = client.get_object(bucket, "k", range_start=MIB, range_end=2 * MIB - 1)
    assert b"".join(second) == pieces[1]
    whole = client.get_object(bucket, "k").read()
    assert whole == b"".join(pieces) * 8


def test_parts_named_in_any_order(client, bucket):
    upload = client.create_multipart_upload(bucket, "k").upload_id
    bodies = {3: b"c" * PART, 1: b"a" * PART, 10000: b"the end", 7: b"b" * PART}
    parts = [
        UploadedPart(number, client.upload_part(bucket, "k", upload, number, content=body).etag)
        for number, body in bodies.items()
    ]
    out = client.complete_multipart_upload(bucket, "k", upload, parts)
    assert out.etag.endswith("-4") and out.location.endswith("/k")
    assert client.get_object(bucket, "k").read() == b"".join(bodies[number] for number in sorted(bodies))
