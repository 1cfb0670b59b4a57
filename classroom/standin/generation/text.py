"""Texts and tokens: what a text model answers here, and what it costs.

Every text is a function of the request: the same request gets the same words, another prompt other words.
"""

import hashlib
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from classroom.standin.models import tokenizer

_TOKENS_PER_MESSAGE = 4  # role and separators, as in OpenAI's cookbook on counting tokens
_QUOTED = 300  # characters of a prompt that its answer quotes
_REPLIES = Path(__file__).with_name("replies.toml")


@dataclass(frozen=True)
class Reply:
    """A finished text and why it ended: "stop" or "length"."""

    text: str
    finish_reason: str
    tokens: int


def digest(*parts: Any) -> str:
    """A hex digest of JSON-able values, the same in every process."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


# how it is answered, and on whose behalf: no model knows of these
_NOT_ASKED = frozenset({"stream", "stream_options", "safety_identifier", "user", "prompt_cache_key"})


def mark_of(route: str, body: Mapping[str, Any]) -> str:
    """What tells what is asked from everything else: a digest of the request's body, but for what no model knows of."""
    return digest(route, {name: value for name, value in body.items() if name not in _NOT_ASKED})


def count_tokens(text: str) -> int:
    """The number of tokens of a text."""
    return tokenizer.count(text)


def count_message_tokens(messages: Sequence[Mapping[str, Any]]) -> int:
    """The number of tokens of a conversation, separators included."""
    return 3 + sum(
        _TOKENS_PER_MESSAGE + count_tokens(text_of(message.get("content"))) for message in messages
    )


def decode_tokens(tokens: Sequence[int]) -> str | None:
    """The text that tokens stand for; None if one of them is none."""
    try:
        return tokenizer.join(tokens).decode("utf-8", "replace")
    except ValueError:
        return None


def cut(text: str, max_tokens: int | None) -> tuple[str, bool, int]:
    """The text up to a number of tokens; whether anything was cut off; how many tokens are left."""
    if max_tokens is None:
        return text, False, count_tokens(text)
    tokens = tokenizer.encode(text)
    if len(tokens) <= max_tokens:
        return text, False, len(tokens)
    for kept in range(max_tokens, 0, -1):
        try:
            return tokenizer.join(tokens[:kept]).decode(), True, max_tokens
        except ValueError:
            continue  # the cut went through a character: leave out its first part, too
    return "", True, max_tokens


def text_of(content: Any) -> str:
    """The words in a message's content: a string, or the text parts of an array."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        texts = [
            part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str)
        ]
        return "\n".join(texts)
    return ""


def last_user_text(messages: Sequence[Mapping[str, Any]]) -> str:
    """The user's last message; the last message of all if none is a user's."""
    for message in reversed(messages):
        if message.get("role") == "user":
            return text_of(message.get("content"))
    return text_of(messages[-1].get("content")) if messages else ""


@cache
def _prepared() -> Mapping[str, str]:
    table = tomllib.loads(_REPLIES.read_text(encoding="utf-8"))
    return {_normal(reply["prompt"]): reply["answer"].strip() for reply in table.get("reply", [])}


def _normal(prompt: str) -> str:
    return " ".join(prompt.casefold().split()).strip(" .!?\"'")


def _plain_answer(prompt: str, mark: str, choice: int) -> str:
    heard = " ".join(prompt.split())
    if len(heard) > _QUOTED:
        heard = heard[:_QUOTED].rstrip() + " …"
    number = hashlib.sha256(f"{mark}:{choice}".encode()).hexdigest()[:8]
    return (
        f"You asked: “{heard}”\n\n"
        "This is a practice answer. The lab's stand-in wrote it on this computer, without a model and at no cost; "
        f"with LAB_MODE=live a real model answers instead. (answer {number})"
    )


def reply(
    prompt: str,
    mark: str,
    *,
    choice: int = 0,
    max_tokens: int | None = None,
    stop: str | Sequence[str] | None = None,
) -> Reply:
    """The answer to a prompt.

    Args:
        prompt: the user's last message.
        mark: of the whole request; two requests that differ anywhere get answers that differ.
        choice: which of `n` answers.
        max_tokens: where to stop.
        stop: words before which to stop.
    """
    text = _prepared().get(_normal(prompt)) if choice == 0 else None
    return finish(text or _plain_answer(prompt, mark, choice), max_tokens=max_tokens, stop=stop)


def finish(text: str, *, max_tokens: int | None = None, stop: str | Sequence[str] | None = None) -> Reply:
    """A text as far as a request lets it go: before the words that stop it, and up to a number of tokens."""
    for sequence in [stop] if isinstance(stop, str) else stop or []:
        text = text.partition(sequence)[0] if sequence else text
    text, shortened, tokens = cut(text, max_tokens)
    return Reply(text, "length" if shortened else "stop", tokens)


def pieces(text: str) -> list[str]:
    """A text cut into the pieces that a stream sends: words with the space before them."""
    out: list[str] = []
    for word in text.split(" "):
        out.append(word if not out else " " + word)
    return out


def by_token(listed: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    """The pieces of a text whose tokens are listed, each with its entries; tokens that are parts of one character come together."""
    waiting: list[Mapping[str, Any]] = []
    for entry in listed:
        waiting.append(entry)
        try:
            piece = b"".join(bytes(each["bytes"]) for each in waiting).decode()
        except UnicodeDecodeError:
            continue
        yield piece, waiting
        waiting = []
