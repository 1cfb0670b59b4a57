"""What all panels share: layout and announcements."""

import html
from collections.abc import Sequence

import ipywidgets
from IPython import display as notebook

_LABEL = {"description_width": "11em"}


def add_label(kind: type[ipywidgets.Widget], label: str, hook: str, **options: object) -> ipywidgets.Widget:
    """A field with a visible label that is its name for screen readers, too; `hook` is a class for tests and styles."""
    made = kind(
        description=label, style=_LABEL, layout=ipywidgets.Layout(width="34em", max_width="100%"), **options
    )
    made.add_class(hook)
    return made


def button(label: str, hook: str) -> ipywidgets.Button:
    """A button; its words are its name."""
    made = ipywidgets.Button(
        description=label, layout=ipywidgets.Layout(width="auto", align_self="flex-start")
    )
    made.add_class(hook)
    return made


def render_message(sentence: str, *, wrong: bool = False) -> str:
    """A sentence that is read out as soon as it appears; a sign, and not the colour alone, tells if it is bad news."""
    sign = "✗ " if wrong else "✓ "
    return f'<p role="alert">{sign}{html.escape(sentence)}</p>'


def show(title: str, hook: str, parts: Sequence[ipywidgets.Widget], *, words: str = "") -> None:
    """Display a panel below the cell; `words` replace it where there is no front end, and on paper."""
    heading = ipywidgets.HTML(
        f'<div role="heading" aria-level="4"><strong>{html.escape(title)}</strong></div>'
    )
    box = ipywidgets.VBox(
        [heading, *parts], layout=ipywidgets.Layout(border="1px solid var(--jp-border-color1)", padding="8px")
    )
    box.add_class(hook)
    data = {
        "text/plain": words or f"[A panel: {title}]",
        "application/vnd.jupyter.widget-view+json": {
            "version_major": 2,
            "version_minor": 0,
            "model_id": box.model_id,
        },
    }
    notebook.display(data, raw=True)  # type: ignore[no-untyped-call]
