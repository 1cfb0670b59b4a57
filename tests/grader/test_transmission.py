"""How a request is sent, and what of its answer is the app's own."""

from collections.abc import Callable

import httpx
import pytest

from grader.collect.exchange import transmission
from grader.collect.exchange.requests import Request
from grader.collect.exchange.transmission import Answer, Transmitter

APP = "http://127.0.0.1:1"


class Inside:
    """A sandbox, as far as nothing is sent into it."""


@pytest.fixture
def send(monkeypatch) -> Callable[..., Answer]:
    """Sends a request to an app that answers like this."""

    def sent(answer: Callable[[httpx.Request], httpx.Response], request: Request) -> Answer:
        monkeypatch.setattr(transmission, "Inward", lambda _: httpx.MockTransport(answer))
        sender = Transmitter(APP, None, Storage(), {}, Inside())  # type: ignore[arg-type]
        try:
            return sender.transmit(request)
        finally:
            sender.close()

    return sent


class Storage:
    """S3's stand-in, as far as its address is known."""

    endpoint_url = "http://127.0.0.1:2"


def leading(status: int, to: str) -> Callable[[httpx.Request], httpx.Response]:
    """An app whose /make leads somewhere."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url == httpx.URL(f"{APP}/make"):
            return httpx.Response(status, headers={"location": to}, content=iter([b""]))
        return httpx.Response(200, content=iter([b"the file"]))

    return answer


@pytest.mark.parametrize(
    ("method", "status", "to", "own"),
    [
        ("POST", 303, "/files/1", 303),
        ("GET", 307, "http://127.0.0.1:2/bucket/1", 307),
        ("PUT", 307, "/make/", None),  # a slash that a framework adds
        ("GET", 301, "/make/", None),
    ],
)
def test_a_redirect_to_another_place_is_the_app_s_own_answer(send, method, status, to, own):
    answer = send(leading(status, to), Request(method, "/make"))
    assert (answer.status, answer.content, answer.redirected_with) == (200, b"the file", own)


@pytest.mark.parametrize(
    ("headers", "content_type"),
    [({}, "text/plain; charset=utf-8"), ({"Content-Type": "text/markdown"}, "text/markdown")],
)
def test_a_body_of_words_says_what_it_is(send, headers, content_type):
    def answer(request: httpx.Request) -> httpx.Response:
        seen = f"{request.headers['content-type']}: {request.content.decode()}"
        return httpx.Response(200, content=iter([seen.encode()]))

    got = send(answer, Request("POST", "/make", headers, text="a heron, «naïve»"))
    assert got.text == f"{content_type}: a heron, «naïve»"
