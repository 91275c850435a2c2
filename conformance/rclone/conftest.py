"""The server under test on both of its listeners, and rclone pointed at one of them."""

import os
import re
import subprocess

import certificate
import pytest
from harness import Server

CUTOFF = ["--s3-upload-cutoff", "5M", "--s3-chunk-size", "5M"]


@pytest.fixture(scope="session")
def root(tmp_path_factory):
    """File of the certificate that every client trusts; its key lies beside it."""
    folder = tmp_path_factory.mktemp("tls")
    certificate.write(folder / "cert.pem", folder / "key.pem")
    return folder / "cert.pem"


@pytest.fixture(scope="session")
def server(root):
    server = Server(
        COHONG_TLS_LISTEN="127.0.0.1:0",
        COHONG_TLS_CERTIFICATE=str(root),
        COHONG_TLS_PRIVATE_KEY=str(root.with_name("key.pem")),
    )
    yield server
    server.stop()


class Rclone:
    """rclone with one remote, `store:`, and nothing of the machine's own configuration."""

    def __init__(self, server, url, root):
        self.options = ["--ca-cert", str(root), *CUTOFF, "--retries", "1", "--low-level-retries", "1"]
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("RCLONE_", "AWS_"))}
        self.environment = inherited | {
            "RCLONE_CONFIG": os.devnull,
            "RCLONE_CONFIG_STORE_TYPE": "s3",
            "RCLONE_CONFIG_STORE_PROVIDER": "Other",
            "RCLONE_CONFIG_STORE_ENDPOINT": url,
            "RCLONE_CONFIG_STORE_ACCESS_KEY_ID": server.access_key,
            "RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY": server.secret_key,
        }

    def attempt(self, *words, given=None, **environment):
        """Runs a command; what became of it."""
        command = ["rclone", *map(str, words), *self.options]
        return subprocess.run(
            command, capture_output=True, input=given, timeout=120, env=self.environment | environment
        )

    def __call__(self, *words, given=None, **environment):
        """Runs a command that must succeed; the bytes it writes."""
        done = self.attempt(*words, given=given, **environment)
        assert done.returncode == 0, (words, done.stderr.decode())
        return done.stdout

    def lines(self, *words):
        return sorted(self(*words).decode().splitlines())


@pytest.fixture(params=["http", "https"])
def rclone(server, root, request):
    return Rclone(server, {"http": server.url, "https": server.tls_url}[request.param], root)


@pytest.fixture()
def store(rclone, request):
    """A bucket of its own for every test, named after it."""
    name = re.sub("[^a-z0-9]+", "-", request.node.name.lower().removeprefix("test_")).strip("-")[:63].rstrip("-")
    rclone("mkdir", f"store:{name}")
    yield f"store:{name}"
    rclone("purge", f"store:{name}")
