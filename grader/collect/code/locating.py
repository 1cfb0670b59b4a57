"""Locates an operation's function in a submission's code, so that a report can name the file to open."""

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
_DEFINITION = re.compile(r"^([ \t]*)(?:async[ \t]+)?(def|class)[ \t]+(\w+)", re.MULTILINE)
# what the call names after the path: a function, or a class with a method for each of HTTP's
_HANDLER = re.compile(
    r"\s*,\s*(?:(?:view_func|endpoint|route|handler|view)\s*=\s*)?([A-Za-z_][\w.]{0,200})(?!\s*=)"
)
# up to what is not indented
_OF_A_CLASS = re.compile(r"^class[ \t]+(\w+).*(?:\n(?![^\s#]).*)*", re.MULTILINE)
_CLASS_PATH = re.compile(
    r"^[ \t]+path[ \t]*(?::[^=\n]{0,80})?=[ \t]*[\"'](/[^\"'\n]{0,300})[\"']", re.MULTILINE
)
_IN_A_CLASS = re.compile(r"^[ \t]+@(get|post|put|patch)\((?!\s*(?:path\s*=\s*)?r?[\"'])", re.MULTILINE)
_PLACE = re.compile(r"\{[^{}]*\}|<[^<>]*>")


@dataclass(frozen=True)
class _Registration:
    """A path that the code registers. `method`: nothing where the call does not say it; `handler`: as the call names it."""

    method: str
    path: str
    where: str
    handler: str = ""


def locate(offers: Sequence[Offer], root: Path, files: Container[str] = ()) -> list[Offer]:
    """The offers, each with the place of its function, as far as it can be found.

    Args:
        offers: what was found.
        root: the submission.
        files: the modules that the app leads to, which come before others that register the same path.
    """
    defined: dict[str, list[str]] = {}
    found = sorted(_registered(root, defined), key=lambda one: one.where.partition(", line ")[0] not in files)
    return [
        offer.model_copy(
            update={
                "code": _best(
                    offer.path,
                    [
                        (one.path, _handled(one, offer.method, defined))
                        for one in found
                        if one.method in ("", offer.method)
                    ],
                )
            }
        )
        for offer in offers
    ]


def _handled(one: _Registration, method: str, defined: Mapping[str, Sequence[str]]) -> str:
    """The place of what a registration leads to, if one definition alone has that name; else its own."""
    name = one.handler.removesuffix(".as_view").rpartition(".")[2]
    for each in (f"{name}.{method.lower()}", name) if name else ():
        if len(places := defined.get(each, [])) == 1:
            return f"{places[0]}, {each}"
    return one.where


def _registered(root: Path, defined: dict[str, list[str]]) -> Iterator[_Registration]:
    """Each path that the code registers. `defined` gets each function, class and method, by its name, with its places."""
    files = [file for file in sorted(root.rglob("*.py")) if not is_test(file.relative_to(root).as_posix())]
    for file in files[:_MOST_FILES]:
        try:
            text = reading.read_text(file, _LARGEST)
        except reading.Unreadable:
            continue
        called = reading.show_name(file.relative_to(root))
        for name, line in _definitions(text):
            defined.setdefault(name, []).append(f"{called}, line {line}")
        for match in _REGISTERS.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            decorates = text.rfind("\n", 0, match.start()) + 1
            is_decorator = text[decorates : match.start()].lstrip().startswith("@") or match[0].startswith(
                "@"
            )
            function = _DEFINES.search(text, match.end()) if is_decorator else None
            handler = None if is_decorator else _HANDLER.match(text, match.end())
            name = f", {function[1]}" if function else ""
            method = (match["method"] or "").upper()
            where = f"{called}, line {line}{name}"
            yield _Registration(method, match["path"], where, handler[1] if handler else "")
        yield from _in_classes(text, called)


def _in_classes(text: str, called: str) -> Iterator[_Registration]:
    """What a class registers at a path that it has as a whole, as Litestar's controllers do."""
    for block in _OF_A_CLASS.finditer(text):
        path = _CLASS_PATH.search(text, block.start(), block.end())
        for match in _IN_A_CLASS.finditer(text, block.start(), block.end()) if path else ():
            function = _DEFINES.search(text, match.end(), block.end())
            line = text.count("\n", 0, match.start(1)) + 1
            name = f", {block[1]}.{function[1]}" if function else ""
            assert path
            yield _Registration(match[1].upper(), path[1], f"{called}, line {line}{name}")


def _definitions(text: str) -> Iterator[tuple[str, int]]:
    """Functions, classes and their methods, such as "Orders.post", with the lines of a module where they begin."""
    inside, line, at = "", 1, 0
    for match in _DEFINITION.finditer(text):
        line, at = line + text.count("\n", at, match.start()), match.start()
        indented, sort, name = match.groups()
        if not indented:
            inside = name if sort == "class" else ""
            yield name, line
        elif inside and sort == "def":
            yield f"{inside}.{name}", line


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
