"""Starts the real binary and local receivers; knows no vendor and nothing of the tests."""

import http.server
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time

# Bytes of what a server said last that are shown when it did not end well.
LAST_WORDS = 4000


class Server:
    """One server on a folder of its own, on free ports of the loopback interface."""

    def __init__(self, config="", **settings):
        """`config` is the text of a configuration file, `settings` are variables, such as `COHONG_EGRESS_PROFILE`."""
        self.binary = os.environ["COHONG_BIN"]
        self.data = tempfile.mkdtemp(prefix="cohong-")
        self.settings = settings
        self.config = pathlib.Path(self.data + ".toml")
        if config:
            self.config.write_text(config, encoding="utf-8")
            self.settings["COHONG_CONFIG"] = str(self.config)
        self.log = open(self.data + ".log", "w+b")
        self.start()

    def start(self):
        command = [self.binary, "serve", "--data", self.data, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--json"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, env=os.environ | self.settings)
        line = self.process.stdout.readline()
        if not line:
            self.log.seek(0)
            raise RuntimeError("the server did not start: " + self.log.read().decode(errors="replace"))
        ready = json.loads(line)
        self.ready = ready
        self.host, port = ready["listen"].rsplit(":", 1)
        self.port = int(port)
        self.url = f"http://{self.host}:{self.port}"
        self.tls_url = f"https://{ready['tls']}" if "tls" in ready else None
        self.access_key = ready["access_key"]
        # Shown at the first start only.
        self.secret_key = ready.get("secret_key") or self.secret_key

    def kill(self):
        """Kills the server, and starts it again on its folder and on other ports."""
        self.process.kill()
        self.process.wait()
        self.start()

    def http(self, method, url, **options):
        """A plain HTTP request to a URL with the vendor's host name, as a browser behind a proxy."""
        # Here, because suites in other languages have no packages of Python.
        import requests

        return requests.request(method, url, proxies={"http": self.url}, timeout=30, allow_redirects=False, **options)

    def command(self, *words):
        """Runs a command of the binary against this server; its JSON answer."""
        done = subprocess.run([self.binary, "--data", self.data, "--json", *words], capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout) if done.stdout.strip() else None

    def stop(self):
        self.process.terminate()
        code = self.process.wait(timeout=20)
        self.log.seek(0)
        last = self.log.read()[-LAST_WORDS:].decode(errors="replace")
        self.log.close()
        shutil.rmtree(self.data, ignore_errors=True)
        os.unlink(self.log.name)
        self.config.unlink(missing_ok=True)
        assert code == 0, f"the server ended with {code}, and these were its last words:\n{last}"


class Receiver:
    """An application's HTTP server: keeps what it was sent, answers what `answer` says.

    An answer is status, media type and body, or the raw bytes of one, after which the connection closes.
    """

    def __init__(self):
        self.requests = []
        self.answer = lambda request: (200, "application/json", b'{"Status":"OK"}')
        self.arrived = threading.Condition()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                request = Request(self.path, dict(self.headers.items()), body)
                answer = receiver.answer(request)
                with receiver.arrived:
                    receiver.requests.append(request)
                    receiver.arrived.notify_all()
                if isinstance(answer, bytes):
                    self.wfile.write(answer)
                    self.close_connection = True
                    return
                status, media, answer = answer
                self.send_response(status)
                self.send_header("Content-Type", media)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait(self, count, seconds=20):
        """The first `count` requests, waiting for them."""
        end = time.monotonic() + seconds
        with self.arrived:
            while len(self.requests) < count:
                left = end - time.monotonic()
                assert left > 0, f"{len(self.requests)} of {count} requests came"
                self.arrived.wait(left)
            return list(self.requests)

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Request:
    def __init__(self, path, headers, body):
        self.path = path
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.body = body
