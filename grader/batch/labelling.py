"""The label of what no platform named: a folder, an archive or a program goes by its name, or by its learner's in it."""

import unicodedata
from collections.abc import Callable

from grader.batch import names
from grader.batch.platforms import ARCHIVE, OTHER_ARCHIVE, PROGRAM, Label


def by_itself(top: str, is_folder: bool, known: Callable[[str], bool]) -> Label | None:
    """The label of an uppermost file or folder; None for a file that says nobody's name, and is no program.

    Args:
        known: whether the class has somebody of that name or identifier.
    """
    top = unicodedata.normalize("NFC", top)
    if not is_folder and (named := _of_somebody(top, known)):
        person, file = named
        return Label("named", f"named:{person.casefold()}", person, person, file=file)
    stem = top if is_folder else ARCHIVE.sub("", top)
    if not is_folder and stem == top:
        stem = OTHER_ARCHIVE.sub("", top)
        if stem == top:
            stem = top.rpartition(".")[0] or top
            if not PROGRAM.search(top) and not known(stem) and not names.tells(stem, known):
                return None
    return Label("plain", f"plain:{stem}", stem, stem, file="" if is_folder else top)


def _of_somebody(top: str, known: Callable[[str], bool]) -> tuple[str, str] | None:
    """Whose name stands before a file's name or behind it, and the file's name; None where two people are named."""
    before, behind = names.leading(top, known), names.trailing(top, known)
    if before and behind and names.keys_of(before) != names.keys_of(behind):
        return None
    if before:
        return before, top[len(before) :].lstrip(" _-") or top
    if not behind:
        return None
    stem, ending = names.split_ending(top)
    return behind, f"{stem[: -len(behind)].rstrip(' _-')}{ending}"
