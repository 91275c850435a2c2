"""An origin: somebody's web server that has what a bucket does not have yet."""

import http.server
import threading


class Origin:
    """Answers GET with what `objects` has under a path: status, headers and body; remembers what it was asked."""

    def __init__(self):
        self.objects = {}
        self.requests = []
        origin = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                origin.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                status, headers, body = origin.objects.get(self.path, (404, {}, b"nothing here"))
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
                self.close_connection = True

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def has(self, path, body, status=200, **headers):
        self.objects[path] = (status, {name.replace("_", "-"): value for name, value in headers.items()}, body)

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
