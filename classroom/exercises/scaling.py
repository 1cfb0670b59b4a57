"""Notebook 15: many calls at once, the answers of a batch, what a thousand calls cost."""

import json
from collections.abc import Mapping
from decimal import Decimal
from random import Random
from typing import Any

from classroom.exercises import words
from classroom.exercises.carrying import TEXT_ROUTES, carries, is_given
from classroom.exercises.exercise import Bench, Exercise, Trial
from classroom.exercises.given import openai_client
from classroom.exercises.plain import describe, number_of
from classroom.exercises.trying import try_each
from classroom.standin.outgoing.pace import Pace
from classroom.standin.records.journal import Call
from classroom.standin.scripting.replies import reply

_PACE = Pace(first=0.05, tokens_per_second=300)
_SLOWER = Pace(first=0.4, tokens_per_second=300)
_CASES = ((6, 3), (3, 1), (4, 9), (0, 2))  # prompts, and how many calls may be on their way at once


# 15.1


def _ask_all(bench: Bench) -> str:
    for number, most in _CASES:
        prompts = [f"{words.question(bench.chance)} ({words.mark(bench.chance)})" for _ in range(number)]
        # the first answer is the longest: what is there first is another one
        texts = [f"{words.sentence(bench.chance)} {'And so on. ' * (number - at)}" for at in range(number)]
        trial, calls, at_once = _crowd(bench, prompts, texts, most, _PACE)
        if at_once < min(2, most, number) and not trial.late:  # or is the machine slow today?
            trial, calls, at_once = _crowd(bench, prompts, texts, most, _SLOWER)
        asked = len(calls)
        expected = f"a list of {number} texts, and at most {most} call{'s' * (most > 1)} at once"
        found = trial.returned(expected)
        if not isinstance(found, (list, tuple)):
            raise trial.wrong("It returns no list.", expected)
        if asked < number:
            problem = "The client that it was given did not send a call for each prompt."
            raise trial.wrong(problem, expected, f"{asked} calls")
        if at_once > most:
            raise trial.wrong(
                "It sends more calls at once than it may.", expected, f"{at_once} calls at once"
            )
        if at_once < min(2, most, number):
            raise trial.wrong(
                "It waits for each answer before it sends the next call.", expected, "one call at a time"
            )
        if asked > number:
            raise trial.wrong("It asks more often than once for each prompt.", expected, f"{asked} calls")
        _in_order(trial, list(found), [_answer_to(calls, prompt) for prompt in prompts], expected)
    return "The answers come in the order of the prompts, and no more calls are on their way than allowed."


def _crowd(
    bench: Bench, prompts: list[str], texts: list[str], most: int, pace: Pace
) -> tuple[Trial, tuple[Call, ...], int]:
    """One run; the calls that were made, and how many were on their way at once."""
    openai = bench.boundary.openai
    for prompt, text in zip(prompts, texts, strict=True):
        openai.replies.add(reply(prompt, text=text))
    before = bench.boundary.count
    client = openai_client(f"{bench.boundary.url}/v1", asynchronous=True)
    try:
        with bench.boundary.crowded(pace) as crowd:
            trial = bench.call(
                client, prompts, most, case=f"ask_all(client, a list of {len(prompts)} prompts, {most})"
            )
    finally:
        openai.replies.clear()
    asked = tuple(call for call in openai.journal[before:] if call.route in TEXT_ROUTES and is_given(call))
    return trial, asked, crowd.most


def _answer_to(calls: tuple[Call, ...], prompt: str) -> str | None:
    """What the model answered to a prompt; None if it was not asked."""
    made = (output for call in calls if carries(call, prompt) for output in call.outputs)
    return next((output.content.decode().strip() for output in made), None)


def _in_order(trial: Trial, found: list[Any], texts: list[str | None], expected: str) -> None:
    if None in texts:
        problem = "A prompt did not reach OpenAI as it was given."
        raise trial.wrong(problem, expected, f"{texts.count(None)} prompts that nobody asked")
    if len(found) != len(texts):
        raise trial.wrong("The list has not one text for each prompt.", expected, f"{len(found)} texts")
    if not all(isinstance(each, str) for each in found):
        other = next(each for each in found if not isinstance(each, str))
        raise trial.wrong(
            "The list holds something else than texts.", expected, f"a list with {describe(other)}"
        )
    stripped = [each.strip() for each in found]
    if sorted(stripped) != sorted(map(str, texts)):
        first = f"a list that begins with {describe(found[0])}"
        raise trial.wrong("The list holds other words than the model answered.", expected, first)
    if stripped != texts:
        raise trial.wrong(
            "The answers are not in the order of the prompts.", expected, "the same texts in another order"
        )


# 15.2


def _answers_in(bench: Bench) -> str:
    def look_at(lines: tuple[int, int]) -> None:
        answered, failed = lines
        ids = [f"{bench.chance.choice('abc')}-{words.mark(bench.chance)}" for _ in range(answered + failed)]
        right: dict[str, str | None] = {id: words.sentence(bench.chance) for id in ids[:answered]}
        right |= dict.fromkeys(ids[answered:])
        output = _file([_answered(id, str(right[id]), bench.chance) for id in ids[:answered]], bench.chance)
        errors = _file([_failed(id, number) for number, id in enumerate(ids[answered:])], bench.chance)
        case = f"answers_in(output, errors); lines in output: {answered}, in errors: {failed}"
        trial = bench.call(output, errors, case=case)
        expected = f"a dictionary by custom_id; with a text: {answered}, with None: {failed}"
        found = trial.returned(expected)
        if not isinstance(found, Mapping):
            raise trial.wrong("It returns no dictionary.", expected)
        got = f"a dictionary of {len(found)}"
        if set(ids[:answered]) - set(found):
            raise trial.wrong("An answer is missing, or has another name than its custom_id.", expected, got)
        if set(ids[answered:]) - set(found):
            raise trial.wrong("A request that failed is missing. Nobody would notice.", expected, got)
        if set(found) - set(ids):
            raise trial.wrong("There is more in it than the custom_ids of both files.", expected, got)
        for id, text in right.items():
            if text is None and found[id] is not None:
                raise trial.wrong(
                    "A request that failed has something else than None.", expected, describe(found[id])
                )
            if text is not None and found[id] != text:
                raise trial.wrong(
                    "An answer has another text than its own.", f'"{text}"', describe(found[id])
                )

    try_each(bench, ((3, 0), (4, 2), (0, 2), (1, 1)), look_at)
    return "Each answer is found by its custom_id, and what failed is None."


def _file(lines: list[dict[str, Any]], chance: Random) -> str:
    mixed = chance.sample(lines, len(lines))
    return "".join(json.dumps(line) + "\n" for line in mixed)


def _answered(id: str, text: str, chance: Random) -> dict[str, Any]:
    """A line of the output file: https://developers.openai.com/api/docs/guides/batch"""
    message = {
        "id": f"msg_{words.mark(chance)}",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": text, "annotations": []}],
    }
    thought = {"type": "reasoning", "id": f"rs_{words.mark(chance)}", "summary": []}
    output = [thought, message] if chance.random() < 0.5 else [message]
    body = {
        "id": f"resp_{words.mark(chance)}",
        "object": "response",
        "created_at": 1_790_000_000,
        "model": "gpt-5.4-mini",
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "output": output,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }
    return {"custom_id": id, "response": {"status_code": 200, "body": body}, "error": None}


def _failed(id: str, number: int) -> dict[str, Any]:
    """A line of the error file: refused by the endpoint, or never sent."""
    if number % 2:
        expired = {"code": "batch_expired", "message": "This request could not be executed in time."}
        return {"custom_id": id, "response": None, "error": expired}
    body = {"error": {"message": "The model does not exist.", "code": "model_not_found"}}
    return {"custom_id": id, "response": {"status_code": 404, "body": body}, "error": None}


# 15.3


def _per_thousand(bench: Bench) -> str:
    def look_at(job: tuple[bool, int]) -> None:
        batch, cached = job
        used = {
            "in": 128 * bench.chance.randrange(20, 60),
            "cached": 128 * cached,
            "out": bench.chance.randrange(20, 900),
        }
        price = Decimal(bench.chance.randrange(20, 500)) / 100
        cached_price = price / bench.chance.choice(
            (2, 4, 5)
        )  # a tenth with one model, another part with others
        prices = {"in": price, "cached": cached_price, "out": price * bench.chance.randrange(4, 9)}
        arguments: list[Any] = [used, prices, True] if batch else [used, prices]
        trial = bench.call(*arguments)
        right = _reckoned(used, prices, batch)
        expected = f"{right:.6f} dollars"
        found = number_of(trial.returned(expected))
        if found is None:
            raise trial.wrong("It returns no number.", expected)
        if _same(found, right):
            return
        problem = "That is another price."
        for other, why in (
            (_reckoned(used | {"in": used["in"] + used["cached"]}, prices, batch), "cached"),
            (right / 1000, "one"),
            (_reckoned(used, prices, not batch), "batch"),
            (_reckoned(used | {"cached": 0}, prices, batch), "full"),
        ):
            if _same(found, other):
                problem = _WHY[why]
                break
        if any(_same(found, round(right, places)) for places in range(5)):
            problem = "It is rounded. Return the exact number, with all its decimal places."
        raise trial.wrong(problem, expected, f"{found:.6f} dollars")

    try_each(bench, ((False, 0), (False, 8), (True, 0), (True, 16)), look_at)
    return "A thousand calls, with what is cached at its own price, and half of it all in a batch."


_WHY = {
    "cached": 'The cached tokens are paid twice: "in" counts them, too.',
    "one": "That is the price of one call.",
    "batch": "A batch costs half, and nothing else does.",
    "full": "The cached tokens have a price of their own.",
}


def _reckoned(used: Mapping[str, int], prices: Mapping[str, Decimal], batch: bool) -> float:
    whole = (
        (used["in"] - used["cached"]) * prices["in"]
        + used["cached"] * prices["cached"]
        + used["out"] * prices["out"]
    )
    return float(whole) / 1000 / (2 if batch else 1)


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-6 * max(1.0, abs(other))


EXERCISES = {
    "15.1": Exercise(
        "ask_all",
        _ask_all,
        (
            "Who counts how many calls are on their way, and where does the next one wait?",
            "A semaphore lets in as many as you say: gate = asyncio.Semaphore(most), then async with gate: around the "
            "await. asyncio.gather returns results in the order in which it was given its tasks.",
            "Inside ask_all, define async def one(prompt): async with gate: answer = await client.responses.create(…); "
            "return answer.output_text. Then return await asyncio.gather(*(one(prompt) for prompt in prompts)).",
        ),
    ),
    "15.2": Exercise(
        "answers_in",
        _answers_in,
        (
            "What do a line of the output and a line of the errors have in common, and what does only one of them have?",
            'for line in output.splitlines(): entry = json.loads(line). Its name is entry["custom_id"], and the answer\'s '
            'body is entry["response"]["body"].',
            'found[entry["custom_id"]] = text_of(entry["response"]["body"]) for each line of output, and '
            'found[entry["custom_id"]] = None for each line of errors.',
        ),
    ),
    "15.3": Exercise(
        "per_thousand",
        _per_thousand,
        (
            "Of 2,000 tokens that go in, 1,500 are cached. How many have the full price?",
            'used["in"] - used["cached"] tokens have the full price; cached ones and those that come out have their own. '
            "Prices are for a million tokens, and you want a thousand calls.",
            "Add up tokens times price for the three kinds, then * 1000 / 1_000_000; for a batch, divide by 2.",
        ),
    ),
}
