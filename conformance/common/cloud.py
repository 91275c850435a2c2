"""Stands in for two services of Alibaba Cloud that tests need beside the store, keys (KMS) and roles (STS), and passes
everything else on to the server under test. Tests reach it as the proxy of the vendor's hosts.

Signatures are checked as the services do. What is encrypted is only wrapped: keeping secrets is not what is tested."""

import base64
import contextlib
import datetime
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import socket
import ssl
import tempfile
import threading
import urllib.parse

import certificate

# Regions whose services tests name.
REGIONS = """
    cn-hangzhou cn-shanghai cn-qingdao cn-beijing cn-zhangjiakou cn-huhehaote cn-shenzhen cn-hongkong us-west-1
    us-east-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-5 ap-northeast-1 ap-south-1 eu-central-1
    eu-west-1 me-east-1
""".split()
SERVICES = ("kms.", "sts.")


class Cloud:
    """The services of one account, in front of `server`; `url` is the proxy to name, `roots` a file with the
    certificate to trust."""

    def __init__(self, server):
        self.server = server
        self.folder = tempfile.TemporaryDirectory(prefix="cloud-")
        self.roots = pathlib.Path(self.folder.name, "certificate.pem")
        private_key = pathlib.Path(self.folder.name, "key.pem")
        certificate.write(self.roots, private_key, *[f"*.{region}.aliyuncs.com" for region in REGIONS])
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(self.roots, private_key)
        cloud = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle(self):
                # Whose connection it is shows in its first line, which stays where it is.
                line = self.connection.recv(4096, socket.MSG_PEEK).split(b"\r\n")[0].decode("latin-1")
                if line.startswith(tuple(f"CONNECT {service}" for service in SERVICES)):
                    return super().handle()
                cloud._pass_on(self.connection)

            def do_CONNECT(self):
                self.send_response(200)
                self.end_headers()
                self.host = self.path.partition(":")[0]
                self.connection = cloud.tls.wrap_socket(self.connection, server_side=True)
                self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb")
                self.close_connection = False

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                query = urllib.parse.urlsplit(self.path).query
                pairs = urllib.parse.parse_qsl(query, True) + urllib.parse.parse_qsl(body.decode(), True)
                status, answer = cloud._answer(self.command, self.host, dict(pairs))
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)
                self.wfile.flush()

            do_GET = do_POST

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def stop(self):
        self.http.shutdown()
        self.http.server_close()
        self.folder.cleanup()

    def _pass_on(self, client):
        with socket.create_connection((self.server.host, self.server.port)) as server:
            back = threading.Thread(target=_copy, args=(server, client), daemon=True)
            back.start()
            _copy(client, server)
            back.join()

    def _answer(self, method, host, given):
        if given.get("AccessKeyId") != self.server.access_key:
            return _refused(404, "InvalidAccessKeyId.NotFound")
        if given.pop("Signature", None) != self._signature(method, given):
            return _refused(400, "SignatureDoesNotMatch")
        answers = {
            "GenerateDataKey": self._generate,
            "Encrypt": self._encrypt,
            "Decrypt": self._decrypt,
            "AssumeRole": self._assume_role,
        }
        answer = answers.get(given.get("Action"))
        return answer(host, given) if answer else _refused(400, "UnsupportedOperation")

    def _signature(self, method, given):
        quoted = lambda text: urllib.parse.quote(text, safe="-_.~")
        query = "&".join(f"{quoted(name)}={quoted(given[name])}" for name in sorted(given))
        text = f"{method}&%2F&{quoted(query)}"
        digest = hmac.new((self.server.secret_key + "&").encode(), text.encode(), hashlib.sha1).digest()
        return base64.b64encode(digest).decode()

    def _generate(self, host, given):
        size = int(given.get("NumberOfBytes", "32"))
        plain = base64.b64encode(os.urandom(size)).decode()
        return self._encrypt(host, given | {"Plaintext": plain}, Plaintext=plain)

    def _encrypt(self, host, given, **more):
        wrapped = json.dumps([host, given.get("EncryptionContext"), given["Plaintext"]])
        blob = base64.b64encode(wrapped.encode()).decode()
        return 200, {"KeyId": given.get("KeyId"), "CiphertextBlob": blob, "RequestId": "1", **more}

    def _decrypt(self, host, given):
        try:
            home, context, plain = json.loads(base64.b64decode(given["CiphertextBlob"]))
        except ValueError:
            return _refused(400, "InvalidParameter")
        if (home, context) != (host, given.get("EncryptionContext")):
            return _refused(400, "Forbidden.KeyNotFound")
        return 200, {"KeyId": "key", "Plaintext": plain, "RequestId": "1"}

    def _assume_role(self, _, given):
        seconds = int(given.get("DurationSeconds", "3600"))
        key = self.server.command("key", "create", "--temporary", f"{seconds}s")
        ends = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
        credentials = {
            "AccessKeyId": key["access_key"],
            "AccessKeySecret": key["secret_key"],
            "SecurityToken": key["security_token"],
            "Expiration": ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        role = {"AssumedRoleId": "1:session", "Arn": given["RoleArn"]}
        return 200, {"Credentials": credentials, "AssumedRoleUser": role, "RequestId": "1"}


def _refused(status, code):
    return status, {"Code": code, "Message": "this stand-in refuses it", "RequestId": "1", "HostId": "here"}


def _copy(source, target):
    try:
        while data := source.recv(65536):
            try:
                target.sendall(data)
            except OSError:
                # It has answered and gone: what is left is read and dropped, so that the answer gets through.
                while source.recv(65536):
                    pass
    except OSError:
        pass
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
