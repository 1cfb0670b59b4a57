"""Notebook 12: tools that a model asks for, the loop around them, and a tool that writes to S3."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from classroom.exercises import words
from classroom.exercises.carrying import TEXT_ROUTES, carries
from classroom.exercises.exercise import Bench, Exercise, Trial
from classroom.exercises.plain import describe
from classroom.standin.records.journal import Call
from classroom.standin.scripting.replies import reply

_CITIES = ("Oslo", "Lima", "Porto", "Nairobi", "Kyoto", "Quito", "Turin", "Hobart")
_PLACE = "notes"
_TYPE = "text/plain"
_LONGEST = 60  # characters of a note's name
_SAYS_WHY = 3  # letters after "error": less than that is no reason


def _weather(city: str) -> str:
    """What the notebook's own `weather` returns."""
    return f"{len(city)} degrees in {city}"


def reads_why(trial: Trial, expected: str) -> None:
    """That the output of a tool says what is wrong, and nothing was raised.

    Raises:
        NotYet: it does not begin with "error", or gives no reason.
    """
    found = trial.returned(expected)
    if not isinstance(found, str) or not found.casefold().startswith("error"):
        raise trial.wrong("The model does not learn what was wrong with its call.", expected)
    if sum(letter.isalpha() for letter in found[len("error") :]) < _SAYS_WHY:
        raise trial.wrong("The model learns that something is wrong, and not what.", expected)


def _run_tool(bench: Bench) -> str:
    for city in bench.chance.sample(_CITIES, 2):
        trial = bench.call("weather", json.dumps({"city": city}))
        expected = f'the text "{_weather(city)}"'
        found = trial.returned(expected)
        if not isinstance(found, str):
            raise trial.wrong("An output has to be a text.", expected)
        if found.strip('"') != _weather(city):
            raise trial.wrong(
                "This is not what the function returns for these arguments.", expected, describe(found)
            )
    first, second = bench.chance.randrange(100, 900), bench.chance.randrange(100, 900)
    trial = bench.call("add", json.dumps({"a": first, "b": second}))
    expected = f'the text "{first + second}"'
    found = trial.returned(expected)
    if not isinstance(found, str):
        raise trial.wrong(
            "The function returns a number. Turn it into a text: an output is a text.", expected
        )
    if found.strip('"') != str(first + second):
        raise trial.wrong("This is not what the function returns for these arguments.", expected)
    expected = 'a text that begins with "error" and says why'
    for name, arguments in (
        (f"delete_{words.mark(bench.chance)}", "{}"),
        ("weather", '{"city": "Os'),
        ("weather", json.dumps({"town": "Oslo"})),
    ):
        reads_why(bench.call(name, arguments), expected)
    _runs_no_more(
        bench, "weather", "{'city': 'Oslo'}", "These arguments are no JSON, and it runs the function."
    )
    # a function of the notebook's that is no tool: the answer itself, called with a tool
    inner = {"name": "weather", "arguments": json.dumps({"city": "Oslo"})}
    _runs_no_more(bench, bench.answer, json.dumps(inner), "It runs a function that is not in FUNCTIONS.")
    return "It runs what it has, and answers what it can't run with a reason."


def _runs_no_more(bench: Bench, name: str, arguments: str, problem: str) -> None:
    """That a call which the model may not make, though it could be made, comes to nothing."""
    trial = bench.call(name, arguments)
    expected = 'a text that begins with "error" and says why'
    if isinstance(trial.value, str) and _weather("Oslo") in trial.value:
        raise trial.wrong(problem, expected)
    reads_why(trial, expected)


def _outputs(calls: Sequence[Call]) -> list[str]:
    """The outputs of tools that the last request brings back, as text; with those of the answer that it goes on from."""
    found: list[str] = []
    for call in reversed(calls):
        body: Any = call.body if isinstance(call.body, dict) else {}
        items = body.get("input") if isinstance(body.get("input"), list) else body.get("messages") or []
        for item in items:
            if isinstance(item, dict) and item.get("type") == "function_call_output":
                found.append(str(item.get("output")))
            if isinstance(item, dict) and item.get("role") == "tool":
                found.append(str(item.get("content")))
        if not body.get("previous_response_id"):
            break
    return found


def _agent(bench: Bench) -> str:
    one, other = bench.chance.sample(_CITIES, 2)
    for cities in ((one,), (one, other)):
        question = f"What is the weather in {' and in '.join(cities)}?"
        trial = bench.call(question)
        expected = f'an answer with "{_weather(cities[-1])}" in it'
        found = _words(trial, expected)
        if trial.calls is None:  # in live mode a model says it in its own words
            continue
        _brought(trial, cities)
        if _weather(cities[-1]) not in found:
            raise trial.wrong("This is not the model's last answer.", expected)
    plain = words.question(bench.chance)
    trial = bench.call(plain)
    expected = "the model's answer, without any tool"
    _words(trial, expected)
    for call in trial.calls_for(plain, expected, *TEXT_ROUTES) or ():
        if carries(call, "What is the weather in"):
            raise trial.wrong(
                "It sends the question of an earlier call along. Begin each call with a new list.",
                "a request with this question alone",
                "a request with both questions",
            )
    if not bench.boundary.live:
        _one_after_the_other(bench)
        _no_such_tool(bench)
        _endless(bench)
    return "It answers with the tools' results, and stops a loop that would not end."


def _words(trial: Trial, expected: str) -> str:
    found = trial.returned(expected)
    if not isinstance(found, str):
        raise trial.wrong("It returns no text. Return the answer's output_text.", expected)
    return found


def _brought(trial: Trial, cities: Sequence[str]) -> None:
    """That the outputs of all these cities reached the model."""
    asked = [call for call in trial.calls or () if call.route in TEXT_ROUTES]
    brought = _outputs(asked)
    if not asked:
        raise trial.wrong(
            "It did not ask OpenAI.", f'an answer with "{_weather(cities[-1])}" in it', "no call to OpenAI"
        )
    lacking = [city for city in cities if not any(_weather(city) in each for each in brought)]
    if lacking:
        raise trial.wrong(
            "The output of a tool call did not reach the model.",
            "a last call that brings back the output of every tool call",
            f"outputs in it: {len(brought)}, and none for {lacking[0]}",
        )


@contextmanager
def _scripted(bench: Bench, *answers: dict[str, Any]) -> Iterator[None]:
    """Meanwhile the model gives these answers, one after the other."""
    replies = bench.boundary.openai.replies
    replies.add(reply(then=answers))
    try:
        yield
    finally:
        replies.clear()


def _one_after_the_other(bench: Bench) -> None:
    """A model that calls, reads the result, and calls again."""
    first, second = bench.chance.sample(_CITIES, 2)
    last = f"It is warmer in {first}. {words.sentence(bench.chance)}"
    steps = [{"tool_calls": [("weather", {"city": city})]} for city in (first, second)]
    with _scripted(bench, *steps, {"text": last}):
        question = f"Is it warmer in {first} or in {second}?"
        trial = bench.call(
            question, case=f'agent("{question}"), and the model calls twice, one after the other'
        )
    expected = f'the model\'s last words, "{last}"'
    if trial.raised and "RuntimeError" in trial.raised.kinds:
        raise trial.wrong(
            "It gives up after the second call, and five are allowed.", expected, str(trial.raised)
        )
    found = _words(trial, expected)
    _brought(trial, (first, second))
    if words.fold(last) not in words.fold(found):
        raise trial.wrong("This is not the model's last answer.", expected)


def _no_such_tool(bench: Bench) -> None:
    """A model that calls a tool which nobody offered."""
    name, last = f"forecast_{words.mark(bench.chance)}", words.sentence(bench.chance)
    with _scripted(bench, {"tool_calls": [(name, {"city": "Oslo"})]}, {"text": last}):
        case = f'agent("What comes tomorrow?"), and the model calls {name}, which nobody offered'
        trial = bench.call("What comes tomorrow?", case=case)
    expected = "an output that begins with error, sent back to the model"
    if trial.raised:
        raise trial.wrong(
            "One bad call of the model stops it. Does it run every call with run_tool?",
            expected,
            str(trial.raised),
        )
    _words(trial, expected)
    brought = _outputs([call for call in trial.calls or () if call.route in TEXT_ROUTES])
    if not any("error" in each.casefold() for each in brought):
        got = f"the output {describe(brought[-1])}" if brought else "no output"
        raise trial.wrong("The model does not learn what was wrong with its call.", expected, got)


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
    if trial.late or asked > 3:
        raise trial.wrong("It goes on asking. Count the rounds.", expected, f"{asked} calls to OpenAI")
    trial.refused("RuntimeError", expected)
    if asked < 3:
        raise trial.wrong("It gives up too early.", expected, f"a RuntimeError after {asked} calls to OpenAI")


def _save_note(bench: Bench) -> str:
    mark = words.mark(bench.chance)
    for name in (f"note-{mark}", f"A-{mark}".ljust(_LONGEST, "Z"), bench.chance.choice("abcXYZ789")):
        _keeps(bench, name)
    for bad, why in (
        (f"../{mark}", ""),
        (f"{mark}/{mark}", ""),
        (f"{mark}.html", ""),
        ("", ""),
        (f"two words {mark}", ""),
        (f"my_{mark}", ""),
        (f"Grüße-{mark}", ", which has a letter that is none from A to Z"),
        (f"note{mark}\n", ", with a line end after it"),
        ("x" * (_LONGEST + 1), f", which has {_LONGEST + 1} characters"),
    ):
        _refuses(bench, bad, why)
    return "The model chooses a name, and your code decides what a name may be."


def _keeps(bench: Bench, name: str) -> None:
    """That a note is stored."""
    storage = bench.boundary.storage
    text = f"Grüße: {words.sentence(bench.chance)}"
    key = f"{_PLACE}/{name}.txt"
    trial = bench.call(name, text)
    expected = f'these words under "{_PLACE}/" + name + ".txt", with the type {_TYPE}'
    try:
        returned = trial.returned(expected)
        stored = storage.get(key)
    finally:
        storage.delete(key)
    if stored is None:
        problem = "Nothing is stored under that object key."
        if isinstance(returned, str) and returned.casefold().startswith("error"):
            problem = f"It refuses a name of {len(name)} letters, digits and hyphens."
        raise trial.wrong(problem, expected, f"no object; it returned {describe(returned)}")
    if stored[0] != text.encode():
        raise trial.wrong("What is stored is not the text as UTF-8.", expected, describe(stored[0]))
    if stored[1].partition(";")[0].strip() != _TYPE:
        raise trial.wrong("It is stored with another type.", expected, f"the type {stored[1]}")
    if not isinstance(returned, str) or key not in returned:
        raise trial.wrong(
            "The model does not learn where the note is.",
            f'a text with "{key}" in it',
            describe(returned),
        )


def _refuses(bench: Bench, name: str, why: str) -> None:
    """That nothing is stored under a bad name."""
    storage = bench.boundary.storage
    key = f"{_PLACE}/{name}.txt"
    trial = bench.call(name, "Buy bread.", case=f'save_note({describe(name)}, "Buy bread."){why}')
    expected = 'a text that begins with "error" and says why, and nothing stored'
    if "\n" in name:  # the stand-in for S3 stores no such object
        reads_why(trial, expected)
        return
    try:
        trial.ended(expected)
        kept = storage.get(key)
    finally:
        storage.delete(key)
    if kept is not None:
        raise trial.wrong(
            "It stores under a name that the model should not choose.",
            expected,
            f"an object under {describe(key)}{why}",
        )
    reads_why(trial, expected)


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
