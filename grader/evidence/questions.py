"""What an app generates, how it is asked for that, and the questions that were put to it."""

from typing import Any, Literal

from pydantic import Field

from grader.evidence.record import Kind, Record


class Input(Record):
    """One input of an operation: where it goes, what its documentation says, and what its schema lets through."""

    location: Literal["path", "query", "header", "json", "form", "multipart", "text"]
    name: str
    required: bool = False
    description: str = ""
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    example: str | None = None
    choices: tuple[str, ...] = ()

    @property
    def bounds(self) -> dict[str, Any]:
        """The bounds, by JSON Schema's names."""
        named = {"minLength": self.min_length, "maxLength": self.max_length, "pattern": self.pattern}
        return {name: bound for name, bound in named.items() if bound is not None}


class Offer(Record):
    """A kind of file that the app generates, and how to ask for it.

    `values`: the inputs of a request that works, without the prompt's words. `type_input`: the one that selects
    the kind. `path_input`: the one that names the file; `extension_given`: whether its extension is the file's own,
    rather than one that the app puts behind it; `named_by_effect`: whether nothing but the stored file's name shows that the
    input names it. `code`: where its function is, such as "app.py, line 12, make".
    """

    kind: Kind
    method: str
    path: str
    prompt_input: Input | None
    type_input: Input | None = None
    path_input: Input | None = None
    extension_given: bool = True
    named_by_effect: bool = False
    kind_by_extension: bool = False
    values: dict[str, Any] = Field(default_factory=dict)
    exchange: str
    code: str = ""


class Miss(Record):
    """A request that came near to what generates, and did not reach OpenAI; the nearest are kept.

    `prompt`: the likeliest input for the prompt, as `location:name`. `values`: the others, by the same names.
    """

    exchange: str
    prompt: str | None = None
    values: dict[str, Any] = Field(default_factory=dict)


class Probe(Record):
    """One question put to the app, for one criterion and one kind.

    `not_applicable`: why it could not be asked of this design. `calls` and `objects`: what the exchange led to.
    `mark`: the words in the prompt by which it is recognised; `carriers`: the calls whose model reads them; `astray`:
    fields of other calls that hold them, where the model does not read. `name`: the file name that was sent. `met`: whether an injected fault came into play;
    `may_succeed`: whether a good answer is right in spite of it. `documented`: whether the app's document states the limit that was exceeded.
    `after`: the exchange that asked whether the app still serves. `outcome`: of an answer that promised a job, the
    exchange that reported how it ended.
    """

    criterion: str
    kind: Kind | None
    asked: str
    exchange: str | None = None
    calls: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    mark: str | None = None
    carriers: tuple[str, ...] = ()
    astray: tuple[str, ...] = ()
    name: str | None = None
    met: bool = True
    after: str | None = None
    outcome: str | None = None
    may_succeed: bool = False
    documented: bool = True
    not_applicable: str | None = None
