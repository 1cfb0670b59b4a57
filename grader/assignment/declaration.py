"""`assignment.toml`: what an assignment is called, what it needs, and what it asks an app."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from classroom.s3 import S3Mock
from classroom.standin.scripting import faults, replies
from grader.errors import AssignmentError
from grader.evidence import KINDS
from grader.manifest import Endpoint, as_json

if TYPE_CHECKING:
    from classroom.exercises.exercise import Exercise

FILE = "assignment.toml"
_MOST = 200  # operations, questions, prompts of one question, faults of one question
_ID = r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$"

StandIn = Literal["openai", "s3"]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Operation(Endpoint):
    """An operation that the assignment's text fixes, such as `POST /chat`. `name`: how questions refer to it."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=100)]


_Json = Annotated[dict[str, Any], Field(max_length=50), BeforeValidator(as_json)]


class Question(_Table):
    """What is sent to an operation, and what goes wrong meanwhile.

    Attributes:
        name: by which criteria find its probes: `evidence.probes_of(name)`.
        asked: the same in words, for reports: "a message that moderation flags".
        to: an operation's name, or a kind of file; without it, the assignment's first operation, or all that were found.
        prompts: one is sent after the other, in an order that an app can't foresee. `{words}` becomes words that were never
            sent before, by which the prompt is recognised at OpenAI. Without prompts, an ordinary one is sent.
        without_prompt: the request lacks its prompt.
        fixed: other inputs, in place of the operation's own.
        openai, s3: faults meanwhile, as `OpenAIMock.fail` and `S3Mock.fail` take them; S3 meets one at a time.
        replies: what OpenAI answers meanwhile, as `OpenAIMock.reply` takes it.
        after: whether an ordinary request follows, to see whether the app still serves.
    """

    name: Annotated[str, Field(pattern=_ID, max_length=200)]
    asked: Annotated[str, Field(min_length=1, max_length=500)]
    to: Annotated[str, Field(max_length=100)] | None = None
    prompts: Annotated[tuple[Annotated[str, Field(max_length=100_000)], ...], Field(max_length=_MOST)] = ()
    without_prompt: bool = False
    fixed: _Json = {}
    openai: Annotated[tuple[_Json, ...], Field(max_length=_MOST)] = ()
    s3: _Json | None = None
    replies: Annotated[tuple[_Json, ...], Field(max_length=_MOST)] = ()
    after: bool = False

    @model_validator(mode="after")
    def _makes_sense(self) -> "Question":
        if self.without_prompt and self.prompts:
            raise ValueError("it has prompts and is sent without one: leave one of the two out")
        try:
            for fault in self.openai:
                faults.fault(**fault)
            for each in self.replies:
                replies.reply(**each)
            if self.s3 is not None:
                signature(S3Mock.fail).bind(None, **self.s3)
        except TypeError as error:
            raise ValueError(f"its faults or replies have a field too many: {error}") from error
        return self


class Declaration(_Table):
    """The whole of `assignment.toml`.

    Attributes:
        title: of the assignment.
        about: what it asks for, in a sentence or two.
        sections: a title for each section of criteria, in the order in which reports show them.
        rubric: the file with the points.
        skeleton: the folder that learners are given; what it holds counts as nobody's own work.
        notebooks: the folder with notebooks, and `checks.py` beside them.
        language: of reports, where `--language` names no other.
        stand_ins: those whose addresses an app is given.
        operation: what the assignment's text fixes. Without any, the grader finds what generates.
        question: the assignment's own, put to each app.
    """

    title: Annotated[str, Field(min_length=1, max_length=200)]
    about: Annotated[str, Field(max_length=2_000)] = ""
    sections: Annotated[dict[str, str], Field(max_length=50)] = {}
    rubric: Annotated[str, Field(max_length=200)] = "rubric.toml"
    skeleton: Annotated[str, Field(max_length=200)] | None = None
    notebooks: Annotated[str, Field(max_length=200)] | None = None
    language: Annotated[str, Field(pattern=r"^[a-z]{2}(_[A-Z]{2})?$")] = "en"
    stand_ins: Annotated[tuple[StandIn, ...], Field(min_length=1)] = ("openai", "s3")
    operation: Annotated[tuple[Operation, ...], Field(max_length=_MOST)] = ()
    question: Annotated[tuple[Question, ...], Field(max_length=_MOST)] = ()

    @model_validator(mode="after")
    def _names_are_known(self) -> "Declaration":
        names = [one.name for one in self.operation]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise ValueError(f"two operations are called {twice!r}")
        for one in self.question:
            places = names or list(KINDS)
            if one.to is not None and one.to not in places:
                raise ValueError(f"{one.name} goes to {one.to!r}; there is {', '.join(places)}")
            if one.s3 and "s3" not in self.stand_ins:
                raise ValueError(f"{one.name} has S3 fail, which is not among the stand_ins")
        for name in (self.rubric, self.skeleton, self.notebooks):
            if name is not None and (Path(name).is_absolute() or ".." in Path(name).parts):
                raise ValueError(f"{name!r} leads out of the assignment's folder")
        return self


@dataclass(frozen=True)
class OwnQuestions:
    """What collecting evidence has to know of an assignment: its declaration, and the checks of its notebooks."""

    declared: Declaration
    exercises: Mapping[str, "Exercise"] = field(default_factory=dict)


def parse(text: str, file: Path) -> Declaration:
    """The declaration that a text holds; `file` is named in errors.

    Raises:
        AssignmentError: it isn't TOML, or a field of it makes no sense; the text names the field.
    """
    try:
        return Declaration.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise AssignmentError(f"{file} is not valid TOML: {error}.") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise AssignmentError(
            f"{file}{': ' + where if where else ''}: {first['msg'].removeprefix('Value error, ')}."
        ) from error
