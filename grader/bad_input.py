"""The criteria on bad input: the one place that declares them.

Each says which requests a careful app refuses before it spends anything, and which answers are right beside a refusal. The
questions (`grader.collect.questioning.questions`), the verdicts (`grader.criteria.validation`), the points (`validation.*` in a rubric),
the stage (`validation.*` in stages.toml) and the lists on pages (`course.generated`) are made from it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from grader import patterns
from grader.evidence import EXTENSIONS, Input, Kind, Offer, a_file
from grader.prompt_limits import LARGEST_LIMIT, longest_prompt

SECTION = "validation"

Part = Literal["prompt", "type", "path"]

_IN_HEAD = ("query", "path", "header")
_MOST_IN_HEAD = 50_000  # characters: servers take some 64 KB of all that comes before a body
_ENDLESS = ("heron " * (LARGEST_LIMIT // 6 + 1))[: LARGEST_LIMIT + 1]
_NO_FILE_TYPES = ("spreadsheet", "presentation", "archive", "font", "contract", "database")
_NO_EXTENSIONS = ("xlsx", "pptx", "zip", "ttf", "psd", "sqlite", "dwg", "exe")


class Wording(Protocol):
    """Draws words that can't be foreseen, as `grader.collect.exchange.wording` does."""

    def blank(self) -> str:
        """Spaces alone."""

    def stem(self) -> str:
        """A file's name that no file had before, without its extension."""

    def folder(self) -> str:
        """A folder's name."""

    def one_of(self, choices: Sequence[str]) -> str:
        """One of several."""


@dataclass(frozen=True)
class WrongRequest:
    """An ordinary request but for one thing.

    Attributes:
        asked: what is wrong with it, as the subject of a sentence about the app's answer.
        change: the new value of "prompt", "type" or "path"; None leaves it out.
        length: instead, a prompt of so many characters, in words that the input's pattern admits.
        documented: whether the app's document states the limit that is exceeded.
    """

    asked: str
    change: Mapping[str, Any] = field(default_factory=dict)
    length: int | None = None
    documented: bool = True


@dataclass(frozen=True)
class NotApplicable:
    """What can't be asked of a design. `asked`: what it would have been; `reason`: what the design lacks."""

    asked: str
    reason: str


@dataclass(frozen=True)
class BadInput:
    """One criterion: a request that is wrong in one way is answered with a 4xx, calls nothing and stores nothing.

    Attributes:
        name: its identifier, without the section.
        title, hint: what learners read.
        short: what is refused, in a few words for a list.
        requests: what is sent to an operation.
        part: what of a request is wrong. Where an operation does not let the caller give it, another one that does is asked.
        well: the verdict's sentence when all is well.
        may_clean: whether a server passes, with advice, that stores the file under a safe name and says where.
        may_follow_the_name: whether a file's extension may choose the kind, so that another one contradicts nothing.
        has_longest: whether the longest input that the document allows has to be let in (`ordinary_requests.LONGEST`).
        comes_last: whether it is sent when all else has been asked, since an app may be busy with it for minutes.
    """

    name: str
    title: str
    hint: str
    short: str
    requests: Callable[[Offer, Wording], Iterator[WrongRequest | NotApplicable]]
    part: Part = "prompt"
    well: str = "Refused with a 4xx, with no call to OpenAI and nothing stored, for every kind."
    may_clean: bool = False
    may_follow_the_name: bool = False
    has_longest: bool = False
    comes_last: bool = False

    @property
    def id(self) -> str:
        """The criterion's identifier."""
        return f"{SECTION}.{self.name}"


def _missing_prompt(offer: Offer, wording: Wording) -> Iterator[WrongRequest]:
    yield WrongRequest("no prompt at all", {"prompt": None})


def _blank_prompt(offer: Offer, wording: Wording) -> Iterator[WrongRequest]:
    yield WrongRequest("an empty prompt", {"prompt": ""})
    yield WrongRequest("a prompt of spaces only", {"prompt": wording.blank()})


def _oversized_prompt(offer: Offer, wording: Wording) -> Iterator[WrongRequest | NotApplicable]:
    limit = longest_prompt(offer)
    place = offer.prompt_input.location if offer.prompt_input else None
    length = LARGEST_LIMIT + 1 if limit is None else limit + 1
    if place in _IN_HEAD and length > _MOST_IN_HEAD:
        yield NotApplicable(
            f"a prompt of {length} characters",
            "a prompt in an address or a header can't be long: servers refuse such a request by themselves",
        )
    elif limit is None:
        # a text's limit is the app's own to set: where it states none, it is asked with more than any limit allows
        asked = f"a prompt of {length} characters (no limit is documented)"
        yield WrongRequest(asked, {"prompt": _ENDLESS}, documented=False)
    else:
        yield WrongRequest(f"a prompt of {length} characters", length=length)


def _wrong_file_type(offer: Offer, wording: Wording) -> Iterator[WrongRequest | NotApplicable]:
    asked = "a file type that is not offered"
    if offer.type_input and offer.type_input.name.lower() == "accept":
        yield NotApplicable(asked, "a server may disregard the header Accept (RFC 9110, 12.5.1)")
    elif offer.type_input:
        others = [each for each in _NO_FILE_TYPES if each not in offer.type_input.choices]
        yield WrongRequest(asked, {"type": wording.one_of(others)})
    elif offer.kind_by_extension:
        name = f"{wording.stem()}.{wording.one_of(_NO_EXTENSIONS)}"
        yield WrongRequest("a file whose extension is not offered", {"path": name})
    else:
        yield NotApplicable(asked, "the design has no input that chooses the file type")


def _extension_mismatch(offer: Offer, wording: Wording) -> Iterator[WrongRequest | NotApplicable]:
    asked = "an extension that contradicts the kind"
    if offer.path_input is None:
        yield NotApplicable(asked, "the caller does not name the file")
    elif not offer.extension_given:
        yield NotApplicable(asked, "the app chooses the extension")
    else:
        # where the extension chooses the kind, what comes of another one shows whether it does
        end = _another_extension(offer, offer.path_input)
        yield WrongRequest(
            f"{a_file(offer.kind)} to be kept in a file that ends with .{end}",
            {"path": f"{wording.stem()}.{end}"},
        )


def _another_extension(offer: Offer, name: Input) -> str:
    """An extension of another kind's, such as a name may have by its pattern: one that it may not have is refused for that."""
    kinds: tuple[Kind, ...] = ("image", "text", "audio")
    others = [each for kind in kinds if kind != offer.kind for each in EXTENSIONS[kind]]
    usual = str(offer.values.get(f"{name.location}:{name.name}", ""))
    stem = usual.rpartition(".")[0] or usual
    pattern = name.pattern
    if pattern is None or not stem:
        return others[0]
    return next((each for each in others if patterns.fits(pattern, f"{stem}.{each}")), others[0])


def _unsafe_path(offer: Offer, wording: Wording) -> Iterator[WrongRequest | NotApplicable]:
    if offer.path_input is None:
        yield NotApplicable("a path that leaves its folder", "the caller does not name the file")
        return
    usual = str(offer.values.get(f"{offer.path_input.location}:{offer.path_input.name}", ""))
    extension = usual.rpartition(".")[2] if "." in usual else EXTENSIONS[offer.kind][0]
    up = f"../../{wording.folder()}/{wording.stem()}.{extension}"
    yield WrongRequest("a path that begins with ../../", {"path": up})
    if offer.named_by_effect:  # a title, for all that is known: without one, the app may choose a name
        return
    yield WrongRequest("an empty path", {"path": ""})
    yield WrongRequest("a path with an empty name (folder/)", {"path": f"{wording.folder()}/"})


BAD_INPUTS: tuple[BadInput, ...] = (
    BadInput(
        "missing_prompt",
        "A request without a prompt is refused",
        "What does your endpoint do when the prompt is not there at all?",
        "a request without a prompt",
        _missing_prompt,
    ),
    BadInput(
        "blank_prompt",
        "An empty or blank prompt is refused",
        "Three spaces are a string, too. Is it worth a call to OpenAI?",
        "an empty or blank prompt",
        _blank_prompt,
    ),
    BadInput(
        "oversized_prompt",
        "A prompt longer than the API takes is refused",
        "How long may a prompt be for each kind? Say so in the document, and refuse more before calling OpenAI.",
        "a prompt that is too long",
        _oversized_prompt,
        has_longest=True,
        comes_last=True,
    ),
    BadInput(
        "wrong_file_type",
        "A file type that you don't offer is refused",
        "Which values may the type have? An enum refuses all others for you.",
        "a type that you don't offer",
        _wrong_file_type,
        part="type",
    ),
    BadInput(
        "extension_mismatch",
        "An extension that contradicts the kind is refused",
        "A picture stored as story.txt: who would open it? Compare the extension with the kind before you call OpenAI.",
        "an extension that contradicts the kind",
        _extension_mismatch,
        part="path",
        may_follow_the_name=True,
    ),
    BadInput(
        "unsafe_path",
        "A path such as ../../etc/x.txt is refused",
        "Which characters and segments may a path have? Refuse “..”, a leading slash and an empty name.",
        "a path such as `../../etc/x.txt`",
        _unsafe_path,
        part="path",
        well="No path led out of the app's own area, for any kind.",
        may_clean=True,
    ),
)

LAST = frozenset(declared.id for declared in BAD_INPUTS if declared.comes_last)
