"""The server under test, and a shell that has evaluated `cohong env` and nothing else."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

pytest_plugins = ["servers"]

HERE = pathlib.Path(__file__).parent
PUBLISHED = HERE / "published"
COMMON = HERE.parent / "common"
PLACE = re.compile(r"\{\{([^}]*)\}\}")
SECONDS = 300

# A user's line, and then the program. What the shell has before it is a path, and where modules are.
LINE = 'eval "$(cohong --data "$0" env)"; '
# The SDKs that have variables for their endpoints do without: the vendor's own names lead here as well.
NAMES_ONLY = 'unset AWS_ENDPOINT_URL $(env | grep -o "^HUAWEICLOUD_SDK_[A-Z0-9_]*"); '


def filled(sample, values):
    """The text of a sample with its placeholders filled, all of them, and nothing else changed."""
    text = (PUBLISHED / sample).read_text(encoding="utf-8")
    assert set(PLACE.findall(text)) == set(values), sample
    return PLACE.sub(lambda found: str(values[found[1]]), text)


class Shell:
    def __init__(self, server, folder):
        self.server, self.folder = server, folder
        (folder / "bin").mkdir()
        (folder / "bin" / "cohong").symlink_to(os.environ["COHONG_BIN"])
        # Programs in Python reach this machine and nothing else, whatever they ask for.
        (folder / "sitecustomize.py").write_text("import loopback\n")
        self.env = {
            "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder),
            "PYTHONPATH": f"{folder}{os.pathsep}{COMMON}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "CLASSPATH": os.environ["CLASSPATH"],
        }

    def run(self, *words, line=LINE, **env):
        """What a program prints; it must succeed."""
        command = ["sh", "-euc", line + 'exec "$@"', self.server.data, *map(str, words)]
        done = subprocess.run(command, cwd=self.folder, env=self.env | env, capture_output=True, timeout=SECONDS)
        out, err = done.stdout.decode(), done.stderr.decode()
        assert done.returncode == 0, f"{words} ended with {done.returncode}\n{out}\n{err}"
        return out

    def python(self, text, line=LINE):
        return self.run(sys.executable, self.write("sample.py", text), line=line)

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path


@pytest.fixture()
def shell(server, tmp_path):
    return Shell(server, tmp_path)
