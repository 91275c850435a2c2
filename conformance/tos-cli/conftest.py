"""The server under test, and the vendor's command-line tool, whose proxy it is."""

import json
import os
import pathlib
import re
import subprocess
import sys

import pytest
from servers import server  # noqa: F401

ENDPOINT = "http://tos-cn-beijing.volces.com"


class Tool:
    """The tool with one account and a home of its own, and nothing of the machine's configuration."""

    def __init__(self, server, home):
        self.program = pathlib.Path(sys.executable).with_name("ve-tos-cli")
        foreign = ("TOS_", "VOLC", "VE_")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        self.environment = inherited | {
            "HOME": str(home),
            "TOS_ACCESS_KEY": server.access_key,
            "TOS_SECRET_KEY": server.secret_key,
            "TOS_REGION": "cn-beijing",
            "TOS_ENDPOINT": ENDPOINT,
            "http_proxy": server.url,
        }

    def attempt(self, *words, given=None):
        """Runs a command; what became of it."""
        command = [self.program, *map(str, words)]
        return subprocess.run(command, capture_output=True, input=given, timeout=120, env=self.environment)

    def raw(self, *words, given=None):
        """Runs a command that must succeed; the bytes it writes."""
        done = self.attempt(*words, given=given)
        assert done.returncode == 0, (words, done.stdout.decode(), done.stderr.decode())
        return done.stdout

    def __call__(self, *words, given=None):
        """Runs a command that must succeed; the data of its answer."""
        said = json.loads(self.raw(*words, given=given))
        assert said["success"], said
        return said["data"]

    def refused(self, *words):
        """Runs a command that the server must refuse; status, code and the tool's exit code."""
        done = self.attempt(*words)
        said = json.loads(done.stdout or done.stderr)
        assert not said["success"], said
        return said["status_code"], said["error"]["code"], done.returncode

    def remove(self, command, place, *words):
        """Runs a command that removes things, which has to be confirmed."""
        return self(command, place, "--force", "--confirm", place, *words)


@pytest.fixture()
def tool(server, tmp_path):  # noqa: F811
    home = tmp_path / "home"
    home.mkdir()
    return Tool(server, home)


@pytest.fixture()
def bucket(tool, request):
    """A bucket of its own for every test, named after it."""
    name = re.sub("[^a-z0-9]+", "-", request.node.name.lower().removeprefix("test_")).strip("-")[:63].rstrip("-")
    tool("mb", f"tos://{name}")
    return name
