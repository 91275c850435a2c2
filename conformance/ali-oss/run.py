"""Runs the vendor's tests of `ali-oss` for Node.js, unmodified, from a checkout, and judges the outcome.

The tests are those of the checkout that `COHONG_CHECKOUT` names, the package is the pinned one in `NODE_PATH`. The
vendor's hosts are the server under test, see `hosts.js`. `python3 run.py PATTERN` runs the tests whose title matches,
without verdict.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "common"))

from harness import Server
from vendor_tests import SLOW_RESTORES, show, surroundings
from verdict import Rules, judge

RULES = Rules(listed=56, collected={"": 766}, passed_min={"": 707})
TEST_MS = "60000"


def variables(server):
    """What test/config.js reads; there is no service of roles."""
    return surroundings() | {
        "ALI_SDK_OSS_ID": server.access_key,
        "ALI_SDK_OSS_SECRET": server.secret_key,
        "ALI_SDK_OSS_REGION": "oss-cn-hangzhou",
        "ALI_SDK_STS_ID": server.access_key,
        "ALI_SDK_STS_SECRET": server.secret_key,
        "ALI_SDK_STS_ROLE": "acs:ram::1234567890123456:role/sts",
        "ALI_SDK_STS_BUCKET": "sts-bucket",
        "LOOPBACK_HTTP": str(server.port),
    }


def reported(where, env, *more):
    """What mocha reports of all tests."""
    file = where / "report.json"
    file.unlink(missing_ok=True)
    words = ["node", "node_modules/mocha/bin/mocha", "--exit", "-t", TEST_MS, "-r", str(HERE / "hosts.js"), "-r", "should"]
    words += ["--reporter", "json", "--reporter-option", f"output={file}", *more]
    subprocess.run([*words, "test/node/*.test.js", "test/node/**/*.test.js"], cwd=where, env=env, stdout=subprocess.DEVNULL)
    return json.loads(file.read_text(encoding="utf-8"))["tests"]


def named(tests):
    """The tests by file and title, and by number where a title stands more than once."""
    found = {}
    for test in tests:
        file = pathlib.Path(test["file"]).relative_to(pathlib.Path(test["file"]).parents[0])
        name = f"{file}: {' '.join(test['fullTitle'].split())}"
        if name in found:
            name += f" #{sum(other.startswith(name) for other in found) + 1}"
        found[name] = test
    return found


def run(*more):
    """The outcomes of all tests, in a copy of the package with the tests of the checkout."""
    with tempfile.TemporaryDirectory(prefix="ali-oss-") as folder:
        where = pathlib.Path(folder) / "package"
        packages = pathlib.Path(os.environ["NODE_PATH"])
        shutil.copytree(packages / "ali-oss", where, ignore=shutil.ignore_patterns("node_modules"))
        (where / "node_modules").symlink_to(packages)
        shutil.copytree(pathlib.Path(os.environ["COHONG_CHECKOUT"]) / "test", where / "test")
        server = Server(config=SLOW_RESTORES)
        try:
            env = variables(server)
            all_tests = named(reported(where, env, "--dry-run", *more))
            told = named(reported(where, env, *more))
            # A test whose preparation fails is never begun.
            found = dict.fromkeys(all_tests, "was not run: what prepares it failed")
            for name in all_tests.keys() & told.keys():
                error = told[name]["err"]
                passed = not error and told[name].get("duration") is not None
                found[name] = "" if passed else str(error.get("message", "skipped"))[:600]
            return found
        finally:
            server.stop()


def main(patterns):
    if patterns:
        show(run("-g", patterns[0]))
        return 0
    return judge(run(), HERE, RULES)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
