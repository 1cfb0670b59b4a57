"""Shows a verdict or a hint: as a card in a notebook, as the same words in plain text elsewhere."""

import html

from IPython import display as notebook
from IPython.core.getipython import get_ipython

from classroom.exercises.exercise import Verdict

_SIGNS = {"done": "✓", "open": "✗", "unclear": "?"}
_COLOURS = {"done": "#1a7f37", "open": "#c2410c", "unclear": "#6b7280"}
_CARD = '<div role="status" style="border-left:4px solid {colour};padding:.4em .9em;margin:.4em 0;max-width:46em">{inside}</div>'
_CELL = "text-align:left;vertical-align:top;padding:.2em 0;background:none"


def words_of(verdict: Verdict) -> str:
    """A verdict as text: a sign, the sentence, the case."""
    return f"{_SIGNS[verdict.state]} {verdict}"


def show_verdict(verdict: Verdict, advice: str = "") -> None:
    """Show a verdict below the cell, and a line of advice; a screen reader announces it."""
    rows = "".join(
        f'<tr><th scope="row" style="{_CELL};padding-right:1em">{html.escape(name)}</th>'
        f'<td style="{_CELL};overflow-wrap:anywhere">{html.escape(words)}</td></tr>'
        for name, words in verdict.details
    )
    table = f'<table style="margin:.3em 0 0;border:0">{rows}</table>' if rows else ""
    sign = f'<span aria-hidden="true">{_SIGNS[verdict.state]}</span>'
    title = f"<strong>{sign} {html.escape(verdict.title)}</strong> {html.escape(verdict.sentence)}"
    below = f'<p style="margin:.3em 0 0">{html.escape(advice)}</p>' if advice else ""
    words = f"{words_of(verdict)}\n  {advice}" if advice else words_of(verdict)
    _show(_CARD.format(colour=_COLOURS[verdict.state], inside=title + table + below), words)


def show_hint(title: str, words: str) -> None:
    """Show a hint below the cell."""
    inside = f"<strong>{html.escape(title)}</strong> {html.escape(words)}"
    _show(_CARD.format(colour="#2563eb", inside=inside), f"{title} {words}")


def _show(card: str, words: str) -> None:
    if get_ipython() is None:
        print(words)
        return
    notebook.display({"text/html": card, "text/plain": words}, raw=True)  # type: ignore[no-untyped-call]
