"""What an app sends to OpenAI's own host comes to the stand-in, by whichever client, and nothing else does."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

_ASK = {
    "httpx": "import httpx; print(httpx.get('{url}').text)",
    "httpx, asynchronous": (
        "import asyncio, httpx\n"
        "async def go():\n"
        "    async with httpx.AsyncClient() as client:\n"
        "        print((await client.get('{url}')).text)\n"
        "asyncio.run(go())"
    ),
    "requests": "import requests; print(requests.get('{url}').text)",
    "aiohttp": (
        "import asyncio, aiohttp\n"
        "async def go():\n"
        "    async with aiohttp.ClientSession() as client, client.get('{url}') as answer:\n"
        "        print(await answer.text())\n"
        "asyncio.run(go())"
    ),
    "urllib": "import urllib.request; print(urllib.request.urlopen('{url}').read().decode())",
    "urllib, with a request": (
        "import urllib.request; print(urllib.request.urlopen(urllib.request.Request('{url}')).read().decode())"
    ),
}


class _Echo(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        content = f"{self.headers['Host']} {self.path}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def stand_in() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def answer(code: str, stand_in: str, before: str = "") -> str:
    """What a program prints that asks with the rerouting on. `before`: modules that it has loaded already."""
    install = f"from grader.inside.rerouting import install; install('http://{stand_in}/v1')"
    done = subprocess.run(
        [sys.executable, "-c", "\n".join([before, install, code])], capture_output=True, text=True, timeout=60
    )
    return done.stdout.strip() or done.stderr


@pytest.mark.parametrize("client", _ASK)
def test_a_written_address_leads_to_the_stand_in(client, stand_in):
    asked = _ASK[client].format(url="https://api.openai.com/v1/models?limit=2")
    assert answer(asked, stand_in) == f"{stand_in} /v1/models?limit=2"


def test_a_client_that_was_loaded_before_is_led_as_well(stand_in):
    asked = _ASK["requests"].format(url="https://api.openai.com/v1/models")
    assert answer(asked, stand_in, before="import requests") == f"{stand_in} /v1/models"


@pytest.mark.parametrize("client", _ASK)
def test_another_host_is_asked_as_it_is(client, stand_in):
    asked = _ASK[client].format(url=f"http://{stand_in}/elsewhere")
    assert answer(asked, stand_in="127.0.0.1:9") == f"{stand_in} /elsewhere"
    assert answer(asked, stand_in) == f"{stand_in} /elsewhere"
