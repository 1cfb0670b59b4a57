"""Inside a worker: what a review shows of one submission, as one record of bounded fields.

What was seen of each criterion, the places in the source that it names, the source itself, and what is different from
the attempt before. The review's own process checks the fields and shows them as text; it parses nothing of it.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Annotated

from pydantic import ConfigDict, Field

from grader.collect.code import fingerprints
from grader.evidence import Evidence, Exchange, Source, Writable, cap
from grader.judge import Report

_MOST_TEXT = 4_000  # characters of one body
_MOST_EXCHANGES = 300
_MOST_PLACES = 20  # of one criterion
_PATIENCE = 40_000  # characters of what was printed that are looked through for places
_PLACE = re.compile(r"File \"([^\"\n]{1,300})\", line (\d{1,6})|([\w./-]{1,300}\.py):(\d{1,6})\b")

Text = Annotated[str, Field(max_length=8_000)]
Line = Annotated[int, Field(ge=1, le=1_000_000)]


class _Part(Writable):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Seen(_Part):
    """One exchange: what was asked, sent, answered, and what reached OpenAI and S3 meanwhile."""

    id: Text
    purpose: Text
    sent: Text
    request: Text
    answer: Text
    body: Text
    calls: Annotated[tuple[Text, ...], Field(max_length=50)] = ()
    objects: Annotated[tuple[Text, ...], Field(max_length=50)] = ()


class Place(_Part):
    """A line of a file that was handed in, and what is to be seen there."""

    path: Text
    line: Line
    why: Text


class SourceFile(_Part):
    """A text that was handed in. `shapes`: first line, last line and fingerprint of each piece of code that counts."""

    path: Text
    text: Annotated[str, Field(max_length=300_000)]
    shapes: Annotated[tuple[tuple[Line, Line, int], ...], Field(max_length=50_000)] = ()


class View(_Part):
    """What a review shows of one submission. `seen_for`, `places`: by criterion. `printed`: by what printed it."""

    digest: Text
    exchanges: Annotated[tuple[Seen, ...], Field(max_length=_MOST_EXCHANGES)] = ()
    seen_for: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    places: dict[str, tuple[Place, ...]] = Field(default_factory=dict)
    printed: dict[str, Annotated[str, Field(max_length=30_000)]] = Field(default_factory=dict)
    sources: Annotated[tuple[SourceFile, ...], Field(max_length=300)] = ()


def view(seen: Evidence, report: Report) -> View:
    """What a review shows of a submission."""
    owners = {call.id: call.exchange for call in seen.calls}
    owners |= {stored.id: stored.exchange for stored in seen.objects}
    known = {exchange.id for exchange in seen.exchanges}
    seen_for = {
        result.id: tuple(
            dict.fromkeys(owner for id in result.evidence if (owner := owners.get(id, id)) in known)
        )[:12]
        for result in report.criteria
    }
    wanted = {id for ids in seen_for.values() for id in ids}
    exchanges = [exchange for exchange in seen.exchanges if exchange.id in wanted][:_MOST_EXCHANGES]
    printed = {
        "The app": seen.app.log,
        "The tests": seen.test_run.output,
        **{f"Notebook {run.path}": run.failure for run in seen.notebooks if run.failure},
    }
    return View(
        digest=seen.submission.digest,
        exchanges=tuple(_seen(seen, exchange) for exchange in exchanges),
        seen_for=seen_for,
        places=dict(_places(seen, report)),
        printed={_short(name, 300): cap(text) for name, text in printed.items() if text},
        sources=tuple(_source(each) for each in seen.scans.sources),
    )


def _short(text: str, most: int = _MOST_TEXT) -> str:
    return cap(text, most - 60) if len(text) > most else text


def _seen(seen: Evidence, exchange: Exchange) -> Seen:
    answer = (
        f"{exchange.status} {exchange.content_type}"
        if exchange.status is not None
        else exchange.failure or "nothing"
    )
    return Seen(
        id=exchange.id,
        purpose=_short(exchange.purpose),
        sent=_short(f"{exchange.method} {exchange.url}"),
        request=_short(exchange.request_body),
        answer=_short(f"{answer}, after {exchange.seconds:.2f} s"),
        body=_short(exchange.body),
        calls=tuple(
            _short(
                f"{call.route} → {call.status or 'no answer'}"
                f"{f' (injected: {call.fault})' if call.fault else ''}\n{call.request}"
            )
            for call in seen.calls_of(exchange.id)[:50]
        ),
        objects=tuple(
            _short(f"{one.key}, stored as {one.content_type or 'no type'}, {one.size} bytes")
            for one in seen.objects_of(exchange.id)[:50]
        ),
    )


def _places(seen: Evidence, report: Report) -> Iterator[tuple[str, tuple[Place, ...]]]:
    """For each criterion the lines of the source that what was seen of it names."""
    lines = {source.path: source.text.count("\n") + 1 for source in seen.scans.sources}
    bodies = {exchange.id: exchange.body for exchange in seen.exchanges}
    for result in report.criteria:
        found: list[Place] = []
        if result.section == "secrets":
            for secret in seen.scans.secrets:
                path, _, line = secret.where.rpartition(", line ")
                if path in lines and line.isdecimal():
                    found.append(_place(path, int(line), f"{secret.kind}: {secret.shown}"))
        if result.section == "tests":
            found += _named(seen.test_run.output, lines, "named in the tests' output")
            for odd in seen.scans.odd:
                path, _, rest = odd.partition(", line ")
                line, _, what = rest.partition(": ")
                if path in lines and line.isdecimal():
                    found.append(_place(path, int(line), f"unusual: {what}"))
        elif result.section in ("endpoint", "validation", "errors", "openapi"):
            found += _named(
                "\n".join(bodies.get(id, "")[:4_000] for id in result.evidence[:20]),
                lines,
                "named in an answer",
            )
            if result.status != "passed":
                found += _named(seen.app.log, lines, "named in the app's log")
            found += _routes(seen)
        unique = {(place.path, place.line): place for place in reversed(found)}
        kept = [place for place in unique.values() if place.line <= lines[place.path]]
        if kept:
            yield result.id, tuple(reversed(kept))[:_MOST_PLACES]


def _place(path: str, line: int, why: str) -> Place:
    return Place(path=path, line=max(1, min(line, 1_000_000)), why=_short(why, 500))


def _named(text: str, lines: Iterable[str], why: str) -> list[Place]:
    """Places that a text names as Python and pytest write them, where such a file was handed in."""
    found = []
    for match in _PLACE.finditer(text[-_PATIENCE:]):
        name, line = match[1] or match[3], int(match[2] or match[4])
        path = next((path for path in lines if name == path or name.endswith(f"/{path}")), None)
        if path and line:
            found.append(_place(path, line, why))
    return found


def _routes(seen: Evidence) -> list[Place]:
    """Where the code has the addresses of the operations that generate files."""
    addresses = {offer.path for offer in seen.offers}
    found = []
    for source in seen.scans.sources:
        if not source.path.endswith(".py"):
            continue
        for number, line in enumerate(source.text.splitlines(), 1):
            for address in addresses:
                if f'"{address}"' in line or f"'{address}'" in line:
                    found.append(_place(source.path, number, f"where {address} is named"))
    return found


def _source(source: Source) -> SourceFile:
    shapes = fingerprints.locate_fingerprints(source.text.encode()) if source.path.endswith(".py") else []
    return SourceFile(path=_short(source.path), text=source.text[:300_000], shapes=tuple(shapes)[:50_000])
