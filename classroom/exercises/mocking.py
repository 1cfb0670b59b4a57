"""Notebook 07: a transport that answers as OpenAI would, and a test that notices what is broken."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from random import SystemRandom
from typing import Any

from classroom.exercises import words
from classroom.exercises.exercise import Bench, Exercise, NotYet, Trial
from classroom.exercises.given import chat_request, keeper
from classroom.exercises.plain import Thing, encode, number_of, shorten
from classroom.exercises.trying import fails_by_assert, try_each

_REFUSAL = "content_policy_violation"
_TYPE = "text/plain; charset=utf-8"


def _respond(bench: Bench) -> str:
    friendly = [words.question(bench.chance), "Never be shy or rude.", words.sentence(bench.chance)]
    rude = [
        f"{words.question(bench.chance)} Now be rude.",
        f"Please be rude to {words.mark(bench.chance)}.",
    ]
    cases = [(text, False) for text in friendly] + [(text, True) for text in rude]

    def look_at(case: tuple[str, bool]) -> None:
        text, refused = case
        trial = bench.call(chat_request(text))
        if refused:
            _is_refusal(trial)
        else:
            _is_completion(trial)

    try_each(bench, cases, look_at)
    return "The SDK takes both for OpenAI's."


def _body_of(trial: Trial, status: int, expected: str) -> dict[str, Any]:
    answer = trial.returned(expected)
    if not isinstance(answer, Thing) or "status_code" not in answer.fields:
        raise trial.wrong("It returns no httpx2.Response.", expected)
    if answer.fields.get("library") != "httpx2":
        made = shorten(str(answer.fields.get("library")), 20)
        raise trial.wrong(
            "It is another library's response: the SDK takes only httpx2's.",
            expected,
            f"a response of {made}",
        )
    if answer.fields["status_code"] != status:
        raise trial.wrong("Its status is another one.", expected, f"status {answer.fields['status_code']}")
    content = answer.fields.get("content")
    try:
        body = json.loads(content) if isinstance(content, bytes) else None
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise trial.wrong("Its body is no JSON object.", expected, f"status {status} and another body")
    return body


def _is_refusal(trial: Trial) -> None:
    expected = f"status 400 and an error with the code {_REFUSAL}"
    error = _body_of(trial, 400, expected).get("error")
    if not isinstance(error, dict):
        raise trial.wrong('OpenAI puts an object under "error".', expected, "a body without it")
    if error.get("code") != _REFUSAL:
        raise trial.wrong(
            "The error has another code.", expected, f"the code {shorten(str(error.get('code')))}"
        )
    if not isinstance(error.get("message"), str):
        raise trial.wrong("OpenAI's error has a message, too.", expected, "an error without a message")


def _is_completion(trial: Trial) -> None:
    expected = 'status 200 and a chat completion that says "Hello!"'
    body = _body_of(trial, 200, expected)
    right = {
        "id": isinstance(body.get("id"), str) and bool(body.get("id")),
        "object": body.get("object") == "chat.completion",
        "created": number_of(body.get("created")) is not None,
        "model": isinstance(body.get("model"), str) and bool(body.get("model")),
        "choices": isinstance(body.get("choices"), list) and bool(body.get("choices")),
    }
    for name, well in right.items():
        if not well:
            what = f"{name} is {shorten(json.dumps(body[name]))}" if name in body else f"{name} is missing"
            raise trial.wrong("This is no chat completion: one of its fields is not right.", expected, what)
    choice = body["choices"][0]
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(message, dict) or message.get("role") != "assistant":
        raise trial.wrong(
            "Its first choice has no message of the role assistant.",
            expected,
            "a choice without such a message",
        )
    if message.get("content") != "Hello!":
        got = f"the words {shorten(json.dumps(message.get('content')))}"
        raise trial.wrong("It says something else.", expected, got)


@dataclass(frozen=True)
class _Behaviour:
    """What a function like `keep_text` does. None: what is right."""

    name: str
    prompt: Callable[[str], str] | None = None
    body: Callable[[bytes], bytes] | None = None
    type: str | None = _TYPE
    stored: bool = True


_CHANCE = SystemRandom()


def _other(text: str) -> str:
    # drawn each time, and unlike what the test has: a test that sends the planted words itself could not notice them
    return words.another(_CHANCE, text)


_RIGHT = _Behaviour("everything is right")
_FAULTS = (
    _Behaviour("the prompt is replaced", prompt=_other),
    _Behaviour("the prompt is cut short", prompt=lambda prompt: prompt[: len(prompt) // 2]),
    _Behaviour("other bytes are stored", body=lambda content: _other(content.decode("latin-1")).encode()),
    _Behaviour("an empty object is stored", body=lambda content: b""),
    _Behaviour("the content type is another", type="image/png"),
    _Behaviour("no content type is given", type=None),
    _Behaviour("nothing is stored", stored=False),
)


def _check_keep(bench: Bench) -> str:
    noticed: list[Trial] = []

    def look_at(behaviour: _Behaviour) -> None:
        trial, steps = _tested(bench, behaviour)
        if behaviour is _RIGHT:
            expected = "no error, since everything is right"
            trial.ended(expected)
            if not steps:
                raise trial.wrong("It never calls the function that it tests.", expected, "a test of nothing")
            return
        expected = "an AssertionError"
        if trial.late:
            trial.ended(expected)
        if trial.raised is None:
            raise NotYet(_unnoticed(behaviour), trial.case, expected, "no error: the test passes")
        noticed.append(trial)

    def look_after_what_is_right(behaviour: _Behaviour) -> None:
        if not behaviour.stored:
            # what was stored rightly a moment ago must not count for a test of a function that stores nothing
            look_at(_RIGHT)
        look_at(behaviour)

    look_at(_RIGHT)
    try_each(bench, (_RIGHT, _RIGHT, *_FAULTS), look_after_what_is_right)
    fails_by_assert(noticed)
    return f"It passes for what is right, and notices {len(_FAULTS)} faults."


def _tested(bench: Bench, behaviour: _Behaviour) -> tuple[Trial, int]:
    """The learner's test, of a function with this behaviour; and how many steps of it were asked for."""
    steps: list[str] = []

    def back(data: Any) -> Any:
        steps.append("step")
        if not isinstance(data, dict) or len(steps) > 50:
            return {}
        if "prompt" in data:
            return {"input": _changed(data["prompt"], "text", behaviour.prompt)}
        body = _changed(data.get("content"), "bytes", behaviour.body) if behaviour.body else None
        return {"body": body, "type": behaviour.type, "stored": behaviour.stored}

    trial = bench.call(keeper(), case=f"check_keep(keep), where {behaviour.name}", back=back)
    return trial, len(steps)


def _changed(data: Any, kind: str, change: Callable[[Any], Any] | None) -> Any:
    """An encoded value with a change to it, if it is of the kind that can be changed."""
    from classroom.exercises.plain import NotPlain, decode

    try:
        value = decode(data)
    except NotPlain:
        return data
    wanted = str if kind == "text" else bytes
    return encode(change(value)) if change and isinstance(value, wanted) else data


def _unnoticed(behaviour: _Behaviour) -> str:
    if not behaviour.stored:
        return (
            "It does not notice when nothing is stored. Is an object from an earlier run still there? Delete it first, "
            "or use a new key each time."
        )
    return f"It does not notice when {behaviour.name}."


EXERCISES = {
    "07.1": Exercise(
        "respond",
        _respond,
        (
            "What does the SDK look at first, to know whether an answer is an error?",
            "request.content holds the body's bytes; httpx2.Response(400, json={…}) and httpx2.Response(200, json={…}).",
            'if b"be rude" in request.content: the error, {"error": {"message": …, "code": "content_policy_violation"}}; '
            'otherwise {"id": …, "object": "chat.completion", "created": 0, "model": …, "choices": […]}.',
        ),
    ),
    "07.2": Exercise(
        "check_keep",
        _check_keep,
        (
            "Which four things could keep do wrong, and where would you see each of them?",
            "Give keep a client of an OpenAIMock, or a MagicMock, and look at what was asked and what was stored.",
            "With OpenAIMock: delete the key, call keep, then assert on mock.calls[-1].body, on the object's Body and "
            "ContentType from s3.get_object(…).",
        ),
    ),
}
