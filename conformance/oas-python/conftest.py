"""The server under test, and the vendor's client pointed at it."""

import hashlib
import json
import tempfile
import time

import oss2
import pytest
from buckets import named_after
from vendor import Process, Raised

pytest_plugins = ["servers"]

MIB = 1 << 20


@pytest.fixture()
def program():
    program = Process()
    yield program
    program.stop()


def api_of(program, server, secret=None):
    """As the vendor's samples make it: host without port, keys, port."""
    OASAPI = program.find("oas.oas_api.OASAPI")
    return OASAPI(server.host, server.access_key, secret or server.secret_key, server.port)


@pytest.fixture()
def api(program, server):
    return api_of(program, server)


@pytest.fixture()
def Vault(program):
    return program.find("oas.ease.vault.Vault")


@pytest.fixture()
def low(program, api):
    """The client's low level, with the errors and answers of the high one."""
    return program.find("oas.ease.api.APIProxy")(api)


@pytest.fixture()
def vault(Vault, api, low, request):
    """A vault; it and all that is in it are gone afterwards, for an account has at most ten."""
    vault = Vault.create_vault(api, named_after(request))
    yield vault
    empty(vault)
    vault.delete()


def empty(vault):
    """Deletes the archives of a vault."""
    for line in inventory(vault)["ArchiveList"]:
        vault.delete_archive(line["ArchiveId"])


def finished(job, seconds=60):
    """The job when it has ended; the client itself asks every six to nine seconds."""
    end = time.monotonic() + seconds
    while True:
        job.update_status()
        if job.completed:
            return job
        assert time.monotonic() < end, "the job does not end"
        time.sleep(0.05)


def inventory(vault):
    """What a vault holds, as the client's user reads it."""
    job = finished(vault.retrieve_inventory(desc="all of it"))
    with tempfile.NamedTemporaryFile() as file:
        job.download_to_file(file.name)
        return json.load(file)


def content(size, seed=7):
    """Bytes of which no two blocks of 1 MiB are alike."""
    block = hashlib.sha256(str(seed).encode()).digest() * 512
    pieces, made = [], 0
    while made < size:
        piece = made.to_bytes(8, "big") + block
        pieces.append(piece)
        made += len(piece)
    return b"".join(pieces)[:size]


@pytest.fixture()
def file_of(tmp_path):
    def file_of(size, name="file", seed=7):
        path = tmp_path / name
        path.write_bytes(content(size, seed))
        return path

    return file_of


@pytest.fixture()
def bucket(server, request):
    """A bucket of the same server, reached with the vendor's OSS client."""
    auth = oss2.Auth(server.access_key, server.secret_key)
    bucket = oss2.Bucket(auth, server.url, named_after(request))
    bucket.create_bucket()
    return bucket


def failing(call, status, code):
    """Runs a call that must fail at the server, with every part that programs read of the error."""
    with pytest.raises(Raised) as caught:
        call()
    error = caught.value
    assert error.kinds[0] == "OASServerError", error
    assert (error.status, error.code) == (status, code), error
    assert error.type == "client" and error.message and len(error.request_id) == 24, error
    return error


@pytest.fixture()
def fails():
    return failing


@pytest.fixture()
def raises():
    """Runs a call that the client itself must refuse with an error of this class or one below it."""

    def raises(call, kind):
        with pytest.raises(Raised) as caught:
            call()
        assert kind in caught.value.kinds, caught.value
        return caught.value

    return raises
