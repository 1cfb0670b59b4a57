"""Scripted replies: what the stand-in answers, and which tool it calls.

A reply fits a request by the words of its last message, its route, its model and its tools; the first that fits answers.
"""

import difflib
import fnmatch
import json
import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from classroom.standin.incoming import errors

CONTENTS = ("text", "tool_calls", "json", "items", "image")
_SPOKEN = ("chat/completions", "responses", "realtime")
_WRITTEN = ("completions", "engines/{model}/completions", "audio/transcriptions", "audio/translations")
# where each content can be given; a reply that can't be given is passed over
_SERVED: Mapping[str, tuple[str, ...]] = {
    "text": (*_SPOKEN, *_WRITTEN),
    "tool_calls": _SPOKEN,
    "json": _SPOKEN,
    "items": ("responses",),
    "image": ("responses", "images/generations", "images/edits"),
}
ROUTES = frozenset(route for routes in _SERVED.values() for route in routes)
_SHOWN = 80  # characters of a message in an error


@dataclass(frozen=True)
class Request:
    """What a reply is chosen by, and what a callable is given.

    Attributes:
        route: such as "chat/completions".
        model: its identifier.
        last: the words of the last message: the user's, or a tool's result.
        prompt: the words of the user's last message.
        tools: the names of the tools that may be called.
        results: the names of the tools that were called since the user spoke last, in order.
        body: the parsed request.
    """

    route: str
    model: str
    last: str
    prompt: str
    tools: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    body: Mapping[str, Any] = field(default_factory=dict, repr=False)


When = str | re.Pattern[str] | Callable[[Request], bool] | None


@dataclass(frozen=True)
class Call:
    """A scripted call of a tool. `arguments`: JSON as it is sent; None takes them from the prompt."""

    name: str
    arguments: str | None


@dataclass(frozen=True)
class Given:
    """What one request is answered with; one of the fields is set. `image`: the bytes of a picture."""

    text: str | None = None
    calls: tuple[Call, ...] = ()
    items: tuple[Mapping[str, Any], ...] = ()
    image: bytes | None = None


@dataclass(frozen=True)
class Reply:
    """One scripted reply: `reply()` builds it, and says what the fields are."""

    when: When
    answers: tuple[Mapping[str, Any], ...]
    in_turn: bool = False
    model: str | None = None
    route: str | None = None
    tools: frozenset[str] = frozenset()
    times: int | None = None
    after: int = 0

    def misses(self, request: Request) -> list[str]:
        """Why the reply does not fit a request; nothing, if it does."""
        out = []
        contents = {name for answer in self.answers for name in answer}
        if not any(request.route in _SERVED[name] for name in contents):
            out.append(f"a reply with {' and '.join(sorted(contents))} can't be given on that route")
        if self.route is not None and self.route not in (request.route, request.route.split("/")[0]):
            out.append(f"it is for the route '{self.route}'")
        if self.model is not None and not fnmatch.fnmatchcase(request.model, self.model):
            out.append(f"it is for the model '{self.model}'")
        if absent := sorted(self.tools - set(request.tools)):
            out.append(f"the tool '{absent[0]}' is not offered")
        if not self._is_about(request):
            out.append("its 'when' does not fit the last message")
        elif self._has_its_results(request):
            out.append("its tools have their results")
        return out

    def _is_about(self, request: Request) -> bool:
        if self.when is None:
            return True
        if isinstance(self.when, str):
            return _normal(self.when) in _normal(request.last)
        if isinstance(self.when, re.Pattern):
            return self.when.search(request.last) is not None
        return bool(self.when(request))

    def _has_its_results(self, request: Request) -> bool:
        """Whether its calls were made and answered: a reply that may come for ever would keep an agent calling."""
        if self.in_turn or self.times is not None or "tool_calls" not in self.answers[0]:
            return False
        given = self.answers[0]["tool_calls"]
        return not callable(given) and {each.name for each in _calls(given)} <= set(request.results)

    def described(self) -> str:
        """The reply in an error's words."""
        when = self.when.pattern if isinstance(self.when, re.Pattern) else self.when
        facts = {"when": when, "model": self.model, "route": self.route, "tools": sorted(self.tools) or None}
        named = ", ".join(f"{name}={value!r}" for name, value in facts.items() if value is not None)
        return named or "for every request"


def reply(
    when: When = None,
    then: Sequence[Mapping[str, Any]] | None = None,
    *,
    model: str | None = None,
    route: str | None = None,
    tools: str | Iterable[str] = (),
    times: int | None = None,
    after: int = 0,
    **content: Any,
) -> Reply:
    """Build a reply.

    Args:
        when: words of the last message (whatever their case), a compiled pattern, or a function of the `Request`;
            None fits every message. The last message may be a tool's result.
        then: several answers, one for each request that fits, in order: `[{"tool_calls": …}, {"text": …}]`.
        model: its identifier; `*` stands for anything.
        route: such as "responses" or "images/generations", or its first word.
        tools: names that have to be among the tools offered.
        times: how many requests it answers; None: all. Calls of tools that have their results are not repeated then.
        after: how many requests that fit pass first.
        content: one of `text` (of a list, one for each request), `tool_calls` (a name, a mapping of names to
            arguments, or a list of both), `json`, `items` (of a response's output), `image` (bytes or a path);
            or a function of the `Request` that returns it.

    Raises:
        ValueError: no content or several, or a content of the wrong kind.
    """
    answers = _answers(then, content)
    in_turn = then is not None or len(answers) > 1
    if in_turn and times is not None:
        raise ValueError("a sequence is used up by itself; leave 'times' out")
    if times is not None and times < 1:
        raise ValueError("'times' is at least 1")
    if route is not None and route not in ROUTES | {each.split("/")[0] for each in ROUTES}:
        raise ValueError(f"no reply can be given on the route {route!r}; known: {', '.join(sorted(ROUTES))}")
    wanted = frozenset([tools] if isinstance(tools, str) else tools)
    return Reply(when, answers, in_turn, model, route, wanted, len(answers) if in_turn else times, after)


def _answers(
    then: Sequence[Mapping[str, Any]] | None, content: Mapping[str, Any]
) -> tuple[Mapping[str, Any], ...]:
    if then is not None:
        if content or not then:
            raise ValueError("give either 'then', a list with at least one answer, or one content")
        answers = tuple(dict(each) for each in then)
    elif isinstance(content.get("text"), list):
        answers = tuple({**content, "text": each} for each in content["text"])
    else:
        answers = (dict(content),)
    if not answers:
        raise ValueError("an empty list answers nothing")
    for answer in answers:
        if len(answer) != 1 or not set(answer) <= set(CONTENTS):
            raise ValueError(
                f"an answer has one of {', '.join(CONTENTS)}; got {', '.join(answer) or 'nothing'}"
            )
        [(name, value)] = answer.items()
        if not callable(value):
            _given(name, value)  # what makes no sense is refused here, not when it is asked for
    return answers


def _given(name: str, value: Any) -> Given:
    """A content as it is sent.

    Raises:
        ValueError: it is of the wrong kind.
    """
    match name:
        case "text" if isinstance(value, str):
            return Given(text=value)
        case "json":
            return Given(text=json.dumps(value, ensure_ascii=False))
        case "tool_calls":
            return Given(calls=_calls(value))
        case "items" if isinstance(value, (list, tuple)) and all(isinstance(each, Mapping) for each in value):
            return Given(items=tuple(value))
        case "image" if isinstance(value, (str, Path)):
            return Given(image=Path(value).read_bytes())
        case "image" if isinstance(value, bytes):
            return Given(image=value)
    raise ValueError(f"'{name}' can't be {value!r:.60}")


def _calls(value: Any) -> tuple[Call, ...]:
    match value:
        case str():
            return (Call(value, None),)
        case {"name": str(name)} if set(value) <= {"name", "arguments"}:
            return (_call(name, value.get("arguments")),)
        case Mapping():
            return tuple(_call(str(name), given) for name, given in value.items())
        case (str(name), Mapping() | None as given):
            return (_call(name, given),)
        case list() | tuple():
            return tuple(call for each in value for call in _calls(each))
    raise ValueError(f"'tool_calls' can't be {value!r:.60}")


def _call(name: str, given: Any) -> Call:
    return Call(
        name, given if given is None or isinstance(given, str) else json.dumps(given, ensure_ascii=False)
    )


def _normal(words: str) -> str:
    return " ".join(words.casefold().split())


@dataclass
class _Entry:
    reply: Reply
    met: int = 0

    @property
    def used_up(self) -> bool:
        return self.reply.times is not None and self.met >= self.reply.after + self.reply.times


class ReplyScript:
    """The scripted replies in their order. Safe across threads."""

    def __init__(self) -> None:
        self._entries: list[_Entry] = []
        self._lock = threading.Lock()

    def add(self, reply: Reply) -> None:
        """Append a reply."""
        with self._lock:
            self._entries.append(_Entry(reply))

    def clear(self) -> None:
        """Nothing is scripted any more."""
        with self._lock:
            self._entries.clear()

    def all(self) -> list[tuple[Reply, int]]:
        """Each reply, and how many requests fitted it so far, in their order."""
        with self._lock:
            return [(entry.reply, entry.met) for entry in self._entries]

    def __len__(self) -> int:
        return len(self._entries)

    def take(self, request: Request, *, strict: bool = False) -> Given | None:
        """What answers a request, used up by one; None if nothing is scripted for it.

        Raises:
            APIError: nothing is scripted, and the stand-in is `strict`; or a function that was given fails.
        """
        with self._lock:
            for number, entry in enumerate(self._entries, 1):
                try:
                    if entry.used_up or entry.reply.misses(request):
                        continue
                    entry.met += 1
                    if entry.met > entry.reply.after:
                        return self._answer(entry, request)
                except Exception as error:
                    raise errors.reply_failed(number, error) from error
            if strict:
                raise errors.no_reply(_shown(request), self._nearest(request))
        return None

    def _answer(self, entry: _Entry, request: Request) -> Given:
        place = entry.met - entry.reply.after - 1
        [(name, value)] = entry.reply.answers[place if entry.reply.in_turn else 0].items()
        return _given(name, value(request) if callable(value) else value)

    def _nearest(self, request: Request) -> str:
        """The reply that comes closest to a request, and what keeps it from answering."""

        def distance(entry: _Entry) -> tuple[int, float]:
            when = entry.reply.when
            words = when.pattern if isinstance(when, re.Pattern) else when if isinstance(when, str) else ""
            alike = difflib.SequenceMatcher(None, _normal(words), _normal(request.last[:_SHOWN])).ratio()
            return len(entry.reply.misses(request)) + entry.used_up, -alike

        if not self._entries:
            return "No reply is scripted."
        nearest = min(self._entries, key=distance)
        why = nearest.reply.misses(request) or ["it is used up"]
        number = self._entries.index(nearest) + 1
        return f"The nearest is reply {number} ({nearest.reply.described()}): {', and '.join(why)}."


def _shown(request: Request) -> str:
    last = " ".join(request.last.split())
    last = last if len(last) <= _SHOWN else last[:_SHOWN].rstrip() + " …"
    tools = f", tools {', '.join(request.tools)}" if request.tools else ""
    return f"/v1/{request.route} (model {request.model}{tools}, last message “{last}”)"
