"""Why an app did not start: the exception and the learner's own line, read from its output."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

_TRACEBACK = "Traceback (most recent call last):"
_STACK = re.compile(r"(?:Current thread|Thread) 0x[0-9a-f]+.*\(most recent call first\):")
_AGAIN = "Timeout ("
_FRAME = re.compile(r'^\s*File "([^"]+)", line (\d+)(?:,? in (.+))?$')
_EXCEPTION = re.compile(r"^([A-Za-z_][\w.]*)(?::\s?(.*))?$")
_LOGGED = re.compile(
    r"^(?:INFO|ERROR|WARNING|DEBUG|CRITICAL)\b|^\[?\d{4}-\d\d-\d\d|^During handling|^The above exception"
)
_NOISE = re.compile(r"\s*For further information visit \S+|\s*\[type=[^\n]*\]", re.MULTILINE)
_MOST_LINES, _LONGEST, _MOST_TRACEBACKS = 30, 600, 10


@dataclass(frozen=True)
class Frame:
    """One call: `file` as the traceback has it, or relative to the submission if it is one of its own."""

    file: str
    line: int
    function: str
    source: str
    own: bool


@dataclass(frozen=True)
class StartFailure:
    """What ended a start.

    `exception`: its type's last name; empty if the app was still busy when its time was over. `message`: its text,
    several lines if it has several. `frames`: outermost first. `others`: the exceptions that were shown beside it, such
    as the one that it was raised from.
    """

    exception: str
    message: str
    frames: tuple[Frame, ...] = ()
    others: tuple["StartFailure", ...] = ()

    @property
    def own(self) -> tuple[Frame, ...]:
        """The frames in the submission's own code."""
        return tuple(frame for frame in self.frames if frame.own)

    @property
    def sentence(self) -> str:
        """The learner's line, and what it led to; one line, cut to a length."""
        where = ""
        if self.own:
            frame = self.own[-1]
            code = f" ({frame.source})" if frame.source else ""
            where = f"{frame.file}, line {frame.line}{code}: "
        if not self.exception:
            return f"{where}it was still busy there." if where else "it was still waiting."
        text = "; ".join(part.strip() for part in _NOISE.sub("", self.message).splitlines() if part.strip())
        return f"{where}{self.exception}{f': {text}' if text else ''}"[:_LONGEST]


def read_failure(log: str, root: str) -> StartFailure | None:
    """The last exception that a log shows, or the place where a program hung; None if it shows neither.

    Args:
        log: what the app printed.
        root: the submission's folder, as the app sees it.
    """
    lines = log.splitlines()
    starts = [number for number, line in enumerate(lines) if _TRACEBACK in line]
    found = [one for start in starts[-_MOST_TRACEBACKS:] if (one := _exception(lines[start + 1 :], root))]
    if not found:
        return _stack(lines, root) or _without_traceback(lines)
    # one that has no line of the learner's own says less than the one that it was caused by
    best = next((one for one in reversed(found) if one.own), found[-1])
    return replace(best, others=tuple(one for one in reversed(found) if one is not best))


def _frames(lines: Sequence[str], root: str) -> tuple[list[Frame], int]:
    """The frames at the beginning of some lines, and how many lines they take."""
    frames: list[Frame] = []
    number = 0
    while number < len(lines):
        match = _FRAME.match(lines[number])
        if match is None:
            if not lines[number].startswith(" ") or not frames:
                break
            if not frames[-1].source and set(lines[number].strip()) - set("^~ "):
                last = frames[-1]
                frames[-1] = Frame(last.file, last.line, last.function, lines[number].strip()[:160], last.own)
            number += 1
            continue
        file = match[1]
        own = file.startswith(f"{root}/") and "/site-packages/" not in file
        frames.append(
            Frame(file.removeprefix(f"{root}/") if own else file, int(match[2]), match[3] or "", "", own)
        )
        number += 1
    return frames, number


def _exception(lines: Sequence[str], root: str) -> StartFailure | None:
    frames, taken = _frames(lines, root)
    if taken >= len(lines):
        return None
    match = _EXCEPTION.match(lines[taken])
    if match is None:
        return None
    text = [match[2] or ""]
    for line in lines[taken + 1 : taken + _MOST_LINES]:
        if not line.strip() or _LOGGED.match(line) or _TRACEBACK in line:
            break
        text.append(line)
    return StartFailure(match[1].rpartition(".")[2], "\n".join(text).strip(), tuple(frames))


def _stack(lines: Sequence[str], root: str) -> StartFailure | None:
    """Where a program was when its time was over: `faulthandler` writes the innermost call first."""
    stacks: list[StartFailure] = []
    for number in reversed(range(len(lines))):
        if stacks and lines[number].startswith(_AGAIN):
            break  # it is printed several times, and where it was before is not where it hangs
        if _STACK.search(lines[number]):
            frames, _ = _frames(lines[number + 1 :], root)
            stacks.append(StartFailure("", "", tuple(reversed(frames))))
            if any(frame.own for frame in frames):
                return stacks[-1]
    # none is in the learner's own code: a client that waits in a thread of its own is in another one than the server
    return replace(stacks[0], others=tuple(stacks[1:_MOST_TRACEBACKS])) if stacks else None


def _without_traceback(lines: Sequence[str]) -> StartFailure | None:
    """The last words of a program that ended by itself."""
    printed = [line.strip() for line in lines if line.strip() and not line.startswith("INFO")]
    if not printed:
        return None
    match = _EXCEPTION.match(printed[-1])
    if match and match[1].endswith(("Error", "Exception", "Exit")):
        return StartFailure(match[1].rpartition(".")[2], match[2] or "")
    return StartFailure("It printed", printed[-1][:300])
