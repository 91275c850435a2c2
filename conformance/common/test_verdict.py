"""The comparison itself: what it must not let pass."""

import pytest

from verdict import Rules, complaints, listed

LIST = "# why\n\nt/a.py::A::test_two | needs another service\n"


def judged(passed, failed, text=LIST, allowed=1, count=2, least=1):
    return complaints(set(passed), set(failed), listed(text), Rules(allowed, {"t/": count}, {"t/": least}))


ONE, TWO = "t/a.py::A::test_one", "t/a.py::A::test_two"


def test_what_was_expected():
    assert judged([ONE], [TWO]) == []


def test_what_may_end_either_way():
    text = LIST.replace("needs", "may pass: needs")
    assert judged([ONE], [TWO], text) == [] and judged([ONE, TWO], [], text) == []
    assert judged([ONE], [], text), "it has to run"


@pytest.mark.parametrize(
    ("run", "part"),
    [
        (dict(passed=[], failed=[ONE, TWO]), f"{ONE} failed and is not listed"),
        (dict(passed=[ONE, TWO], failed=[]), "remove the line"),
        (dict(passed=[ONE], failed=[]), "was not run"),
        (dict(passed=[ONE], failed=[TWO], count=3), "2 tests of t/ ran instead of 3"),
        (dict(passed=[ONE], failed=[TWO], least=2), "1 tests of t/ passed"),
        (dict(passed=[ONE], failed=[TWO], allowed=0), "where the rules say 0"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_difference_is_told(run, part):
    assert any(part in line for line in judged(**run)), judged(**run)


@pytest.mark.parametrize("text", ["t/a.py::A::test_two\n", "a |\n", "a | x\na | y\n"])
def test_lists_that_are_none(text):
    with pytest.raises(ValueError):
        listed(text)
