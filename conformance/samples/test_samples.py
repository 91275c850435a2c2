"""The samples that the vendors published run in a shell that has evaluated `cohong env`: their placeholders are filled
in, and no line is changed."""

import json
import os
import shutil

import pytest
import tos_clients
from conftest import LINE, NAMES_ONLY, PUBLISHED, filled

TOS = {"endpoint": "tos-cn-beijing.volces.com", "region": "cn-beijing"}
OMS_REGION = "cn-north-4"
BOTH = pytest.mark.parametrize("line", [LINE, LINE + NAMES_ONLY], ids=["variables", "names"])


@pytest.fixture(scope="session")
def tos(server):
    """Objects are put and looked at beside the samples."""
    return tos_clients.client(server)


def test_tos_notification(server, shell, receiver, tos):
    tos.create_bucket("tos-notification")
    server.command("function", "add", "on-image", receiver.url)
    values = TOS | {"bucket": "tos-notification", "prefix": "img/", "suffix": ".png", "function": "on-image"}
    out = shell.python(filled("tos_notification.py", values))
    assert out.splitlines() == [
        "id 1",
        "events ['tos:ObjectCreated:Put', 'tos:ObjectCreated:Post']",
        "cloud function on-image",
        "filter rule prefix img/",
        "filter rule suffix .png",
    ]
    tos.put_object("tos-notification", "img/1.png", content=b"a picture")
    (request,) = receiver.wait(1)
    (event,) = json.loads(request.body)["events"]
    assert event["tos"]["object"]["key"] == "img/1.png"


def test_tos_notification_of_no_bucket(shell):
    """A failure has all that the sample prints."""
    values = TOS | {"bucket": "tos-no-such-bucket", "prefix": "a", "suffix": "b", "function": "f"}
    out = shell.python(filled("tos_notification.py", values)).splitlines()
    assert out[0] == "fail with server error, code: NoSuchBucket"
    assert "error with http code: 404" in out
    assert any(line.startswith("error with request url: https://tos-no-such-bucket.") for line in out), out


def test_tos_callback(shell, receiver, tos):
    tos.create_bucket("bucket-test")
    upload = tos.create_multipart_upload("bucket-test", "object-test").upload_id
    tos.upload_part("bucket-test", "object-test", upload, 1, content=b"in a part")
    out = shell.python(filled("tos_callback.py", TOS | {"upload_id": upload, "callback url": receiver.url}))
    assert out.count("http status code:200\n") == 2, out
    said = b'{"bucket": "bucket-test", "object": "object-test", "key1": "ceshi"}'
    assert [request.body for request in receiver.requests] == [said, said]
    assert tos.get_object("bucket-test", "object-test").read() == b"in a part"


def test_oss_callback(shell, receiver, tos):
    tos.create_bucket("examplebucket")
    out = shell.python(filled("oss_callback.py", {"callback url": receiver.url}))
    assert out.startswith("200 "), out
    (request,) = receiver.requests
    named = b"bucket=examplebucket&object=examplefiles%2Fexampleobject.txt"
    assert request.body == named + b"&my_var_1=my_val1&my_var_2=my_val2"
    assert tos.get_object("examplebucket", "examplefiles/exampleobject.txt").read() == b"a" * 1024 * 1024


@pytest.fixture()
def task(server, tos, request):
    """A task between two buckets with what the sample names; what arrived is looked at in the end."""
    name = "oms-" + "".join(c for c in request.node.name.lower() if c.isalnum())
    source, copies = f"{name}-src", f"{name}-dst"
    for bucket in (source, copies):
        tos.create_bucket(bucket)
    for key in ("test/001.txt", "test/002.txt", "test/003.txt"):
        tos.put_object(source, key, content=key)
    task = server.command("sync", "create", f"local/{source}", f"local/{copies}")["task"]
    yield task
    server.command("sync", "wait", task, "--timeout", "60s")
    arrived = [item.key for item in tos.list_objects_type2(copies).contents]
    server.command("sync", "stop", task)
    server.command("sync", "rm", task)
    assert arrived == ["test/001.txt", "test/002.txt"]


@BOTH
def test_oms_events_in_python(shell, task, line):
    out = shell.python(filled("oms_events.py", {"region": OMS_REGION, "sync_task_id": task}), line)
    assert out.strip() == "{}", out


def test_oms_events_of_no_task(shell):
    out = shell.python(filled("oms_events.py", {"region": OMS_REGION, "sync_task_id": "0"})).splitlines()
    assert (out[0], out[2]) == ("404", "OMS.1009") and len(out) == 4, out


def test_oms_events_in_go(shell, task, tmp_path):
    folder = tmp_path / "go"
    shutil.copytree(PUBLISHED / "oms-go", folder)
    shell.write("go/main.go", filled("oms-go/main.go", {"region": OMS_REGION, "sync_task_id": task}))
    # What Go needs to build is the machine's; the program then runs in the shell alone.
    build = shell.run("go", "build", "-C", folder, "-o", folder / "sample", ".", line="", **os.environ)
    out = shell.run(folder / "sample")
    assert out.startswith("CreateSyncEventsResponse"), (build, out)


@BOTH
def test_oms_events_in_java(shell, task, line):
    text = filled("CreateSyncEvents.java", {"region": OMS_REGION, "sync_task_id": task})
    out = shell.run("java", shell.write("CreateSyncEvents.java", text), line=line)
    assert out.startswith("class CreateSyncEventsResponse"), out


def test_oas_archives(server, shell, tmp_path):
    told = server.command("env")["set"]
    file, target = tmp_path / "file", tmp_path / "target"
    file.write_bytes(b"archived " * 100_000)
    values = {
        "host": server.host,
        "port": server.port,
        "access key": told["COHONG_KEY"].split(":")[0],
        "secret key": told["COHONG_KEY"].split(":")[1],
        "vault": "sample",
        "file": file,
        "target": target,
    }
    sample = shell.write("sample.py", filled("oas_archives.py", values))
    out = shell.run(os.environ["COHONG_PYTHON2"], sample, PYTHONPATH=os.environ["COHONG_PYTHON2_PATH"])
    assert "archive id: " in out and "status: Succeeded" in out, out
    assert target.read_bytes() == file.read_bytes()
    assert server.command("vault", "ls", "--endpoint", server.url, "--key", told["COHONG_KEY"]) == []


@BOTH
def test_s3_objects(shell, line, request):
    bucket = "s3-" + request.node.callspec.id
    out = shell.python(filled("s3_objects.py", {"bucket": bucket}), line)
    assert out == "hello.txt 8\nHello S3\n"


def test_hosts_of_others_are_not_reached(shell):
    text = "import requests\ntry:\n    requests.get('https://example.org/')\nexcept requests.exceptions.ProxyError as e:\n    print(e)\n"
    assert "403 Forbidden" in shell.python(text)
