"""Notebook 10: an answer read by hand, an app that checks its input, an endpoint that asks OpenAI."""

import json
from collections.abc import Iterable
from typing import Any

from classroom.exercises import words
from classroom.exercises.carrying import TEXT_ROUTES, asks_model
from classroom.exercises.exercise import Bench, Exercise, NotYet, Trial
from classroom.exercises.given import Given
from classroom.exercises.plain import Thing, describe, encode, field_of, several, shorten
from classroom.exercises.route_tests import check_texts
from classroom.exercises.trying import try_each
from classroom.standin.records.journal import Call
from classroom.standin.scripting.faults import Fault, fault

_MOST_WORDS, _MOST_PROMPT = 500, 4_000  # characters
_MODEL = "gpt-5.4-mini"
_PHRASES = {200: "OK", 201: "Created", 204: "No Content", 404: "Not Found", 422: "Unprocessable Content"}


# 10.1


def _parts_of(bench: Bench) -> str:
    mark = words.mark(bench.chance)
    bodies = [
        (200, b'{"mark": "%s"}' % mark.encode()),
        (201, f"Two lines, {mark}\r\nand an empty one:\r\n\r\nthe end.\r\n\r\n".encode()),
        (204, b""),
        (404, b"\x89PNG\r\n\x1a\n\r\n\r\n\x00\xff" + mark.encode()),
        (422, f"é {mark}\n\n".encode()),
    ]

    def look_at(case: tuple[int, bytes]) -> None:
        status, body = case
        trial = bench.call(_raw(bench, status, body))
        expected = f"({status}, the {len(body)} bytes of the body)"
        value = several(trial.returned(expected))
        if value is None or len(value) != 2:
            raise trial.wrong("It returns something else than two things, status and body.", expected)
        if isinstance(value[0], bool) or value[0] != status or not isinstance(value[0], (int, float)):
            raise trial.wrong("The status is not right. Is it a whole number?", expected, describe(value[0]))
        if not isinstance(value[1], bytes):
            raise trial.wrong("The body is not bytes.", expected, describe(value[1]))
        if value[1] != body:
            raise trial.wrong("The body is another one.", expected, describe(value[1]))

    try_each(bench, bodies, look_at)
    return "The status is the second word, and the body begins after the first empty line."


def _raw(bench: Bench, status: int, body: bytes) -> Given:
    headers = [
        f"Content-Length: {len(body)}",
        f"X-Request-ID: req_{words.mark(bench.chance)}",
        "Connection: close",
    ]
    bench.chance.shuffle(headers)
    head = "\r\n".join([f"HTTP/1.1 {status} {_PHRASES[status]}", *headers])
    return Given(
        ("plain", encode(head.encode() + b"\r\n\r\n" + body)),
        f'b"HTTP/1.1 {status} {_PHRASES[status]}…", with a body of {len(body)} bytes',
    )


# 10.2 and 10.3: an app, asked over HTTP


def _answer_to(trial: Trial, status: int, expected: str) -> dict[str, Any]:
    """The JSON object of an answer with that status."""
    value = trial.returned(expected)
    if not isinstance(value, Thing) or "status_code" not in value.fields:
        raise trial.wrong("This is no FastAPI app. Run the cell above again.", expected)
    got = value.fields["status_code"]
    if got != status:
        raise _another_status(trial, got, expected)
    content = value.fields.get("content")
    try:
        body = json.loads(content) if isinstance(content, bytes) and content else None
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise trial.wrong("The body is no JSON object.", expected, f"status {got} and another body")
    return body


def _another_status(trial: Trial, got: Any, expected: str) -> NotYet:
    if got == 500 and trial.stopped:
        problem = f"Another status is right here. It stopped with an error: {trial.stopped.name}."
        return trial.wrong(problem, expected, f"status 500, after {trial.stopped}")
    why = {404: " There is no such path.", 405: " That path has no such method."}
    refused = _refused_field(trial.value) if got == 422 else ""
    problem = f"Another status is right here.{why.get(got, '')}"
    return trial.wrong(problem, expected, f"status {got}{refused}")


def _refused_field(answer: Any) -> str:
    """What FastAPI says of the first field that it refused: where it looked, and why."""
    try:
        first = json.loads(field_of(answer, "content"))["detail"][0]
        place, reason = " → ".join(map(str, first["loc"])), str(first["msg"])
    except (ValueError, TypeError, LookupError, RecursionError):
        return ""
    return f', and FastAPI says of {shorten(place, 40)}: "{shorten(reason, 60)}"'


def _counting(bench: Bench) -> str:
    scene = words.scene(bench.chance)
    right = [scene, "  one   more\tword\n", "é", "x" * _MOST_WORDS, f"{scene} and {scene}"]
    wrong: list[Any] = [
        {"text": ""},
        {"text": "   "},
        {"text": "\n\t "},
        {"text": "x" * (_MOST_WORDS + 1)},
        {"text": None},
        {"text": ["one", "two"]},
        {"words": scene},
        {},
    ]
    cases = [({"text": text}, len(text.split())) for text in right] + [(body, None) for body in wrong]

    def look_at(case: tuple[dict[str, Any], int | None]) -> None:
        body, count = case
        trial = bench.request("POST", "/v1/words", json=body)
        if count is None:
            _answer_to(trial, 422, f"status 422, for the body {_shown_body(body)}")
            return
        expected = f'status 200 and {{"words": {count}}}, for the body {_shown_body(body)}'
        got = _answer_to(trial, 200, expected)
        if got.get("words") != count or isinstance(got.get("words"), bool):
            raise trial.wrong("The number of words is not right.", expected, shorten(json.dumps(got)))

    try_each(bench, cases, look_at)
    return "It counts words, and refuses what has none or too many letters."


def _shown_body(body: dict[str, Any]) -> str:
    written = json.dumps(body, ensure_ascii=False)
    return (
        written
        if len(written) < 70
        else f"with a text of {len(str(body.get('text', body.get('prompt'))))} characters"
    )


def _texts(bench: Bench) -> str:
    for prompt in (
        words.question(bench.chance),
        words.scene(bench.chance),
        "x" * (_MOST_PROMPT - 20) + words.mark(bench.chance),
    ):
        _made(bench, prompt)
    wrong: list[dict[str, Any]] = [
        {"prompt": ""},
        {"prompt": " \n "},
        {"prompt": "x" * (_MOST_PROMPT + 1)},
        {"prompt": None},
        {},
    ]

    def look_at(body: dict[str, Any]) -> None:
        trial = bench.request("POST", "/v1/texts", json=body)
        expected = f"status 422 and no call to OpenAI, for the body {_shown_body(body)}"
        _answer_to(trial, 422, expected)
        if trial.calls:
            raise trial.wrong(
                "It refuses the prompt, but only after it asked OpenAI, which costs money.",
                expected,
                f"status 422 and {len(trial.calls)} call(s)",
            )

    try_each(bench, wrong, look_at)
    _failures(bench)
    _made(bench, words.question(bench.chance))
    return "A prompt goes in, OpenAI's text comes out; what is wrong is refused before it costs anything."


def _made(bench: Bench, prompt: str) -> None:
    trial = bench.request("POST", "/v1/texts", json={"prompt": prompt})
    expected = (
        f'status 201 and {{"text": what OpenAI answered}}, for the body {_shown_body({"prompt": prompt})}'
    )
    text = _answer_to(trial, 201, expected).get("text")
    if not isinstance(text, str) or not text:
        raise trial.wrong("The answer has no text.", expected, f"a text that is {describe(text)}")
    calls = trial.calls_for(prompt, expected, *TEXT_ROUTES)
    if calls is None:
        return
    if not any(asks_model(call, _MODEL) for call in calls):
        raise trial.wrong(f"It asks another model than {_MODEL}.", f"the model {_MODEL}", _models_of(calls))
    made = {output.content.decode("utf-8", "replace").strip() for call in calls for output in call.outputs}
    if text.strip() not in made:
        raise trial.wrong("It answers other words than OpenAI did.", expected, f'"{shorten(text)}"')


def _models_of(calls: Iterable[Call]) -> str:
    return f"the model {', '.join(str(field_of(call.body, 'model')) for call in calls)}"


def _failures(bench: Bench) -> None:
    """What it answers when OpenAI is busy or in trouble; OpenAI itself fails on no one's order."""
    if bench.boundary.live:
        return
    faults = bench.boundary.openai.faults
    soon = {"retry-after-ms": "1"}
    met = [
        (fault(status=429, headers=soon), 429, "when OpenAI answers 429"),
        (fault(status=500, headers=soon), 502, "when OpenAI answers 500"),
        (fault(status=401), 502, "when OpenAI rejects the API key (401)"),
        (fault(effect="drop"), 502, "when the connection to OpenAI breaks"),
    ]

    def look_at(failure: tuple[Fault, int, str]) -> None:
        each, right, case = failure
        faults.add(each)
        try:
            trial = bench.request("POST", "/v1/texts", json={"prompt": words.question(bench.chance)})
        finally:
            faults.clear()
        _answer_to(trial, right, f"status {right} and a JSON object, {case}")

    try_each(bench, met, look_at)


EXERCISES = {
    "10.1": Exercise(
        "parts_of",
        _parts_of,
        (
            "What is between the headers and the body, and may the same be in the body, too?",
            'answer.partition(b"\\r\\n\\r\\n") cuts at the first empty line; bytes have split() as texts have.',
            'head, _, body = answer.partition(b"\\r\\n\\r\\n"), then return int(head.split()[1]), body.',
        ),
    ),
    "10.2": Exercise(
        "counting",
        _counting,
        (
            "How long is a text of three spaces, and how long is it when strip() was there first?",
            "StringConstraints(strip_whitespace=True, min_length=1, max_length=500) strips before it measures.",
            "text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)], or "
            'raise HTTPException(422, "…") when not order.text.strip().',
        ),
    ),
    "10.3": Exercise(
        "texts",
        _texts,
        (
            "Which three things can go wrong, and who should learn of each: the caller, or you?",
            "A body model with the prompt's bounds, status_code=201 in the decorator, and try around the call of OpenAI: "
            "openai.RateLimitError is one of openai.OpenAIError.",
            'except openai.RateLimitError: raise HTTPException(429, "…"), then except openai.OpenAIError: raise '
            'HTTPException(502, "…"); otherwise return {"text": answer.output_text}.',
        ),
    ),
    "10.4": Exercise(
        "check_texts",
        check_texts,
        (
            "What can you see of a request at the one end, and what at the other?",
            'answer = client.post("/v1/texts", json={"prompt": "…"}), then look at answer.status_code, answer.json() and '
            "openai_mock.calls[-1].body; openai_mock.fail(status=429) makes OpenAI busy.",
            "Three parts: a good prompt (status 201, the prompt in calls[-1].body, the text as in "
            "calls[-1].outputs[0].content); a blank one (422, and not one call more); openai_mock.fail(status=429) (429).",
        ),
    ),
}
