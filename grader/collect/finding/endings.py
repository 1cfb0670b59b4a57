"""Which ending a file's name is tried with, where the name has to fit the kind that another input chooses."""

import re
from collections.abc import Iterator, Sequence

from grader.collect.finding.field_roles import extensions, offered_kinds, role
from grader.collect.finding.fitting import admits, file_name
from grader.evidence import Kind
from grader.operations import Field, Operation

_ENDING = re.compile(r"(?<![\w.])\.([A-Za-z][A-Za-z0-9]{1,4})\b")
_LONGEST = 2_000  # characters of a refusal
_MOST_NAMED = 3


def namings(shape: Sequence[Field], kinds: Sequence[Kind], choice: str) -> list[tuple[Kind, str]]:
    """A kind and an extension for each try of a choice: one for each kind whose extension the file's name may have.

    Where no name is bound to extensions, or there is none, the first kind is enough: nothing is known of the others.
    """
    bound = [one for one in shape if role(one) == "path" and isinstance(one.schema.get("pattern"), str)]
    first = kinds[0], extensions(kinds[0], choice)[0]
    fitting = [
        (kind, extension)
        for kind in kinds
        for extension in [each for each in extensions(kind, choice) if _may_end(bound, each)][:1]
    ]
    return fitting if bound and fitting else [first]


def _may_end(names: Sequence[Field], extension: str) -> bool:
    return all(file_name(extension, one.schema).endswith(f".{extension}") for one in names) and all(
        admits(one.schema, file_name(extension, one.schema)) for one in names
    )


def named_endings(refusal: str, asked: str) -> list[str]:
    """The extensions that a refusal names, beside the one that was asked for, without the dot: "It has to end with .aac."."""
    named = (each.lower() for each in _ENDING.findall(refusal[:_LONGEST]))
    return [each for each in dict.fromkeys(named) if each != asked][:_MOST_NAMED]


def attempts(operations: Sequence[Operation]) -> Iterator[tuple[Operation, Sequence[Field], Kind, str]]:
    """Each operation for each kind, with the commonest extension; then with another, where a file is named."""
    for operation in operations:
        for position in (0, 1):
            for shape in operation.shapes:
                kinds = offered_kinds(operation.shapes, operation.words)
                if not names_kinds(shape):
                    kinds = kinds[: 1 - position]  # nothing to choose: once is enough
                for kind in kinds:
                    yield operation, shape, kind, extensions(kind, operation.words)[position]


def names_kinds(shape: Sequence[Field]) -> bool:
    """Whether an input may say which kind of file is wanted."""
    return any(role(field) in ("path", "type") for field in shape)
