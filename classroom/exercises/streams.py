"""Notebook 15: an endpoint that passes an answer on while it is written, as server-sent events."""

import json
import re
from dataclasses import dataclass
from urllib.parse import quote

from classroom.exercises import words
from classroom.exercises.carrying import TEXT_ROUTES, asks_model
from classroom.exercises.exercise import Bench, Exercise, Trial
from classroom.exercises.plain import Thing, describe, field_of, shorten
from classroom.standin.outgoing.pace import AT_ONCE, Pace
from classroom.standin.scripting.replies import reply

_TYPE = "text/event-stream"
_MODEL = "gpt-5.4-mini"
_TOKENS_PER_SECOND = 40.0  # of a model that takes its time: about a second for an answer
_AT_ONCE = 0.15  # of the time of an answer: who collects it first needs hardly any to send it
_WITHOUT_DATA = re.compile(r"(?:\r?\n|\A)event: ?done\r?\n(?:\r?\n)?\Z")
_LINES = "First line.\nSecond line, {mark}.\n\nAfter an empty line: data: é\n"


@dataclass(frozen=True)
class Event:
    """A server-sent event: its name, "message" if it has none, and its data."""

    name: str
    data: str


def events_in(text: str) -> list[Event]:
    """The events of a stream, as a browser reads them: https://html.spec.whatwg.org/multipage/server-sent-events.html

    What follows the last empty line is no event.
    """
    found: list[Event] = []
    name, data = "", list[str]()
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[:-1]:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if data:
                found.append(Event(name or "message", "\n".join(data)))
            name, data = "", []
        elif field == "event":
            name = value
        elif field == "data":
            data.append(value)
    return found


def _loose_line(text: str) -> str | None:
    """The first line that has no field of an event, and is no comment; None if each has."""
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if line and line.partition(":")[0] not in ("data", "event", "id", "retry", ""):
            return line
    return None


def _live(bench: Bench) -> str:
    # a client may hold connections of another loop, which its first request drops; a server has one loop
    bench.request("GET", _address("Are you there?"))
    replies = bench.boundary.openai.replies
    for lines in (False, True):
        prompt = f"{words.question(bench.chance)} & more + {words.mark(bench.chance)}"
        if lines:
            replies.add(reply(prompt, text=_LINES.format(mark=words.mark(bench.chance))))
        try:
            trial = bench.request("GET", _address(prompt))
        finally:
            replies.clear()
        _streamed(trial, prompt)
    if not bench.boundary.live:
        _as_it_comes(bench)
    return "Each piece is an event of its own, line ends included, and the last event says that it is done."


def _as_it_comes(bench: Bench) -> None:
    """A model that writes slowly: the first piece has to arrive long before the last."""
    openai, prompt = bench.boundary.openai, words.question(bench.chance)
    openai.replies.add(reply(prompt, text=" ".join(words.sentence(bench.chance) for _ in range(3))))
    openai.tempo.change(Pace(tokens_per_second=_TOKENS_PER_SECOND))
    try:
        trial = bench.request("GET", _address(prompt))
    finally:
        openai.tempo.change(AT_ONCE)
        openai.replies.clear()
    _streamed(trial, prompt)
    if trial.spread < _AT_ONCE:
        raise trial.wrong(
            "It collects the pieces, and sends them all when the last one has come. A generator with yield sends each at once.",
            "the first event while OpenAI still writes",
            "all events at the same time, at the end",
        )


def _address(prompt: str) -> str:
    return f"/v1/stream?prompt={quote(prompt)}"


def _streamed(trial: Trial, prompt: str) -> None:
    expected = f"status 200, the type {_TYPE}, and events"
    value = trial.returned(expected)
    if not isinstance(value, Thing) or "status_code" not in value.fields:
        raise trial.wrong("This is no FastAPI app. Run the cell above again.", expected)
    got = value.fields["status_code"]
    if got != 200:
        why = {404: " There is no such path.", 405: " That path has no such method."}
        raise trial.wrong(f"Another status is right here.{why.get(got, '')}", expected, f"status {got}")
    kind = str(value.fields.get("content_type"))
    if kind.partition(";")[0].strip() != _TYPE:
        raise trial.wrong("A browser reads no events of this type.", expected, f"the type {kind}")
    content = value.fields.get("content")
    text = content.decode("utf-8", "replace") if isinstance(content, bytes) else ""
    if _WITHOUT_DATA.search(text):
        raise trial.wrong(
            "A browser passes over an event without data. Give it some, such as {}.",
            "an event called done at the end",
            "a line that names the event, and no line with data",
        )
    if trial.stopped:
        raise trial.wrong(
            f"It stopped with an error in the middle: {trial.stopped.name}.", expected, str(trial.stopped)
        )
    if loose := _loose_line(text):
        raise trial.wrong(
            "There is a line that belongs to no event: a browser passes over it. Each line begins with data: or event:.",
            'events with data such as {"text": "…"}',
            f"the line {describe(loose)}",
        )
    pieces = _pieces(trial, events_in(text))
    expected = "one event for each piece of the answer, while OpenAI writes it"
    calls = trial.calls_for(prompt, expected, *TEXT_ROUTES)
    if len(pieces) < 2:
        raise trial.wrong("It sends the whole answer in one event.", expected, "one event")
    if not calls:
        return
    if not any(isinstance(call.body, dict) and call.body.get("stream") is True for call in calls):
        raise trial.wrong(
            "It waits for the whole answer, and cuts it into pieces then. Ask with stream=True.",
            expected,
            "a call to OpenAI without a stream",
        )
    if not any(asks_model(call, _MODEL) for call in calls):
        asked = field_of(calls[0].body, "model")
        raise trial.wrong(
            f"It asks another model than {_MODEL}.", f"the model {_MODEL}", f"the model {asked}"
        )
    made = [output.content.decode("utf-8", "replace") for call in calls for output in call.outputs]
    whole = "".join(pieces)
    if whole not in made:
        raise trial.wrong(
            "The pieces together are not what OpenAI answered.",
            f'"{shorten(made[0])}"' if made else "the answer",
            f'"{shorten(whole)}"',
        )


def _pieces(trial: Trial, events: list[Event]) -> list[str]:
    """The texts of the events before the last, which is called done."""
    expected = 'events with data such as {"text": "…"}, and an event called done at the end'
    if not events:
        raise trial.wrong("There is no event in it. Each ends with an empty line.", expected, "no event")
    if events[-1].name != "done":
        got = f"the last event is called {describe(events[-1].name)}"
        raise trial.wrong("The reader does not learn that the answer is complete.", expected, got)
    pieces = []
    for event in events[:-1]:
        if event.name == "done":
            raise trial.wrong("It is done more than once.", expected, "an event called done before the end")
        try:
            entry = json.loads(event.data)
        except (ValueError, RecursionError):
            entry = None
        if not isinstance(entry, dict) or not isinstance(entry.get("text"), str):
            raise trial.wrong(
                'The data of an event is no JSON with a "text".', expected, f"the data {describe(event.data)}"
            )
        pieces.append(entry["text"])
    return pieces


EXERCISES = {
    "15.5": Exercise(
        "live",
        _live,
        (
            "Which part of the countdown changes when the pieces come from OpenAI?",
            "With stream=True, the client gives events; those of the type response.output_text.delta have a piece in "
            'delta. Yield event({"text": each.delta}) for each, and event({}, "done") after the last.',
            "def pieces(prompt): for each in client.responses.create(model=…, input=prompt, stream=True): if each.type == "
            '"response.output_text.delta": yield event({"text": each.delta}); then yield event({}, "done"). The route '
            'returns StreamingResponse(pieces(prompt), media_type="text/event-stream").',
        ),
    ),
}
