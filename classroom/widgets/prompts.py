"""A playground: a prompt becomes a text, a picture or a sound, with its cost and the request as code."""

import base64
import html
import inspect
import json
from collections.abc import Callable
from typing import Any

import ipywidgets
import openai
from websockets.exceptions import WebSocketException

from classroom import voice
from classroom.display import figure
from classroom.lesson import current
from classroom.proxy.prices import pricing
from classroom.proxy.realtime import reckoning
from classroom.proxy.rules.events import NANO
from classroom.widgets import panel

# what is asked for → the call's name, its route, its options beside the words, and the option that holds the words
_CALLS: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "Text": ("responses.create", "responses", {"model": "gpt-5.4-mini", "max_output_tokens": 300}, "input"),
    "Picture": (
        "images.generate",
        "images/generations",
        {"model": "gpt-image-2", "size": "1024x1024", "quality": "low", "output_format": "jpeg"},
        "prompt",
    ),
    "Sound": ("realtime.connect", "realtime", {"model": voice.MODEL}, "input"),
}


def playground(words: str = "a robot under a tree") -> None:
    """Try words on the models. The plain way is the code that it shows with each answer."""
    kind = panel.add_label(ipywidgets.Dropdown, "What to make", "lab-play-kind", options=list(_CALLS))
    prompt = panel.add_label(ipywidgets.Textarea, "Your words", "lab-play-words", value=words, rows=3)
    send = panel.button("Send", "lab-play-send")
    price, answer = ipywidgets.HTML(), ipywidgets.HTML()
    price.add_class("lab-play-price")
    answer.add_class("lab-play-answer")

    def reckon(_: object = None) -> None:
        price.value = html.escape(at_most(kind.value, prompt.value))

    def ask(_: object) -> None:
        send.disabled, answer.value = True, "<p>Asking …</p>"
        try:
            answer.value = ask_model(kind.value, prompt.value)
        finally:
            send.disabled = False

    for field in (kind, prompt):
        field.observe(reckon, "value")
    send.on_click(ask)
    reckon()
    panel.show("Playground", "lab-play", [kind, prompt, price, send, answer])


def at_most(kind: str, words: str) -> str:
    """What it may cost, before it is sent."""
    _, route, options, name = _CALLS[kind]
    if kind == "Sound":
        dollars = reckoning.of_words(options["model"], [voice.READ_ALOUD, words]) / NANO
    else:
        dollars = pricing.most(route, {**options, name: words}, options["model"]) / NANO
    lesson = current()
    where = "This will cost" if lesson and lesson.live else "At OpenAI this would cost"
    return f"{where} at most ${dollars:.4f}."


def ask_model(kind: str, words: str) -> str:
    """Ask, and say as HTML what came: the thing itself, its cost, the code."""
    if not words.strip():
        return panel.render_message("There are no words yet. Nothing was sent.", wrong=True)
    call, _, options, name = _CALLS[kind]
    options = {**options, name: words}
    try:
        shown = _SHOWN[kind](_made(kind, call, options, words), words)
    except openai.APIStatusError as error:
        body = error.body if isinstance(error.body, dict) else {}
        return panel.render_message(
            f"OpenAI refuses it ({error.status_code}): {body.get('message', error.message)}", wrong=True
        )
    except voice.NoVoice as error:
        return panel.render_message(f"OpenAI refuses it: {error}", wrong=True)
    except (openai.APIError, WebSocketException, OSError) as error:
        return panel.render_message(f"No answer came: {error}. Send it again.", wrong=True)
    code = _spoken_code(words) if kind == "Sound" else _code(call, options)
    return panel.render_message(f"{kind}: done.{_cost()}") + shown + f"<pre>{html.escape(code)}</pre>"


def _made(kind: str, call: str, options: dict[str, Any], words: str) -> Any:
    if kind == "Sound":
        return voice.as_file(voice.say(words), "mp3")
    function: Any = openai.OpenAI()
    for part in call.split("."):
        function = getattr(function, part)
    return function(**options)


def _spoken_code(words: str) -> str:
    """The function that was called, whole: an answer over a WebSocket takes more than one call."""
    return f"{inspect.getsource(voice.say)}\n\nsay({json.dumps(words, ensure_ascii=False)})"


def _cost() -> str:
    lesson = current()
    if lesson is None or lesson.openai is None:
        return ""
    return f" At OpenAI it would have cost ${lesson.openai.calls[-1].cost:.4f}."


def _code(call: str, options: dict[str, Any]) -> str:
    lines = "".join(
        f"    {name}={json.dumps(value, ensure_ascii=False)},\n" for name, value in options.items()
    )
    return f"client.{call}(\n{lines})"


_SHOWN: dict[str, Callable[[Any, str], str]] = {
    "Text": lambda answer, words: f"<blockquote>{html.escape(answer.output_text)}</blockquote>",
    "Picture": lambda answer, words: figure(
        base64.b64decode(answer.data[0].b64_json), f"A generated picture of {words}"
    ),
    "Sound": lambda answer, words: figure(answer, f"A voice that says: {words}"),
}
