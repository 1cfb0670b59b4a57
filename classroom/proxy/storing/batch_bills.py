"""What a batch that is over did cost: by the usage of each line of its output, at half the price."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from classroom.proxy.books.batch_books import Batch
from classroom.proxy.prices import pricing, usage
from classroom.proxy.storing.batch_lines import ENDPOINTS, SHARE
from classroom.standin.models.costs import Unpriced

OVER = ("completed", "failed", "expired", "cancelled")


@dataclass
class Bill:
    """The sum. `cost`: in billionths of a dollar; `made`: what the upstream stored for the answers → tokens of each."""

    cost: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    made: dict[str, int] = field(default_factory=dict)


def reckon(batch: Batch, described: Mapping[str, Any], outputs: bytes | None, errors: bytes | None) -> Bill:
    """The bill of a batch.

    Args:
        batch: as the books know it.
        described: as the upstream describes it, now that it is over.
        outputs: the lines of its output file; None: there is none, or it can't be had.
        errors: those of its error file.

    What says nothing of its usage costs what was reckoned for it. Of a batch that was completed each line has an answer or an
    error; one that has neither is charged, too. Where the upstream counts more, by requests or tokens, its count holds.
    """
    bill, seen, answered = Bill(), set(), 0
    dearest = max(batch.lines.values(), default=0)
    for line in (*_lines(outputs), *_lines(errors)):
        id = str(line.get("custom_id"))
        response = line.get("response")
        response = response if isinstance(response, Mapping) else {}
        body = response.get("body")
        seen.add(id)
        if line.get("error") or not isinstance(body, Mapping) or _count(response.get("status_code")) >= 400:
            continue
        answered += 1
        _add(bill, batch, body, batch.lines.get(id, dearest))
    if described.get("status") == "completed":
        bill.cost += sum(most for id, most in batch.lines.items() if id not in seen)
        answered += sum(id not in seen for id in batch.lines)
    counts = described.get("request_counts")
    completed = _count(counts.get("completed")) if isinstance(counts, Mapping) else 0
    bill.cost += max(0, completed - answered) * dearest
    whole = usage.units(ENDPOINTS[batch.endpoint], described.get("usage"))
    if whole is not None:
        bill.cost = max(bill.cost, _half(batch, whole))
    return bill


def _add(bill: Bill, batch: Batch, body: Mapping[str, Any], most: int) -> None:
    """One answer."""
    used = usage.units(ENDPOINTS[batch.endpoint], body.get("usage"))
    bill.made |= usage.identifiers_in(body, usage.total(body.get("usage")))
    try:
        bill.cost += most if used is None else _half(batch, used)
    except Unpriced:
        bill.cost += most
    if used is not None:
        bill.input_tokens += int(used.get("input_tokens", 0))
        bill.output_tokens += int(used.get("output_tokens", 0))


def _half(batch: Batch, used: Mapping[str, int | float]) -> int:
    return math.ceil(pricing.cost(batch.model, used) / SHARE)


def _lines(content: bytes | None) -> Iterator[Mapping[str, Any]]:
    for line in (content or b"").split(b"\n"):
        try:
            entry = json.loads(line) if line.strip() else None
        except (ValueError, RecursionError):
            continue
        if isinstance(entry, Mapping):
            yield entry


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
