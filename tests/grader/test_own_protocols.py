"""The answers of frameworks that speak HTTP themselves pass the grader, as those of WSGI and ASGI do."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from tornado import web as tornado_web
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port

from grader.inside.own_protocols import watch_aiohttp, watch_tornado

BOUNDARIES: Any = SimpleNamespace(keeper=SimpleNamespace(hide=lambda function: function))


class Seen:
    """Answers 200 where the app answers an error to a request that may generate."""

    def __init__(self) -> None:
        self.statuses: list[tuple[str, int]] = []
        self.texts: list[str] = []
        self.served = 0

    def here(self, method: str, path: str) -> list[dict[str, Any]]:
        return [{"kind": "text"}] if (method, path) == ("POST", "/texts") else []

    @contextlib.contextmanager
    def serving(self, here: list[dict[str, Any]], request_text: Callable[[], str]) -> Iterator[None]:
        self.served += 1
        yield

    def status(
        self, status: int, here: list[dict[str, Any]], text: str, bare: bool, place: tuple[str, str]
    ) -> int:
        assert bare
        self.statuses.append((" ".join(place), status))
        self.texts.append(text)
        return 200 if status >= 400 else status


async def _made(request: web.Request) -> web.Response:
    form = await request.post()
    if not form.get("prompt"):
        raise web.HTTPUnprocessableEntity(text="no prompt")
    return web.json_response({"made": form["prompt"]}, status=201)


class _Texts(tornado_web.RequestHandler):
    def post(self) -> None:
        if not self.get_body_argument("prompt", ""):
            raise tornado_web.HTTPError(422)
        self.set_status(201)
        self.write({"made": self.get_body_argument("prompt")})


async def _ask_aiohttp(forms: list[dict[str, str]], path: str) -> list[int]:
    app = web.Application()
    app.router.add_post("/texts", _made)
    async with TestClient(TestServer(app)) as client:
        return [(await client.post(path, data=form)).status for form in forms]


async def _ask_tornado(forms: list[dict[str, str]], path: str) -> list[int]:
    socket, port = bind_unused_port()
    server = HTTPServer(tornado_web.Application([("/texts", _Texts)]))
    server.add_socket(socket)
    try:
        answers = [
            await AsyncHTTPClient().fetch(
                f"http://127.0.0.1:{port}{path}",
                method="POST",
                body="&".join(f"{name}={value}" for name, value in form.items()),
                raise_error=False,
            )
            for form in forms
        ]
    finally:
        server.stop()
    return [answer.code for answer in answers]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    monkeypatch.setattr(web.Application, "_handle", web.Application._handle)
    for name in ("_execute", "flush"):
        monkeypatch.setattr(tornado_web.RequestHandler, name, getattr(tornado_web.RequestHandler, name))
    seen = Seen()
    watch_aiohttp(seen, BOUNDARIES)
    watch_tornado(seen, BOUNDARIES)
    return seen


@pytest.mark.parametrize("ask", [_ask_aiohttp, _ask_tornado])
def test_the_status_of_an_answer_that_may_generate_is_the_grader_s(seen: Seen, ask: Any) -> None:
    assert asyncio.run(ask([{"prompt": "rain"}, {"other": "rain"}], "/texts")) == [201, 200]
    assert seen.statuses == [("POST /texts", 201), ("POST /texts", 422)]
    assert "rain" in seen.texts[0]


@pytest.mark.parametrize("ask", [_ask_aiohttp, _ask_tornado])
def test_other_answers_are_as_they_were(seen: Seen, ask: Any) -> None:
    assert asyncio.run(ask([{"prompt": "rain"}], "/elsewhere")) == [404]
    assert (seen.statuses, seen.served) == ([], 1)
