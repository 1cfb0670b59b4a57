"""The standard library's server: no table of routes, the paths stand in the code, and it listens as soon as it is run."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from making import image


class Desk(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(200, {"status": "open"})

    def do_POST(self):
        if self.path != "/stamps":
            self.answer(404, {"error": "there is nothing"})
            return
        length = int(self.headers.get("Content-Length", 0))
        order = json.loads(self.rfile.read(length) or b"{}")
        if not order.get("motif"):
            self.answer(422, {"error": "motif is missing"})
            return
        self.answer(201, {"key": image(order["motif"])})

    def answer(self, status, body):
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


ThreadingHTTPServer(("", 8125), Desk).serve_forever()
