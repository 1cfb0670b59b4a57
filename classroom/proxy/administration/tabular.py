"""Tables that a spreadsheet opens: no cell of them is a formula, whatever a learner is called."""

import csv
import io
from collections.abc import Iterable

_BEGINS_FORMULA = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "\uff1d",
    "\uff0b",
    "\uff0d",
    "\uff20",
)  # the last four are wide


def as_csv(rows: Iterable[Iterable[object]]) -> str:
    """Rows as CSV, with "\\n" between. Texts that begin like a formula get an apostrophe; numbers stay as they are."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([safe(value) for value in row] for row in rows)
    return out.getvalue()


def safe(value: object) -> object:
    """A cell that no spreadsheet takes for a formula."""
    if isinstance(value, str) and value.lstrip(" ").startswith(_BEGINS_FORMULA):
        return f"'{value}"
    return value
