"""The class in a few lines, for the terminal."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from grader.batch.entries import Entry
from grader.batch.overview import rates
from grader.report.words import printable

_SHOWN = 20


def show(rows: Sequence[Entry], out: Path, console: Console) -> None:
    """Print who needs a look, the numbers, the hardest criteria, and where everything is."""
    counts = Counter(row.status for row in rows)
    for row in [row for row in rows if row.wants_a_look][:_SHOWN]:
        more = f" {row.message}" if row.has_error else ""
        console.print(
            f"! {printable(row.name)} ({row.status}): {printable(row.wants_a_look + more)}", markup=False
        )
    said = [
        f"{counts[status]} {status}"
        for status in ("complete", "incomplete", "error", "ungradable", "missing")
    ]
    console.print(
        f"{len(rows)} learners: " + ", ".join(each for each in said if not each.startswith("0 ")) + "."
    )
    table = Table("the hardest criteria", "passed", box=None, pad_edge=False)
    for rate in rates(rows)[:5]:
        table.add_row(f"{rate.id}  [dim]{rate.title}[/dim]", f"{rate.passed} of {rate.judged}")
    if table.row_count:
        console.print(table)
    console.print(f"Results: {out / 'index.html'}, {out / 'gradebook.csv'}", markup=False, soft_wrap=True)
