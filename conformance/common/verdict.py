"""What a run of a vendor's tests means: compares results with the suite's list of expected failures."""

from typing import NamedTuple

# Begins the reason of a test whose end depends on the moment.
MAY_PASS = "may pass:"


class Rules(NamedTuple):
    """What a suite holds its runs to."""

    # How many failures its list excuses. Lower it with each line removed; never raise it.
    listed: int
    # Tests by folder, or by any other beginning of their ids; one that is skipped, deselected or gone did not pass.
    collected: dict
    # How many of them pass at least.
    passed_min: dict


def listed(text):
    """The ids of the list, each with its reason; a line is `id | reason`."""
    found = {}
    for line in text.splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, _, reason = (part.strip() for part in line.partition("|"))
        if not reason:
            raise ValueError(f"`{line}` is not `id | reason`")
        if name in found:
            raise ValueError(f"{name} is listed twice")
        found[name] = reason
    return found


def complaints(passed, failed, expected, rules):
    """All that is wrong with a run, in words; `passed` and `failed` are sets of ids."""
    found = []
    if len(expected) != rules.listed:
        found.append(f"the list has {len(expected)} lines where the rules say {rules.listed}")
    for name in sorted(failed - expected.keys()):
        found.append(f"{name} failed and is not listed")
    sure = {name for name, reason in expected.items() if not reason.startswith(MAY_PASS)}
    for name in sorted(passed & sure):
        found.append(f"{name} passes: remove the line and lower `listed`")
    for name in sorted(expected.keys() - passed - failed):
        found.append(f"{name} is listed and was not run")
    for folder, count in rules.collected.items():
        ran = sum(name.startswith(folder) for name in passed | failed)
        good = sum(name.startswith(folder) for name in passed)
        if ran != count:
            found.append(f"{ran} tests of {folder} ran instead of {count}")
        if good < rules.passed_min[folder]:
            found.append(f"{good} tests of {folder} passed, at least {rules.passed_min[folder]} have to")
    return found


def judge(found, folder, rules):
    """Compares `found`, the id of each test to why it failed, with the list in `folder`; prints, gives the exit code."""
    expected = listed((folder / "expected-failures.txt").read_text(encoding="utf-8"))
    passed = {name for name, reason in found.items() if not reason}
    failed = found.keys() - passed
    for name in sorted(failed - expected.keys()):
        print(f"\n{name}\n{found[name]}")
    print(f"{len(passed)} passed, {len(failed)} failed, {len(failed & expected.keys())} of them expected")
    for part in rules.collected:
        count = sum(name.startswith(part) for name in passed)
        print(f"{part}: {count} of {rules.collected[part]} passed")
    wrong = complaints(passed, failed, expected, rules)
    for line in wrong:
        print(line)
    return 1 if wrong else 0
