"""Runs the vendor's own tests of `tos`, unmodified, against one server, and judges the outcome.

The tests speak https to the vendor's public endpoint through a proxy, which is the server under test; `hosts.py` leads
here what they send past the proxy. The source archive leaves out the module with their base classes, for which
`common.py` stands in. `python run.py PATTERN` runs the tests whose name matches, without verdict.
"""

import os
import pathlib
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

from harness import Receiver, Server
from vendor_tests import SLOW_RESTORES, main, outcomes, surroundings
from verdict import Rules

HERE = pathlib.Path(__file__).parent
HOST = "tos-cn-beijing.volces.com"
# Waits for a restore that takes minutes at the vendor's: begun with the others, and ends after them.
SLOW, SLOW_SECONDS = "tests/test_v2_object.py::TestObject::test_restore_object", "480"
RULES = Rules(
    listed=6,
    collected={"tests/": 241},
    passed_min={"tests/": 235},
)


def variables(server, receiver):
    """What `common.py` and the tests read."""
    return surroundings() | {
        "AK": server.access_key,
        "SK": server.secret_key,
        "Endpoint": HOST,
        "Region": "cn-beijing",
        "Endpoint2": "http://tos-cn-guangzhou.volces.com",
        "Region2": "cn-guangzhou",
        "AccountId": "root",
        "CallbackUrl": f"{receiver.url}/callback",
        "http_proxy": server.url,
        "https_proxy": server.url,
        "REQUESTS_CA_BUNDLE": server.command("env")["set"]["REQUESTS_CA_BUNDLE"],
        "PYTHONPATH": os.pathsep.join([os.getenv("PYTHONPATH", ""), str(HERE)]),
    }


def run(*more):
    """The outcomes of all tests, on a server, a receiver of callbacks and a copy of the sources of their own."""
    with tempfile.TemporaryDirectory(prefix="tos-") as folder:
        where = pathlib.Path(folder)
        server, receiver = Server(config=SLOW_RESTORES), Receiver()
        try:
            shutil.copytree(os.environ["COHONG_SOURCE"], where, dirs_exist_ok=True)
            shutil.copy(HERE / "common.py", where / "tests")
            env, hosts = variables(server, receiver), ("-p", "hosts")
            with ThreadPoolExecutor() as pool:
                slow = pool.submit(outcomes, SLOW, where, env, *hosts, "--timeout", SLOW_SECONDS, *more)
                return outcomes("tests", where, env, *hosts, "--deselect", SLOW, *more) | slow.result()
        finally:
            receiver.stop()
            server.stop()


if __name__ == "__main__":
    sys.exit(main(run, HERE, RULES))
