"""A summary of the class in a few lines, for the terminal."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.batch.entries import Entry
from grader.batch.overview import rates
from grader.escaping import for_terminal

_SHOWN = 20


def show(rows: Sequence[Entry], out: Path, console: Console) -> None:
    """Print who needs a look, the numbers, the hardest criteria, and where everything is."""
    counts = Counter(row.status for row in rows)
    names = Counter(row.name for row in rows)
    for row in [row for row in rows if row.wants_a_look][:_SHOWN]:
        more = f" {row.trouble}" if row.has_error else ""
        apart = f" {row.learner.id}" if row.learner and names[row.name] > 1 else ""
        words = f"! {row.name}{apart} ({row.status}): {row.wants_a_look}{more}"
        console.print(Text(for_terminal(words)), soft_wrap=True)
    tallies = [
        f"{counts[status]} {status}"
        for status in ("complete", "incomplete", "error", "ungradable", "unclear", "missing")
    ]
    isolations = sorted({row.report.isolation for row in rows if row.report})
    console.print(
        Text(
            f"{len(rows)} learners: {', '.join(each for each in tallies if not each.startswith('0 '))}."
            + (f" Isolation: {for_terminal(', '.join(isolations))}." if isolations else "")
        )
    )
    table = Table("the hardest criteria", "passed", box=None, pad_edge=False)
    for rate in rates(rows)[:5]:
        title = Text.assemble(for_terminal(rate.id), "  ", (for_terminal(rate.title), "dim"))
        table.add_row(title, f"{rate.passed} of {rate.judged}")
    if table.row_count:
        console.print(table)
    console.print(
        Text(for_terminal(f"Results: {out / 'index.html'}, {out / 'gradebook.csv'}")), soft_wrap=True
    )
    platforms = {row.label.platform for row in rows if row.label}
    for platform in ("canvas", "moodle"):
        if platform in platforms:
            files = [out / f"{platform}.csv", out / f"{platform}-feedback.zip"]
            there = ", ".join(str(file) for file in files if file.is_file())
            console.print(Text(for_terminal(f"For {platform.capitalize()}: {there}")), soft_wrap=True)
    console.print(Text(for_terminal(f"To decide and comment: grader review {out}")), soft_wrap=True)
