"""How many minutes a notebook takes: computed from what is in it, by a rule that is the same for all.

The rule, for a beginner and for a reader who has used web APIs before:

- a word of prose: 130 and 260 in a minute, as people read a manual
- a line of code that is there: 8 and 3 seconds
- a cell that is run, and its output: 15 and 8 seconds
- a guess (`predict`), and a question of the quiz: 40 and 20 seconds
- an exercise: 4 and 2 minutes, and for each line of the solved answer 30 and 15 seconds

Exercises in a file of the lab are not counted: they are optional. The sum is rounded to five minutes. The numbers were chosen
so that notebooks 00 to 11 take about nine hours and four and a half, as they did for the beginners who tried them; track B
follows from the same numbers.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from classroom import quizzing

_ANSWER = re.compile(r"(?ms)^[ \t]*# BEGIN SOLUTION\n(.*?)^[ \t]*# END SOLUTION")
_MARKUP = re.compile(r"<[^>]*>|[`*_#|]|\]\([^)]*\)")
_NOT_READ = ("predict(", "explain(", "check(", "quiz(")
_STEP = 5


class Cell(Protocol):
    """A cell of a notebook."""

    cell_type: str
    source: str


@dataclass(frozen=True)
class Pace:
    """How fast somebody is: words a minute; seconds for each of the rest."""

    words_a_minute: float
    line: float
    cell: float
    guess: float
    exercise: float
    answer_line: float


BEGINNER = Pace(words_a_minute=130, line=8, cell=15, guess=40, exercise=240, answer_line=30)
EXPERIENCED = Pace(words_a_minute=260, line=3, cell=8, guess=20, exercise=120, answer_line=15)


@dataclass(frozen=True)
class Content:
    """What is in a notebook: words, lines of given code, cells to run, guesses with quiz questions, exercises, lines of their answers."""

    words: int
    lines: int
    cells: int
    guesses: int
    exercises: int
    answer_lines: int

    def minutes(self, pace: Pace) -> int:
        """How long it takes at this pace, in steps of five minutes."""
        seconds = (
            self.words * 60 / pace.words_a_minute
            + self.lines * pace.line
            + self.cells * pace.cell
            + self.guesses * pace.guess
            + self.exercises * pace.exercise
            + self.answer_lines * pace.answer_line
        )
        return max(_STEP, round(seconds / 60 / _STEP) * _STEP)


def _lines(source: str) -> int:
    return sum(bool(line.strip()) for line in source.splitlines())


def content_of(number: str, cells: Iterable[Cell]) -> Content:
    """What is in a solved notebook, given its number and cells."""
    words = lines = run = guesses = exercises = answer_lines = 0
    for cell in cells:
        if cell.cell_type != "code":
            words += len(_MARKUP.sub(" ", cell.source).split())
            continue
        run += 1
        answers = _ANSWER.findall(cell.source)
        exercises += bool(answers)
        answer_lines += sum(map(_lines, answers))
        guesses += cell.source.startswith("predict(")
        if not cell.source.startswith(_NOT_READ):
            lines += _lines(_ANSWER.sub("", cell.source))
    return Content(
        words, lines, run, guesses + len(quizzing.quizzes().get(number, ())), exercises, answer_lines
    )
