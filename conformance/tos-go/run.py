"""Runs the tests of the vendor's Go SDK for TOS, unmodified, against one server, and judges the outcome.

Callbacks go to a receiver on this machine, notifications to a function of that name. `python run.py PATTERN` runs the
tests whose name matches, without verdict.
"""

import pathlib
import sys
import tempfile

from go_tests import module, outcomes
from harness import Receiver, Server
from vendor_tests import SLOW_RESTORES, main
from verdict import Rules

HERE = pathlib.Path(__file__).parent
MODULE = ("github.com/volcengine/ve-tos-golang-sdk/v2", "v2.7.12", "h1:u9+32DXQIOFPG8oQ3xrjSAUSyAcaq5bqO4cEBom/6lA=")
PACKAGE = "tos/tests"
SKIP = {"TestLargeFile": "sends gigabytes, which takes minutes"}
SECONDS = 120
# Removes every bucket of the tests and counts those that are left, so it has a server of its own.
ALONE = "TestListBucketV2"
RULES = Rules(listed=39, collected={"tos/tests/": 141}, passed_min={"tos/tests/": 102})


def variables(server, receiver):
    """What tests/env.go reads; there are no message queues."""
    server.command("function", "add", "told", receiver.url + "/told")
    return {
        "TOS_GO_SDK_ENDPOINT": f"http://tos-cn-beijing.volces.com:{server.port}",
        "TOS_GO_SDK_REGION": "cn-beijing",
        "TOS_GO_SDK_ENDPOINT2": f"http://tos-cn-shanghai.volces.com:{server.port}",
        "TOS_GO_SDK_REGION2": "cn-shanghai",
        "TOS_GO_SDK_AK": server.access_key,
        "TOS_GO_SDK_SK": server.secret_key,
        "TOS_GO_SDK_ACCOUNT_ID": "root",
        "TOS_GO_SDK_CLOUD_FUNCTION": "told",
        "TOS_GO_SDK_CALLBACK_URL": receiver.url + "/callback",
    }


def run(only=""):
    """The outcomes of all tests."""
    source = module(*MODULE)
    with tempfile.TemporaryDirectory(prefix="tos-go-") as folder:
        server, another, receiver = Server(config=SLOW_RESTORES), Server(), Receiver()
        receiver.answer = lambda request: (200, "application/json", b'{"msg":"ok"}')
        try:
            env, own = variables(server, receiver), variables(another, receiver)
            return outcomes(source, folder, PACKAGE, lambda name: own if name == ALONE else env, SKIP, SECONDS, only)
        finally:
            receiver.stop()
            server.stop()
            another.stop()


if __name__ == "__main__":
    sys.exit(main(run, HERE, RULES, narrow=()))
