"""Scripts that listen by themselves: which one is run, and that it listens where the grader asks."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from grader.collect.code.find_app import find_app
from grader.collect.code.handlers import Sources
from grader.inside import work
from grader.manifest import Manifest
from tests.grader.shapes import HERE

SECONDS = 20
NO_MAKING = "text = image = speech = lambda prompt, name='': f'key of {prompt}'\n"

STARTED_BY_A_NAME = """
import asyncio
from aiohttp import web

async def rhyme(request):
    return web.json_response({"key": (await request.json())["line"]})

app = web.Application()
app.router.add_post("/rhymes/{language}", rhyme)
web.run_app(app, host="localhost", port=8124)
"""
AMONG_PROXIES = (
    """
class Proxy:
    @property
    def __class__(self):
        raise RuntimeError("install something else")
    def __getattr__(self, name):
        raise RuntimeError("install something else")

proxies = [Proxy() for _ in range(3)]
"""
    + STARTED_BY_A_NAME
)
BESIDE_ANOTHER = """
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

class Answering(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.what)

class Figures(Answering):
    what = b"figures"

class Words(Answering):
    what = b"words"

words = HTTPServer(("127.0.0.1", 8126), Words)
figures = HTTPServer(("127.0.0.1", 0), Figures)
threading.Thread(target=figures.serve_forever, daemon=True).start()
words.serve_forever()
"""
HANDED_OVER = """
from flask import Flask
app = Flask(__name__)

@app.get("/words")
def words():
    return "words"

if __name__ == "__main__":
    app.run(port=8127, debug=True)
"""


class Served:
    """A script that was run, and the file with its table of routes."""

    def __init__(self, port: int, tables: Path) -> None:
        self._port, self._tables = port, tables

    def ask(self, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        ends = time.monotonic() + SECONDS
        while True:
            request = urllib.request.Request(f"http://127.0.0.1:{self._port}{path}", body)
            try:
                with urllib.request.urlopen(request, timeout=SECONDS) as answer:
                    return answer.status, answer.read()
            except urllib.error.HTTPError as refused:
                return refused.code, refused.read()
            except OSError:
                if time.monotonic() > ends:
                    raise
                time.sleep(0.05)

    def routes(self) -> dict[str, Any]:
        listed = json.loads(self._tables.read_text())["routes"]
        return {
            f"{method} {each['path']}": each["code"].get(method)
            for each in listed
            for method in each["methods"]
        }


@contextmanager
def served(folder: Path, module: str = "main") -> Iterator[Served]:
    tables = folder / "routes.json"
    with socket.create_server(("127.0.0.1", 0)) as listener, tables.open("w") as file:
        files = [file.fileno(), listener.fileno()]
        order = {
            "do": "serve", "name": "app", "pythonpath": [str(folder)], "target": f"{module}:__main__",
            "root": str(folder), "hangs_after": SECONDS, "env_files": {}, "database": "", "files": files,
        }  # fmt: skip
        process = subprocess.Popen(
            [sys.executable, "-s", work.__file__, json.dumps(order)],
            pass_fds=files,
            env={**os.environ, "OPENAI_API_KEY": "sk-none"},
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        port = listener.getsockname()[1]
    try:
        yield Served(port, tables)
    finally:
        process.kill()
        process.wait()


def put(folder: Path, text: str) -> Path:
    (folder / "main.py").write_text(text, encoding="utf-8")
    (folder / "making.py").write_text(NO_MAKING, encoding="utf-8")
    return folder


def shape(name: str) -> str:
    return (HERE / f"{name}.py").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "path", "body", "answered", "route"),
    [
        (
            shape("served_by_tornado"),
            "/api/epitaphs",
            b'{"hero": "Ada"}',
            b"key of Ada",
            "POST /api/epitaphs",
        ),
        (shape("served_by_the_library"), "/stamps", b'{"motif": "fox"}', b"key of fox", "POST /stamps"),
        (STARTED_BY_A_NAME, "/rhymes/de", b'{"line": "moon"}', b"moon", "POST /rhymes/{language}"),
        (AMONG_PROXIES, "/rhymes/de", b'{"line": "moon"}', b"moon", "POST /rhymes/{language}"),
        (HANDED_OVER, "/words", None, b"words", "GET /words"),
        (BESIDE_ANOTHER, "/", None, b"words", "GET /"),
    ],
    ids=[
        "Tornado",
        "the standard library",
        "aiohttp",
        "proxies",
        "handed to a server",
        "with another server beside it",
    ],
)
def test_a_script_s_server_listens_where_the_grader_asks_and_its_routes_are_known(
    tmp_path, text, path, body, answered, route
):
    with served(put(tmp_path, text)) as app:
        assert answered in app.ask(path, body)[1]
        assert app.routes()[route][0] == "main.py"


def test_a_path_that_nothing_lists_may_be_any(tmp_path):
    answers_all = BESIDE_ANOTHER.replace("self.what)", "self.path.encode())")
    with served(put(tmp_path, answers_all)) as app:
        assert app.ask("/tell:me")[1] == b"/tell:me"
        assert {"GET /", "GET /{words}"} <= app.routes().keys()


def target(root: Path) -> tuple[str, bool] | None:
    found = find_app(root, Manifest())
    return (found.target, found.may_serve) if found else None


def written(root: Path, **files: str) -> Path:
    for name, text in files.items():
        (root / name.replace("__", ".")).write_text(text, encoding="utf-8")
    return root


TALKS = "from openai import OpenAI\n"


def test_the_script_that_leads_to_openai_and_listens_is_the_app(tmp_path):
    written(
        tmp_path,
        tools__py="import http.server\nhttp.server.HTTPServer(('', 1), None).serve_forever()\n",
        desk__py=f"{TALKS}import http.server\nhttp.server.HTTPServer(('', 1), None).serve_forever()\n",
    )
    assert target(tmp_path) == ("desk:__main__", False)


def test_the_script_that_the_author_s_command_runs_comes_first(tmp_path):
    loop = f"{TALKS}from aiohttp import web\nif __name__ == '__main__':\n    web.run_app(web.Application())\n"
    written(tmp_path, main__py=loop, evening__py=loop, README__md="Start it: `python3 evening.py`\n")
    assert target(tmp_path) == ("evening:__main__", False)


def test_a_program_that_only_runs_something_may_serve_and_one_that_defines_does_not(tmp_path):
    written(tmp_path, bot__py=f"{TALKS}from bots import Bot\nif __name__ == '__main__':\n    Bot().run()\n")
    assert target(tmp_path) == ("bot:__main__", True)
    written(tmp_path, bot__py=f"{TALKS}def serve(server):\n    server.serve_forever()\n")
    assert target(tmp_path) is None


@pytest.mark.parametrize(
    ("serves", "expected"),
    [
        ("app.run(host='0.0.0.0', port=81)", "main:__main__"),
        ("import uvicorn\nuvicorn.run(app, port=81)", "main:__main__"),
        ("if __name__ == '__main__':\n    app.run()", "main:app"),
        ("app.config.update(TESTING=True)", "main:app"),
    ],
)
def test_an_app_that_serves_as_soon_as_it_is_imported_is_run(tmp_path, serves, expected):
    written(tmp_path, main__py=f"{TALKS}from flask import Flask\napp = Flask(__name__)\n{serves}\n")
    assert target(tmp_path) == (expected, False)


def test_an_app_that_a_framework_makes_is_preferred_to_a_script(tmp_path):
    written(
        tmp_path,
        main__py=f"{TALKS}from fastapi import FastAPI\napp = FastAPI()\n",
        server__py=f"{TALKS}import http.server\nhttp.server.HTTPServer(('', 1), None).serve_forever()\n",
    )
    assert target(tmp_path) == ("main:app", False)


@pytest.mark.parametrize(
    ("reading", "name", "location"),
    [
        ("self.get_argument('hero')", "hero", "form"),
        ("self.get_query_argument('hero', default='me')", "hero", "query"),
        ("request.query['hero']", "hero", "query"),
        ("(await request.post())['hero']", "hero", "form"),
        ("parse_qs(urlparse(self.path).query)['hero'][0]", "hero", "form"),
        ("req.media['hero']", "hero", "json"),
        ("request.forms.get('hero')", "hero", "form"),
    ],
)
def test_what_a_handler_of_any_framework_reads_is_an_input(tmp_path, reading, name, location):
    written(tmp_path, app__py=f"async def tell(self, request, req):\n    return {reading}\n")
    fields = Sources(tmp_path).inputs("app.py", 1)
    assert fields is not None
    assert [(one.name, one.location) for one in fields] == [(name, location)]


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("turns = data['turns']\n    for turn in turns:\n        say(turn['who'], turn.get('line'))", ["turns.0.line", "turns.0.who"]),
        ("return [one['line'] for one in data.get('turns', [])]", ["turns.0.line"]),
        ("return data['turns'][-1]['line']", ["turns.0.line"]),
        ("return data['hero']['name']", ["hero.name"]),
        ("talk = data['talk']\n    return client.chat.completions.create(model='m', messages=talk)", ["talk.0.content", "talk.0.role"]),
        ("for number, one in enumerate(data['turns'][1:]):\n        say(one['line'])", ["turns.0.line"]),
        ("return data['line'][0]", ["line"]),  # the first letter of a text
        ("for word in data['line'].split():\n        say(word)", ["line"]),
    ],
    ids=["a loop", "a comprehension", "the last of a list", "an object", "handed to OpenAI", "counted", "a letter", "words"],
)  # fmt: skip
def test_parts_of_an_input_are_inputs(tmp_path, body, names):
    (tmp_path / "app.py").write_text(
        f"def tell(request):\n    data = request.get_json()\n    {body}\n", "utf-8"
    )
    fields = Sources(tmp_path).inputs("app.py", 1)
    assert fields is not None
    assert sorted(one.name for one in fields) == names
