"""Turns judged records into learners' rows and into the files beside the reports."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from grader.batch import agreement, attempts, entries, exported, intake
from grader.batch.agreement import ClassRecord
from grader.batch.attempts import History, Looked
from grader.batch.discovery import HandedIn
from grader.batch.entries import Entry
from grader.batch.evidence_store import Outcome
from grader.batch.owners import Owners
from grader.batch.roster import Learner, Roster
from grader.files import write
from grader.report.language import ENGLISH, Language
from grader.worker import Record


class Judged(Protocol):
    """What judging gave, by submission."""

    outcomes: dict[str, Outcome]
    records: dict[str, Record]
    pages: dict[str, str]


def rows(
    submissions: Sequence[HandedIn],
    ended: Mapping[str, Outcome],
    judged: Judged,
    whose: Owners,
    agreed: ClassRecord,
    history: History,
) -> tuple[list[Entry], list[Looked]]:
    """One row for each learner, all of a group having the same report; and every attempt behind it.

    A submission without an owner has a row, too.
    """
    questions = {name: question.words for question in whose.questions for name in question.submissions}
    found, looked = [], []

    def row(one: HandedIn, name: str, outcome: Outcome, learner: Learner | None, is_group: bool) -> Entry:
        made = entries.entry(
            one,
            outcome,
            judged.records.get(one.name),
            learner,
            questions.get(name, ""),
            whose.notes.get(name, ""),
        )
        made = replace(made, terms=agreement.terms(agreed, one, learner), is_group=is_group)
        return replace(made, page=judged.pages[one.name]) if made.report else made

    for one in submissions:
        theirs: Sequence[Learner | None] = whose.whose.get(one.name, (None,))
        for learner in theirs:
            past = []
            for number, attempt in enumerate(list(history.get(one.name, ()))[:-1], 1):
                name = attempts.name_of(one.name, number)
                outcome = judged.outcomes.get(name)
                if outcome is not None:
                    earlier = replace(one, name=name, submitted=attempt.submitted or one.submitted)
                    past.append(row(earlier, one.name, outcome, learner, len(theirs) > 1))
            last = row(one, one.name, ended[one.name], learner, len(theirs) > 1)
            looked.append(attempts.choose_attempt([*past, last], agreed.attempts))
            found.append(looked[-1].row)
    found += [entries.missing(learner) for learner in whose.absent]
    found += [entries.unclear(learner, why) for learner, why in whose.unclear]
    return found, looked


def write_intake(out: Path, whole: intake.Account, whose: Owners, history: History) -> None:
    """The account of every file."""
    theirs = {
        name: [(learner.name, learner.id) for learner in learners] for name, learners in whose.whose.items()
    }
    numbers = {name: len(each) for name, each in history.items() if each}
    write(out / "intake.csv", intake.table(whole, theirs, numbers).encode())


def write_exports(
    out: Path,
    done: Sequence[Entry],
    title: str,
    known: Roster,
    column: str,
    announce: Callable[[str], None],
    say: Language = ENGLISH,
) -> None:
    """What platforms import; a ZIP that would hold nothing is not written."""

    def page(name: str) -> bytes | None:
        try:
            return (out / name).read_bytes()
        except OSError:
            return None

    canvas = exported.canvas(done, title, known, column)
    moodle = exported.moodle(done, known, say)
    write(out / "canvas.csv", canvas.text.encode())
    write(out / "moodle.csv", moodle.text.encode())
    for note in (*canvas.notes, *moodle.notes):
        announce(f"? {note}")
    feedback = {
        "canvas-feedback.zip": exported.canvas_feedback(done, page),
        "moodle-feedback.zip": exported.moodle_feedback(done, page),
    }
    for name, content in feedback.items():
        if content is not None:
            write(out / name, content)
        else:
            (out / name).unlink(missing_ok=True)
