"""Runs the vendor's integration tests of `alibabacloud-oss-v2`, unmodified, from a checkout, and judges the outcome.

The tests are those of the checkout that `COHONG_CHECKOUT` names, the package is the pinned one. The vendor's hosts
are the server under test: their names lead to its port. `python run.py PATTERN` runs the tests whose name matches,
without verdict.
"""

import os
import pathlib
import shutil
import sys
import tempfile

from harness import Server
from vendor_tests import SLOW_RESTORES, main, outcomes, surroundings
from verdict import Rules

HERE = pathlib.Path(__file__).parent
REGION = "cn-hangzhou"
PAYER = "1234567890123456"
RULES = Rules(listed=70, collected={"tests/": 364}, passed_min={"tests/": 294})


def variables(server):
    """What tests/integration/__init__.py reads; there is no service of roles, of vectors or of tables."""
    payer = server.command("key", "create", "--account", PAYER)
    return surroundings() | {
        "OSS_TEST_ACCESS_KEY_ID": server.access_key,
        "OSS_TEST_ACCESS_KEY_SECRET": server.secret_key,
        "OSS_TEST_ENDPOINT": f"http://oss-{REGION}.aliyuncs.com",
        "OSS_TEST_REGION": REGION,
        "OSS_TEST_RAM_ROLE_ARN": f"acs:ram::{PAYER}:role/inventory",
        "OSS_TEST_USER_ID": "root",
        "OSS_TEST_PAYER_UID": PAYER,
        "OSS_TEST_PAYER_ACCESS_KEY_ID": payer["access_key"],
        "OSS_TEST_PAYER_ACCESS_KEY_SECRET": payer["secret_key"],
        "TZ": "Asia/Shanghai",
        "LOOPBACK_DOMAIN": "aliyuncs.com",
        "LOOPBACK_HTTP": str(server.port),
    }


def run(*more):
    """The outcomes of all tests, on a server and a copy of the tests of their own."""
    checkout = pathlib.Path(os.environ["COHONG_CHECKOUT"])
    with tempfile.TemporaryDirectory(prefix="oss-v2-") as folder:
        where = pathlib.Path(folder)
        server = Server(config=SLOW_RESTORES)
        try:
            # Without the package of the checkout: what is tested is the released one.
            shutil.copytree(checkout / "tests", where / "tests")
            # One after the other: each class of tests removes the buckets of all.
            return outcomes("tests/integration", where, variables(server), "-n", "0", *more)
        finally:
            server.stop()


if __name__ == "__main__":
    sys.exit(main(run, HERE, RULES))
