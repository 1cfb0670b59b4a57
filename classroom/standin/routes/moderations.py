"""`POST /moderations`: texts flagged by a word list, `moderation.toml`, which anyone may read."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from classroom.standin.generation import text
from classroom.standin.incoming import checks, errors
from classroom.standin.models.costs import Usage
from classroom.standin.operations import Asked, Operation
from classroom.standin.outgoing.answers import Answer
from classroom.standin.state import StandIn

# Categories that the API looks for in pictures too (openai/types/moderation.py)
_OF_PICTURES = frozenset(
    {"self-harm", "self-harm/instructions", "self-harm/intent", "sexual", "violence", "violence/graphic"}
)
_PART_TYPES = ("text", "image_url")


def create(standin: StandIn, asked: Asked) -> Answer:
    """One result for each text; a list of parts (text and pictures) is one input.

    Raises:
        APIError: 400 for an input that is neither a text, a list of texts nor a list of parts.
    """
    body = asked.body
    model = standin.model(body.get("model") or "omni-moderation-latest", "moderation")
    results = [_result(words, pictures) for words, pictures in _inputs(body["input"])]
    tokens = sum(text.count_tokens(words) for words, _ in _inputs(body["input"]))
    mark = text.digest("moderation", body)[:24]
    return Answer(
        data={"id": f"modr-{mark}", "model": model.id, "results": results},
        usage=Usage(model.id, {"input_tokens": tokens}),
    )


def _inputs(given: Any) -> list[tuple[str, bool]]:
    """Each input's words, and whether a picture is among its parts."""
    if isinstance(given, str):
        return [(given, False)]
    if not given:
        raise errors.invalid("Invalid 'input': empty array.", "input", "empty_array")
    if all(isinstance(each, str) for each in given):
        return [(each, False) for each in given]
    words = []
    for index, part in enumerate(given):
        at = f"input[{index}]"
        if not isinstance(part, dict):
            raise checks.wrong_type(at, "an object", part)
        if part.get("type") not in _PART_TYPES:
            raise errors.invalid(
                f"Invalid value: '{part.get('type')}'. Supported values are: 'text' and 'image_url'.",
                f"{at}.type",
                "invalid_value",
            )
        words.append(text.text_of([part]))
    return [("\n".join(words), any(part["type"] == "image_url" for part in given))]


@cache
def _patterns() -> Mapping[str, re.Pattern[str]]:
    table = tomllib.loads(resources.files(__package__).joinpath("moderation.toml").read_text("utf-8"))
    return {
        category: re.compile(
            r"(?<!\w)(?:"
            + "|".join(re.escape(entry).replace(r"\ ", r"\s+") for entry in entries)
            + r")(?!\w)"
        )
        for category, entries in table["words"].items()
    }


def _result(words: str, with_picture: bool) -> dict[str, Any]:
    read = words.casefold().replace("\u2019", "'")  # a typographic apostrophe
    flags = {category: bool(pattern.search(read)) for category, pattern in _patterns().items()}
    applied = {
        category: [
            *(["text"] if words else []),
            *(["image"] if with_picture and category in _OF_PICTURES else []),
        ]
        for category in flags
    }
    return {
        "flagged": any(flags.values()),
        "categories": flags,
        "category_scores": {category: _score(words, category, flag) for category, flag in flags.items()},
        "category_applied_input_types": applied,
    }


def _score(words: str, category: str, flagged: bool) -> float:
    chance = int(text.digest(words, category)[:8], 16) / 16**8
    return round(0.9 + 0.09 * chance, 6) if flagged else round(1e-6 + 9e-5 * chance, 9)


OPERATIONS = (Operation("POST", "moderations", create, "json", "moderations"),)
