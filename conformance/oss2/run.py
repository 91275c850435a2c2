"""Runs the vendor's own tests of `oss2`, unmodified, against one server, and judges the outcome.

The tests speak to the vendor's public endpoint through a proxy, which is the server under test, with a stand-in in
front for what is no store: it serves requests in absolute form. So hosts that the tests name themselves lead here as well, and
nothing leaves the machine. `python run.py PATTERN` runs the tests whose name matches, without verdict.
"""

import os
import pathlib
import shutil
import sys
import tempfile
import time

from cloud import Cloud
from harness import Server
from vendor_tests import SLOW_RESTORES, main, outcomes, surroundings
from verdict import Rules

HERE = pathlib.Path(__file__).parent
ENDPOINT = "http://oss-cn-hangzhou.aliyuncs.com"
REGION = "cn-hangzhou"
PAYER = "1234567890123456"
RULES = Rules(
    listed=119,
    collected={"unittests/": 200, "tests/": 557},
    passed_min={"unittests/": 200, "tests/": 434},
)


def variables(server, cloud):
    """What tests/common.py reads."""
    payer = server.command("key", "create", "--account", PAYER)
    return surroundings() | {
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
        "OSS_TEST_STS_ID": server.access_key,
        "OSS_TEST_STS_KEY": server.secret_key,
        "OSS_TEST_STS_ARN": f"acs:ram::{PAYER}:role/sts",
        "ALIBABA_CLOUD_CA_BUNDLE": str(cloud.roots),
        "http_proxy": cloud.url,
        "https_proxy": cloud.url,
    }


def run(*more):
    """The outcomes of all tests, on a server and a copy of the sources of their own."""
    with tempfile.TemporaryDirectory(prefix="oss2-") as folder:
        where = pathlib.Path(folder)
        server = Server(config=SLOW_RESTORES)
        cloud = Cloud(server)
        try:
            shutil.copytree(os.environ["COHONG_SOURCE"], where, dirs_exist_ok=True)
            env = variables(server, cloud)
            found = {}
            for name in ["unittests", "tests"]:
                started = time.monotonic()
                # One test stores 3,000 objects, and all pass through the stand-in.
                found |= outcomes(name, where, env, "--timeout", "600", *more)
                print(f"{name}: {time.monotonic() - started:.0f} s", flush=True)
            return found
        finally:
            cloud.stop()
            server.stop()


if __name__ == "__main__":
    sys.exit(main(run, HERE, RULES))
