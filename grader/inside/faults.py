"""The faults that are planted while a learner's suite runs again: the one place that declares them.

A fault changes one call at one of the app's boundaries: a file that goes to S3, a request that goes to OpenAI, an answer of
the app. A call is a mapping of fields (see the `*_FIELDS` below); a fault maps the fields of a right call to those of a
wrong one. Imports nothing outside the standard library, so that every side can read it.
"""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Boundary = Literal["s3", "openai", "app"]
Section = Literal["happy_path", "error_cases", "advice"]
Call = Mapping[str, Any]

# what the hooks at each boundary let be changed
S3_FIELDS = ("key", "content_type", "body", "then")
OPENAI_FIELDS = ("prompt", "model", "then")
APP_FIELDS = ("status",)
FIELDS: dict[Boundary, tuple[str, ...]] = {"s3": S3_FIELDS, "openai": OPENAI_FIELDS, "app": APP_FIELDS}

ASKED, OTHER = "asked", "other"  # of a body or a prompt: what the app gave, or something else
GO_ON, DROP, REFUSE = "go on", "drop", "refuse"  # of "then": make the call, only claim so, or raise its error
MUST = "must"  # of "then": what it would return or raise is not known, so that it has to be made

OTHER_MODEL = {"text": "gpt-5.2", "image": "gpt-image-2.5-flare", "audio": "tts-1-hd"}  # ends on purpose
REFUSED_SUCCESS = "refused_success"  # which tests see the app succeed: those that it can be planted in
BAD_INPUT = frozenset({400, 413, 415, 422})
_UNKNOWN_ROUTE = frozenset({404, 405})


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        name: its identifier in the evidence.
        boundary: where it is planted.
        section: the criterion that it counts for; "advice" gives and takes no points.
        wording: completes "The tests still pass with …".
        change: the fields that it sets, given the call and its kind ("text", "image", "audio", "any").
        contents: whether it changes what is stored or asked, and nothing that a status shows.
        applies: whether it can be planted in a call at all.
        in_storage: whether it shows in what is stored, so that tests that read from S3 are tried first; otherwise those
            that see a success.
        mentioned: what a test's module has to mention for the test to be tried; a test that never speaks of models is not
            asked whether it notices another one. None: any test is.
    """

    name: str
    boundary: Boundary
    section: Section
    wording: str
    change: Callable[[Call, str], dict[str, Any]]
    applies: Callable[[Call], bool] = lambda call: True
    contents: bool = False
    in_storage: bool = False
    mentioned: re.Pattern[bytes] | None = None


_TYPES = {
    "application": ("octet-stream", "zip", "pdf", "x-tar", "json", "gzip", "xml"),
    "audio": ("ogg", "wav", "flac", "aac"),
    "font": ("woff2", "ttf", "otf"),
    "image": ("gif", "bmp", "tiff", "webp"),
    "text": ("csv", "html", "css", "calendar"),
    "video": ("mp4", "mpeg", "webm"),
}


def invent_words(words: int) -> str:
    """So many words that nobody foresees: what is planted must not be known by how it looks."""
    return " ".join(
        "".join(
            secrets.choice("bdfgklmnprstvz") + secrets.choice("aeiou")
            for _ in range(2 + secrets.randbelow(3))
        )
        for _ in range(words)
    )


def other_words() -> str:
    """A content that OpenAI did not make, or a prompt that no caller sent."""
    return invent_words(4 + secrets.randbelow(12))


def _other_type(call: Call) -> str:
    """A type of another family than the one that the app gave."""
    family = secrets.choice([each for each in _TYPES if not str(call["content_type"]).startswith(each)])
    return f"{family}/{secrets.choice(_TYPES[family])}"


def _can_fail(call: Call) -> bool:
    return bool(call["then"] == GO_ON)


def _has_type(call: Call) -> bool:
    return bool(call["then"] == GO_ON or call["content_type"])


def _status(call: Call) -> int:
    return int(call["status"])


def _is_error(call: Call) -> bool:
    return _status(call) >= 400 and _status(call) not in _UNKNOWN_ROUTE


FAULTS: tuple[Fault, ...] = (
    Fault(
        "dropped_write",
        "s3",
        "happy_path",
        "a file that is never stored",
        lambda call, kind: {"then": DROP},
        _can_fail,
        in_storage=True,
    ),
    Fault(
        "wrong_content_type",
        "s3",
        "happy_path",
        "a file stored with another Content-Type",
        lambda call, kind: {"content_type": _other_type(call)},
        _has_type,
        contents=True,
        in_storage=True,
    ),
    Fault(
        "swapped_bytes",
        "s3",
        "happy_path",
        "other bytes stored than OpenAI made",
        lambda call, kind: {"body": OTHER},
        contents=True,
        in_storage=True,
    ),
    Fault(
        "wrong_key",
        "s3",
        "advice",
        "a file stored under another name",
        lambda call, kind: {"key": f"{invent_words(1)}/{call['key']}"},
        in_storage=True,
    ),
    Fault(
        "s3_failing",
        "s3",
        "happy_path",
        "S3 refusing the file",
        lambda call, kind: {"then": REFUSE},
        _can_fail,
    ),
    Fault(
        "replaced_prompt",
        "openai",
        "happy_path",
        "another prompt sent to OpenAI than the caller's",
        lambda call, kind: {"prompt": OTHER},
        contents=True,
        in_storage=True,
    ),
    Fault(
        "replaced_model",
        "openai",
        "advice",
        "another model asked than you chose",
        lambda call, kind: {"model": OTHER_MODEL.get(kind, OTHER_MODEL["text"])},
        lambda call: bool(call["model"]),  # a Realtime event names none: its connection did
        mentioned=re.compile(rb"(?i)model"),
    ),
    Fault(
        "openai_failing",
        "openai",
        "happy_path",
        "OpenAI out of reach",
        lambda call, kind: {"then": REFUSE},
        _can_fail,
    ),
    Fault(
        REFUSED_SUCCESS,
        "app",
        "happy_path",
        "your endpoint answering 500 instead of success",
        lambda call, kind: {"status": 500},
        lambda call: 200 <= _status(call) < 400,
    ),
    Fault(
        "accepted_error",
        "app",
        "error_cases",
        "an error answered as 200",
        lambda call, kind: {"status": 200},
        _is_error,
    ),
    Fault(
        "accepted_bad_input",
        "app",
        "error_cases",
        "bad input answered as 200",
        lambda call, kind: {"status": 200},
        lambda call: _status(call) in BAD_INPUT,
    ),
)
BY_NAME: dict[str, Fault] = {fault.name: fault for fault in FAULTS}
