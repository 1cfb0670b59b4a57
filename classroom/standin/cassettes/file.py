"""A cassette: the exchanges of one run, as a JSON file.

```json
{"cassette": 1,
 "exchanges": [
  {"request": {"method": "POST", "path": "/responses", "query": {}, "json": {"model": "gpt-5.4-mini", "input": "hi"}},
   "answer": {"status": 200, "headers": {"content-type": "application/json"}, "after": 0.8, "json": {"id": "resp_0001"}}}]}
```

A request has `json`, `form` or `text`, an answer `json`, `text`, `base64` or `events`. `after`: the seconds since the request,
or since the event before.
"""

import difflib
import json
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from classroom.standin.cassettes.names import without_names

_VERSION = 1
_LONGEST_DIFFERENCE = 40  # lines


class CassetteError(Exception):
    """A cassette can't be read or written; the text says which and why."""


@dataclass(frozen=True)
class Asked:
    """A request. `content`: one of `json`, `form`, `text`, or nothing."""

    method: str
    path: str
    query: dict[str, str]
    content: dict[str, Any]

    def written(self) -> dict[str, Any]:
        """As the file has it."""
        return {"method": self.method, "path": self.path, "query": self.query, **self.content}

    def compared(self) -> dict[str, Any]:
        """What has to be the same in two runs."""
        alike: dict[str, Any] = without_names(self.written())
        return alike


@dataclass(frozen=True)
class Exchange:
    """A request and its answer, as the file has it."""

    asked: Asked
    answer: dict[str, Any]


@dataclass
class Cassette:
    """The exchanges of one run, in their order; while they are replayed, each answers once. Safe across threads."""

    exchanges: list[Exchange] = field(default_factory=list)
    _used: set[int] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, exchange: Exchange, path: Path) -> None:
        """Append an exchange, and write the file.

        Raises:
            CassetteError: it can't be written.
        """
        with self._lock:
            self.exchanges.append(exchange)
            listed = [{"request": each.asked.written(), "answer": each.answer} for each in self.exchanges]
            content = json.dumps({"cassette": _VERSION, "exchanges": listed}, indent=1, ensure_ascii=False)
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                beside = path.with_name(f".{path.name}.part")
                beside.write_text(content + "\n", encoding="utf-8")
                beside.replace(path)
            except OSError as error:
                raise CassetteError(f"{path} can't be written: {error}") from error

    def take(self, asked: Asked) -> Exchange | str:
        """The next exchange with such a request; or, if there is none, why not, with the difference to the nearest."""
        wanted = asked.compared()
        with self._lock:
            alike = [number for number, each in enumerate(self.exchanges) if each.asked.compared() == wanted]
            left = [number for number in alike if number not in self._used]
            if left:
                self._used.add(left[0])
                return self.exchanges[left[0]]
        if alike:
            times = "once" if len(alike) == 1 else f"{len(alike)} times"
            return f"{asked.method} {asked.path} was recorded {times}, with this content, and is asked once more."
        return self._difference(asked)

    @property
    def unused(self) -> list[Asked]:
        """The recorded requests that nobody has asked yet."""
        with self._lock:
            return [each.asked for number, each in enumerate(self.exchanges) if number not in self._used]

    def _difference(self, asked: Asked) -> str:
        if not self.exchanges:
            return "Nothing is recorded."
        wanted = _lines(asked)
        nearest = max(
            range(len(self.exchanges)),
            key=lambda number: (
                self.exchanges[number].asked.path == asked.path,
                number not in self._used,
                difflib.SequenceMatcher(None, _lines(self.exchanges[number].asked), wanted).ratio(),
            ),
        )
        lines = list(
            difflib.unified_diff(
                _lines(self.exchanges[nearest].asked),
                wanted,
                f"recorded as {nearest + 1}",
                "asked",
                "",
                "",
                1,
                "",
            )
        )
        cut = (
            [f"… and {len(lines) - _LONGEST_DIFFERENCE} lines more"]
            if len(lines) > _LONGEST_DIFFERENCE
            else []
        )
        return "\n".join(
            [
                f"No recorded request is like this {asked.method} {asked.path}:",
                *lines[:_LONGEST_DIFFERENCE],
                *cut,
            ]
        )


def _lines(asked: Asked) -> list[str]:
    return [line[:300] for line in json.dumps(asked.compared(), indent=1, ensure_ascii=False).splitlines()]


def read(path: Path) -> Cassette:
    """A cassette's file.

    Raises:
        CassetteError: it can't be read, or is no cassette.
    """
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        if table["cassette"] != _VERSION:
            raise CassetteError(f"{path} has the version {table['cassette']}; this program reads {_VERSION}.")
        exchanges = [
            Exchange(_asked(dict(each["request"])), _answer(dict(each["answer"])))
            for each in table["exchanges"]
        ]
    except OSError as error:
        raise CassetteError(
            f"{path} can't be read: {error.strerror}. To make it: classroom record {path}"
        ) from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CassetteError(f"{path} is no cassette: {type(error).__name__}: {error}") from error
    return Cassette(exchanges)


def _asked(written: dict[str, Any]) -> Asked:
    method, path, query = str(written.pop("method")), str(written.pop("path")), dict(written.pop("query", {}))
    return Asked(method, path, query, written)


def _answer(written: dict[str, Any]) -> dict[str, Any]:
    int(written["status"])
    for event in written.get("events", []):
        event["data"]
    return written
