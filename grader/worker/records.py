"""Records that cross between a worker and its parent: typed, bounded, and validated on arrival."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from grader.environments import Choice, Declaration
from grader.evidence import Writable
from grader.judge import Report, Status
from grader.review.decisions import ForLearner
from grader.sandbox.tiers import Tier

MOST_MESSAGE = 256 * 1024  # bytes of one message of the worker's
MOST_RECORD = 16 * 1024 * 1024  # bytes of the record itself
MOST_FILES, MOST_BYTES = 4_000, 256 * 1024 * 1024  # that come with it
_MOST_CRITERIA = 500

Text = Annotated[str, Field(max_length=4_000)]
Page = Literal["html", "view"]


class _Message(Writable):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Instructions(_Message):
    """What the worker is to do.

    `kind` and `name`: of the submission that comes (see `grader.intake.courier.Parcel`). `only`: the beginnings of the
    identifiers of the criteria that are asked for. `rubric`: as `grader.rubric.as_table` writes it; None to collect
    without judging. `evidence`: whether to give back what was seen, as a folder's files or as one record.
    `assignment`: the folder inside that holds it; empty for the lab's own. `decisions`: a person's, on this submission. `language`: of the pages. `gives_way`: whether to report when it only waits, so that another submission can have its turn.
    `tells`: whether to send verdicts as soon as they are settled. `processors`: how many it may keep busy.
    """

    kind: Literal["folder", "archive", "bundle"]
    name: str
    tier: Tier
    environment: Choice = "auto"
    only: tuple[str, ...] = ()
    rubric: dict[str, Any] | None = None
    assignment: str = ""
    decisions: ForLearner | None = None
    pages: tuple[Page, ...] = ()
    language: Annotated[str, Field(max_length=20)] = "en"
    evidence: Literal["none", "files", "record"] = "none"
    cold: bool = False
    gives_way: bool = False
    tells: bool = False
    processors: Annotated[int, Field(ge=1)] = 1


class Phase(_Message):
    """The worker begins something that a person may want to know of."""

    is_: Literal["phase"] = "phase"
    phase: Annotated[str, Field(max_length=200)]


class NeedsPython(_Message):
    """The submission declares packages: build an environment with them."""

    is_: Literal["python"] = "python"
    declaration: Declaration


class NeedsSandbox(_Message):
    """Start a sandbox for the submission's code, and hand over the socket that steers it.

    `modules`: those worth loading before that code runs; what the parent does not know itself is left out.
    """

    is_: Literal["sandbox"] = "sandbox"
    python: Annotated[str, Field(max_length=4_096)]
    modules: Annotated[tuple[Annotated[str, Field(max_length=100)], ...], Field(max_length=200)] = ()


class Rests(_Message):
    """The worker only waits from now on, or goes on working."""

    is_: Literal["rests"] = "rests"
    resting: bool


class Settled(_Message):
    """Verdicts that can't change any more, by the criteria's identifiers."""

    is_: Literal["settled"] = "settled"
    verdicts: Annotated[dict[Annotated[str, Field(max_length=200)], Status], Field(max_length=_MOST_CRITERIA)]


AnyMessage = Phase | NeedsPython | NeedsSandbox | Rests | Settled
Message = Annotated[AnyMessage, Field(discriminator="is_")]
MESSAGE: TypeAdapter[AnyMessage] = TypeAdapter(Message)


class Record(_Message):
    """What is left of a grading. `ungradable` is the submission's trouble, `error` the grader's.

    `report` is None unless it was graded and judged. `odd` and `fingerprints`: see `grader.evidence.Scans`.
    `lost`: its worker died, took too long, or sent what is no record.
    """

    state: Literal["graded", "ungradable", "error"]
    message: Text = ""
    report: Report | None = None
    odd: Annotated[tuple[Text, ...], Field(max_length=1_000)] = ()
    fingerprints: Annotated[tuple[int, ...], Field(max_length=200_000)] = ()
    seconds: Annotated[float, Field(ge=0)] = 0.0
    cpu_seconds: Annotated[float, Field(ge=0)] = 0.0
    lost: bool = False
