"""Runs the vendor's own tests of `oss2`, unmodified, against one server, and judges the outcome.

The tests speak to the vendor's public endpoint through a proxy, which is the server under test: it
serves requests in absolute form. So hosts that the tests name themselves lead here as well, and
nothing leaves the machine. `python run.py PATTERN` runs the tests whose name matches, without verdict.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from harness import Server
from verdict import COLLECTED, complaints, listed

HERE = pathlib.Path(__file__).parent
ENDPOINT = "http://oss-cn-hangzhou.aliyuncs.com"
REGION = "cn-hangzhou"
PAYER = "1234567890123456"
# Most of the tests' time is sleep, so there are more processes than processors.
PROCESSES = "6"
TEST_SECONDS = "180"


def variables(server):
    """What tests/common.py reads; there is no STS service, so those stay unset."""
    payer = server.command("key", "create", "--account", PAYER)
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return kept | {
        "OSS_TEST_ACCESS_KEY_ID": server.access_key,
        "OSS_TEST_ACCESS_KEY_SECRET": server.secret_key,
        "OSS_TEST_ENDPOINT": ENDPOINT,
        "OSS_TEST_CNAME": "http://files.example.com",
        "OSS_TEST_REGION": REGION,
        "OSS_TEST_UID": "root",
        "OSS_TEST_PAYER_UID": PAYER,
        "OSS_TEST_PAYER_ACCESS_KEY_ID": payer["access_key"],
        "OSS_TEST_PAYER_ACCESS_KEY_SECRET": payer["secret_key"],
        "OSS_TEST_RAM_UID": PAYER,
        "OSS_TEST_RAM_ROLE_ARN": f"acs:ram::{PAYER}:role/inventory",
        "http_proxy": server.url,
        "https_proxy": server.url,
        # Some tests ask for the locale zh_CN, which only some machines have: here none does.
        "LOCPATH": os.devnull,
        "LC_ALL": "C.UTF-8",
    }


def outcomes(folder, where, env, *more):
    """Runs one folder of tests; id of each to why it failed, empty when it passed."""
    file = where / f"{folder}.json"
    words = ["-m", "pytest", folder, "-q", "--tb=no", "--no-summary", "--show-capture=no", "--disable-warnings"]
    # The working folder, which holds the tests, comes before ours.
    path = os.pathsep.join([os.getenv("PYTHONPATH", ""), str(HERE)])
    words += ["-p", "no:cacheprovider", "-p", "loopback", "-p", "outcomes", "-n", PROCESSES, "--timeout", TEST_SECONDS, *more]
    subprocess.run([sys.executable, *words], cwd=where, env=env | {"OUTCOMES": str(file), "PYTHONPATH": path})
    return json.loads(file.read_text(encoding="utf-8"))


def run(*more):
    """The outcomes of all tests, on a server and a copy of the sources of their own."""
    with tempfile.TemporaryDirectory(prefix="oss2-") as folder:
        where = pathlib.Path(folder)
        # Tests look at restores that have not finished.
        config = where / "cohong.toml"
        config.write_text("restore_delay_s = 60\n", encoding="utf-8")
        server = Server(COHONG_CONFIG=str(config))
        try:
            shutil.copytree(os.environ["COHONG_SOURCE"], where, dirs_exist_ok=True)
            env = variables(server)
            found = {}
            for name in COLLECTED:
                started = time.monotonic()
                found |= outcomes(name, where, env, *more)
                print(f"{name}: {time.monotonic() - started:.0f} s", flush=True)
            return found
        finally:
            server.stop()


def main(patterns):
    if patterns:
        for name, reason in sorted(run("-k", patterns[0]).items()):
            print(f"{name}: {reason or 'passed'}")
        return 0
    subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_verdict.py"], cwd=HERE, check=True)
    expected = listed((HERE / "expected-failures.txt").read_text(encoding="utf-8"))
    found = run()
    passed = {name for name, reason in found.items() if not reason}
    failed = found.keys() - passed
    wrong = complaints(passed, failed, expected)
    for name in sorted(failed - expected.keys()):
        print(f"\n{name}\n{found[name]}")
    print(f"{len(passed)} passed, {len(failed)} failed, {len(expected)} of them expected")
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
