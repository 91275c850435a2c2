"""Runs tests that a vendor wrote in Python, unmodified, and tells what became of each."""

import json
import os
import pathlib
import subprocess
import sys

from verdict import judge

# Most of the tests' time is sleep, so there are more processes than processors.
PROCESSES = "6"
TEST_SECONDS = "180"
# Tests look at restores that have not finished.
SLOW_RESTORES = "restore_delay_s = 60\n"


def surroundings():
    """The variables of this process, without a proxy; tests may ask for locales that few machines have: here none does."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return kept | {"LOCPATH": os.devnull, "LC_ALL": "C.UTF-8"}


def outcomes(folder, where, env, *more):
    """Runs the tests of `folder` below `where`; id of each to why it failed, empty when it passed.

    `more` are further words for pytest, such as `-k` and a pattern.
    """
    file = pathlib.Path(where) / f"{folder.replace('/', '-')}.json"
    words = ["-m", "pytest", folder, "-q", "--tb=no", "--no-summary", "--show-capture=no", "--disable-warnings"]
    words += ["-p", "no:cacheprovider", "-p", "loopback", "-p", "outcomes", "-n", PROCESSES, "--timeout", TEST_SECONDS, *more]
    subprocess.run([sys.executable, *words], cwd=where, env=env | {"OUTCOMES": str(file)})
    return json.loads(file.read_text(encoding="utf-8"))


def check_verdict():
    """Runs the tests of the comparison itself, which every verdict rests on."""
    here = pathlib.Path(__file__).parent
    subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_verdict.py"], cwd=here, check=True)


def show(found):
    """Prints every outcome, without verdict."""
    for name, reason in sorted(found.items()):
        print(f"{name}: {reason or 'passed'}")


def main(run, folder, rules, narrow=("-k",)):
    """The whole of a suite: judges what `run` gives, or with a pattern as its argument shows the outcomes of the tests that
    fit, without verdict; `narrow` are the words of `run` before a pattern. Gives the exit code."""
    if sys.argv[1:]:
        show(run(*narrow, sys.argv[1]))
        return 0
    check_verdict()
    return judge(run(), folder, rules)
