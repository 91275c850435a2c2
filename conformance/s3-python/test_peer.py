"""Objects of a store that others wrote, brought here by a sync task and carried back there."""

import boto3
import pytest
from moto.server import ThreadedMotoServer

KEYS = ["plain.txt", "dir/b c+%41", "/leading", "double//slash", "公行/~!*().txt"]
LARGE = "video"


@pytest.fixture(scope="module")
def peer():
    """Another server of S3, of whose making we know nothing."""
    other = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    other.start()
    yield "http://{}:{}".format(*other.get_host_and_port())
    other.stop()


@pytest.fixture(scope="module")
def theirs(peer):
    keys = {"aws_access_key_id": "AK", "aws_secret_access_key": "SK"}
    client = boto3.client("s3", endpoint_url=peer, region_name="us-east-1", **keys)
    for name in ("photos", "back"):
        client.create_bucket(Bucket=name)
    return client


@pytest.fixture(scope="module")
def known(server, peer):
    place = ["--cloud", "AWS", "--region", "peer", "--endpoint", peer, "--style", "path", "--signing-region", "us-east-1"]
    server.command("source", "add", "peer", *place)
    yield "peer"
    server.command("source", "rm", "peer")


def carry(server, source, destination, keys):
    """Makes a task, names keys to it, and waits for them; what became of them."""
    task = server.command("sync", "create", source, destination, "--source-key", "AK:SK")["task"]
    server.command("sync", "push", task, "--", *keys)
    seen = server.command("sync", "wait", task, "--timeout", "60s")
    server.command("sync", "stop", task)
    server.command("sync", "rm", task)
    return seen


def test_objects_come_from_a_peer_and_go_back(server, s3, bucket, theirs, known):
    large = bytes(range(256)) * 400_000
    bodies = {key: f"bytes of {key}".encode() for key in KEYS} | {LARGE: large}
    for key, body in bodies.items():
        theirs.put_object(Bucket="photos", Key=key, Body=body, ContentType="text/x-me", Metadata={"who": "me"})
    seen = carry(server, f"{known}/photos", f"local/{bucket}", bodies)
    assert (seen["success"], seen["failure"]) == (len(bodies), 0), seen
    for key, body in bodies.items():
        copy = s3.get_object(Bucket=bucket, Key=key)
        assert copy["Body"].read() == body, key
        assert (copy["ContentType"], copy["Metadata"]) == ("text/x-me", {"who": "me"}), key
    seen = carry(server, f"local/{bucket}", f"{known}/back", bodies)
    assert (seen["success"], seen["failure"]) == (len(bodies), 0), seen
    for key, body in bodies.items():
        copy = theirs.get_object(Bucket="back", Key=key)
        assert copy["Body"].read() == body, key
        assert (copy["ContentType"], copy["Metadata"]) == ("text/x-me", {"who": "me"}), key
