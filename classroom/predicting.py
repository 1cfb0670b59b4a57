"""`predict("10.path", …)` asks for a guess; `explain("10.path", outcome)` sets it beside what happened, and says why.

A guess stays in the memory of the notebook's kernel: it is shown in a panel, whose state is not saved, and reaches no file.
The explanations are in `predictions.toml`, so that no notebook gives them away before its cell was run.
"""

import html
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import ipywidgets
import mistune
from IPython import display as notebook
from IPython.core.getipython import get_ipython

from classroom.widgets import panel

_FILE = Path(__file__).with_name("predictions.toml")
_MOST = 200  # characters of a guess that are shown
_CELL = "text-align:left;vertical-align:top;padding:.2em 1em .2em 0;background:none;overflow-wrap:anywhere"


@cache
def explanations() -> Mapping[str, str]:
    """Why what happened happened, in Markdown, by the identifier of its prediction."""
    written = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {id: str(text).strip() for id, text in written.items()}


@cache
def _guesses() -> dict[str, str]:
    """The guesses of this notebook, by identifier."""
    return {}


def _known(id: str) -> str:
    if id not in explanations():
        raise KeyError(f"There is no prediction {id}. There are: {', '.join(explanations())}.")
    return explanations()[id]


def predict(id: str, *choices: str) -> None:
    """Ask for a guess: one of the choices, or a few words if there are none.

    Args:
        id: the prediction's, such as "10.path".
        choices: what it could be.

    Raises:
        KeyError: there is no such prediction.
    """
    _known(id)
    words = "Your prediction: " + (" · ".join(choices) or "in a few words")
    if get_ipython() is None:
        print(words)
        return
    box, field = _field(choices)
    keep = panel.button("Keep my guess", "lab-predict-keep")
    answer = ipywidgets.HTML()
    answer.add_class("lab-predict-answer")

    def take(_: object) -> None:
        guess = str(field.value or "").strip()
        if not guess:
            answer.value = panel.render_message(
                "There is no guess yet. Choose or write one first.", wrong=True
            )
            return
        _guesses()[id] = guess[:_MOST]
        if not choices:
            field.value = ""
        answer.value = panel.render_message("Your guess is kept. Now run the next cells.")

    keep.on_click(take)
    panel.show("Your prediction", "lab-predict", [box, keep, answer], words=words)


def _field(choices: tuple[str, ...]) -> tuple[ipywidgets.Widget, ipywidgets.Widget]:
    """What to show, and the field that has the guess."""
    if not choices:
        made = panel.add_label(ipywidgets.Text, "In a few words", "lab-predict-field")
        return made, made
    return panel.choices("Your prediction", "lab-predict-field", choices)


def explain(id: str, outcome: object) -> None:
    """Show the guess beside what happened, then why.

    Without a guess the explanation stays folded: there is still time for one.

    Raises:
        KeyError: there is no such prediction.
    """
    why, happened = _known(id), " ".join(str(outcome).split())
    guess = _guesses().get(id)
    if get_ipython() is None:
        print(f"Your guess: {guess or 'none'}\nWhat happened: {happened}\n{why}")
        return
    beside = ipywidgets.HTML(_table(guess, happened))
    beside.add_class("lab-predict-outcome")
    panel.show("Guess and outcome", "lab-explain", [beside], words=f"What happened: {happened}")
    folded = f"<details{' open' if guess else ''}><summary><strong>Why?</strong></summary>{mistune.html(why)}</details>"
    data: dict[str, Any] = {"text/html": folded, "text/plain": why}
    notebook.display(data, raw=True)  # type: ignore[no-untyped-call]


def _table(guess: str | None, happened: str) -> str:
    """Guess and outcome side by side, as HTML; read out as soon as it appears."""
    rows = (
        ("Your guess", guess or "none yet: make one above, then run this cell again"),
        ("What happened", happened),
    )
    cells = "".join(
        f'<tr><th scope="row" style="{_CELL};white-space:nowrap">{name}</th><td style="{_CELL}">{html.escape(words)}</td></tr>'
        for name, words in rows
    )
    return f'<div role="status"><table style="border:0">{cells}</table></div>'
