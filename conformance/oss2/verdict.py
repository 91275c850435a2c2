"""What a run of the vendor's tests means: compares results with the list of expected failures."""

# How many failures are excused. Lower it with each line removed; never raise it.
LISTED = 186

# Begins the reason of a test whose end depends on the moment.
MAY_PASS = "may pass:"

# A test that is skipped, deselected or gone did not pass.
COLLECTED = {"unittests": 200, "tests": 557}
PASSED_MIN = {"unittests": 200, "tests": 330}


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


def complaints(passed, failed, expected, allowed=LISTED, collected=COLLECTED, passed_min=PASSED_MIN):
    """All that is wrong with a run, in words; `passed` and `failed` are sets of ids."""
    found = []
    if len(expected) != allowed:
        found.append(f"the list has {len(expected)} lines where LISTED is {allowed}")
    for name in sorted(failed - expected.keys()):
        found.append(f"{name} failed and is not listed")
    sure = {name for name, reason in expected.items() if not reason.startswith(MAY_PASS)}
    for name in sorted(passed & sure):
        found.append(f"{name} passes: remove the line and lower LISTED")
    for name in sorted(expected.keys() - passed - failed):
        found.append(f"{name} is listed and was not run")
    for folder, count in collected.items():
        ran = sum(name.startswith(folder + "/") for name in passed | failed)
        good = sum(name.startswith(folder + "/") for name in passed)
        if ran != count:
            found.append(f"{ran} tests of {folder}/ ran instead of {count}")
        if good < passed_min[folder]:
            found.append(f"{good} tests of {folder}/ passed, at least {passed_min[folder]} have to")
    return found
