"""The standard library's server: no path is compared with anything, and the prompt stands behind a word in it."""

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import unquote

from making import text


class Counter(BaseHTTPRequestHandler):
    def do_GET(self):
        place = self.path
        wish = unquote(place[place.find("wish:") + 5 :])
        content = json.dumps({"key": text(wish)}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


HTTPServer(("", 8126), Counter).serve_forever()
