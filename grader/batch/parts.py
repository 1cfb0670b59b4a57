"""Reads the owner from a name that a platform put together of a person's names, login and number."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from grader.batch.names import keys_of, parts_of, runs_of

if TYPE_CHECKING:
    from grader.batch.roster import Learner


class Match(NamedTuple):
    """`owners`: whose it is; `certain`: by name and login; `candidates`: whose it may be, where that is open."""

    owners: "tuple[Learner, ...]" = ()
    certain: bool = False
    candidates: "tuple[Learner, ...]" = ()


def _login_of(part: str) -> str:
    """What stands before the `@` of an address, in small letters: often a login, where the roster has no addresses."""
    before, at, _ = part.casefold().partition("@")
    return before if at and not before.isdigit() else ""


def match_parts(
    handles: Sequence[str], ids: "Mapping[str, Sequence[Learner]]", by_name: "Mapping[str, Sequence[Learner]]"
) -> Match:
    """Whose names and logins are in `Schmidt_Anna_aschmidt_17` or `Schmidt, Anna(aschmidt)`.

    A number is nobody's by itself. A login without its owner's name, or two answers, are candidates for a question.

    Args:
        handles: the names.
        ids: an identifier in small letters → those who have it.
        by_name: a name, as `keys_of` writes it → those who are called so.
    """
    logins = {
        learner.id: learner
        for handle in handles
        for part in parts_of(handle)
        if not part.isdigit()
        for learner in ids.get(part.casefold(), ()) or ids.get(_login_of(part), ())
    }
    named = {
        learner.id: learner
        for handle in handles
        for run in runs_of(handle)
        for key in keys_of(run)
        for learner in by_name.get(key, ())
    }
    both = tuple(learner for id, learner in logins.items() if id in named)
    if len(both) == 1 and len(logins) == 1:
        return Match(both, certain=True)
    if len(named) == 1 and not logins:
        return Match(tuple(named.values()))
    return Match(candidates=tuple({**logins, **named}.values()))
