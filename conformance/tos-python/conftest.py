"""The server under test, receivers, and the vendor's client pointed at it."""

import zlib

import pytest
import tos

from harness import Receiver, Server


@pytest.fixture(scope="session")
def server():
    server = Server()
    yield server
    server.stop()


@pytest.fixture()
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.fixture()
def client(server):
    return server.client()


@pytest.fixture(scope="session")
def stranger(server):
    """A client of an account that owns nothing."""
    return server.stranger("stranger")


@pytest.fixture(scope="session")
def anonymous(server):
    return server.anonymous()


@pytest.fixture()
def bucket(client, request):
    """A bucket of its own for every test, named after it."""
    words = "".join(c if c.isascii() and c.isalnum() else "-" for c in request.node.name.lower())
    name = f"t-{words[:40].strip('-')}-{zlib.crc32(request.node.nodeid.encode()):08x}"
    client.create_bucket(name)
    return name


def failing(call):
    """Runs a call that must fail at the server; every part an application prints must be there."""
    with pytest.raises(tos.exceptions.TosServerError) as caught:
        call()
    error = caught.value
    for part in ("code", "request_id", "message", "status_code", "ec", "request_url"):
        assert getattr(error, part), f"{part} is empty in {error}"
    return error


@pytest.fixture()
def fails():
    return failing
