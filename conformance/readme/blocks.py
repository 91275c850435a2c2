"""Finds the marked blocks of README.md; knows nothing of the server.

A mark is an HTML comment on the line before a fenced block:

    <!-- start -->              how the server is started
    <!-- background: NAME -->   a program that keeps running
    <!-- run: NAME -->          run to its end; must succeed
    <!-- shows: NAME -->        lines that the output of NAME contains, in this order
"""

import pathlib
import re

README = pathlib.Path(__file__).parents[2] / "README.md"
MARKS = ("start", "background", "run", "shows")
FENCE = re.compile(r"^(?:<!-- (?P<mark>[^>]*?) -->\n)?```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"^<!-- (.*?) -->$", re.MULTILINE)


class Block:
    def __init__(self, mark, language, text):
        self.mark, _, self.name = (part.strip() for part in mark.partition(":"))
        self.language = language
        self.text = text


def blocks(text):
    """All marked blocks in order."""
    found = [Block(m["mark"], m["language"], m["text"]) for m in FENCE.finditer(text) if m["mark"]]
    for block in found:
        assert block.mark in MARKS, f"unknown mark {block.mark!r}"
    comments = len(COMMENT.findall(text))
    assert len(found) == comments, f"{comments} marks, {len(found)} of them before a block"
    return found


def unmarked(text):
    """Blocks that nothing runs."""
    return [m["text"] for m in FENCE.finditer(text) if not m["mark"]]


def lacking(expected, output):
    """The first expected line that the output does not show after those before it."""
    at = 0
    for line in expected.splitlines():
        found = output.find(line, at)
        if found < 0:
            return line
        at = found + len(line)
    return None
