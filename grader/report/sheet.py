"""The report as a notebook for instructors: one section a criterion, each with a cell for a comment and other points.

Executed by papermill, so that the total stands there when it is opened. What an instructor has written into a cell is kept
when the submission is graded again: cells are known by the criterion's identifier.
"""

import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader import files
from grader.errors import GraderError
from grader.escaping import for_json, for_notebook
from grader.judge import Report, Result
from grader.report import document
from grader.report.language import ENGLISH, Language, language
from grader.report.spoken import in_language
from grader.report.words import add_sign, select_shown

_SETUP = """from grader.report.sheet import Sheet

sheet = Sheet.read(report, {language!r})"""


_HOW_TO_WRITE = (
    "Write into the cells below, then run all: a comment, and points in place of the graded ones. "
    "What you write is kept when the work is graded again."
)


class SheetError(ValueError):
    """An instructor's cell can't be used; the text says which and why."""


@dataclass
class Sheet:
    """What an instructor adds to a report, cell by cell.

    `report`: its JSON, as `grader check --json` writes it.
    """

    report: dict[str, Any]
    comments: dict[str, str] = field(default_factory=dict)
    overrides: dict[str, float] = field(default_factory=dict)
    say: Language = ENGLISH

    @staticmethod
    def read(report: str, code: str = "en") -> "Sheet":
        """A sheet for a report, given as JSON; `code`: of the language in which it prints."""
        return Sheet(json.loads(report), say=language(code))

    def note(self, id: str, *, comment: str = "", points: float | None = None) -> None:
        """Show one criterion with what the instructor has to say of it.

        Args:
            id: of the criterion.
            comment: for the learner.
            points: in place of the graded ones; None leaves them.

        Raises:
            SheetError: there is no such criterion, or it can't earn so many points.
        """
        result = next((each for each in self.report["criteria"] if each["id"] == id), None)
        if result is None:
            raise SheetError(f"There is no criterion {id!r} in this report.")
        if points is not None:
            if not 0 <= points <= result["max_points"]:
                raise SheetError(f"{id} earns 0 to {result['max_points']:g} points, not {points:g}.")
            self.overrides[id] = float(points)
        if comment:
            self.comments[id] = comment
        given = self.overrides.get(id, result["points"])
        changed = (
            f" ({self.say('graded: {points:g}', points=result['points'])})" if id in self.overrides else ""
        )
        print(f"{self.say('{score:g} of {most:g} points', score=given, most=result['max_points'])}{changed}")
        if comment:
            print(self.say("Comment: {text}", text=comment))

    @property
    def score(self) -> float:
        """The points, with the instructor's in place of the graded ones."""
        return float(sum(self.overrides.get(each["id"], each["points"]) for each in self.report["criteria"]))

    def total(self) -> None:
        """Print the score and how it came about."""
        print(self.say("{score:g} of {most:g} points.", score=self.score, most=self.report["max_score"]))
        if self.overrides:
            print(
                self.say(
                    "{count} changed by the instructor: {names}. Graded: {score:g}.",
                    count=len(self.overrides),
                    names=", ".join(self.overrides),
                    score=self.report["score"],
                )
            )


def write(report: Report, file: Path, say: Language = ENGLISH) -> None:
    """Write the notebook, with what an instructor wrote into an earlier one at the same place.

    Raises:
        GraderError: the earlier file is no notebook, or the new one can't be executed or written.
    """
    import papermill

    kept = _instructors_cells(file)
    with tempfile.TemporaryDirectory(prefix="sheet-") as place:
        blank, done = Path(place) / "blank.ipynb", Path(place) / "done.ipynb"
        blank.write_text(for_json(_notebook(report, kept, say)), encoding="utf-8")
        try:
            papermill.execute_notebook(
                str(blank), str(done), kernel_name="python3", progress_bar=False, log_output=False
            )
        except papermill.PapermillExecutionError as error:
            raise GraderError(
                f"The notebook {file} was not updated: the instructor's cell for {_cell_at(kept, error)} "
                f"stops with {error.ename}: {error.evalue}"
            ) from error
        files.write(file, done.read_bytes())


def _cell_at(kept: dict[str, str], error: Any) -> str:
    return next(
        (id for id, source in kept.items() if source.strip() == str(error.source).strip()), "a criterion"
    )


def _instructors_cells(file: Path) -> dict[str, str]:
    """The sources of an earlier notebook's cells, by the criterion they are for."""
    if not file.exists():
        return {}
    try:
        cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
        found = {
            str(cell["metadata"]["criterion"]): cell["source"]
            for cell in cells
            if cell["cell_type"] == "code" and "criterion" in cell["metadata"]
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise GraderError(
            f"{file} is there and is no notebook of this grader's; it is left as it is. Name another file."
        ) from error
    return {id: "".join(source) for id, source in found.items()}


def _notebook(report: Report, kept: dict[str, str], say: Language) -> dict[str, Any]:
    graded = select_shown(in_language(report, say).criteria)
    cells = [
        _markdown(
            "title",
            f"# {for_notebook(report.submission.name)}\n\n{_graded(report, say)}\n\n{say(_HOW_TO_WRITE)}",
        ),
        # not a parameter of papermill's: those are copied into a second cell
        _code("report", f"report = {document.render(report)!r}", hidden=True),
        _code("setup", _SETUP.format(language=say.code), hidden=True),
    ]
    for result in graded:
        cells.append(_markdown(f"seen-{result.id}", _section(result, say)))
        source = kept.get(result.id, f'sheet.note({json.dumps(result.id)}, comment="", points=None)')
        cells.append(_code(f"note-{result.id}", source, criterion=result.id))
    cells.append(_code("total", "sheet.total()"))
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}


def _graded(report: Report, say: Language) -> str:
    """The score in a sentence."""
    text = (
        "Graded: {score:g} of {most:g} points, complete. Isolation: {tier}."
        if report.complete
        else "Graded: {score:g} of {most:g} points, not complete yet. Isolation: {tier}."
    )
    return say(text, score=report.score, most=report.max_score, tier=for_notebook(report.isolation))


def _section(result: Result, say: Language) -> str:
    lines = [
        f"## {add_sign(result.status, say)}: {for_notebook(say(result.title))}",
        f"<code>{for_notebook(result.id)}</code>",
        for_notebook(result.summary),
    ]
    lines += [f"{say('In your code:')} {for_notebook(result.where)}"] if result.where else []
    lines += [f"{say('Advice:')} {for_notebook(advice)}" for advice in result.advice]
    if result.status == "failed":
        lines.append(f"<em>{for_notebook(say(result.hint))}</em>")
    return "\n\n".join(lines)


def _id(name: str) -> str:
    """As notebooks want identifiers of cells: 1 to 64 letters, digits and dashes of ASCII."""
    return "".join(char if char.isascii() and char.isalnum() else "-" for char in name)[:64]


def _markdown(name: str, text: str) -> dict[str, Any]:
    return {"id": _id(name), "cell_type": "markdown", "metadata": {}, "source": text}


def _code(name: str, source: str, *, criterion: str | None = None, hidden: bool = False) -> dict[str, Any]:
    metadata: dict[str, Any] = {"criterion": criterion} if criterion else {}
    if hidden:
        metadata["jupyter"] = {"source_hidden": True}
    return {
        "id": _id(name),
        "cell_type": "code",
        "metadata": metadata,
        "source": source,
        "outputs": [],
        "execution_count": None,
    }
