"""Notebook 01: where a key is read from, how one is found, in which order it is replaced."""

import re
import secrets
import string
from collections.abc import Iterable, Sequence
from typing import Any

from classroom.exercises.exercise import Bench, Exercise, Trial
from classroom.exercises.given import Surroundings, folder
from classroom.exercises.plain import describe
from classroom.exercises.trying import try_each

_NAME = "OPENAI_API_KEY"
_NOT = {"no", "not", "isn't", "wasn't", "never", "neither"}
# words that say no more than that something is not there
_NOTHING_NEW = """a an and any available be can could defined does environment error exist exists find found given have i
is it key lookup missing must nor provided required the there this to undefined unset value variable was we"""
_ABSENT = _NOT.union(_NOTHING_NEW.split())
_STEPS = ("make", "place", "restart", "revoke", "look")


def _made_up() -> str:
    """The shape of a key, with small and large letters; it opens nothing, and is in no file of this project."""
    letters = string.ascii_letters + string.digits
    return "sk-" + "proj-0A" + "".join(secrets.choice(letters) for _ in range(47))


def _key_for(bench: Bench) -> str:
    outside, inside = _made_up(), _made_up()
    # what is no setting of that name, though it has the name in it, comes first
    lines = ["# keep this file at home", f"# {_NAME}=none", f"{_NAME}_OLD=none", "S3_BUCKET_NAME=flowers"]
    file = {".env": "\n".join([*lines, f"{_NAME}={inside}"]) + "\n"}

    def tried(files: dict[str, str], key: str | None, case: str) -> Trial:
        around = Surroundings({_NAME: key})
        words = f"key_for(folder), {case}"
        trial = bench.call(folder(files, "folder"), case=words, surroundings=around)
        if any(each in trial.printed + trial.errors for each in (outside, inside)):
            raise trial.wrong(
                "It prints the key, and a notebook keeps what it prints: others could read it.",
                "the key is returned, and shown nowhere",
                "a line with the key",
            )
        return trial

    expected = "the key from the environment"
    for files, case in (
        (file, "a key in the environment and another in .env"),
        ({}, "a key only in the environment"),
    ):
        trial = tried(files, outside, case)
        if trial.returned(expected) != outside:
            raise trial.wrong("The key in the environment does not win.", expected, _which(trial, inside))
    expected = "the key from .env"
    trial = tried(file, None, "a key only in .env")
    if trial.returned(expected) != inside:
        raise trial.wrong("It does not return the key that is in .env.", expected, _which(trial, inside))
    trial = tried({}, None, "no key anywhere")
    expected = f"a LookupError whose words name {_NAME} and say what to do"
    error = trial.refused("LookupError", expected)
    if _NAME not in error.message or not _says_what_to_do(error.message):
        raise trial.wrong(
            "Its error says too little: name what is missing, and what to do, such as where to put it.",
            expected,
            str(error),
        )
    return "The environment first, then .env, and a clear word where there is neither."


def _says_what_to_do(message: str) -> bool:
    """Whether an error says more than that the key is not there."""
    words = set(re.findall(r"[a-z']+|[^\sa-z']+", message.replace(_NAME, " ").casefold()))
    absent = _ABSENT | ({"set"} if words & _NOT else set())
    return any(each.isalpha() for each in words - absent)


def _which(trial: Trial, inside: str) -> str | None:
    """The key that came back, in words: never itself."""
    return "the key from .env" if trial.value == inside else None


def _keys_in(bench: Bench) -> str:
    first, second = _made_up(), "sk-1" + secrets.token_hex(20)
    third = f"sk-{secrets.token_hex(4)}_{secrets.token_hex(4)}-{secrets.token_hex(4)}9"
    shortest = "7" + secrets.token_hex(10)[:19]
    texts: list[tuple[str, str, list[str]]] = [
        ("a line of code with a key", f'client = OpenAI(api_key="{first}")', [first]),
        ("two lines with a key in each", f"{first}\nand {second}.", [first, second]),
        ("a key with - and _ in it", f"export KEY={third} # {secrets.token_hex(3)}", [third]),
        ("a placeholder", f"{_NAME}=sk-your-secret-key-goes-here", []),
        ("a placeholder, and a number elsewhere", "sk-your-secret-key-goes-here, see page 12", []),
        ("a placeholder and a key", f"not sk-your-secret-key-goes-here but {first}", [first]),
        ("20 characters after sk-", f"key: sk-{shortest}", [f"sk-{shortest}"]),
        ("19 characters after sk-", f"key: sk-{shortest[:-1]}", []),
        ("words that only begin like a key", "a task-list, and sk-1 for short", []),
        ("an empty text", "", []),
    ]

    def look_at(given: tuple[str, str, list[str]]) -> None:
        case, text, right = given
        trial = bench.call(text, case=f"keys_in({case})")
        expected = f"a list of {len(right)} key{'' if len(right) == 1 else 's'}"
        found = trial.returned(expected)
        if not isinstance(found, (list, tuple)):
            raise trial.wrong("It returns no list of texts.", expected)
        if set(right) - set(map(str, found)):
            raise trial.wrong("It misses a key, or a part of it.", expected, _compared(found, right))
        if set(map(str, found)) - set(right):
            raise trial.wrong("It takes something for a key that is none.", expected, _compared(found, right))

    try_each(bench, texts, look_at)
    return "It finds keys, and leaves placeholders alone."


def _compared(found: Iterable[Any], right: Sequence[str]) -> str:
    """What was found, beside the keys that are there; never the keys themselves, for a notebook keeps what it shows."""
    parts = [_beside(each, right) for each in list(found)[:4]]
    return f"a list of {', '.join(parts)}" if parts else "an empty list"


def _beside(found: Any, right: Sequence[str]) -> str:
    if not isinstance(found, str):
        return describe(found)
    if found in right:
        return "a key"
    for key in right:
        more = len(found) - len(key)
        if key in found:
            before, _, after = found.partition(key)
            around = " and ".join(f'"{each}"' for each in (before, after) if each)
            return f"a key together with {around if len(around) < 20 else f'{more} more characters'}"
        if found and found in key:
            return f"{len(found)} of a key's {len(key)} characters"
    return f"a text of {len(found)} characters that is no key"


def _rotation(bench: Bench) -> str:
    expected = f"a list of the five steps: {', '.join(_STEPS)}"
    trial = bench.value()
    steps = trial.returned(expected)
    if not isinstance(steps, (list, tuple)) or not all(isinstance(step, str) for step in steps):
        raise trial.wrong("This is not a list of the steps.", expected)
    if sorted(steps) != sorted(_STEPS):
        raise trial.wrong("Each of the five steps should be in it once.", expected)
    at = {step: steps.index(step) for step in _STEPS}
    expected = "a new key that works before the old one ends"
    if at["revoke"] < at["restart"]:
        raise trial.wrong("The old key is deleted while programs still use it: they would stop.", expected)
    if not at["make"] < at["place"] < at["restart"]:
        raise trial.wrong(
            "The programs are started again before the new key is where they read it.", expected
        )
    return "The programs go on with the new key, and the old one is worth nothing any more."


EXERCISES = {
    "01.1": Exercise(
        "key_for",
        _key_for,
        (
            "Where do you look first, and what happens if neither place has the key?",
            f'os.environ.get("{_NAME}") is None if it is not set; dotenv_values(path) gives a dictionary, '
            "an empty one if there is no file.",
            'Take the first value or else the second: a or b. If there is neither: raise LookupError("Set '
            f'{_NAME} in the environment or in .env.").',
        ),
    ),
    "01.2": Exercise(
        "keys_in",
        _keys_in,
        (
            "What do a key and a placeholder have in common, and what has only the key?",
            "Two steps: first find everything of the right shape with re.findall, then keep what has a digit in it.",
            r're.findall(r"\bsk-[A-Za-z0-9_-]{20,}", text) finds candidates; any(map(str.isdigit, word)) sorts them.',
        ),
    ),
    "01.3": Exercise(
        "rotation",
        _rotation,
        (
            "What must be there before the old key may go?",
            "Begin with the new key. A program reads its key when it starts.",
            "make, place, restart; only then may the old one go. Looking at the bill is right at any time.",
        ),
    ),
}
