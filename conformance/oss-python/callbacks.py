"""What an application does about callbacks: orders them, and checks what comes."""

import base64
import json

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import MD5, Hash
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from urllib.parse import unquote_to_bytes

FORM, JSON = "application/x-www-form-urlencoded", "application/json"


def encoded(value):
    """Base64 of a JSON object, or of a text as it is."""
    text = value if isinstance(value, str) else json.dumps(value)
    return base64.b64encode(text.encode()).decode()


def order(url, body="bucket=${bucket}&object=${object}", media=FORM, variables=None, **more):
    """The headers that ask for a callback."""
    headers = {"x-oss-callback": encoded({"callbackUrl": url, "callbackBody": body, "callbackBodyType": media, **more})}
    return headers | ({"x-oss-callback-var": encoded(variables)} if variables else {})


def public_key(server, request):
    """The key that the request names; the server gives it to everybody."""
    url = base64.b64decode(request.headers["x-oss-pub-key-url"], validate=True).decode()
    answer = server.http("GET", url)
    assert answer.status_code == 200, answer.text
    return load_pem_public_key(answer.content)


def signed(request):
    """The bytes that the signature is made of: decoded path, query as sent, line feed, body."""
    path, mark, query = request.path.partition("?")
    return unquote_to_bytes(path) + (mark + query).encode() + b"\n" + request.body


def verify(server, request):
    """Fails unless the server signed the request; checks the digest of the body too."""
    signature = base64.b64decode(request.headers["authorization"], validate=True)
    public_key(server, request).verify(signature, signed(request), PKCS1v15(), MD5())
    digest = Hash(MD5())
    digest.update(request.body)
    assert request.headers["content-md5"] == base64.b64encode(digest.finalize()).decode()


def trace(server, bucket, key):
    """The delivery log of the newest callback of a key."""
    (found, *_) = [change["callback"] for change in server.command("trace", f"{bucket}/{key}")["changes"] if "callback" in change]
    return found
