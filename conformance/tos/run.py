"""Runs the vendor's own tests of `tos`, unmodified, against one server, and judges the outcome.

The tests speak to the vendor's public endpoint through a proxy, which is the server under test; `hosts.py` leads
here what they send past the proxy. The source archive leaves out the module with their base classes, for which
`common.py` stands in. `python run.py PATTERN` runs the tests whose name matches, without verdict.
"""

import os
import pathlib
import shutil
import sys
import tempfile

from harness import Receiver, Server
from vendor_tests import SLOW_RESTORES, main, outcomes, surroundings
from verdict import Rules

HERE = pathlib.Path(__file__).parent
HOST = "tos-cn-beijing.volces.com"
# These speak to nobody, and expect an endpoint without scheme.
ALONE = "tests/test_base_func.py"
RULES = Rules(
    listed=33,
    collected={"tests/": 241},
    passed_min={"tests/": 207},
)


def variables(server, receiver):
    """What `common.py` and the tests read."""
    return surroundings() | {
        "AK": server.access_key,
        "SK": server.secret_key,
        "Endpoint": f"http://{HOST}",
        "Region": "cn-beijing",
        "Endpoint2": "http://tos-cn-guangzhou.volces.com",
        "Region2": "cn-guangzhou",
        "AccountId": "root",
        "CallbackUrl": f"{receiver.url}/callback",
        "http_proxy": server.url,
        "https_proxy": server.url,
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
            env = variables(server, receiver)
            found = outcomes("tests", where, env, "-p", "hosts", "--ignore", ALONE, *more)
            return found | outcomes(ALONE, where, env | {"Endpoint": HOST}, *more)
        finally:
            receiver.stop()
            server.stop()


if __name__ == "__main__":
    sys.exit(main(run, HERE, RULES))
