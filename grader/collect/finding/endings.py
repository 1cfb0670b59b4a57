"""Which ending a file's name is tried with, where the name has to fit the kind that another input chooses."""

from collections.abc import Sequence

from grader.collect.finding.field_roles import extensions, role
from grader.collect.finding.fitting import admits, file_name
from grader.evidence import Kind
from grader.operations import Field


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
