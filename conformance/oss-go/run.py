"""Runs the integration tests of the vendor's Go SDK for OSS, unmodified, against one server, and judges the outcome.

`python run.py PATTERN` runs the tests whose name matches, without verdict.
"""

import hashlib
import pathlib
import sys
import tempfile

from go_tests import module, outcomes
from harness import Server
from vendor_tests import SLOW_RESTORES, main
from verdict import Rules

HERE = pathlib.Path(__file__).parent
MODULE = ("github.com/aliyun/alibabacloud-oss-go-sdk-v2", "v1.6.1", "h1:tpKbQ1WOW3Lp7KobDrEyGL2hFwtIX+WHfXhvI3dIwNw=")
PACKAGE = "oss"
FILES = "client_integration_*_test.go"
SECONDS = 120
PAYER = "1234567890123456"
RULES = Rules(listed=35, collected={"oss/": 102}, passed_min={"oss/": 67})


def variables(server):
    """What client_integration_test.go reads; there is no service of roles."""
    payer = server.command("key", "create", "--account", PAYER)
    return {
        "OSS_TEST_ENDPOINT": f"http://oss-cn-hangzhou.aliyuncs.com:{server.port}",
        "OSS_TEST_REGION": "cn-hangzhou",
        "OSS_TEST_ACCESS_KEY_ID": server.access_key,
        "OSS_TEST_ACCESS_KEY_SECRET": server.secret_key,
        "OSS_TEST_RAM_ROLE_ARN": f"acs:ram::{PAYER}:role/inventory",
        "OSS_TEST_PAYER_UID": PAYER,
        "OSS_TEST_PAYER_ACCESS_KEY_ID": payer["access_key"],
        "OSS_TEST_PAYER_ACCESS_KEY_SECRET": payer["secret_key"],
        "OSS_TEST_USER_ID": "root",
        "OSS_TEST_ACCOUNT_ID": "root",
        "TZ": "Asia/Shanghai",
    }


def run(only=""):
    """The outcomes of all tests. Each has buckets of its own, as it ends with removing those of its prefix."""
    source = module(*MODULE)
    with tempfile.TemporaryDirectory(prefix="oss-go-") as folder:
        server = Server(config=SLOW_RESTORES)
        try:
            env = variables(server)

            def own(name):
                short = hashlib.sha256(name.encode()).hexdigest()[:8]
                return env | {"OSS_TEST_BUCKET_PREFIX": f"go-{short}-"}

            return outcomes(source, folder, PACKAGE, own, {}, SECONDS, only, FILES, "integration")
        finally:
            server.stop()


if __name__ == "__main__":
    sys.exit(main(run, HERE, RULES, narrow=()))
