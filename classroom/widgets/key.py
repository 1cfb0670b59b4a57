"""Key entry: takes a key from the keyboard into the environment, and nowhere else."""

import os

import ipywidgets

from classroom.lesson import current
from classroom.redaction.kernels import hide
from classroom.widgets import panel

_NAME = "OPENAI_API_KEY"


def key_entry() -> None:
    """Ask for a key; it goes into the environment of this notebook, and the field is emptied at once.

    The plain way: `os.environ["OPENAI_API_KEY"] = getpass("Key: ")`.
    """
    field = panel.add_label(ipywidgets.Password, "Your key", "lab-key-field", placeholder="sk-…")
    use = panel.button("Use this key", "lab-key-use")
    answer = ipywidgets.HTML()
    answer.add_class("lab-key-answer")

    def take(_: object) -> None:
        key, field.value = field.value.strip(), ""  # the widget's state may be saved with the notebook
        answer.value = _taken(key)

    use.on_click(take)
    panel.show("Your key", "lab-key", [field, use, answer])


def _taken(key: str) -> str:
    if not key:
        return panel.render_message("There was nothing in the field. The key from before stays.", wrong=True)
    if any(character.isspace() or not character.isprintable() for character in key):
        return panel.render_message("A key has no spaces in it. Nothing was changed.", wrong=True)
    hide(key)
    lesson = current()
    if lesson is not None and lesson.live:
        from classroom.spending import use_key

        use_key(key)
    else:
        os.environ[_NAME] = key
    return panel.render_message(
        f"A key of {len(key)} characters is in the environment as {_NAME}, until this notebook is closed. "
        "The field is empty again, and the file of the notebook never had it."
    )
