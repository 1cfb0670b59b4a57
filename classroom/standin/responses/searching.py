"""Search over texts by the stand-in's embeddings: files in pieces, near ones first, filtered by their attributes.

https://developers.openai.com/api/docs/guides/retrieval
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from classroom.standin.incoming import errors
from classroom.standin.routes.embeddings import embed

_SIZE = 1536  # of text-embedding-3-small
_PIECE, _OVERLAP = 3_200, 1_600  # characters; the API's usual 800 and 400 tokens
_MOST_PIECES = 200  # of one file: the stand-in's own bound
_DEEPEST = 10


@dataclass(frozen=True)
class Found:
    """A piece of a file, and how near it is: from 0 to 1."""

    file_id: str
    filename: str
    attributes: Mapping[str, Any]
    score: float
    words: str

    def shown(self) -> dict[str, Any]:
        """As a search's answer has it."""
        return {
            "file_id": self.file_id,
            "filename": self.filename,
            "score": self.score,
            "attributes": dict(self.attributes),
            "content": [{"type": "text", "text": self.words}],
        }


@dataclass(frozen=True)
class Text:
    """A file to search in."""

    file_id: str
    filename: str
    attributes: Mapping[str, Any]
    words: str


def search(
    queries: Sequence[str], texts: Sequence[Text], *, most: int, least_score: float = 0.0
) -> list[Found]:
    """The pieces that are nearest to any of the queries."""
    wanted = [_vector(query) for query in queries]
    found = [
        Found(each.file_id, each.filename, each.attributes, score, piece)
        for each in texts
        for piece in pieces(each.words)
        if (score := max(_nearness(vector, _vector(piece)) for vector in wanted))
        > max(0.0, least_score - 1e-9)
    ]
    return sorted(found, key=lambda one: -one.score)[:most]


def pieces(words: str) -> list[str]:
    """A text cut into pieces that overlap."""
    starts = range(0, max(1, len(words) - _OVERLAP), _PIECE - _OVERLAP)
    return [piece for start in starts[:_MOST_PIECES] if (piece := words[start : start + _PIECE].strip())]


@lru_cache(maxsize=2_000)
def _vector(words: str) -> tuple[float, ...]:
    return tuple(embed(words or " ", _SIZE))


def _nearness(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    return round(min(1.0, max(0.0, math.fsum(a * b for a, b in zip(one, other, strict=True)))), 4)


_COMPARED: Mapping[str, Callable[[Any, Any], Any]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
    "in": lambda a, b: a in b,
    "nin": lambda a, b: a not in b,
}


def fits(attributes: Mapping[str, Any], wanted: Any, depth: int = 0) -> bool:
    """Whether a file's attributes are what a filter asks for.

    Raises:
        APIError: 400 for a filter that makes no sense.
    """
    kind = str(wanted.get("type")) if isinstance(wanted, Mapping) else ""
    if kind in ("and", "or") and isinstance(wanted.get("filters"), list) and depth < _DEEPEST:
        each: Iterator[bool] = (fits(attributes, inner, depth + 1) for inner in wanted["filters"])
        return all(each) if kind == "and" else any(each)
    if kind not in _COMPARED or not isinstance(wanted.get("key"), str) or "value" not in wanted:
        known = ", ".join([*_COMPARED, "and", "or"])
        raise errors.invalid(
            f"Invalid 'filters': a filter has a type ({known}), a key and a value.",
            "filters",
            "invalid_value",
        )
    if wanted["key"] not in attributes:
        return kind in ("ne", "nin")
    try:
        return bool(_COMPARED[kind](attributes[wanted["key"]], wanted["value"]))
    except TypeError:
        return False  # a number is neither above nor below a word
