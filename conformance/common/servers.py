"""Fixtures of pytest that most suites have: a server for the session, and receivers of calls."""

import pytest
from harness import Receiver, Server


@pytest.fixture(scope="session")
def server():
    server = Server()
    yield server
    server.stop()


@pytest.fixture()
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.stop()
