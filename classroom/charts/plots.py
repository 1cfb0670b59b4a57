"""Plots that people would rather look at than read: bars and a plane, as small SVG pictures without a plotting library.

Each has a description for screen readers, and the same numbers as text where no picture can be shown. Colours follow the
page, light or dark; no colour is the only signal.
"""

import html
from collections.abc import Mapping, Sequence
from math import sqrt

from IPython import display as notebook
from IPython.core.getipython import get_ipython

_WIDTH, _LABEL, _NUMBER, _ROW = 560, 180, 95, 32  # pixels
_BAR = "#0f766e"  # 3:1 and more on white and on JupyterLab's dark grey
_LETTER = 7.6  # pixels that a letter takes, about
_GAP = 6  # pixels between labels that share a line
_HEIGHT = 340


def bars(title: str, values: Mapping[str, float], unit: str = "", decimals: int = 0) -> None:
    """Display one bar for each value, with its number.

    Args:
        title: what is shown, in a sentence.
        values: a number of at least 0 by its label, in the order of the rows.
        unit: "$" stands before a number, any other unit after it.
        decimals: places after the point.
    """
    numbers = {label: _number(value, unit, decimals) for label, value in values.items()}
    _show(title, bar_picture(values, numbers), numbers)


def plane(title: str, vectors: Mapping[str, Sequence[float]]) -> None:
    """Display long vectors as points in a plane: what is near in many dimensions stays near, as far as two can show it.

    Args:
        title: what is shown, in a sentence.
        vectors: at least two of the same length, by their label.
    """
    points = places_in_a_plane(list(vectors.values()))
    nearest = _nearest(list(vectors), list(vectors.values()))
    _show(title, _point_picture(dict(zip(vectors, points, strict=True))), nearest)


def _number(value: float, unit: str, decimals: int) -> str:
    written = f"{value:,.{decimals}f}"
    return f"${written}" if unit == "$" else f"{written} {unit}".strip()


def _show(title: str, picture: str, rows: Mapping[str, str]) -> None:
    words = "\n".join([title, *(f"  {label}: {number}" for label, number in rows.items())])
    if get_ipython() is None:
        print(words)
        return
    spoken = html.escape(
        ". ".join([title.rstrip("."), *(f"{name}: {number}" for name, number in rows.items())])
    )
    figure = (
        f'<figure style="margin:.5em 0"><div role="img" aria-label="{spoken}" style="max-width:{_WIDTH}px">{picture}</div>'
        f'<figcaption aria-hidden="true" style="margin-top:.3em">{html.escape(title)}</figcaption></figure>'
    )
    notebook.display({"text/html": figure, "text/plain": words}, raw=True)  # type: ignore[no-untyped-call]


def bar_picture(values: Mapping[str, float], numbers: Mapping[str, str]) -> str:
    """Bars as SVG: a row for each value, its label before the bar, its number behind it."""
    longest = max(*values.values(), 0.0) or 1.0
    room = _WIDTH - _LABEL - _NUMBER
    rows = []
    for at, (label, value) in enumerate(values.items()):
        length, middle = max(1.0, room * value / longest), at * _ROW + _ROW / 2
        rows.append(
            f'<text x="{_LABEL - 10}" y="{middle + 5:.0f}" text-anchor="end">{html.escape(label)}</text>'
            f'<rect x="{_LABEL}" y="{at * _ROW + 5}" width="{length:.1f}" height="{_ROW - 10}" rx="2" fill="{_BAR}" '
            'stroke="currentColor" stroke-width="0.5"/>'
            f'<text x="{_LABEL + length + 8:.1f}" y="{middle + 5:.0f}">{html.escape(numbers[label])}</text>'
        )
    return _svg(len(values) * _ROW, "".join(rows))


def _svg(height: int, inside: str) -> str:
    return (
        # on a narrow screen one scrolls: letters that are scaled down to seven pixels can't be read
        f'<svg class="lab-chart" viewBox="0 0 {_WIDTH} {height}" font-size="16" '
        f'style="width:{_WIDTH}px;max-width:max(100%,26em)" '
        f'font-family="system-ui, sans-serif" fill="currentColor" aria-hidden="true">{inside}</svg>'
    )


def places_in_a_plane(vectors: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
    """Points whose distances are as near to those of the vectors as two dimensions allow (classical scaling)."""
    size = len(vectors)
    products = [[sum(a * b for a, b in zip(one, other, strict=True)) for other in vectors] for one in vectors]
    means = [sum(row) / size for row in products]
    whole = sum(means) / size
    centred = [
        [products[row][column] - means[row] - means[column] + whole for column in range(size)]
        for row in range(size)
    ]
    axes = []
    for _ in range(2):
        strength, direction = _strongest(centred)
        axes.append([sqrt(max(strength, 0.0)) * each for each in direction])
        centred = [
            [centred[row][column] - strength * direction[row] * direction[column] for column in range(size)]
            for row in range(size)
        ]
    return list(zip(*axes, strict=True))


def _strongest(matrix: Sequence[Sequence[float]]) -> tuple[float, list[float]]:
    """The largest eigenvalue of a symmetric matrix and its direction, by power iteration."""
    direction = [1.0 / (at + 1) for at in range(len(matrix))]
    strength = 0.0
    for _ in range(500):
        moved = [sum(a * b for a, b in zip(row, direction, strict=True)) for row in matrix]
        length = sqrt(sum(each * each for each in moved))
        if length < 1e-12:
            return 0.0, [0.0] * len(matrix)
        direction, strength = [each / length for each in moved], length
    return strength, direction


def _nearest(labels: Sequence[str], vectors: Sequence[Sequence[float]]) -> dict[str, str]:
    """For each label the one that is nearest to it."""
    found = {}
    for at, one in enumerate(vectors):
        others = [other for other in range(len(vectors)) if other != at]
        best = max(others, key=lambda other: sum(a * b for a, b in zip(one, vectors[other], strict=True)))
        found[labels[at]] = f"nearest to “{labels[best]}”"
    return found


def _beside_its_dot(
    at: float, down: float, width: float, taken: Sequence[tuple[float, float, float]]
) -> tuple[str, float, float]:
    """The anchor, the left end and the line of a dot's label: where neither a label nor another dot is.

    Args:
        taken: left end, right end and line of what is there already.
    """

    def free(left: float, line: float) -> bool:
        return not any(
            abs(line - other) < 17 and left < end + _GAP and begin < left + width + _GAP
            for begin, end, other in taken
        )

    places = [("start", at + 10, down + 5), ("end", at - 10 - width, down + 5)]
    for line in (down - 10, down + 21):  # above and below
        places += [("end", at + 6 - width, line), ("start", at - 6, line)]
    inside = [(anchor, left, line) for anchor, left, line in places if 0 < left < _WIDTH - width]
    for anchor, left, line in inside:
        if free(left, line):
            return anchor, left, line
    anchor, left, line = (inside or places)[0]
    while not free(left, line):
        line += 4
    return anchor, left, line


def _point_picture(points: Mapping[str, tuple[float, float]]) -> str:
    """Points as SVG, each with its label; labels that would cover each other move apart."""
    across, up = [place[0] for place in points.values()], [place[1] for place in points.values()]
    wide, high = max(across) - min(across) or 1.0, max(up) - min(up) or 1.0
    drawn: list[str] = []
    dots = {
        label: (30 + (x - min(across)) / wide * (_WIDTH - 60), 30 + (max(up) - y) / high * (_HEIGHT - 60))
        for label, (x, y) in sorted(points.items(), key=lambda pair: -pair[1][1])
    }
    lines: list[tuple[float, float, float]] = []
    for label, (at, down) in dots.items():
        others = [(x - 7, x + 7, y + 5) for name, (x, y) in dots.items() if name != label]
        width = _LETTER * len(label)
        anchor, left, line = _beside_its_dot(at, down, width, (*lines, *others))
        lines.append((left, left + width, line))
        drawn.append(
            f'<circle cx="{at:.1f}" cy="{down:.1f}" r="5" fill="{_BAR}" stroke="currentColor" stroke-width="0.5"/>'
            f'<text x="{left + width if anchor == "end" else left:.1f}" y="{line:.1f}" text-anchor="{anchor}">'
            f"{html.escape(label)}</text>"
        )
    bottom = int(max(_HEIGHT, *(line + 10 for _, _, line in lines)))
    frame = f'<rect x="0.5" y="0.5" width="{_WIDTH - 1}" height="{bottom - 1}" fill="none" stroke="currentColor" stroke-opacity="0.4"/>'
    return _svg(bottom, frame + "".join(drawn))
