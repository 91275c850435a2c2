"""A pytest plugin: writes what became of every test to the file that `OUTCOMES` names, and gives
unittest the names back that the vendor's tests use and Python 3.12 dropped. Tests that draw lots, of which
bucket to use among others, draw the same ones in every run."""

import json
import os
import random
import unittest


class Outcomes:
    """Id of each test to why it did not pass; empty for those that did."""

    def __init__(self):
        self.reasons = {}

    def pytest_runtest_logreport(self, report):
        reason = self.reasons.setdefault(report.nodeid, "")
        if not reason and not (report.passed and not hasattr(report, "wasxfail")):
            self.reasons[report.nodeid] = f"{report.outcome} in {report.when}: {report.longreprtext}"

    def pytest_sessionfinish(self):
        with open(os.environ["OUTCOMES"], "w", encoding="utf-8") as file:
            json.dump(self.reasons, file)


def pytest_runtest_setup(item):
    random.seed(item.nodeid)


def pytest_configure(config):
    for old, name in {"assertEquals": "assertEqual", "assertNotEquals": "assertNotEqual"}.items():
        if not hasattr(unittest.TestCase, old):
            setattr(unittest.TestCase, old, getattr(unittest.TestCase, name))
    # A worker of pytest-xdist tells the process that started it.
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Outcomes())
