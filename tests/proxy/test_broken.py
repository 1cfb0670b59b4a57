"""An upstream that breaks off: what came is charged, neither nothing nor all that was reserved."""

import asyncio
import base64
import io
import json
import wave
from collections.abc import Sequence
from contextlib import contextmanager

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import StreamingResponse
from starlette.routing import Route

from classroom.proxy.app import Proxy
from classroom.proxy.books.database import connect
from classroom.proxy.books.ledger import Ledger
from classroom.proxy.calling.upstream import Upstream
from classroom.proxy.prices import pricing
from tests.proxy.conftest import KEY, an_event, served

MODEL, VOICE = "gpt-5.4-mini", "gpt-4o-mini-tts"
CHAT = {"model": MODEL, "messages": [{"role": "user", "content": "hello"}], "max_completion_tokens": 4000}
SPEECH = {"model": VOICE, "input": "x" * 2000, "voice": "alloy", "response_format": "wav"}


class Hangs(Exception):
    """The upstream's server falls over."""


def breaking(parts: Sequence[bytes], kind: str) -> Starlette:
    """An upstream that sends these parts, and breaks off."""

    async def sent():
        for part in parts:
            yield part
            await asyncio.sleep(0.01)
        raise Hangs

    def answer(request):
        return StreamingResponse(sent(), media_type=kind)

    return Starlette(routes=[Route("/v1/{route:path}", answer, methods=["POST"])])


@contextmanager
def before(tmp_path, upstream):
    """A proxy before that upstream: its address, and a function that gives what was charged."""
    ledger = Ledger(connect(str(tmp_path / "proxy.sqlite")))
    event = an_event(models={MODEL: MODEL, VOICE: VOICE})
    ledger.add(event)
    with served(upstream) as far, served(Proxy(ledger, Upstream(f"{far}/v1", KEY))) as url:
        yield url, lambda: ledger.standing(event, "ada")
    ledger.close()


def event_of(**fields):
    return f"data: {json.dumps(fields)}\n\n".encode()


def chunk(words):
    return event_of(id="c", choices=[{"index": 0, "delta": {"content": words}}])


def ask(url, route, body):
    return httpx.post(f"{url}/v1/{route}", json=body, headers={"api-key": "lesson/ada"}, timeout=60)


@pytest.mark.parametrize("words", ["one ", "one two three four five six seven "])
def test_a_chat_that_breaks_off_costs_its_question_and_what_came(tmp_path, words):
    with before(tmp_path, breaking([chunk(words)] * 3, "text/event-stream")) as (url, standing):
        with pytest.raises(httpx.RemoteProtocolError):
            ask(url, "chat/completions", {**CHAT, "stream": True})
        charged = standing()
    most = pricing.most("chat/completions", CHAT, MODEL)
    came = pricing.cost(MODEL, {"output_tokens": len(words) * 3})
    question = pricing.most("chat/completions", {**CHAT, "max_completion_tokens": 1}, MODEL)
    assert charged.reserved == 0
    assert came < charged.spent <= question + came
    assert charged.spent < most / 3


def test_a_response_that_breaks_off_costs_its_question_and_what_came(tmp_path):
    parts = [event_of(type="response.output_text.delta", delta="one two ")] * 5
    body = {"model": MODEL, "input": "hello", "stream": True, "max_output_tokens": 4000}
    with before(tmp_path, breaking(parts, "text/event-stream")) as (url, standing):
        with pytest.raises(httpx.RemoteProtocolError):
            ask(url, "responses", body)
        charged = standing()
    assert pricing.cost(MODEL, {"output_tokens": 40}) < charged.spent
    assert charged.spent < pricing.most("responses", body, MODEL) / 3


def test_what_came_is_never_charged_beyond_what_was_reserved(tmp_path):
    parts = [chunk("x" * 100_000)]
    body = {**CHAT, "stream": True, "max_completion_tokens": 20}
    with before(tmp_path, breaking(parts, "text/event-stream")) as (url, standing):
        with pytest.raises(httpx.RemoteProtocolError):
            ask(url, "chat/completions", body)
        charged = standing()
    most = pricing.most("chat/completions", body, MODEL)
    assert charged.spent <= most


def wav(seconds: float) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(24_000)
        file.writeframes(b"\0\0" * int(24_000 * seconds))
    return out.getvalue()


def spoken(seconds):
    return pricing.spoken(VOICE, SPEECH, seconds)


def test_speech_that_breaks_off_costs_the_seconds_that_came(tmp_path):
    content = wav(20)
    with before(tmp_path, breaking([content[: len(content) // 4]], "audio/wav")) as (url, standing):
        answer = ask(url, "audio/speech", SPEECH)
        charged = standing().spent
    assert answer.status_code == 503
    assert "charged" in answer.text
    assert spoken(4) < charged < spoken(6)


def test_speech_of_which_nothing_came_costs_its_text(tmp_path):
    with before(tmp_path, breaking([b""], "audio/wav")) as (url, standing):
        assert ask(url, "audio/speech", SPEECH).status_code == 503
        assert standing().spent == spoken(0)


def test_a_stream_of_speech_that_breaks_off_costs_the_seconds_that_came(tmp_path):
    sound = base64.b64encode(b"\0\0" * 24_000).decode()
    parts = [event_of(type="speech.audio.delta", audio=sound)] * 3
    body = {**SPEECH, "stream_format": "sse", "response_format": "pcm"}
    with before(tmp_path, breaking(parts, "text/event-stream")) as (url, standing):
        with pytest.raises(httpx.RemoteProtocolError):
            ask(url, "audio/speech", body)
        charged = standing().spent
    assert charged == spoken(3)
