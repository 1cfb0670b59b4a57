"""Notebook 03: summaries that are whole, conversations that are remembered, data instead of prose."""

import json
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from openai.resources.chat.completions import Completions
from openai.resources.responses import Responses

from classroom.exercises.looking import Exercise, NotYet, asked_since, called, count

_MOST_TOKENS = 400
_FEW_TOKENS = 16
_LIMITS = ("max_output_tokens", "max_completion_tokens", "max_tokens")


def _summarize(function: Any) -> str:
    before, text = count(), "Harbours silt up: each tide brings sand, and leaves a little of it behind."
    summary = called(function, text)
    if not isinstance(summary, str):
        raise NotYet(f"it returns {type(summary).__name__}, not text.")
    for call in asked_since(before)[-1:]:
        if not call.mentions(text):
            raise NotYet("the text that it was given did not reach OpenAI.")
        if call.body.get("temperature") != 0:
            raise NotYet(f"it asked with temperature {call.body.get('temperature', 'unset')}, not 0.")
        limit = next((call.body[name] for name in _LIMITS if call.body.get(name)), None)
        if limit is None or limit > _MOST_TOKENS:
            raise NotYet(f"the answer may have {limit or 'any number of'} tokens: at most {_MOST_TOKENS}.")
        _notices_a_cut(function)
    return "The same text gets the same summary, and half a summary is no summary."


def _notices_a_cut(function: Any) -> None:
    """Whatever limit the answer asks for, let it be cut after a few words."""
    cut = (
        patch.object(Responses, "create", _shortened(Responses.create, "max_output_tokens")),
        patch.object(Completions, "create", _shortened(Completions.create, "max_completion_tokens")),
    )
    try:
        with cut[0], cut[1]:
            function("The harbour master counted the boats again, and wrote down their names.")
    except ValueError:
        return
    except Exception as error:
        raise NotYet(f"for an answer that was cut it raises {type(error).__name__}: {error}") from error
    raise NotYet("an answer that was cut off in the middle is returned as if it were whole.")


def _shortened(create: Callable[..., Any], limit: str) -> Callable[..., Any]:
    def shortened(self: Any, **options: Any) -> Any:
        kept = {name: value for name, value in options.items() if name not in _LIMITS}
        return create(self, **kept, **{limit: _FEW_TOKENS})

    return shortened


def _reply(function: Any) -> str:
    history: list[Any] = [{"role": "system", "content": "You are a guide in Lisbon."}]
    before = count()
    first = called(function, history, "Where do the trams start?")
    if not isinstance(first, str):
        raise NotYet(f"it returns {type(first).__name__}, not text.")
    second = called(function, history, "And where do they end?")
    roles = [_field(message, "role") for message in history]
    if roles != ["system", "user", "assistant", "user", "assistant"]:
        raise NotYet(f"after two questions the history's roles are {', '.join(map(str, roles))}.")
    if [_field(history[2], "content"), _field(history[4], "content")] != [first, second]:
        raise NotYet("what the assistant said is not in the history as it was returned.")
    for call in asked_since(before)[-1:]:
        if not call.mentions("Where do the trams start?") or not call.mentions(first):
            raise NotYet("the second question went out without what was said before.")
    return "Each question goes out with all that was said before."


def _field(message: Any, name: str) -> Any:
    return message.get(name) if isinstance(message, dict) else getattr(message, name, None)


def _rate(function: Any) -> str:
    before, review = count(), "The soup was cold, but the waiter sang."
    rating = called(function, review)
    stars, reason = _field(rating, "stars"), _field(rating, "reason")
    if not isinstance(stars, int) or isinstance(stars, bool):
        raise NotYet(f"stars is {stars!r}, not a whole number.")
    if not isinstance(reason, str):
        raise NotYet(f"reason is {reason!r}, not a text.")
    for call in asked_since(before)[-1:]:
        if not call.mentions(review):
            raise NotYet("the review did not reach OpenAI.")
        if '"properties"' not in json.dumps(call.body):
            raise NotYet("no description of the fields went out: nothing makes the model keep to them.")
    return "The answer is an object with a number and a reason."


EXERCISES = {
    "03.1": Exercise(
        "summarize",
        _summarize,
        'answer.status is "completed" for a whole answer, "incomplete" for one that was cut. With chat: '
        'finish_reason is "stop" or "length".',
    ),
    "03.2": Exercise(
        "reply", _reply, "history.append(…) twice: before the call what the user says, after it the answer."
    ),
    "03.3": Exercise(
        "rate",
        _rate,
        "A class with two fields, client.responses.parse(…, text_format=TheClass), and output_parsed of its answer.",
    ),
}
