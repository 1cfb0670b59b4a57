"""Tracebacks in a learner's output: the frames in their own code."""

import re
from collections.abc import Iterator

_BEGINS = "Traceback (most recent call last):"
_FRAME = re.compile(
    r'^(?P<margin>[ |+]*)File "(?P<file>[^"\n]{1,500})", line (?P<line>\d{1,9})(?:, in (?P<name>\S{1,200}))?'
)
_ERROR = re.compile(r"^[ |+]*(?P<error>[A-Za-z_][\w.]{0,200}(?:: .*)?)$")
_OTHERS = re.compile(r"site-packages|/lib/python\d|^<frozen|(^|/)grader/inside/|^/usr/|^<string>")
_LOGGED = re.compile(r"^(INFO|DEBUG|WARNING|ERROR|CRITICAL)\b")
_SHOWN = 300  # characters of an error's message


def is_own(file: str) -> bool:
    """Whether a file that a traceback names is the submission's own, rather than a package's or the grader's."""
    return not _OTHERS.search(file) and not file.startswith("<")


def without_others(log: str) -> str:
    """A log whose tracebacks show the frames of the submission's own files alone, each with its line of code."""
    out: list[str] = []
    left_out = 0
    own, in_trace = True, False
    for line in log.splitlines():
        frame = _FRAME.match(line) if in_trace or '  File "' in line else None
        if line.lstrip(" |+").startswith(_BEGINS):
            in_trace, own = True, True
        elif frame:
            own = is_own(frame["file"])
        elif in_trace and not line.startswith((" ", "|", "+")):
            in_trace, own = False, True  # the error itself
        if own and left_out:
            out.append(f"  … {left_out} {'frame' if left_out == 1 else 'frames'} of packages left out …")
            left_out = 0
        if own:
            out.append(line)
        elif frame:
            left_out += 1
    return "\n".join(out)


def origin(log: str) -> str:
    """Where in the submission's own code the last traceback of a log comes from, and its error; empty if there is none.

    Such as "service/api.py, line 41, in make: KeyError: 'prompt'".
    """
    places = list(_origins(log))
    return places[-1] if places else ""


def _origins(log: str) -> Iterator[str]:
    place, in_trace = "", False
    lines = log.splitlines()
    for number, line in enumerate(lines):
        if line.lstrip(" |+").startswith(_BEGINS):
            place, in_trace = "", True
            continue
        if not in_trace:
            continue
        frame = _FRAME.match(line)
        if frame:
            if is_own(frame["file"]):
                inside = f", in {frame['name']}" if frame["name"] and frame["name"] != "<module>" else ""
                place = f"{frame['file'].removeprefix('./')}, line {frame['line']}{inside}"
        elif not line.startswith((" ", "|", "+")) and (error := _ERROR.match(line)):
            in_trace = False
            message = error["error"].rstrip()
            if message.endswith(":"):  # some begin their words on a line of their own
                message += next(
                    (f" {each.strip()}" for each in lines[number + 1 : number + 4] if each.strip()), ""
                )
            if place:
                yield f"{place}: {message[:_SHOWN]}"


def from_the_error(log: str) -> str:
    """A log from its first traceback or error on; the whole of it if it has neither."""
    lines = log.splitlines()
    for number, line in enumerate(lines):
        logged = _LOGGED.match(line)
        if line.lstrip(" |+").startswith(_BEGINS) or (logged and logged[1] in ("ERROR", "CRITICAL")):
            return "\n".join(lines[number:])
    return log
