"""The vendor's client, which is Python 2 code: it runs, unmodified, in a process of Python 2.7, and what the tests hold
are stand-ins for its objects. Attributes, calls, results and errors go to and fro."""

import json
import os
import pathlib
import subprocess

WORKER = pathlib.Path(__file__).with_name("worker.py")


class Raised(Exception):
    """What the client raised: names of its class and those above it, its text, its attributes."""

    def __init__(self, kinds, text, members):
        super().__init__(f"{kinds[0]}: {text}")
        self.kinds = kinds
        self.__dict__.update(members)


class Process:
    """A program that uses the client."""

    def __init__(self):
        # No proxy settings and no path of the tests' own Python.
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": os.environ["COHONG_PYTHON2_PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
        command = [os.environ["COHONG_PYTHON2"], str(WORKER)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True)

    def find(self, name):
        """A class or function by its full name."""
        return self.order({"find": name})

    def send(self, order):
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()

    def order(self, order):
        self.send(order)
        line = self.process.stdout.readline()
        assert line, "the process of Python 2.7 has ended"
        answer = json.loads(line)
        if "raised" in answer:
            error = answer["raised"]
            members = {name: self.meant(value) for name, value in error["members"].items()}
            raise Raised(error["kinds"], error["text"], members)
        return self.meant(answer["good"])

    def meant(self, shown):
        if "object" in shown:
            return Remote(self, shown["object"])
        if "list" in shown:
            return [self.meant(one) for one in shown["list"]]
        if "tuple" in shown:
            return tuple(self.meant(one) for one in shown["tuple"])
        return shown["value"]

    def kill(self):
        """Ends it as a crash does, whatever it is doing."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=20)
        self.process.stdout.close()


class Remote:
    """An object of the process."""

    def __init__(self, process, number):
        vars(self).update(_process=process, _number=number)

    def __getattr__(self, name):
        return self._process.order({"on": self._number, "get": name})

    def __setattr__(self, name, value):
        self._process.order({"on": self._number, "set": name, "to": shown(value)})

    def __getitem__(self, key):
        return self.__getattr__("__getitem__")(key)

    def __call__(self, *args, **named):
        return self._process.order(called(self, args, named))

    def begin(self, *args, **named):
        """A call whose end is not waited for: nothing else can be asked of the process after it."""
        self._process.send(called(self, args, named))


def called(remote, args, named):
    return {
        "on": remote._number,
        "args": [shown(value) for value in args],
        "named": {name: shown(value) for name, value in named.items()},
    }


def shown(value):
    if isinstance(value, Remote):
        return {"object": value._number}
    if isinstance(value, tuple):
        return {"tuple": [shown(one) for one in value]}
    if isinstance(value, list):
        return {"list": [shown(one) for one in value]}
    if isinstance(value, os.PathLike):
        return {"value": os.fspath(value)}
    return {"value": value}
