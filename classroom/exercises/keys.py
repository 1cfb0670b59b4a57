"""Notebook 01: where a key is read from, how one is found, in which order it is replaced."""

import os
import secrets
import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

from classroom.exercises.looking import Exercise, NotYet, called

_NAME = "OPENAI_API_KEY"
_STEPS = ("make", "place", "restart", "revoke", "look")


def _made_up() -> str:
    """The shape of a key; it opens nothing, and stands in no file of this project."""
    return "sk-" + "proj-" + secrets.token_hex(24)


def _key_for(function: Any) -> str:
    outside, inside = _made_up(), _made_up()
    with tempfile.TemporaryDirectory() as place, patch.dict(os.environ):
        folder = Path(place)
        (folder / ".env").write_text(f"# keep this file at home\nS3_BUCKET_NAME=flowers\n{_NAME}={inside}\n")
        os.environ[_NAME] = outside
        if called(function, folder) != outside:
            raise NotYet("a key in the environment does not win over the one in .env.")
        del os.environ[_NAME]
        if called(function, folder) != inside:
            raise NotYet("with no key in the environment, it does not return the one in .env.")
    with tempfile.TemporaryDirectory() as place, patch.dict(os.environ):
        os.environ.pop(_NAME, None)
        _says_what_to_do(function, Path(place))
    return "The environment first, then .env, and a clear word where there is neither."


def _says_what_to_do(function: Any, folder: Path) -> None:
    try:
        said = function(folder)
    except LookupError as error:
        if _NAME not in str(error) or len(str(error).split()) < 4:
            raise NotYet(
                f"its error says only {str(error)!r}: say what is missing, and where to put it."
            ) from error
    except Exception as error:
        raise NotYet(f"where there is no key it raises {type(error).__name__}, not a LookupError.") from error
    else:
        raise NotYet(f"where there is no key it returns {said!r}. Raise a LookupError.")


def _keys_in(function: Any) -> str:
    first, second = _made_up(), "sk-" + secrets.token_hex(20)
    texts = {
        f'client = OpenAI(api_key="{first}")': [first],
        f"{first}\nand {second}.": [first, second],
        "OPENAI_API_KEY=sk-your-secret-key-goes-here": [],
        "a task-list, and sk-1 for short": [],
        "": [],
    }
    for text, right in texts.items():
        found = called(function, text)
        if not isinstance(found, (list, tuple, set)):
            raise NotYet(f"it returns {type(found).__name__}, not a list.")
        if missed := set(right) - set(found):
            raise NotYet(f"in {text!r} it misses {min(missed)!r}.")
        if wrong := set(found) - set(right):
            raise NotYet(f"in {text!r} it takes {min(map(str, wrong))!r} for a key.")
    return "It finds keys, and lets placeholders be."


def _rotation(steps: Any) -> str:
    if not isinstance(steps, (list, tuple)) or any(step not in _STEPS for step in steps):
        raise NotYet(f"rotation should be a list of these: {', '.join(_STEPS)}.")
    if sorted(steps) != sorted(_STEPS):
        raise NotYet("each of the five steps should be in it once.")
    at = {step: steps.index(step) for step in _STEPS}
    if at["revoke"] < at["restart"]:
        raise NotYet("the old key is deleted while programs still use it: they would stand still.")
    if not at["make"] < at["place"] < at["restart"]:
        raise NotYet("the programs are started again before the new key is where they read it.")
    return "The programs go on with the new key, and the old one is worth nothing any more."


EXERCISES = {
    "01.1": Exercise(
        "key_for",
        _key_for,
        'os.environ.get("OPENAI_API_KEY") is None if it is not set; dotenv_values(path) gives a dictionary, '
        "an empty one if there is no file.",
    ),
    "01.2": Exercise(
        "keys_in",
        _keys_in,
        'Two steps: re.findall(r"\\bsk-[A-Za-z0-9_-]{20,}", text) finds candidates; keep those with a digit in them.',
    ),
    "01.3": Exercise(
        "rotation", _rotation, "What must be there before the old key may go? Begin with the new one."
    ),
}
