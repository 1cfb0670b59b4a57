"""`quiz("10")`: a few questions at the end of a notebook; each choice gets a sentence that says why it is right or wrong.

The questions are in `quizzes.toml`. What was chosen is shown in a panel, whose state is not saved, and reaches no file.
"""

import html
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import ipywidgets
from IPython.core.getipython import get_ipython

from classroom.widgets import panel

_FILE = Path(__file__).with_name("quizzes.toml")


@dataclass(frozen=True)
class Choice:
    """One choice: its words, whether it is right, and why."""

    words: str
    right: bool
    why: str


@dataclass(frozen=True)
class Question:
    """One question with its choices, of which one is right."""

    words: str
    choices: tuple[Choice, ...]


@cache
def quizzes() -> Mapping[str, tuple[Question, ...]]:
    """The questions, by the number of their notebook."""
    written = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {number: tuple(map(_question, table["question"])) for number, table in written.items()}


def _question(table: Mapping[str, str]) -> Question:
    wrong = [(words, why) for words, why in table.items() if words not in ("ask", "right", "why")]
    choices = [
        Choice(table["right"], True, table["why"]),
        *(Choice(words, False, why) for words, why in wrong),
    ]
    return Question(table["ask"], tuple(sorted(choices, key=lambda choice: choice.words.casefold())))


def quiz(notebook: str) -> None:
    """Show the questions of a notebook.

    Args:
        notebook: its number, such as "10".

    Raises:
        KeyError: it has none.
    """
    if notebook not in quizzes():
        raise KeyError(f"Notebook {notebook} has no quiz. These have: {', '.join(quizzes())}.")
    questions = quizzes()[notebook]
    words = "\n".join(
        f"{number}. {each.words} " + " · ".join(choice.words for choice in each.choices)
        for number, each in enumerate(questions, 1)
    )
    if get_ipython() is None:
        print(words)
        return
    parts: list[ipywidgets.Widget] = []
    for number, each in enumerate(questions, 1):
        parts += _show_question(number, each)
    panel.show("A short quiz", "lab-quiz", parts, words=words)


def _show_question(number: int, question: Question) -> Sequence[ipywidgets.Widget]:
    """A question, its choices, a button, and a place for the answer."""
    asked = ipywidgets.HTML(f"<p><strong>{number}. {html.escape(question.words)}</strong></p>")
    words = [choice.words for choice in question.choices]
    box, field = panel.choices(f"{number}. {question.words}", "lab-quiz-field", words)
    look = panel.button(f"Check answer {number}", "lab-quiz-check")
    answer = ipywidgets.HTML()
    answer.add_class("lab-quiz-answer")

    def judge(_: object) -> None:
        chosen = next((each for each in question.choices if each.words == field.value), None)
        if chosen is None:
            answer.value = panel.render_message("Choose an answer first.", wrong=True)
        else:
            answer.value = panel.render_message(chosen.why, wrong=not chosen.right)

    look.on_click(judge)
    return asked, box, look, answer
