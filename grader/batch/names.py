"""How a person's name may be written."""

import re
import unicodedata
from collections.abc import Callable, Iterable

_A_LOGIN = 3  # letters or digits; less is in many names


def keys_of(value: str) -> list[str]:
    """How a name may be written: as it is, without what is no letter or digit, and with its parts the other way round."""
    value = unicodedata.normalize("NFKC", value)  # macOS takes letters and their marks apart
    plain = re.sub(r"[\W_]+", "", value.casefold())
    parts = re.split(r"[,\s]+", value.casefold().strip())
    turned = re.sub(r"[\W_]+", "", "".join([*parts[1:], parts[0]])) if len(parts) > 1 else ""
    return [key for key in dict.fromkeys((plain, turned)) if len(key) > 1 or key.isdigit()]


def leading(name: str, known: Callable[[str], bool]) -> str:
    """The longest beginning of a file's name, up to a separator, that somebody of the class goes by; empty if there is none.

    So Google Classroom and people name files: `Ada Lovelace - main.py`, `lovelace_main.py`. A number alone is nobody.
    """
    for found in reversed(list(re.finditer(r" - |[_\s-]", name))):
        before = name[: found.start()]
        if name[found.end() :] and re.search(r"[^\W\d_]", before) and known(before):
            return before
    return ""


def split_ending(name: str) -> tuple[str, str]:
    """A file's name, and its ending with the dot: `main`, `.py`; `work`, `.tar.gz`."""
    found = re.fullmatch(r"(?P<stem>.+?)(?P<ending>\.tar\.\w{1,4}|\.\w{1,10})", name, re.DOTALL)
    return (found["stem"], found["ending"]) if found else (name, "")


def trailing(name: str, known: Callable[[str], bool]) -> str:
    """The longest end of a file's name, behind a separator and before its ending, that somebody of the class goes by.

    So Microsoft Forms names files, and people: `main_Ada Lovelace.py`, `main-lovelace.py`. A number alone is nobody.
    """
    stem, ending = split_ending(name)
    for found in re.finditer(r" - |[_\s-]", stem) if ending else ():
        behind = stem[found.end() :]
        if stem[: found.start()] and re.search(r"[^\W\d_]", behind) and known(behind):
            return behind
    return ""


def parts_of(name: str) -> list[str]:
    """The words of a name that a platform put together: `Schmidt_Anna_aschmidt_17`, `Schmidt, Anna(aschmidt)`, `Anna <a@x.org>`."""
    return [each for each in re.split(r"[_(),<>\[\]\s]+", unicodedata.normalize("NFKC", name)) if each]


def runs_of(name: str) -> list[str]:
    """Two to five neighbouring words of such a name, as a person's may be."""
    parts = parts_of(name)
    return [
        " ".join(parts[at : at + length])
        for length in range(2, min(6, len(parts) + 1))
        for at in range(len(parts) - length + 1)
    ]


def holds(shown: str, name: str) -> bool:
    """Whether all words of a name are in what a platform shows, as where it puts the login before the name."""
    words = {each.casefold() for each in parts_of(name)}
    return len(words) > 1 and words <= {each.casefold() for each in parts_of(shown)}


def sortable(name: str) -> str:
    """By what a name is sorted: letters without their marks, so that Émile comes before Frank."""
    return "".join(
        char for char in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(char)
    )


def endings_of(repository: str) -> list[str]:
    """How a repository's name may end with its owner's login, the longest ending first: both may hold dashes."""
    parts = repository.casefold().split("-")
    return ["-".join(parts[at:]) for at in range(len(parts))]


def without_branch(names: Iterable[str]) -> dict[str, str]:
    """Repositories' names without what an archive of a branch adds for all of them: `lab-ada-main`, `lab-ada-main-0f3c…`.

    One name alone tells nothing.
    """
    parts = {name: re.sub(r"-[0-9a-f]{40}$", "", name).split("-") for name in names}
    same = 0
    while len(parts) > 1 and all(len(each) > same + 1 for each in parts.values()):
        if len({each[-1 - same].casefold() for each in parts.values()}) > 1:
            break
        same += 1
    return {name: "-".join(each[: len(each) - same]) for name, each in parts.items()}


def tells(name: str, known: Callable[[str], bool]) -> bool:
    """Whether the name of a file or folder names somebody of the class."""
    stem = name.partition(".")[0] or name
    words = (each for each in parts_of(stem) if not each.isdigit() and len(each) >= _A_LOGIN)
    written = (name, stem, *runs_of(name), *endings_of(name), *endings_of(stem), *words)
    return any(known(each) for each in written) or bool(leading(name, known) or trailing(name, known))
