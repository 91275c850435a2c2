"""Names of buckets."""

import zlib


def named_after(request):
    """A name for the bucket of a test, told by pytest's `request`."""
    words = "".join(c if c.isascii() and c.isalnum() else "-" for c in request.node.name.lower())
    return f"t-{words[:40].strip('-')}-{zlib.crc32(request.node.nodeid.encode()):08x}"
