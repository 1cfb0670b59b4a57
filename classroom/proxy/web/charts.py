"""Bar charts, as numbers that a template draws, each with what it shows in words."""

from collections.abc import Callable
from dataclasses import dataclass

from classroom.proxy.books.accounts import Series
from classroom.proxy.web.rendering import dollars

_WIDTH, _HEIGHT, _TOP, _FOOT = 640, 188, 28, 20
_WIDEST = 40.0


@dataclass(frozen=True)
class Bar:
    """One rectangle, in the chart's units."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Chart:
    """What is drawn. `most` is what the highest bar stands for; `first` and `last` are its ends in time."""

    id: str
    title: str
    text: str
    bars: tuple[Bar, ...]
    most: str
    first: str
    last: str
    width: int = _WIDTH
    height: int = _HEIGHT
    floor: int = _HEIGHT - _FOOT


def spend(series: Series) -> Chart | None:
    """US dollars over time; None if there is nothing to draw."""
    values = [point.cost for point in series.points]
    return _chart("spend", "Spend", series, values, dollars)


def requests(series: Series) -> Chart | None:
    """Calls over time; None if there is nothing to draw."""
    values = [point.calls for point in series.points]
    return _chart("calls", "Calls", series, values, lambda value: f"{value:,}")


def _chart(
    id: str, title: str, series: Series, values: list[int], shown: Callable[[int], str]
) -> Chart | None:
    if not values:
        return None
    most = max(values)
    peak = series.points[values.index(most)].label
    first, last = series.points[0].label, series.points[-1].label
    text = f"{title} by {series.unit}, {first} to {last}: {shown(sum(values))} in all, the most {shown(most)} at {peak}."
    if len(values) == 1:
        text = f"{title} in the {series.unit} from {first}: {shown(most)}."
    step = _WIDTH / len(values)
    width = min(step * 0.8, _WIDEST)
    bars = []
    for place, value in enumerate(values):
        height = round(value / most * (_HEIGHT - _TOP - _FOOT), 2) if most else 0.0
        x = round(step * place + (step - width) / 2, 2)
        bars.append(Bar(x, round(_HEIGHT - _FOOT - height, 2), round(width, 2), height))
    return Chart(id, title, text, tuple(bars), shown(most), first, "" if len(values) == 1 else last)
