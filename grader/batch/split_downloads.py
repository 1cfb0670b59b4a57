"""Finds the folders of a class that lies in several: parts of one download, or groups of a class.

Google Drive packs what is large into `NAME-20261120T103000Z-001.zip`, `…-002.zip`; OneDrive into `OneDrive_1_11-20-2026.zip`, `OneDrive_2_…`.
A learner's folder may be in two parts of one download. In two folders of other names it may be two assignments, and is asked about.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence

from grader.batch import names

_PART = re.compile(r"(?P<name>.+-\d{8}T\d{6}Z)-\d+(?:-\d+)?|(?P<cloud>OneDrive)_\d+_[\d.-]+", re.IGNORECASE)
_MOST_AROUND = 3  # folders around each part


def is_part(name: str) -> bool:
    """Whether a ZIP's name says that it is one part of a download."""
    return name.casefold().endswith(".zip") and _PART.fullmatch(name[: -len(".zip")]) is not None


def find_parts(own: Sequence[str], inside: str, known: Callable[[str], bool]) -> tuple[str, ...]:
    """The folders, each ending in `/`; empty unless every uppermost folder holds names of the class, and is none itself.

    Args:
        own: the paths of a download's files, below `inside`.
        known: whether the class has somebody of that name or identifier.
    """
    by_top: dict[str, list[str]] = defaultdict(list)
    for path in own:
        top, is_folder, rest = path.partition("/")
        if not is_folder or names.tells(top, known):
            return ()
        by_top[top].append(rest)
    found: dict[str, set[str]] = {}
    for top, below in by_top.items():
        folder, held = _innermost(f"{inside}{top}/", [each for each in below if each])
        if not held or 2 * sum(names.tells(each, known) for each in held) < len(held):
            return ()
        found[folder] = held
    several = [
        each for each, count in Counter(each for held in found.values() for each in held).items() if count > 1
    ]
    if len(found) < 2 or (several and not _are_of_one_download(by_top)):
        return ()
    return tuple(found)


def _innermost(folder: str, below: list[str]) -> tuple[str, set[str]]:
    """The folder in which several lie, and what lies there."""
    for _ in range(_MOST_AROUND):
        tops = {each.partition("/")[0] for each in below}
        if len(tops) != 1 or any("/" not in each for each in below):
            break
        [top] = tops
        deeper = [each.partition("/")[2] for each in below]
        if all("/" not in each for each in deeper) and not _PART.search(folder):
            break  # the only learner of that part
        folder, below = f"{folder}{top}/", deeper
    return folder, {each.partition("/")[0] for each in below}


def _are_of_one_download(tops: Iterable[str]) -> bool:
    found = [_PART.fullmatch(re.sub(r"(?i)\.zip$", "", top)) for top in tops]
    return (
        len({(each["name"] or each["cloud"]) if each else None for each in found}) == 1 and None not in found
    )
