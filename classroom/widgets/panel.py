"""What all panels share: layout and announcements."""

import html
import json
from collections.abc import Sequence

import ipywidgets
from IPython import display as notebook

_LABEL = {"description_width": "11em"}
_WRAPPED = (
    "<style>.lab-choices .widget-radio-box label{height:auto;line-height:1.5;padding:2px 0 2px 22px;"
    "position:relative;white-space:normal}"
    ".lab-choices .widget-radio-box input{position:absolute;left:0;top:2px}</style>"
)
# ipywidgets gives radio buttons no group. What an Output widget shows is trusted, is part of no file, and is run where the
# front end runs scripts: JupyterLab and Notebook. Elsewhere the buttons stay as they are. `element` is where it is shown.
_GROUPED = """
const name = %s;
let tries = 0;
const group = () => {
  const box = element.closest(".lab-choices")?.querySelector(".widget-radio-box");
  if (box) {
    box.setAttribute("role", "radiogroup");
    box.setAttribute("aria-label", name);
  } else if (tries++ < 50) {
    setTimeout(group, 100);
  }
};
group();
"""


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


def choices(
    label: str, hook: str, options: Sequence[str]
) -> tuple[ipywidgets.Widget, ipywidgets.RadioButtons]:
    """Radio buttons, none of them chosen yet: what to show, and the field that has the `value`.

    Args:
        label: the name of the group, for screen readers.
        hook: a class of the field.
        options: the choices; a long one takes several lines.
    """
    field = ipywidgets.RadioButtons(
        options=list(options), value=None, layout=ipywidgets.Layout(width="auto", max_width="100%")
    )
    field.add_class(hook)
    grouped = ipywidgets.Output(layout=ipywidgets.Layout(display="none"))
    script = {"application/javascript": _GROUPED % json.dumps(label)}
    grouped.outputs = ({"output_type": "display_data", "data": script, "metadata": {}},)
    box = ipywidgets.VBox(
        [ipywidgets.HTML(_WRAPPED, layout=ipywidgets.Layout(display="none")), field, grouped]
    )
    box.add_class("lab-choices")
    return box, field


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
