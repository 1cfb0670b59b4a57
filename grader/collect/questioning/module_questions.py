"""Sends the questions about the OpenAI module, if an app has it. Nothing is judged here."""

from collections.abc import Iterator
from typing import Any

from classroom.media.sound import speak
from grader import openai_module
from grader.collect.exchange.requests import Request
from grader.collect.exchange.session import Session
from grader.collect.exchange.wording import plain
from grader.evidence import Probe


def ask(session: Session, prefix: str) -> Iterator[Probe]:
    """Every question; `prefix` is what stands before the module's addresses."""
    for name in ("models", "engines"):
        yield _ask(session, f"module.{name}", openai_module.LISTED, _get(prefix, f"{name}/"))
        yield _ask(
            session, f"module.{name}", openai_module.DESCRIBED, _get(prefix, f"{name}/{openai_module.MODEL}/")
        )
    yield from _texts(session, prefix)
    yield from _pictures(session, prefix)
    yield from _sounds(session, prefix)
    chat = _post(prefix, "chat/completions/", _chat(plain().text))
    with session.openai_fails(status=429, headers={"retry-after-ms": "5"}):
        yield _ask(session, "module.errors", openai_module.RATE_LIMITED, chat)
    with session.openai_fails(effect="drop"):
        yield _ask(session, "module.errors", openai_module.DROPPED, chat)


def _chat(words: str, **more: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": f"Say {words}."}]
    return {
        "model": openai_module.MODEL,
        "messages": messages,
        "temperature": openai_module.TEMPERATURE,
        **more,
    }


def _texts(session: Session, prefix: str) -> Iterator[Probe]:
    place = "chat/completions/"
    yield _ask(session, "module.chat", openai_module.PLAIN, _post(prefix, place, _chat(plain().text)))
    yield _ask(
        session, "module.chat", openai_module.STREAMED, _post(prefix, place, _chat(plain().text, stream=True))
    )
    body = {"model": openai_module.COMPLETING_MODEL, "prompt": f"Go on with {plain().text}", "max_tokens": 24}
    yield _ask(session, "module.completion", openai_module.PLAIN, _post(prefix, "completion/", body))
    body = {
        "model": openai_module.EDITING_MODEL,
        "instruction": "Fix the spelling.",
        "input": f"the wek of {plain().text}",
    }
    yield _ask(session, "module.edits", openai_module.PLAIN, _post(prefix, "edits/", body))


def _pictures(session: Session, prefix: str) -> Iterator[Probe]:
    place = "images/generations/"
    body = {"prompt": f"a kite over {plain().text}", "n": 1, "size": "1024x1024"}
    named = {**body, "model": openai_module.IMAGE_MODEL}
    yield _ask(session, "module.images", openai_module.PLAIN, _post(prefix, place, named))
    yield _ask(session, "module.images", openai_module.WITHOUT_MODEL, _post(prefix, place, body))


def _sounds(session: Session, prefix: str) -> Iterator[Probe]:
    for name, model in (
        ("transcription", openai_module.HEARING_MODEL),
        ("translation", openai_module.TRANSLATING_MODEL),
    ):
        criterion, place = f"module.{name}", f"audio/{name}/"
        words = f"Say {plain().text} again."
        sound = speak(words, format="wav")
        upload = Request(
            "POST",
            _at(prefix, place),
            form={"model": model},
            files={"file": ("speech.wav", sound, "audio/wav")},
        )
        yield _ask(session, criterion, openai_module.PLAIN, upload, mark=words)
        wrong = {"file": ("notes.txt", b"these are words", "text/plain")}
        refused = Request("POST", _at(prefix, place), form={"model": model}, files=wrong)
        yield _ask(session, criterion, openai_module.NO_SOUND, refused)


def _at(prefix: str, place: str) -> str:
    return f"{prefix.rstrip('/')}{openai_module.BASE}{place}"


def _get(prefix: str, place: str) -> Request:
    return Request("GET", _at(prefix, place))


def _post(prefix: str, place: str, body: dict[str, Any]) -> Request:
    return Request("POST", _at(prefix, place), json=body, has_json=True)


def _ask(session: Session, criterion: str, asked: str, request: Request, mark: str | None = None) -> Probe:
    exchange = session.send(f"{criterion}: {asked}", request)
    return Probe(
        criterion=criterion,
        kind=None,
        asked=asked,
        exchange=exchange.id,
        calls=tuple(call.id for call in session.calls_of(exchange)),
        mark=mark,
    )
