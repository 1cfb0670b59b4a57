"""`class.toml`, beside the submissions: what a class has agreed on. All of it is applied when judging; nothing is run again.

due = 2026-11-20T23:59:00+01:00
attempts = "best"                    # or "last", the usual; all are kept
pass_mark = 50                       # points of the scale
assignment = "Files Lab (22)"        # Canvas' own column, where the gradebook has several

[late]
percent_per_day = 10                 # a day that has begun counts
most_percent = 50
grace_minutes = 15                   # within them nothing is late; after them everything since the due date is
of = "maximum"                       # of what can be reached, or "reached"

[scale]
maximum = 100                        # what all points together are worth
step = 0.5                           # rounded to a multiple of it

[weights]
errors = 2                           # a section, or one criterion: its points count twice
"endpoint.mime_type" = 0.5

[learners."101"]                     # by the roster's identifier, an address or a login
due = 2026-11-27T23:59:00+01:00      # an extension
extra_minutes = 60                   # extra time, after whichever due date is theirs
submitted = 2026-11-21T10:00:00+01:00   # where the platform's download does not say

[groups]
"Group A" = ["101", "102"]

[owners]
"Anna Schmidt_4711" = "101"          # the answer to a question of the report's

[grading]
assignment = "../moderation-gate"    # another one than the lab's: a folder, from here, or an installed one's name
language = "de"                      # of reports
"""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from grader.batch.discovery import HandedIn
from grader.batch.roster import Learner
from grader.errors import GraderError
from grader.rubric import Rubric

NAME = "class.toml"
_LARGEST = 1024 * 1024
_DAY = timedelta(days=1)
# how Moodle's worksheet writes a time, by the site's choice of words
_WRITTEN = (
    "%A, %d %B %Y, %I:%M %p",
    "%A, %d %B %Y, %H:%M",
    "%A, %B %d, %Y, %I:%M %p",
    "%d %B %Y, %I:%M %p",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%d/%m/%Y, %H:%M",
    "%d.%m.%Y, %H:%M",
)
_MODIFIED = (
    "last modified (submission)",
    "zuletzt geändert (abgabe)",
    "dernière modification (travail remis)",
)

Percent = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Late(_Table):
    """What lateness costs."""

    percent_per_day: Percent = 0
    most_percent: Percent = 100
    grace_minutes: Annotated[float, Field(ge=0, le=60 * 24 * 365, allow_inf_nan=False)] = 0
    of: Literal["maximum", "reached"] = "maximum"


class Scale(_Table):
    """What all points together are worth, and to what a grade is rounded."""

    maximum: Annotated[float, Field(gt=0, le=100_000, allow_inf_nan=False)]
    step: Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)] = 0


class Allowance(_Table):
    """What holds for one learner."""

    due: AwareDatetime | None = None
    extra_minutes: Annotated[float, Field(ge=0, le=60 * 24 * 365, allow_inf_nan=False)] = 0
    submitted: AwareDatetime | None = None


class Grading(_Table):
    """By what the class is graded, where the command does not say."""

    assignment: str | None = None
    language: str | None = None


class ClassRecord(_Table):
    """The whole record; see above."""

    due: AwareDatetime | None = None
    attempts: Literal["last", "best"] = "last"
    pass_mark: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    assignment: str = ""
    late: Late = Late()
    scale: Scale | None = None
    weights: dict[str, Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]] = {}
    learners: dict[str, Allowance] = {}
    groups: dict[str, list[str]] = {}
    owners: dict[str, str | list[str]] = {}
    grading: Grading = Grading()

    @property
    def answers(self) -> dict[str, list[str]]:
        """A submission's name → identifiers of those whose it is."""
        return {name: [ids] if isinstance(ids, str) else ids for name, ids in self.owners.items()}

    def allowance(self, learner: Learner | None, one: HandedIn) -> Allowance:
        """What holds for a learner, by any of their identifiers; for a submission without one, by its own name."""
        known = {one.name.casefold(), one.label.number if one.label else ""}
        if learner is not None:
            known |= {learner.id.casefold(), learner.email.casefold(), *learner.handles}
        for id, allowance in self.learners.items():
            if id.casefold() in known - {""}:
                return allowance
        return Allowance()


@dataclass(frozen=True)
class Terms:
    """How points become a grade. `percent`: off for lateness, of the maximum or of what was reached.

    `maximum`, `step`, `pass_mark`: see `ClassRecord`. `submitted`, `due`: None where nothing says so. `question`: what only
    a person can say.
    """

    percent: float = 0.0
    of: Literal["maximum", "reached"] = "maximum"
    maximum: float | None = None
    step: float = 0.0
    pass_mark: float | None = None
    submitted: datetime | None = None
    due: datetime | None = None
    late: bool = False
    question: str = ""

    def grade(self, score: float, out_of: float) -> float:
        """The grade for so many points: less what lateness costs, on the scale, never below 0."""
        off = self.percent / 100 * (out_of if self.of == "maximum" else score)
        left = max(0.0, score - off)
        if self.maximum is not None and out_of:
            left = left / out_of * self.maximum
        return round(left, 6) if not self.step else math.floor(left / self.step + 0.5) * self.step

    def out_of(self, points: float) -> float:
        """What can be reached."""
        return self.maximum if self.maximum is not None else points


def read_class_record(file: Path | None) -> ClassRecord:
    """The record of a class; an empty one without a file.

    Raises:
        GraderError: it can't be read, or says what makes no sense; the text names the place in it.
    """
    if file is None:
        return ClassRecord()
    try:
        if file.stat().st_size > _LARGEST:
            raise GraderError(f"The class record {file} is larger than {_LARGEST // 1024**2} MB.")
        return ClassRecord.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise GraderError(f"The class record {file} can't be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise GraderError(f"The class record {file} is not valid TOML: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        more = (
            " Write the offset, too, as in 2026-11-20T23:59:00+01:00."
            if first["type"] == "timezone_aware"
            else ""
        )
        raise GraderError(f"The class record {file}, at {where}: {first['msg']}.{more}") from error


def beside(where: str) -> Path | None:
    """The record that lies in a class's folder, or beside its ZIP or list."""
    if "://" in where:
        return None
    place = Path(where)
    file = (place if place.is_dir() else place.parent) / NAME
    return file if file.is_file() else None


def grading(where: str, file: Path | None = None) -> Grading:
    """By what the record of a class has it graded; a folder is found from where the record lies.

    An assignment is Python that the grader's own process imports. So it is none that lies among the submissions, where
    learners' files come to lie.

    Args:
        where: the place of the submissions.
        file: the record, where it is not the one beside them.

    Raises:
        GraderError: as `read_class_record`, or the assignment lies among the submissions.
    """
    file = file or beside(where)
    found = read_class_record(file).grading
    if file is None or not found.assignment:
        return found
    folder = (file.parent / found.assignment).resolve()
    if not folder.is_dir():
        return found  # an installed one's name, or a folder that is not there: the code that looks for it reports that
    if "://" not in where and Path(where).is_dir() and folder.is_relative_to(Path(where).resolve()):
        raise GraderError(
            f"The class record {file}, at grading.assignment: {folder} lies among the submissions, and an assignment's Python is "
            "trusted. Move the assignment elsewhere, or name it with --assignment."
        )
    return found.model_copy(update={"assignment": str(folder)})


def apply_weights(rubric: Rubric, weights: Mapping[str, float]) -> Rubric:
    """A rubric with the points of sections or criteria multiplied.

    Raises:
        GraderError: there is no such section or criterion.
    """
    for name in weights:
        if not any(id == name or id.startswith(f"{name}.") for id in rubric.worth):
            raise GraderError(
                f"{NAME}, [weights]: the rubric has neither a section nor a criterion {name!r}."
            )
    worth = {
        id: each.model_copy(
            update={"points": each.points * weights.get(id, weights.get(id.partition(".")[0], 1.0))}
        )
        for id, each in rubric.worth.items()
    }
    return replace(rubric, worth=worth)


def terms(record: ClassRecord, one: HandedIn, learner: Learner | None) -> Terms:
    """What holds for a learner's submission."""
    allowance = record.allowance(learner, one)
    due = allowance.due or record.due
    due = due + timedelta(minutes=allowance.extra_minutes) if due else None
    moment = allowance.submitted or one.submitted or _parse_time(learner, due)
    base = Terms(
        of=record.late.of,
        maximum=record.scale.maximum if record.scale else None,
        step=record.scale.step if record.scale else 0.0,
        pass_mark=record.pass_mark,
        submitted=moment,
        due=due,
    )
    if due is None:
        return replace(base, late=one.late)
    who = learner.id if learner else one.name
    if moment is None:
        asks = record.late.percent_per_day and one.late
        words = (
            f"The platform marks it as late, and does not say when it came. Nothing was taken off. Write into {NAME}: "
            f'[learners."{who}"] submitted = …'
        )
        return replace(base, late=one.late, question=words if asks else "")
    over = moment - due
    if over <= timedelta(minutes=record.late.grace_minutes):
        return base
    days = math.ceil(over / _DAY)
    percent = min(record.late.most_percent, days * record.late.percent_per_day)
    return replace(base, late=True, percent=percent)


def _parse_time(learner: Learner | None, due: datetime | None) -> datetime | None:
    """When it came, by Moodle's worksheet; its times are those of the due date's zone."""
    text = next((learner.row[each] for each in _MODIFIED if each in learner.row), "") if learner else ""
    for form in _WRITTEN if text else ():
        try:
            return datetime.strptime(text, form).replace(tzinfo=due.tzinfo if due else UTC)
        except ValueError:
            continue
    return None
