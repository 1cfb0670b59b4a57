"""A mock server of OpenAI's on a port of its own, and moto's decorator."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest
import web
from moto import mock_aws
from starlette.testclient import TestClient

PNG = b"\x89PNG and so on"


class Painter(BaseHTTPRequestHandler):
    status, prompts = 200, []

    def do_POST(self):
        order = json.loads(self.rfile.read(int(self.headers["content-length"])))
        type(self).prompts.append(order["prompt"])
        body = json.dumps({"data": [{"b64_json": base64.b64encode(PNG).decode()}]}).encode()
        self.send_response(type(self).status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def painter():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Painter)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def client(painter, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", painter)
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setenv("BUCKET_NAME", "drawings")
    Painter.status = 200
    Painter.prompts.clear()
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="drawings")
        yield TestClient(web.app)


def test_it_draws(client):
    answer = client.get("/draw", params={"what": "a fox", "as": "fox.png"})
    assert answer.status_code == 201
    assert Painter.prompts == ["a fox"]
    seen = client.get(answer.json()["see"])
    assert (seen.content, seen.headers["content-type"]) == (PNG, "image/png")


@pytest.mark.parametrize(
    "query", [{"what": " ", "as": "a.png"}, {"what": "a", "as": "../a.png"}, {"as": "a.png"}]
)
def test_it_refuses(client, query):
    assert client.get("/draw", params=query).status_code == 400
    assert Painter.prompts == []


@pytest.mark.parametrize(("status", "answered"), [(429, 503), (500, 502), (400, 422), (401, 502)])
def test_it_tells_what_went_wrong(client, status, answered):
    Painter.status = status
    assert client.get("/draw", params={"what": "a fox", "as": "fox.png"}).status_code == answered
