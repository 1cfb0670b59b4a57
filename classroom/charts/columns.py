"""Bar charts in a notebook, drawn as SVG: every bar has its name and its number beside it, and the whole has a description.

An `<img>` takes no styles from the page, so a chart brings its own light ground and is readable in a dark notebook, too.
"""

import base64
import html
from collections.abc import Mapping, Sequence

from IPython import display as notebook

_INK, _GROUND, _BAR, _PALE, _LINE = "#1f2328", "#ffffff", "#0b6e99", "#c9ced6", "#b42318"
_ROW, _HEAD, _NAMES, _SIDE, _GAP = 24, 30, 130, 12, 18  # pixels
_LABEL = 62  # pixels that a number takes beside its bar


def show_bars(
    rows: Mapping[str, Sequence[float]],
    columns: Sequence[str],
    description: str,
    *,
    form: str = "{:.0%}",
    kept: int | None = None,
    line: str = "",
) -> None:
    """Display a chart below the cell.

    Args:
        rows: the name of each row, and one number for each column.
        columns: what the columns are called.
        description: what the chart shows, in words; read out by screen readers, and written below it.
        form: how a number is written.
        kept: how many rows count; the others are pale, below a dashed line.
        line: the words at this line.

    Raises:
        ValueError: a row has not one number for each column, or the description says next to nothing.
    """
    if len(description) < 10:
        raise ValueError("A chart needs a description: one sentence that says what it shows.")
    drawn = bars(rows, columns, form=form, kept=kept, line=line)
    source = f"data:image/svg+xml;base64,{base64.b64encode(drawn.encode()).decode()}"
    words = html.escape(description, quote=True)
    picture = f'<img src="{source}" alt="{words}" style="max-width:100%">'
    written = f'<div>{picture}<div aria-hidden="true">{words}</div></div>'
    summary = [description, *(f"{name}: {', '.join(map(form.format, row))}" for name, row in rows.items())]
    data = {"text/html": written, "text/plain": "\n".join(summary)}
    notebook.display(data, raw=True)  # type: ignore[no-untyped-call]


def bars(
    rows: Mapping[str, Sequence[float]],
    columns: Sequence[str],
    *,
    form: str = "{:.0%}",
    kept: int | None = None,
    line: str = "",
) -> str:
    """The chart as SVG; arguments as for `show_bars`. All columns have the same scale.

    Raises:
        ValueError: a row has not one number for each column.
    """
    if any(len(row) != len(columns) for row in rows.values()):
        raise ValueError(f"Each row needs {len(columns)} numbers, one for each column.")
    wide = {1: 420, 2: 250}.get(len(columns), 170)
    highest = max((number for row in rows.values() for number in row), default=0) or 1
    width = _SIDE * 2 + _NAMES + (wide + _GAP) * len(columns)
    height = _HEAD + _ROW * len(rows) + _SIDE + (_ROW if kept is not None else 0)
    parts = [f'<rect width="{width}" height="{height}" fill="{_GROUND}"/>']
    for place, title in enumerate(columns):
        parts.append(_text(_SIDE + _NAMES + place * (wide + _GAP), 20, title, weight="bold"))
    for number, (name, row) in enumerate(rows.items()):
        out = kept is not None and number >= kept
        top = _HEAD + _ROW * number + (_ROW if out else 0)
        parts.append(_text(_SIDE + _NAMES - 8, top + 16, name, anchor="end"))
        for place, value in enumerate(row):
            left = _SIDE + _NAMES + place * (wide + _GAP)
            long = max(1.0, (wide - _LABEL) * max(0.0, value) / highest)
            parts.append(
                f'<rect x="{left}" y="{top + 4}" width="{long:.1f}" height="{_ROW - 8}" '
                f'fill="{_PALE if out else _BAR}" stroke="{_INK}" stroke-width="0.5"/>'
            )
            parts.append(_text(left + long + 6, top + 16, form.format(value)))
    if kept is not None:
        at = _HEAD + _ROW * kept + _ROW // 2
        parts.append(
            f'<line x1="{_SIDE}" x2="{width - _SIDE}" y1="{at}" y2="{at}" stroke="{_LINE}" stroke-width="2" '
            'stroke-dasharray="6 4"/>'
        )
        parts.append(_text(width - _SIDE, at - 5, line, anchor="end", colour=_LINE))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'font-family="system-ui, sans-serif" font-size="13">{"".join(parts)}</svg>'
    )


def _text(
    x: float, y: float, words: str, *, anchor: str = "start", weight: str = "normal", colour: str = _INK
) -> str:
    kept = f'font-weight="{weight}" fill="{colour}" xml:space="preserve"'
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {kept}>{html.escape(words)}</text>'
