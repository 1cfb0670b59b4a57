"""What a crash says about the request: the exception in the app's log, or OpenAI's own refusal, where the answer says nothing.

A person who gets a page that says "Internal Server Error" looks at the log, sees that words can't be a number, and sends a number.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from grader.collect.finding.refusals import Correction
from grader.evidence import Exchange
from grader.operations import Field, Location

Sent = Mapping[tuple[Location, str], Any]
_LONGEST = 20_000  # characters of a log that are read, from its end
_ERROR = re.compile(
    r"^(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*(?:Error|Exception|DoesNotExist)\b: (.{1,2000})", re.MULTILINE
)
_NUMBERS = (
    (re.compile(r"invalid literal for int\(\) with base \d+: (.+)"), {"type": "integer"}),
    (re.compile(r"could not convert string to float: (.+)"), {"type": "number"}),
    (re.compile(r"time data (.+) does not match format .*%H"), {"type": "string", "format": "date-time"}),
    (re.compile(r"time data (.+) does not match format"), {"type": "string", "format": "date"}),
    (re.compile(r"Invalid isoformat string: (.+)"), {"type": "string", "format": "date"}),
)
# OpenAI's words: https://platform.openai.com/docs/guides/error-codes
_NO_LIST = re.compile(
    r"Invalid type for '(messages|input)(?:\[0\])?': expected (?:one of )?(?:an? )?(?:array|object)|"
    r"Invalid type for '(messages|input)\[0\]'"
)
# what Python says of code that takes words for an object with a role and a content
_NO_OBJECT = re.compile(
    r"string indices must be integers|'str' object has no attribute '(?:get|items|role|content|model_dump|dict)'|"
    r"'str' object does not support item assignment"
)
_MESSAGES: Mapping[str, Any] = {"type": "array", "items": {"type": "object"}}


def corrections_of_crash(exchange: Exchange, known: Sequence[Field], sent: Sent) -> list[Correction]:
    """What to change after a request that the app did not get through with; nothing if nothing says it."""
    said = [*_ERROR.findall(exchange.log[-_LONGEST:])[-1:], exchange.body[:2_000]]
    for words in said:
        if found := list(_of_words(words, known, sent)):
            return found
    return []


def _of_words(words: str, known: Sequence[Field], sent: Sent) -> Iterator[Correction]:
    for pattern, schema in _NUMBERS:
        if quoted := pattern.search(words):
            for one in known:
                if one.is_text and _is_quoted(sent.get(one.key), quoted[1]):
                    yield Correction(one.name, one.location, schema)
            return
    if _NO_LIST.search(words) or _NO_OBJECT.search(words):
        texts = [
            one for one in known if one.location == "json" and isinstance(sent.get(one.key), (str, list))
        ]
        named = [one for one in texts if re.search(r"(?i)message|histor|conversation|chat", one.name)]
        if len(named or texts) == 1:
            one = (named or texts)[0]
            yield Correction(one.name, one.location, _MESSAGES)


def _is_quoted(value: Any, words: str) -> bool:
    """Whether an exception's words quote a value, whole or cut off."""
    return isinstance(value, str) and len(value) > 2 and value[:80] in words
