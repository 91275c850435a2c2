"""Runs tests that a vendor's Go module carries, unmodified, and tells what became of each.

They run in a copy of the module, with one file more beside them: `loopback_test.go`, which makes every host this
machine."""

import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess

HERE = pathlib.Path(__file__).parent
# Most of the tests' time is sleep, so there are more processes than processors.
PROCESSES = 6


def module(path, version, digest):
    """The folder of a module, fetched by Go; its digest is that of `go.sum`."""
    words = ["go", "mod", "download", "-json", f"{path}@{version}"]
    done = subprocess.run(words, cwd=HERE, env=_surroundings(), capture_output=True, check=False)
    found = json.loads(done.stdout)
    assert "Error" not in found, found["Error"]
    assert found["Sum"] == digest, f"{path} {version} is {found['Sum']}"
    return pathlib.Path(found["Dir"])


def outcomes(source, where, package, env, skip, seconds, only="", files="*_test.go", tags=""):
    """Runs the tests of `package` of the module in `source`, in a copy below `where`; id of each to why it failed,
    empty when it passed. Each is a process of its own and takes at most `seconds`. `skip` names tests that are not
    run, which counts as failed, and why; `only` is a pattern of those to run, `files` of the files they stand in, which may need build `tags`. `env`
    gives the variables of a test by its name."""
    copy = pathlib.Path(where) / "module"
    shutil.copytree(source, copy, copy_function=shutil.copyfile)
    for folder in [copy, *(path for path in copy.rglob("*") if path.is_dir())]:
        folder.chmod(0o755)
    beside = copy / package
    name = (HERE / "loopback_test.go").read_text(encoding="utf-8").replace("PACKAGE", beside.name, 1)
    (beside / "loopback_test.go").write_text(name, encoding="utf-8")
    program = copy / "tests.program"
    words = ["go", "test", "-vet=off", "-tags", tags, "-c", "-o", str(program), f"./{package}"]
    subprocess.run(words, cwd=copy, env=_surroundings(), check=True)
    texts = [file.read_text(encoding="utf-8") for file in sorted(beside.glob(files))]
    names = [name for text in texts for name in re.findall(r"^func (Test\w+)\(", text, re.M) if re.search(only, name)]

    def one(name):
        if name in skip:
            return f"is not run: {skip[name]}"
        words = [program, "-test.run", f"^{name}$", "-test.v", "-test.timeout", f"{seconds}s"]
        own = env(name) | _surroundings()
        done = subprocess.run(words, cwd=beside, env=own, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        said = done.stdout.decode(errors="replace")
        passed = done.returncode == 0 and f"--- PASS: {name} " in said
        return "" if passed else _error(said)

    with concurrent.futures.ThreadPoolExecutor(PROCESSES) as pool:
        reasons = list(pool.map(one, names))
    return {f"{package}/{name}": reason for name, reason in zip(names, reasons)}


def _surroundings():
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return kept | {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly"}


def _error(said):
    """What an assertion says, or the end of what was written."""
    at = said.find("Error:")
    return said[at : at + 600] if at >= 0 else said[-600:] or "said nothing"
