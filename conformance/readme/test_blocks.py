"""The finder itself: what it must refuse."""

import pytest

from blocks import blocks, lacking


def test_marks_and_blocks():
    text = "<!-- run: a -->\n```bash\none\n```\n\ntext\n\n<!-- shows: a -->\n```text\n1\n```\n\n```bash\nfree\n```\n"
    found = [(b.mark, b.name, b.language, b.text) for b in blocks(text)]
    assert found == [("run", "a", "bash", "one\n"), ("shows", "a", "text", "1\n")]


@pytest.mark.parametrize("text", ["<!-- run: a -->\n\n```bash\none\n```\n", "<!-- rum: a -->\n```bash\none\n```\n"])
def test_a_mark_that_would_run_nothing_is_refused(text):
    with pytest.raises(AssertionError):
        blocks(text)


def test_lines_are_looked_for_in_order():
    assert lacking("a\nb\n", "x a\ny b\n") is None
    assert lacking("b\na\n", "a\nb\n") == "a"
    assert lacking("c\n", "a\nb\n") == "c"
