"""What a person has decided: overrides, comments, requests for another look and their answers.

A decision is never changed or deleted. It is undone by a note of when, so that the file is its own history; the last
one about a criterion that was not undone holds.
"""

import hashlib
import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, ConfigDict, Field, model_validator

from grader.evidence import Writable

MOST_TEXT = 20_000  # characters of one comment, reason, request or answer
_MOST_DECISIONS = 200_000

HOW_TO_ASK = (
    "Is something here wrong? Tell your instructor: the criterion (such as endpoint.mime_type), what you think was "
    "overlooked, and where to see it. You get an answer on this page."
)

Text = Annotated[str, Field(max_length=MOST_TEXT)]
Key = Annotated[str, Field(max_length=4_000)]


class _Kept(Writable):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Decision(_Kept):
    """`learner`: the key of a row of the class. `undone`: when it was taken back."""

    id: str
    at: AwareDatetime
    learner: Key
    undone: AwareDatetime | None = None


class Override(_Decision):
    """Another verdict or other points than the grader's, for work of that digest.

    `status` alone gives all points or none; `points` alone leaves the verdict. `digest`: of the work that was looked at;
    work handed in later is another, and keeps the grader's verdict until somebody has looked. Empty: whatever work.
    """

    kind: Literal["override"] = "override"
    digest: str = ""
    criterion: Annotated[str, Field(min_length=1, max_length=200)]
    status: Literal["passed", "failed"] | None = None
    points: Annotated[float, Field(ge=0, le=1_000, allow_inf_nan=False)] | None = None
    reason: Annotated[str, Field(min_length=1, max_length=MOST_TEXT)]

    @model_validator(mode="after")
    def _changes_something(self) -> "Override":
        if self.status is None and self.points is None:
            raise ValueError("an override needs a verdict or points")
        return self


class Comment(_Decision):
    """Words for the learner, on one criterion or, where that is empty, on the whole."""

    kind: Literal["comment"] = "comment"
    criterion: Annotated[str, Field(max_length=200)] = ""
    text: Annotated[str, Field(min_length=1, max_length=MOST_TEXT)]


class Request(_Decision):
    """A learner asks for another look."""

    kind: Literal["request"] = "request"
    criterion: Annotated[str, Field(max_length=200)] = ""
    text: Annotated[str, Field(min_length=1, max_length=MOST_TEXT)]


class Answer(_Decision):
    """The answer to a request, by the request's identifier."""

    kind: Literal["answer"] = "answer"
    request: str
    text: Annotated[str, Field(min_length=1, max_length=MOST_TEXT)]


class Look(_Decision):
    """A person has looked at work of that digest: it leaves the queue until something else is handed in."""

    kind: Literal["look"] = "look"
    digest: str = ""


Decision = Annotated[Override | Comment | Request | Answer | Look, Field(discriminator="kind")]


class Draft(_Kept):
    """What a field of the page holds that was not sent yet; `field`: which one, as the page names it."""

    learner: Key
    field: Annotated[str, Field(max_length=300)]
    text: Text


class ForLearner(_Kept):
    """What holds for one learner; everything that was undone is left out.

    `how_to_ask`: the words on the learner's page on how to ask for another look.
    """

    overrides: tuple[Override, ...] = ()
    comments: tuple[Comment, ...] = ()
    requests: tuple[Request, ...] = ()
    answers: tuple[Answer, ...] = ()
    how_to_ask: Text = ""

    def override(self, criterion: str, digest: str) -> Override | None:
        """The one that holds for a criterion of work with that digest."""
        found = (
            each
            for each in reversed(self.overrides)
            if each.criterion == criterion and each.digest in ("", digest)
        )
        return next(found, None)

    def outdated(self, digest: str) -> tuple[str, ...]:
        """The criteria that were overridden for other work only, in the order of the decisions."""
        criteria = dict.fromkeys(each.criterion for each in self.overrides)
        return tuple(each for each in criteria if self.override(each, digest) is None)

    def answer(self, request: str) -> Answer | None:
        """The last answer to a request."""
        return next((each for each in reversed(self.answers) if each.request == request), None)


class Decisions(_Kept):
    """The content of `decisions.toml`.

    `salt`: what the names of an anonymous review are made with; it says nothing by itself.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    anonymous: bool = False
    how_to_ask: Text = HOW_TO_ASK
    salt: Annotated[str, Field(max_length=100)] = ""
    decisions: Annotated[tuple[Decision, ...], Field(max_length=_MOST_DECISIONS)] = ()
    drafts: Annotated[tuple[Draft, ...], Field(max_length=_MOST_DECISIONS)] = ()

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @model_validator(mode="after")
    def _each_has_an_identifier_of_its_own(self) -> "Decisions":
        twice = [id for id, times in Counter(each.id for each in self.decisions).items() if times > 1]
        if twice:
            raise ValueError(f"two decisions have the identifier {twice[0]!r}")
        return self

    def by_id(self, id: str) -> Override | Comment | Request | Answer | Look | None:
        """A decision, undone or not."""
        return next((each for each in self.decisions if each.id == id), None)

    def of(self, learner: str) -> ForLearner:
        """What holds for one learner."""
        return self.for_learners([learner])[learner]

    def for_learners(self, learners: Iterable[str]) -> dict[str, ForLearner]:
        """What holds for each of these learners."""
        known, nothing = self.by_learner(), ForLearner(how_to_ask=self.how_to_ask)
        return {learner: known.get(learner, nothing) for learner in learners}

    def by_learner(self) -> dict[str, ForLearner]:
        """What holds, for every learner of whom anything was decided."""
        held: dict[str, list[Override | Comment | Request | Answer | Look]] = {}
        for each in self.decisions:
            if each.undone is None:
                held.setdefault(each.learner, []).append(each)
        return {
            learner: ForLearner(
                overrides=tuple(each for each in known if isinstance(each, Override)),
                comments=tuple(each for each in known if isinstance(each, Comment)),
                requests=tuple(each for each in known if isinstance(each, Request)),
                answers=tuple(each for each in known if isinstance(each, Answer)),
                how_to_ask=self.how_to_ask,
            )
            for learner, known in held.items()
        }

    def history(self, learner: str) -> list[Override | Comment | Request | Answer | Look]:
        """Everything that was decided of a learner, the last first; what was undone, too."""
        return [each for each in reversed(self.decisions) if each.learner == learner]

    def looked_at(self) -> set[tuple[str, str]]:
        """Learners whose work a person has looked at: key and digest."""
        return {
            (each.learner, each.digest)
            for each in self.decisions
            if isinstance(each, Look) and each.undone is None
        }

    def bank(self, criterion: str = "") -> list[str]:
        """Earlier comments to choose from: those on this criterion first, then the most used."""
        counts: Counter[str] = Counter()
        here: set[str] = set()
        for each in self.decisions:
            if isinstance(each, Comment) and each.undone is None:
                counts[each.text] += 1
                if each.criterion == criterion:
                    here.add(each.text)
        return sorted(counts, key=lambda text: (text not in here, -counts[text], text))

    def draft(self, learner: str, field: str) -> str:
        """What a field of the page holds."""
        return next((each.text for each in self.drafts if (each.learner, each.field) == (learner, field)), "")

    def with_decision(
        self, decision: Override | Comment | Request | Answer | Look, field: str = ""
    ) -> "Decisions":
        """One more decision; the draft of the field that it was typed into is gone."""
        return self.model_copy(
            update={
                "decisions": (*self.decisions, decision),
                "drafts": _without(self.drafts, decision.learner, field),
            }
        )

    def with_draft(self, learner: str, field: str, text: str) -> "Decisions":
        """Another text in a field; an empty one is no draft."""
        left = _without(self.drafts, learner, field)
        return self.model_copy(
            update={"drafts": (*left, Draft(learner=learner, field=field, text=text)) if text else left}
        )

    def with_undone(self, id: str, when: datetime | None) -> "Decisions":
        """A decision taken back, or, with None, in force again."""
        changed = tuple(
            each.model_copy(update={"undone": when}) if each.id == id else each for each in self.decisions
        )
        return self.model_copy(update={"decisions": changed})

    def next_id(self) -> str:
        """An identifier that no decision has."""
        numbers = [
            int(each.id[2:]) for each in self.decisions if each.id[:2] == "d-" and each.id[2:].isdecimal()
        ]
        return f"d-{max(numbers, default=0) + 1}"

    def code(self, learner: str) -> str:
        """A name for a learner that says nothing of who it is, and stays the same."""
        return hashlib.sha256(f"{self.salt}\0{learner}".encode("utf-8", "backslashreplace")).hexdigest()[:12]


def _without(drafts: Sequence[Draft], learner: str, field: str) -> tuple[Draft, ...]:
    return tuple(each for each in drafts if (each.learner, each.field) != (learner, field))


def new_salt() -> str:
    """For `Decisions.salt`."""
    return secrets.token_hex(8)


def now() -> datetime:
    """The time, to the second, as a decision notes it."""
    return datetime.now(UTC).replace(microsecond=0)


def key_of(submission: str, learner_id: str = "") -> str:
    """By what a row of the class is known to the decisions: the submission's name; the roster's identifier where none came."""
    return submission or f"roster: {learner_id}"
