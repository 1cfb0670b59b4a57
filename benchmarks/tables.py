"""Tables of measurements: printed, kept as JSON, and compared with an earlier run's."""

import json
import re
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

WORSE_BY = 0.15  # of what it was
# columns in which less is better, and more; other columns are not compared
_LESS = re.compile(r"\bseconds\b|\bms\b|\bMB\b|\bCPU\b|µs|\bstart s\b")
_MORE = re.compile(r"\ba minute\b|\breq/s\b|\bof bare\b")
_NUMBER = re.compile(r"\d+(\.\d+)?")


def add_option(parser: ArgumentParser) -> None:
    """Let a measurement be kept: `--json FILE`."""
    parser.add_argument("--json", type=Path, help="keep the tables in this file, too")


def show(tables: Sequence[Table], file: Path | None, width: int | None = None) -> None:
    """Print tables, and write them to a file if one is given."""
    for table in tables:
        Console(width=width).print(table)
    if file:
        file.write_text(json.dumps([facts(table) for table in tables], indent=1), encoding="utf-8")


def facts(table: Table) -> dict[str, Any]:
    """A table as plain data: its title, and each row by the names of the columns."""
    names = [" ".join(str(column.header).split()) for column in table.columns]
    cells = zip(*(column.cells for column in table.columns), strict=True)
    return {
        "title": str(table.title or ""),
        "rows": [dict(zip(names, map(str, row), strict=True)) for row in cells],
    }


def worse(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each number that is worse than before by more than `WORSE_BY`.

    `before`, `now`: what `python -m benchmarks` wrote: the tables of each measurement by its name.
    """
    known = dict(_numbers(before))
    for place, value in _numbers(now):
        old = known.get(place)
        column = place[-1]
        if not old or not value:
            continue
        more = value / old - 1 if _LESS.search(column) else old / value - 1
        if more > WORSE_BY:
            yield f"{', '.join(filter(None, place))}: {value:g}, and {old:g} before ({more:+.0%} worse)"


def _numbers(found: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], float]]:
    """Every number that can become worse, by its measurement, table, row and column."""
    for name, tables in found.items():
        for table in tables:
            for row in table["rows"]:
                [(_, first), *rest] = row.items()
                for column, cell in rest:
                    if _NUMBER.fullmatch(cell) and (_LESS.search(column) or _MORE.search(column)):
                        yield (name, table["title"], first, column), float(cell)
