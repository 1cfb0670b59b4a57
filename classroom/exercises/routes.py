"""Notebook 10: an answer read by hand, an app that checks its input, an endpoint that asks OpenAI, and a test of one."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from random import SystemRandom
from typing import Any

from classroom.exercises import words
from classroom.exercises.exercise import TEXT_ROUTES, Bench, Exercise, NotYet, Trial
from classroom.exercises.given import Given, texts_client, texts_openai
from classroom.exercises.plain import NotPlain, Thing, decode, describe, encode, several, shorten
from classroom.standin.scripting.faults import fault

_MOST_WORDS, _MOST_PROMPT = 500, 4_000  # characters
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
    for status, body in bench.chance.sample(bodies, len(bodies)):
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
    return trial.wrong(f"Another status is right here.{why.get(got, '')}", expected, f"status {got}")


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
    for body, count in bench.chance.sample(cases, len(cases)):
        trial = bench.request("POST", "/v1/words", json=body)
        if count is None:
            _answer_to(trial, 422, f"status 422, for the body {_shown_body(body)}")
            continue
        expected = f'status 200 and {{"words": {count}}}, for the body {_shown_body(body)}'
        got = _answer_to(trial, 200, expected)
        if got.get("words") != count or isinstance(got.get("words"), bool):
            raise trial.wrong("The number of words is not right.", expected, shorten(json.dumps(got)))
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
    for body in bench.chance.sample(wrong, len(wrong)):
        trial = bench.request("POST", "/v1/texts", json=body)
        expected = f"status 422 and no call to OpenAI, for the body {_shown_body(body)}"
        _answer_to(trial, 422, expected)
        if trial.calls:
            raise trial.wrong(
                "It refuses the prompt, but only after it asked OpenAI, which costs money.",
                expected,
                f"status 422 and {len(trial.calls)} call(s)",
            )
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
    made = {output.content.decode("utf-8", "replace").strip() for call in calls for output in call.outputs}
    if text.strip() not in made:
        raise trial.wrong("It answers other words than OpenAI did.", expected, f'"{shorten(text)}"')


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
    for each, right, case in bench.chance.sample(met, len(met)):
        faults.add(each)
        try:
            trial = bench.request("POST", "/v1/texts", json={"prompt": words.question(bench.chance)})
        finally:
            faults.clear()
        _answer_to(trial, right, f"status {right} and a JSON object, {case}")


# 10.4


@dataclass(frozen=True)
class _Endpoint:
    """What an endpoint that makes texts does. None, and the numbers as they are: what is right."""

    name: str
    prompt: Callable[[str], str] | None = None
    text: Callable[[str], str] | None = None
    made: int = 201
    blank: str = "refuse"  # or "make", or "refuse too late"
    busy: int = 429


_CHANCE = SystemRandom()


def _other(text: str) -> str:
    # drawn each time, and unlike what the test has: a test that sends the planted words itself could not notice them
    return words.another(_CHANCE, text)


_RIGHT = _Endpoint("everything is right")
_FAULTS = (
    _Endpoint("another prompt reaches OpenAI", prompt=_other),
    _Endpoint("the answer holds other words than OpenAI's", text=_other),
    _Endpoint("a text that was made is answered with 200", made=200),
    _Endpoint("a blank prompt is not refused", blank="make"),
    _Endpoint("a blank prompt is refused only after OpenAI was asked", blank="refuse too late"),
    _Endpoint("an OpenAI that is busy is answered with 201", busy=201),
    _Endpoint("an OpenAI that is busy is answered with 500", busy=500),
    _Endpoint("an OpenAI that is busy is answered with 502", busy=502),
)


def _check_texts(bench: Bench) -> str:
    order = [_RIGHT, *bench.chance.sample(_FAULTS, len(_FAULTS)), _RIGHT]
    for behaviour in order:
        asked = 0

        def back(data: Any, behaviour: _Endpoint = behaviour) -> Any:
            nonlocal asked
            asked += 1
            return _step(behaviour, data)

        case = f"check_texts(client, openai_mock), where {behaviour.name}"
        trial = bench.call(texts_client(), texts_openai(), case=case, back=back)
        if behaviour is _RIGHT:
            expected = "no error, since everything is right"
            trial.ended(expected)
            if not asked:
                raise trial.wrong("It sends no request to the endpoint.", expected, "a test of nothing")
            continue
        if trial.late:
            trial.ended("an AssertionError")
        if trial.raised is None:
            problem = f"It does not notice when {behaviour.name}."
            raise NotYet(problem, trial.case, "an AssertionError", "no error: the test passes")
    return f"It passes for what is right, and notices {len(_FAULTS)} faults."


def _step(behaviour: _Endpoint, data: Any) -> Any:
    """What the endpoint in the learner's kernel does next."""
    try:
        received = {name: decode(value) for name, value in data.items()} if isinstance(data, dict) else {}
    except NotPlain:
        received = {}
    if "prompt" in received:
        prompt = str(received["prompt"])
        blank = not prompt.strip()
        ask = not blank or behaviour.blank != "refuse"
        changed = behaviour.prompt(prompt) if behaviour.prompt and not blank else prompt
        return {"ask": ask, "input": encode(changed if not blank else "Say anything.")}
    if received.get("refused"):
        return {"status": behaviour.busy, "text": encode("")}
    if received.get("blank") and behaviour.blank != "make":
        return {"status": 422, "text": encode("")}
    text = str(received.get("text", ""))
    return {"status": behaviour.made, "text": encode(behaviour.text(text) if behaviour.text else text)}


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
        _check_texts,
        (
            "What can you see of a request at the one end, and what at the other?",
            'answer = client.post("/v1/texts", json={"prompt": "…"}), then look at answer.status_code, answer.json() and '
            "openai_mock.calls[-1].body; openai_mock.fail(status=429) makes OpenAI busy.",
            "Three parts: a good prompt (status 201, the prompt in calls[-1].body, the text as in "
            "calls[-1].outputs[0].content); a blank one (422, and not one call more); openai_mock.fail(status=429) (429).",
        ),
    ),
}
