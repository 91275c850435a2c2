"""Runs under Python 2.7: holds the objects of the vendor's client, and does with them what the tests tell it, an order
and an answer a line. Texts travel as Unicode and are bytes here, as programs of that time have them."""

import importlib
import json
import sys

objects = {}


def shown(value):
    if value is None or isinstance(value, (bool, int, long, float, unicode)):
        return {"value": value}
    if isinstance(value, str):
        return {"value": value.decode("utf-8")}
    if isinstance(value, list):
        return {"list": [shown(one) for one in value]}
    if isinstance(value, tuple):
        return {"tuple": [shown(one) for one in value]}
    objects[id(value)] = value
    return {"object": id(value)}


def meant(argument):
    if "object" in argument:
        return objects[argument["object"]]
    if "tuple" in argument:
        return tuple(meant(one) for one in argument["tuple"])
    if "list" in argument:
        return [meant(one) for one in argument["list"]]
    value = argument["value"]
    return value.encode("utf-8") if isinstance(value, unicode) else value


def do(order):
    if "find" in order:
        module, _, name = order["find"].rpartition(".")
        return getattr(importlib.import_module(module), name)
    target = objects[order["on"]]
    if "get" in order:
        return getattr(target, order["get"])
    if "set" in order:
        return setattr(target, order["set"], meant(order["to"]))
    named = dict((name.encode("ascii"), meant(value)) for name, value in order["named"].items())
    return target(*[meant(value) for value in order["args"]], **named)


def raised(error):
    kinds = [kind.__name__ for kind in type(error).__mro__]
    return {"kinds": kinds, "text": str(error), "members": dict((k, shown(v)) for k, v in vars(error).items())}


def main():
    answers = sys.stdout
    # Whatever the client prints is no answer.
    sys.stdout = sys.stderr
    for line in iter(sys.stdin.readline, ""):
        try:
            answer = {"good": shown(do(json.loads(line)))}
        except Exception as error:
            answer = {"raised": raised(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
