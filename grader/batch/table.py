"""CSV whose cells no spreadsheet treats as a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

from grader.escaping import for_csv


def render_csv(rows: Iterable[Sequence[object]]) -> str:
    """The rows as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for row in rows:
        writer.writerow([for_csv(value) for value in row])
    return out.getvalue()
