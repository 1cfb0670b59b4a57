"""Charts in notebooks: small SVG pictures without a plotting library, each with a description and its numbers as text."""

from classroom.charts.columns import show_bars as bar_columns
from classroom.charts.plots import bars, plane

__all__ = ["bar_columns", "bars", "plane"]
