"""A submission's declared packages as data that may leave a sandbox: names, versions, markers.

Every field has strict bounds and one canonical form, so that its receiver can check it without trust in
its writer. Nothing in it is a URL, a path or an option of an installer.
"""

import re
from collections.abc import Iterable
from typing import Annotated

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

MOST_REQUIREMENTS = 300
MOST_IGNORED = 100
MOST_LIMITS = 1_000
LONGEST = 300  # characters of a requirement, and of a sentence
_LONGEST_PYTHON = 100

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")
_CLAUSE = re.compile(r"(?:~=|===?|!=|<=|>=|<|>)[A-Za-z0-9.*+!_-]{1,60}")
# printable ASCII without what quotes, comments, continues or ends a line in a file of requirements
_MARKER = re.compile(r"[A-Za-z0-9 ()'\"<>=!~.,_+*/-]*")
_QUOTED = re.compile(r"\"[^\"']*\"|'[^\"']*'")


class Unusable(ValueError):
    """A text that is no requirement of the kind that the grader takes; the text says why."""


def canonical(text: str) -> str:
    """The one form of a requirement: normalised name and extras, sorted versions, marker.

    https://packaging.python.org/en/latest/specifications/dependency-specifiers/

    Raises:
        Unusable: it is no requirement, names a URL or a path, or is longer than `LONGEST` characters.
    """
    if len(text) > LONGEST:
        raise Unusable(f"it is longer than {LONGEST} characters")
    if not (text.isascii() and text.isprintable()):
        raise Unusable("it has characters that no requirement has")
    try:
        parsed = Requirement(text)
        made = _written(parsed)
    except (InvalidRequirement, ValueError, RecursionError) as error:
        if isinstance(error, Unusable):
            raise
        raise Unusable("it is not a name with version ranges") from None
    if len(made) > LONGEST:
        raise Unusable(f"it is longer than {LONGEST} characters")
    return made


def _written(parsed: Requirement) -> str:
    if parsed.url is not None:
        raise Unusable("it names an address instead of versions")
    if not _NAME.fullmatch(parsed.name) or not all(map(_NAME.fullmatch, parsed.extras)):
        raise Unusable("its name is not one that a package can have")
    extras = ",".join(sorted({canonicalize_name(extra) for extra in parsed.extras}))
    versions = canonical_versions(str(parsed.specifier))
    marker = f" ; {_checked_marker(parsed.marker)}" if parsed.marker is not None else ""
    return canonicalize_name(parsed.name) + (f"[{extras}]" if extras else "") + versions + marker


def _checked_marker(marker: Marker) -> str:
    text = str(marker)
    if not _MARKER.fullmatch(text) or re.search("[\"']", _QUOTED.sub("", text)):
        raise Unusable("its marker has characters that no marker needs")
    return text


def canonical_versions(text: str) -> str:
    """Version ranges in their one form, empty for any version.

    Raises:
        Unusable: they are none.
    """
    try:
        made = str(SpecifierSet(text))
    except InvalidSpecifier:
        raise Unusable("its versions are not ranges that packages have") from None
    if made and not all(map(_CLAUSE.fullmatch, made.split(","))):
        raise Unusable("its versions are not ranges that packages have")
    return made


def readable(text: str, most: int = LONGEST) -> str:
    """A text in one line of printable characters, cut to a length."""
    cut = text[: most + 1]
    plain = "".join(character if character.isprintable() else "�" for character in cut)
    return plain if len(plain) <= most else plain[: most - 1] + "…"


def _is_canonical(requirement: str) -> str:
    if canonical(requirement) != requirement:
        raise ValueError("a requirement is not in its canonical form")
    return requirement


def _is_readable(sentence: str) -> str:
    if readable(sentence) != sentence:
        raise ValueError("a sentence has characters that can't be shown")
    return sentence


def _are_python_versions(text: str) -> str:
    if not text or canonical_versions(text) != text:
        raise ValueError("the versions of Python are not in their canonical form")
    return text


def _are_sorted(requirements: tuple[str, ...]) -> tuple[str, ...]:
    if list(requirements) != sorted(set(requirements)):
        raise ValueError("requirements are not sorted, or not each once")
    return requirements


def _are_names(names: tuple[str, ...]) -> tuple[str, ...]:
    if any(not _NAME.fullmatch(name) or canonicalize_name(name) != name for name in names):
        raise ValueError("a name is not one that a package can have, in its normal form")
    return _are_sorted(names)


_Requirement = Annotated[str, Field(max_length=LONGEST), AfterValidator(_is_canonical)]
_Sentence = Annotated[str, Field(max_length=LONGEST), AfterValidator(_is_readable)]


class Declaration(BaseModel):
    """What the files of a submission declare.

    Attributes:
        requirements: names with extras, version ranges and markers, canonical, sorted, each once.
        python: versions of Python that it asks for, such as ">=3.11"; None if it doesn't say.
        ignored: a sentence for each thing in those files that has no effect.
        optional: names of packages that only an extra, a group or a file for developers asks for, sorted; they are
            installed where they fit beside the others.
        limits: versions of packages that the others bring along, as a lock file names them; they hold if all of them fit.
        absent: names of packages that are not installed, whoever asks for them.
        before: a day, such as "2024-07-01"; versions that were published later are left out if there are others that fit.
    """

    # strict but for the lists: within a tagged union pydantic hands them on as Python's, which a strict tuple refuses
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    requirements: Annotated[
        tuple[_Requirement, ...],
        Field(max_length=MOST_REQUIREMENTS, strict=False),
        AfterValidator(_are_sorted),
    ] = ()
    python: Annotated[str, Field(max_length=_LONGEST_PYTHON), AfterValidator(_are_python_versions)] | None = (
        None
    )
    ignored: Annotated[tuple[_Sentence, ...], Field(max_length=MOST_IGNORED, strict=False)] = ()
    optional: Annotated[
        tuple[str, ...], Field(max_length=MOST_REQUIREMENTS, strict=False), AfterValidator(_are_names)
    ] = ()

    limits: Annotated[
        tuple[_Requirement, ...], Field(max_length=MOST_LIMITS, strict=False), AfterValidator(_are_sorted)
    ] = ()

    absent: Annotated[
        tuple[str, ...], Field(max_length=MOST_REQUIREMENTS, strict=False), AfterValidator(_are_names)
    ] = ()

    before: Annotated[str, Field(pattern=r"^(?:20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))?$")] = ""

    def applying(self) -> tuple[str, ...]:
        """The requirements whose markers hold for this Python on this machine, without their markers."""
        found = []
        for text in self.requirements:
            requirement = Requirement(text)
            if requirement.marker is None or _holds(requirement.marker):
                requirement.marker = None
                found.append(canonical(str(requirement)))
        return tuple(sorted(set(found)))

    def is_optional(self, requirement: str) -> bool:
        """Whether a requirement is of a package that is only installed where it fits."""
        return canonicalize_name(Requirement(requirement).name) in self.optional

    def without(self, names: Iterable[str], why: str) -> "Declaration":
        """The same without some packages; `why` ends a sentence that begins with a package's name."""
        out = frozenset(names)
        kept = [text for text in self.requirements if canonicalize_name(Requirement(text).name) not in out]
        notes = [readable(f"{name} is left out: {why}") for name in sorted(out)]
        made = declare(kept, self.python, [*notes, *self.ignored], self.optional, self.limits)
        return made.model_copy(update={"before": self.before, "absent": self.absent})


def _holds(marker: Marker) -> bool:
    try:
        return bool(marker.evaluate({"extra": ""}))
    except (ArithmeticError, LookupError, TypeError, ValueError, RecursionError):
        return False  # one that compares what can't be compared


def declare(
    requirements: Iterable[str],
    python: str | None,
    ignored: Iterable[str],
    optional: Iterable[str] = (),
    limits: Iterable[str] = (),
) -> Declaration:
    """A declaration within its bounds; what is beyond them is named as ignored."""
    wanted = sorted(set(requirements))
    sentences = list(dict.fromkeys(readable(sentence) for sentence in ignored))
    if len(wanted) > MOST_REQUIREMENTS:
        sentences.insert(
            0, f"Of {len(wanted)} requirements only the first {MOST_REQUIREMENTS} by name are taken."
        )
    if len(sentences) > MOST_IGNORED:
        rest = len(sentences) - MOST_IGNORED + 1
        sentences[MOST_IGNORED - 1 :] = [f"And {rest} more things that were ignored."]
    if python is not None and len(python) > _LONGEST_PYTHON:
        python = None
    kept = tuple(wanted[:MOST_REQUIREMENTS])
    names = {canonicalize_name(Requirement(text).name) for text in kept}
    return Declaration(
        requirements=kept,
        python=python or None,
        ignored=tuple(sentences),
        optional=tuple(sorted(names & set(optional))),
        limits=tuple(sorted(set(limits)))[:MOST_LIMITS],
    )
