"""Locates an operation's function in a submission's code, so that a report can name the file to open."""

import re
from collections.abc import Container, Iterator, Sequence
from pathlib import Path

from grader import reading
from grader.collect.code.app_files import is_test
from grader.evidence import Offer

_MOST_FILES = 500
_LARGEST = 512 * 1024  # bytes of a file that is read
# a string in a call or a decorator that registers a route, in any framework; what it means is decided by the path
_REGISTERS = re.compile(
    r"(?:\.(?:(?P<method>get|post|put|patch)|route|api_route|add_url_rule|add_api_route|add_route)|\b(?:re_)?path|\bRoute"
    r"|@(?:get|post|put|patch))\(\s{0,50}r?[\"'](?P<path>[^\"'\n]{0,300})[\"']"
)
_DEFINES = re.compile(r"^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)", re.MULTILINE)
_PLACE = re.compile(r"\{[^{}]*\}|<[^<>]*>")


def locate(offers: Sequence[Offer], root: Path, files: Container[str] = ()) -> list[Offer]:
    """The offers, each with the place of its function, as far as it can be found.

    Args:
        offers: what was found.
        root: the submission.
        files: the modules that the app leads to, which come before others that register the same path.
    """
    found = sorted(_registered(root), key=lambda one: one[2].partition(", line ")[0] not in files)
    return [
        offer.model_copy(
            update={"code": _best(offer.path, [one[1:] for one in found if one[0] in ("", offer.method)])}
        )
        for offer in offers
    ]


def _registered(root: Path) -> Iterator[tuple[str, str, str]]:
    """Each path that the code registers: the method, or nothing where the call does not say it; the path; where."""
    files = [file for file in sorted(root.rglob("*.py")) if not is_test(file.relative_to(root).as_posix())]
    for file in files[:_MOST_FILES]:
        try:
            text = reading.read_text(file, _LARGEST)
        except reading.Unreadable:
            continue
        for match in _REGISTERS.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            decorates = text.rfind("\n", 0, match.start()) + 1
            is_decorator = text[decorates : match.start()].lstrip().startswith("@") or match[0].startswith(
                "@"
            )
            defined = _DEFINES.search(text, match.end()) if is_decorator else None
            name = f", {defined[1]}" if defined else ""
            method = (match["method"] or "").upper()
            yield method, match["path"], f"{reading.show_name(file.relative_to(root))}, line {line}{name}"


def _best(path: str, found: Sequence[tuple[str, str]]) -> str:
    """The place whose path is the longest ending of this one: routers have prefixes that are written elsewhere."""
    wanted = _plain(path)
    fitting = [(len(_plain(written)), where) for written, where in found if _ends(wanted, _plain(written))]
    if not fitting:
        return ""
    longest = max(length for length, _ in fitting)
    best = [where for length, where in fitting if length == longest]
    return best[0] if longest or len(best) == 1 else ""


def _ends(wanted: str, written: str) -> bool:
    return wanted.endswith(f"/{written}") or wanted == written if written else True


def _plain(path: str) -> str:
    return _PLACE.sub("{}", path).strip("/^$")
