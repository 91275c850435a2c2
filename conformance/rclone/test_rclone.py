"""What people do with rclone: folders kept alike, objects moved, streams, and a look at all of it."""

import datetime
import hashlib
import json
import os

import pytest
import requests

MIB = 1024 * 1024
NAMES = [
    "plain.txt",
    "empty",
    "deep/er/still/deep.bin",
    "with space/and  two.txt",
    "plus+and%25percent&amp;.txt",
    "quotes'\"()!*.txt",
    "中文/世界 🌍.txt",
    "~tilde/a=b,c;d@e$f#g?.txt",
    "-dash/.hidden",
]


@pytest.fixture()
def folder(tmp_path):
    """A folder with all kinds of names; two files are large enough for parts."""
    folder = tmp_path / "folder"
    for number, name in enumerate(NAMES):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"" if name == "empty" else os.urandom(100 + number))
        os.utime(path, (1_700_000_000 + number, 1_700_000_000.25 + number))
    (folder / "large.bin").write_bytes(os.urandom(12 * MIB + 345))
    (folder / "cutoff.bin").write_bytes(os.urandom(5 * MIB))
    return folder


def nothing_differs(rclone, folder, there):
    rclone("check", folder, there)
    rclone("check", "--download", folder, there)
    dry = rclone.attempt("sync", "--dry-run", folder, there)
    assert dry.returncode == 0 and b"Skipped" not in dry.stderr, dry.stderr.decode()


def test_copy_check_and_copy_back(rclone, store, folder, tmp_path):
    rclone("copy", folder, store)
    nothing_differs(rclone, folder, store)
    everything = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert rclone.lines("lsf", "-R", "--files-only", store) == everything
    assert rclone.lines("lsf", "-R", "--files-only", "--fast-list", store) == everything
    back = tmp_path / "back"
    rclone("copy", store, back)
    for path in folder.rglob("*"):
        copied = back / path.relative_to(folder)
        if path.is_file():
            assert copied.read_bytes() == path.read_bytes(), path
            assert abs(copied.stat().st_mtime - path.stat().st_mtime) < 1e-6, path


def test_what_lists_say(rclone, store, folder):
    rclone("copy", folder, store)
    for options in ([], ["--s3-list-version", "1"], ["--s3-list-version", "2"], ["--s3-list-chunk", "2"]):
        found = {entry["Path"]: entry for entry in json.loads(rclone("lsjson", "-R", "--hash", "--files-only", *options, store))}
        for path in folder.rglob("*"):
            if not path.is_file():
                continue
            entry = found.pop(str(path.relative_to(folder)))
            data = path.read_bytes()
            assert (entry["Size"], entry["Hashes"]["md5"]) == (len(data), hashlib.md5(data).hexdigest()), path
            modified = datetime.datetime.fromisoformat(entry["ModTime"][:26].rstrip("Z") + "+00:00")
            assert abs(modified.timestamp() - path.stat().st_mtime) < 1e-5, path
        assert found == {}, options
    assert rclone.lines("lsd", store)[0].endswith("-dash")
    size = json.loads(rclone("size", "--json", store))
    assert (size["count"], size["bytes"]) == (len(NAMES) + 2, sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()))


def test_sync_follows_every_change(rclone, store, folder):
    rclone("sync", folder, store)
    (folder / "plain.txt").unlink()
    (folder / "empty").write_bytes(b"not any more")
    (folder / "large.bin").write_bytes(os.urandom(7 * MIB))
    (folder / "new").mkdir()
    (folder / "new" / "file").write_bytes(b"new")
    differs = rclone.attempt("check", folder, store)
    assert differs.returncode == 1 and b"4 differences found" in differs.stderr, differs.stderr.decode()
    rclone("sync", folder, store)
    nothing_differs(rclone, folder, store)
    # Bytes alike, time not: only the time is written, in place.
    os.utime(folder / "large.bin", (1_600_000_000, 1_600_000_000))
    os.utime(folder / "empty", (1_600_000_000, 1_600_000_000))
    rclone("sync", folder, store)
    nothing_differs(rclone, folder, store)
    for name in ("large.bin", "empty"):
        entry = json.loads(rclone("lsjson", f"{store}/{name}"))[0]
        assert entry["ModTime"].startswith("2020-09-13T12:26:40"), entry


def test_objects_move_and_are_copied_at_the_server(rclone, store, folder):
    rclone("copy", folder, store)
    for name in ("large.bin", "中文/世界 🌍.txt", "plus+and%25percent&amp;.txt"):
        data = (folder / name).read_bytes()
        rclone("copyto", f"{store}/{name}", f"{store}/copy of/{name}")
        rclone("moveto", f"{store}/{name}", f"{store}/moved+to/{name}")
        assert rclone("cat", f"{store}/copy of/{name}") == data
        assert rclone("cat", f"{store}/moved+to/{name}") == data
        assert name not in rclone.lines("lsf", "-R", "--files-only", store)
    # Sizes above the cutoff are copied in parts.
    rclone("copyto", "--s3-copy-cutoff", "5M", f"{store}/moved+to/large.bin", f"{store}/parts.bin")
    assert rclone("cat", f"{store}/parts.bin") == (folder / "large.bin").read_bytes()
    rclone("move", f"{store}/deep", f"{store}/other/deep")
    assert rclone.lines("lsf", "-R", "--files-only", f"{store}/other") == ["deep/er/still/deep.bin"]


def test_streams(rclone, store):
    for name, size in (("small", 1000), ("parts", 12 * MIB + 1), ("none", 0)):
        data = os.urandom(size)
        rclone("rcat", f"{store}/{name}", given=data)
        assert rclone("cat", f"{store}/{name}") == data
        assert rclone("cat", "--offset", "10", "--count", "20", f"{store}/{name}") == data[10:30]
        assert rclone("cat", "--tail", "5", f"{store}/{name}") == data[-5:]


def test_deletes(rclone, store, folder):
    rclone("copy", folder, store)
    rclone("deletefile", f"{store}/empty")
    rclone("delete", "--include", "*.bin", store)
    left = [name for name in NAMES if not name.endswith(".bin") and name != "empty"]
    assert rclone.lines("lsf", "-R", "--files-only", store) == sorted(left)
    refused = rclone.attempt("rmdir", store)
    assert refused.returncode != 0, "it is not empty"
    rclone("delete", store)
    assert rclone("lsf", "-R", store) == b""
    rclone("rmdir", store)
    assert store.removeprefix("store:") + "/" not in rclone.lines("lsf", "store:")
    rclone("mkdir", store)


def test_metadata_and_headers(rclone, store, root):
    said = ["--header-upload", "Content-Type: text/x-own", "--header-upload", "Cache-Control: max-age=5"]
    rclone("rcat", f"{store}/k", *said, "--metadata-set", "colour=blue", "-M", given=b"v")
    entry = json.loads(rclone("lsjson", "-M", f"{store}/k"))[0]
    assert entry["MimeType"] == "text/x-own"
    metadata = entry["Metadata"]
    assert (metadata["colour"], metadata["cache-control"]) == ("blue", "max-age=5"), metadata


def test_links_are_for_anybody(rclone, store, root):
    rclone("rcat", f"{store}/a b+c/世界", given=b"shared")
    link = rclone("link", "--expire", "1h", f"{store}/a b+c/世界").decode().strip()
    answer = requests.get(link, verify=root, timeout=30)
    assert (answer.status_code, answer.content) == (200, b"shared")
    spoiled = requests.get(link[:-4] + "0000", verify=root, timeout=30)
    assert spoiled.status_code == 403


def test_signatures_of_version_2(rclone, store, folder):
    """rclone writes blanks of prefixes as `+` then."""
    for more in [[], ["--fast-list"]]:
        rclone("copy", "--s3-v2-auth", *more, folder, store)
        rclone("check", "--s3-v2-auth", *more, "--download", folder, store)


def test_a_wrong_secret_is_refused(rclone, store):
    refused = rclone.attempt("lsf", store, RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY="wrong")
    assert refused.returncode != 0 and b"SignatureDoesNotMatch" in refused.stderr, refused.stderr.decode()
    refused = rclone.attempt("lsf", store, RCLONE_CONFIG_STORE_ACCESS_KEY_ID="nobody")
    assert refused.returncode != 0 and b"InvalidAccessKeyId" in refused.stderr, refused.stderr.decode()


def test_a_certificate_that_is_not_known_is_refused(server):
    refused = requests.exceptions.SSLError
    with pytest.raises(refused):
        requests.get(server.tls_url, timeout=30)
