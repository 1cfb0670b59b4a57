"""Prompts that show by an example how to answer: a label, JSON below it, and the same label once more at the end; or answers before.

A string of the example that its own input names, such as the name of a tool, is one of those that the last input names.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from classroom.standin.generation import text

_LONGEST_LABEL = 60  # characters
_MOST_OBJECTS, _MOST_KEYS = 50, 30
_FENCE = "```"


@dataclass(frozen=True)
class WorkedExample:
    """What an answer like the example is: the schema of an object, whether in a list, and whether in a block of Markdown."""

    schema: dict[str, Any]
    is_list: bool
    is_fenced: bool
    task: str  # the input that is to be answered


def find_worked_example(words: str) -> WorkedExample | None:
    """The last example that ends as the prompt does; None if there is none."""
    label, end = _label_at_the_end(words)
    if not label:
        return None
    shown_before = re.compile(rf"^{re.escape(label)}\s*(?P<fence>```(?:json)?\s*)?(?=[{{\[])", re.MULTILINE)
    *earlier, last = [None, *shown_before.finditer(words, 0, end)]
    if last is None:
        return None
    after = words[last.end() : end]
    try:
        example, length = json.JSONDecoder().raw_decode(after)
    except (ValueError, RecursionError):
        return None
    shown = example[0] if isinstance(example, list) and example else example
    if not isinstance(shown, dict) or not shown:
        return None
    of_example, _ = _read_objects(words[earlier[-1].end() if earlier and earlier[-1] else 0 : last.start()])
    of_task, task = _read_objects(after[length:])
    schema = _schema_of(shown, _Names(of_example, of_task))
    return WorkedExample(schema, isinstance(example, list), bool(last["fence"]), _without_marks(task) or task)


def find_shown_answers(messages: Sequence[Mapping[str, Any]]) -> WorkedExample | None:
    """The model's own turns as examples: all of them were JSON with the same keys, so the next one is, too."""
    answers = [each for each in messages if each.get("role") == "assistant"]
    if not answers or messages[-1].get("role") != "user":
        return None
    shown = [_read_whole(text.text_of(each.get("content"))) for each in answers]
    last = shown[-1]
    if last is None or any(each is None or each.keys() != last.keys() for each in shown):
        return None
    is_fenced = _FENCE in text.text_of(answers[-1].get("content"))
    return WorkedExample(_schema_of(last, _Names((), ())), False, is_fenced, text.last_user_text(messages))


def _read_whole(words: str) -> dict[str, Any] | None:
    """The object that a text is, alone or in a block of Markdown; None if it is or has anything else."""
    bare = words.strip().removeprefix(f"{_FENCE}json").removeprefix(_FENCE).removesuffix(_FENCE)
    try:
        found = json.loads(bare)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and found else None


def _read_objects(words: str) -> tuple[list[dict[str, Any]], str]:
    """The JSON objects that stand by themselves in a text, the outermost of each nest, and the text without them."""
    found: list[dict[str, Any]] = []
    bare: list[str] = []
    decoder, read, start = json.JSONDecoder(), 0, words.find("{")
    for _ in range(_MOST_OBJECTS):
        if start < 0:
            break
        try:
            one, end = decoder.raw_decode(words, start)
        except (ValueError, RecursionError):
            end = start + 1
        else:
            found.append(one)
            bare.append(words[read:start])
            read = end
        start = words.find("{", end)
    return found, "".join([*bare, words[read:]])


def _without_marks(words: str) -> str:
    """A text without the lines that only mark its parts: ` ``` `, `<Tools>`, `# Example 2`."""
    return "\n".join(line for line in words.splitlines() if line.strip() and line.strip()[0] not in "`<#")


@dataclass(frozen=True)
class _Names:
    """The objects in the input of the example, and in the one that is to be answered."""

    of_example: Sequence[Mapping[str, Any]]
    of_task: Sequence[Mapping[str, Any]]

    def which(self, value: str) -> list[str]:
        """What a value of the example could be this time; nothing if its input does not name it."""
        if any(value in each for each in self.of_example):
            return [key for each in self.of_task for key in each]
        if any(value in each.values() for each in self.of_example):
            return [one for each in self.of_task for one in each.values() if isinstance(one, str)]
        return []


def _label_at_the_end(words: str) -> tuple[str, int]:
    """The last line, without a block that it opens, and where it begins."""
    bare = words.rstrip()
    bare = bare.removesuffix(f"{_FENCE}json").removesuffix(_FENCE).rstrip()
    start = bare.rfind("\n") + 1
    label = bare[start:]
    return (label, start) if 0 < len(label) <= _LONGEST_LABEL else ("", start)


def _schema_of(example: Any, names: _Names) -> dict[str, Any]:
    match example:
        case dict():
            fields = {str(key): _schema_of(value, names) for key, value in list(example.items())[:_MOST_KEYS]}
            return {"type": "object", "properties": fields, "required": list(fields)}
        case list():
            items = _schema_of(example[0], names) if example else {"type": "string"}
            return {"type": "array", "items": items, "minItems": 1}
        case bool():
            return {"type": "boolean"}
        case int():
            return {"type": "integer"}
        case float():
            return {"type": "number"}
        case str() if which := names.which(example):
            return {"type": "string", "enum": which}
        case _:
            return {"type": "string"}
