"""Notebook 12: tools that a model asks for, the loop around them, and a tool that writes to S3."""

import json
from typing import Any

from classroom.exercises import words
from classroom.exercises.exercise import TEXT_ROUTES, Bench, Exercise, Trial
from classroom.exercises.plain import shown
from classroom.standin.journal import Call
from classroom.standin.replies import reply

_CITIES = ("Oslo", "Lima", "Porto", "Nairobi", "Kyoto", "Quito", "Turin", "Hobart")
_PLACE = "notes"
_TYPE = "text/plain"


def _weather(city: str) -> str:
    """What the notebook's own `weather` returns."""
    return f"{len(city)} degrees in {city}"


def _error(trial: Trial, expected: str) -> None:
    """That an output says what is wrong, and nothing was raised."""
    found = trial.returned(expected)
    if not isinstance(found, str) or not found.casefold().startswith("error"):
        raise trial.wrong("The model does not learn what was wrong with its call.", expected)


def _run_tool(bench: Bench) -> str:
    for city in bench.chance.sample(_CITIES, 2):
        trial = bench.call("weather", json.dumps({"city": city}))
        expected = f'the text "{_weather(city)}"'
        found = trial.returned(expected)
        if not isinstance(found, str):
            raise trial.wrong("An output is a text, and this is none.", expected)
        if found.strip('"') != _weather(city):
            raise trial.wrong(
                "This is not what the function returns for these arguments.", expected, shown(found)
            )
    first, second = bench.chance.randrange(100, 900), bench.chance.randrange(100, 900)
    trial = bench.call("add", json.dumps({"a": first, "b": second}))
    expected = f'the text "{first + second}"'
    found = trial.returned(expected)
    if not isinstance(found, str):
        raise trial.wrong("The function returns a number. Make a text of it: an output is a text.", expected)
    if found.strip('"') != str(first + second):
        raise trial.wrong("This is not what the function returns for these arguments.", expected)
    expected = 'a text that begins with "error"'
    for name, arguments in (
        (f"delete_{words.mark(bench.chance)}", "{}"),
        ("weather", '{"city": "Os'),
        ("weather", json.dumps({"town": "Oslo"})),
    ):
        _error(bench.call(name, arguments), expected)
    return "It runs what it has, and answers what it can't run with a reason."


def _outputs(call: Call) -> list[str]:
    """The outputs of tools that a request brings back, as text."""
    body: Any = call.body if isinstance(call.body, dict) else {}
    items = body.get("input") if isinstance(body.get("input"), list) else body.get("messages") or []
    found = []
    for item in items:
        if isinstance(item, dict) and item.get("type") == "function_call_output":
            found.append(str(item.get("output")))
        if isinstance(item, dict) and item.get("role") == "tool":
            found.append(str(item.get("content")))
    return found


def _agent(bench: Bench) -> str:
    one, other = bench.chance.sample(_CITIES, 2)
    for cities in ((one,), (one, other)):
        question = f"What is the weather in {' and in '.join(cities)}?"
        trial = bench.call(question)
        expected = f'an answer with "{_weather(cities[-1])}" in it'
        found = trial.returned(expected)
        if not isinstance(found, str):
            raise trial.wrong("It returns no text. Return the answer's output_text.", expected)
        if trial.calls is None:  # in live mode a model says it in its own words
            continue
        asked = [call for call in trial.calls if call.route in TEXT_ROUTES]
        brought = _outputs(asked[-1]) if asked else []
        if not asked:
            raise trial.wrong("It did not ask OpenAI.", expected, "no call to OpenAI")
        lacking = [city for city in cities if not any(_weather(city) in each for each in brought)]
        if lacking:
            raise trial.wrong(
                f"The output of the tool for {lacking[0]} did not reach the model.",
                "a last call that brings back the output of every tool call",
                f"{len(brought)} outputs",
            )
        if _weather(cities[-1]) not in found:
            raise trial.wrong("This is not the model's last answer.", expected)
    plain = words.question(bench.chance)
    trial = bench.call(plain)
    expected = "the model's answer, without any tool"
    if not isinstance(trial.returned(expected), str):
        raise trial.wrong("It returns no text for a question that needs no tool.", expected)
    trial.calls_for(plain, expected, *TEXT_ROUTES)
    if not bench.boundary.live:
        _endless(bench)
    return "It answers with the tools' results, and stops a loop that would not end."


def _endless(bench: Bench) -> None:
    """A model that only ever calls."""
    replies = bench.boundary.openai.replies
    replies.add(reply(tool_calls=lambda request: [("weather", {"city": "Oslo"})]))
    try:
        trial = bench.call(
            "What is the weather?",
            3,
            case='agent("What is the weather?", 3), and the model calls a tool each time',
        )
    finally:
        replies.clear()
    expected = "a RuntimeError after 3 rounds"
    asked = len([call for call in trial.calls or () if call.route in TEXT_ROUTES])
    if trial.late or asked > 4:
        raise trial.wrong("It goes on asking. Count the rounds.", expected, f"{asked} calls to OpenAI")
    trial.refused("RuntimeError", expected)
    if asked < 3:
        raise trial.wrong("It gives up too early.", expected, f"a RuntimeError after {asked} calls to OpenAI")


def _save_note(bench: Bench) -> str:
    storage = bench.boundary.storage
    name, text = f"note-{words.mark(bench.chance)}", f"Grüße: {words.sentence(bench.chance)}"
    key = f"{_PLACE}/{name}.txt"
    trial = bench.call(name, text)
    expected = f'these words under "{_PLACE}/" + name + ".txt", with the type {_TYPE}'
    try:
        said = trial.returned(expected)
        stored = storage.get(key)
    finally:
        storage.delete(key)
    if stored is None:
        raise trial.wrong("Nothing is stored under that object key.", expected, "no object")
    if stored[0] != text.encode():
        raise trial.wrong("What is stored is not the text as UTF-8.", expected, shown(stored[0]))
    if stored[1].partition(";")[0].strip() != _TYPE:
        raise trial.wrong("It is stored with another type.", expected, f"the type {stored[1]}")
    if not isinstance(said, str) or name not in said:
        raise trial.wrong(
            "The model does not learn where the note is.", "a text that names the object key", shown(said)
        )
    mark = words.mark(bench.chance)
    for bad in (f"../{mark}", f"{mark}/{mark}", f"{mark}.html", "", mark * 30):
        key = f"{_PLACE}/{bad}.txt"
        trial = bench.call(bad, text)
        expected = 'a text that begins with "error", and nothing stored'
        try:
            trial.ended(expected)
            kept = storage.get(key)
        finally:
            storage.delete(key)
        if kept is not None:
            raise trial.wrong(
                "It stores under a name that the model should not choose.",
                expected,
                f'an object under "{shown(key)}"',
            )
        _error(trial, expected)
    return "The model chooses a name, and your code decides what a name may be."


EXERCISES = {
    "12.1": Exercise(
        "run_tool",
        _run_tool,
        (
            "Three things can be wrong with a call: its name, its JSON, its arguments. What should the model read then?",
            "FUNCTIONS[name](**json.loads(arguments)) runs it. An exception becomes a text that begins with error.",
            'try: return str(FUNCTIONS[name](**json.loads(arguments))) and, in except (KeyError, ValueError, TypeError) as problem, return f"error: {problem!r}".',
        ),
    ),
    "12.2": Exercise(
        "agent",
        _agent,
        (
            "What has to be in the second request, so that the model knows what it asked for and what came of it?",
            "items += response.output, then one function_call_output for each call, with its call_id; after the last round raise RuntimeError.",
            "for _ in range(most): response = ask(items); calls = those of type function_call; if there are none, return response.output_text; add output and results.",
        ),
    ),
    "12.3": Exercise(
        "save_note",
        _save_note,
        (
            "Who chose the name, and what could be in it?",
            're.fullmatch(r"[A-Za-z0-9-]{1,60}", name) accepts letters, digits and hyphens alone.',
            'If the name does not match, return "error: …". Otherwise s3.put_object(Bucket=bucket, Key=f"notes/{name}.txt", Body=text.encode(), ContentType="text/plain").',
        ),
    ),
}
