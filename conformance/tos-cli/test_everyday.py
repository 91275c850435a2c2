"""What people do with the vendor's tool: buckets, files up and down, folders kept alike, a look at what is there, and URLs."""

import filecmp
import os

import requests

MIB = 1024 * 1024
NAMES = ["plain.txt", "empty", "deep/er/still.bin", "with space/and  two.txt", "plus+and%25&;.txt", "中文/世界.txt"]


def fill(folder):
    """A folder with all kinds of names."""
    for number, name in enumerate(NAMES):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"" if name == "empty" else os.urandom(100 + number))
    return folder


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def same(one, other):
    assert files(one) == files(other)
    return all(filecmp.cmp(one / name, other / name, shallow=False) for name in files(one))


def keys(tool, place):
    return sorted(entry["key"] for entry in tool("find", place)["matches"])


def test_buckets(tool, bucket):
    assert bucket in [entry["name"] for entry in tool("ls")["buckets"]]
    assert tool("stat", f"tos://{bucket}")
    assert tool.refused("mb", f"tos://{bucket}")[:2] == (409, "BucketAlreadyOwnedByYou")
    tool("put", f"tos://{bucket}/k", given=b"v")
    full = tool.refused("rb", f"tos://{bucket}", "--force", "--confirm", f"tos://{bucket}")
    assert full[:2] == (409, "BucketNotEmpty")
    tool.remove("rm", f"tos://{bucket}/k")
    tool.remove("rb", f"tos://{bucket}")
    assert bucket not in [entry["name"] for entry in tool("ls")["buckets"]]
    assert tool.refused("cat", f"tos://{bucket}/k") == (404, "NoSuchBucket", 4)


def test_a_file_up_and_down(tool, bucket, tmp_path):
    path, back = tmp_path / "file.txt", tmp_path / "back.txt"
    path.write_bytes(os.urandom(100_000))
    there = f"tos://{bucket}/folder/file.txt"
    words = ["--content-type", "text/csv", "--storage-class", "IA", "--meta", "one=1#two=2"]
    tool("cp", path, there, *words)
    told = tool("stat", there)["headers"]
    assert told["content-length"] == "100000"
    assert (told["content-type"], told["x-tos-storage-class"]) == ("text/csv", "IA")
    assert (told["x-tos-meta-one"], told["x-tos-meta-two"]) == ("1", "2")
    tool("cp", there, back)
    assert back.read_bytes() == path.read_bytes()
    assert tool.raw("cat", there) == path.read_bytes()
    assert tool.refused("stat", f"tos://{bucket}/folder/other.txt")[0] == 404


def test_a_large_file_in_parts(tool, bucket, tmp_path):
    path, back = tmp_path / "large", tmp_path / "back"
    path.write_bytes(os.urandom(22 * MIB + 345))
    parts = ["--checkpoint", "--checkpoint-threshold", "6MB", "--checkpoint-dir", tmp_path / "checkpoints"]
    sent = tool("cp", path, f"tos://{bucket}/large", *parts)
    assert len(sent["body"]["completed_parts"]) > 1
    tool("cp", f"tos://{bucket}/large", back, *parts)
    assert filecmp.cmp(path, back, shallow=False)


def test_folders_up_and_down(tool, bucket, tmp_path):
    folder, back = fill(tmp_path / "folder"), tmp_path / "back"
    tool("cp", "--recursive", folder, f"tos://{bucket}/up/")
    assert keys(tool, f"tos://{bucket}/up/") == sorted(f"up/{name}" for name in NAMES)
    listed = tool("ls", f"tos://{bucket}/up/")
    assert sorted(entry["key"] for entry in listed["objects"]) == sorted(f"up/{name}" for name in NAMES if "/" not in name)
    assert sorted(listed["common_prefixes"]) == sorted({f"up/{name.split('/')[0]}/" for name in NAMES if "/" in name})
    tool("cp", "--recursive", f"tos://{bucket}/up/", back)
    assert same(folder, back)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    told = tool("du", f"tos://{bucket}/up/")
    assert (told["object_count"], told["total_bytes"]) == (len(NAMES), size)

    # Within the store: the tool names sources without encoding them, so that neither `+` nor `%` arrives as it is.
    for name in ("deep/", "中文/"):
        tool("cp", "--recursive", f"tos://{bucket}/up/{name}", f"tos://{bucket}/copied/{name}")
    assert keys(tool, f"tos://{bucket}/copied/") == ["copied/deep/er/still.bin", "copied/中文/世界.txt"]
    tool.remove("rm", f"tos://{bucket}/", "--recursive")
    assert keys(tool, f"tos://{bucket}/") == []


def test_folders_are_kept_alike(tool, bucket, tmp_path):
    folder, there = fill(tmp_path / "folder"), f"tos://{bucket}/kept/"
    assert tool("sync", folder, there)["uploaded"] == len(NAMES)
    again = tool("sync", folder, there)
    assert (again["uploaded"], again["skipped"]) == (0, len(NAMES))
    (folder / "plain.txt").write_bytes(b"another length")
    (folder / "new.txt").write_bytes(b"new")
    (folder / "empty").unlink()
    assert tool("sync", folder, there)["uploaded"] == 2
    told = tool("sync", "--delete", "--force", "--confirm", there, folder, there)
    assert told["deleted"] == 1
    assert keys(tool, there) == sorted(f"kept/{name}" for name in files(folder))
    assert tool.raw("cat", f"{there}plain.txt") == b"another length"


def test_moves(tool, bucket, tmp_path):
    tool("put", f"tos://{bucket}/from", given=b"moved")
    place = f"tos://{bucket}/from"
    tool("mv", place, f"tos://{bucket}/to", "--force", "--confirm", place)
    assert keys(tool, f"tos://{bucket}/") == ["to"]
    assert tool.raw("cat", f"tos://{bucket}/to") == b"moved"


def test_urls(tool, bucket, server):
    tool("put", f"tos://{bucket}/signed ü.txt", given=b"by URL")
    url = tool("presign", f"tos://{bucket}/signed ü.txt")["url"]
    proxies = {"http": server.url}
    assert requests.get(url, proxies=proxies, timeout=30).content == b"by URL"
    assert requests.get(url.split("?")[0], proxies=proxies, timeout=30).status_code == 403
