"""Reads what the server writes by itself: inventories of buckets and access logs. Knows no vendor's client."""

import csv
import gzip
import hashlib
import io
import json
import shlex
import time

# A day of an inventory is a second, and lines of access logs do not wait.
QUICK = "inventory_day_s = 1\naccess_log_delay_s = 0\n"


def until(look, seconds=30):
    """What `look` finds, as soon as it finds something."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < end, "nothing came of it in time"
        time.sleep(0.1)


def newest_list(keys, read):
    """The last inventory whose documents are all there: its manifest and its rows. `keys` lists a bucket, `read` gives
    an object's bytes."""
    sums = sorted(key for key in keys() if key.endswith("manifest.checksum"))
    if not sums:
        return None
    folder = sums[-1].rsplit("/", 1)[0]
    document = read(f"{folder}/manifest.json")
    if read(sums[-1]).decode().lower() != hashlib.md5(document).hexdigest():
        # The next list of the same minute is being written over it.
        return None
    manifest = json.loads(document)
    columns = manifest["fileSchema"].split(", ")
    rows = []
    for file in manifest["files"]:
        packed = read(file["key"])
        assert len(packed) == file["size"]
        assert hashlib.md5(packed).hexdigest() == file["MD5checksum"].lower()
        text = gzip.decompress(packed) if file["key"].endswith(".gz") else packed
        rows += [dict(zip(columns, row, strict=True)) for row in csv.reader(io.StringIO(text.decode()))]
    return manifest, rows


def log_lines(keys, read):
    """Lines of access logs, each split into its fields."""
    text = "".join(read(key).decode() for key in sorted(keys()))
    # A time in brackets is one field.
    return [shlex.split(line.replace("[", '"[').replace("]", ']"')) for line in text.splitlines()]
