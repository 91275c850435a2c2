"""Everything that README.md tells a newcomer to type is typed, in its order, on one server.

`cohong` is the binary under test. The documented ports may be in use, so the server and the receiver
get free ones, and the blocks are run with those in place of 9000 and 8000: nothing else is changed."""

import os
import re
import socket
import subprocess
import sys
import time

import pytest

from blocks import README, blocks, lacking, unmarked

TEXT = README.read_text(encoding="utf-8")
BLOCKS = blocks(TEXT)
KEY = re.compile(r"^(access|secret) key +(\S+)", re.MULTILINE)
STEP_SECONDS = 120


def named(mark):
    return [block for block in BLOCKS if block.mark == mark]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Terminal:
    """A folder to work in, and variables as the text exports them."""

    def __init__(self, folder):
        self.folder = folder
        self.ports = {"9000": str(free_port()), "8000": str(free_port())}
        (folder / "bin").mkdir()
        (folder / "bin" / "cohong").symlink_to(os.environ["COHONG_BIN"])
        # The interpreter that has what the text installs.
        python = folder / "bin" / "python3"
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        python.chmod(0o755)
        self.env = {name: value for name, value in os.environ.items() if not name.startswith(("COHONG_", "TOS_"))}
        self.env["PATH"] = f"{folder / 'bin'}{os.pathsep}{self.env['PATH']}"

    def text(self, block):
        text = block.text
        for documented, port in self.ports.items():
            text = re.sub(rf"\b{documented}\b", port, text)
        return text

    def words(self, block):
        return {"bash": ["bash", "-euo", "pipefail", "-c"], "python": [sys.executable, "-c"]}[block.language] + [self.text(block)]

    def run(self, block):
        done = subprocess.run(self.words(block), cwd=self.folder, env=self.env, capture_output=True, timeout=STEP_SECONDS)
        out, err = done.stdout.decode(), done.stderr.decode()
        assert done.returncode == 0, f"{block.name} ended with {done.returncode}\n{out}\n{err}"
        return out

    def background(self, block, out, **env):
        words = self.words(block)
        if block.language == "bash":
            # What is stopped later is the program itself, not a shell around it.
            words[-1] = "exec " + words[-1]
        return subprocess.Popen(words, cwd=self.folder, env=self.env | env, stdout=out, stderr=subprocess.STDOUT)


def waited_for(path, sign):
    """What a program has written, once the sign is there."""
    end = time.monotonic() + STEP_SECONDS
    while sign not in (text := path.read_text(errors="replace")):
        assert time.monotonic() < end, f"{sign!r} did not come:\n{text}"
        time.sleep(0.05)
    return text


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """Runs the README; gives the output of each block and of the receiver."""
    folder = tmp_path_factory.mktemp("readme")
    terminal = Terminal(folder)
    (start,) = named("start")
    (receiver,) = named("background")
    server_log, receiver_log = folder / "server.log", folder / "receiver.log"
    listen = {"COHONG_LISTEN": f"127.0.0.1:{terminal.ports['9000']}", "COHONG_ADMIN": "127.0.0.1:0"}
    with server_log.open("wb") as server_out, receiver_log.open("wb") as receiver_out:
        server = terminal.background(start, server_out, **listen)
        hearing = terminal.background(receiver, receiver_out)
        try:
            ready = waited_for(server_log, "ready: listening on")
            for kind, value in KEY.findall(ready):
                terminal.env[f"TOS_{kind.upper()}_KEY"] = value
            outputs = {block.name: terminal.run(block) for block in named("run")}
        finally:
            hearing.kill()
            hearing.wait()
            server.terminate()
            code = server.wait(timeout=20)
    assert code == 0, "the documented way to stop"
    outputs["start"], outputs["receiver"] = ready, receiver_log.read_text()
    return outputs


@pytest.mark.parametrize("block", named("shows"), ids=lambda block: block.name)
def test_it_shows_what_the_text_says(story, block):
    line = lacking(block.text, story[block.name])
    assert line is None, f"{line!r} is not where the text says:\n{story[block.name]}"


def test_the_tour_tells_every_step(story):
    assert "What next" in story["tour"]


def test_the_receiver_was_told(story):
    told = story["receiver"]
    assert '/uploaded {"object": "cat.jpg", "bytes": 9}' in told
    (event,) = [line for line in told.splitlines() if line.startswith("/thumbnail ")]
    assert '"key":"dog.jpg"' in event.replace(" ", "")


def test_the_list_names_bucket_and_function(story):
    assert "photos" in story["wait"] and "function:thumbnail" in story["wait"]


def test_the_snippet_of_the_start_fits_the_text(story):
    for part in ("tos.TosClientV2(", '"http://tos-cn-beijing.volces.com", "cn-beijing"', "proxy_host=", "proxy_port="):
        assert part in story["start"], part
        assert part in TEXT, part


def test_nothing_else_is_left_to_chance():
    """Blocks without a mark are the two lines that the reader fills in."""
    (free,) = unmarked(TEXT)
    assert free.splitlines() == ["export TOS_ACCESS_KEY=... TOS_SECRET_KEY=...", "pip install tos"]


@pytest.mark.parametrize("page", ["README.md", "docs/dialects/tos.md", "docs/ops/configuration.md"])
def test_files_the_text_points_at_exist(page):
    page = README.parent / page
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_the_suites_that_the_dialect_page_names_exist():
    text = (README.parent / "docs/dialects/tos.md").read_text(encoding="utf-8")
    suites = set(re.findall(r"`(test_\w+\.py)(?:::\w+)?`", text))
    assert len(suites) > 8
    for suite in suites:
        assert (README.parent / "conformance/tos-python" / suite).exists(), suite
