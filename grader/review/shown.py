"""Prepares a view for a page: source lines with marks, within what a browser can handle."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from grader.review.viewing import SourceFile, View

_MOST_LINES = 4_000  # of one file
_MOST_LINES_TOGETHER = 20_000
_LONGEST = 600  # characters of a line


@dataclass(frozen=True)
class ShownLine:
    """One line. `mark`: "", "new" (not in the attempt before), or "same" (in the other's work, too)."""

    number: int
    text: str
    mark: str = ""


@dataclass(frozen=True)
class ShownFile:
    """One file; `anchor` begins the identifiers of its lines. `gone`: lines of the attempt before that it has no more."""

    path: str
    anchor: str
    lines: tuple[ShownLine, ...]
    left_out: int
    is_new: bool = False
    gone: tuple[str, ...] = ()

    @property
    def marked(self) -> int:
        """How many lines are marked."""
        return sum(bool(line.mark) for line in self.lines)


def files(
    view: View, marks: Mapping[str, Mapping[int, str]] | None = None, prefix: str = "f"
) -> list[ShownFile]:
    """The files of a view; `marks`: path → line → mark."""
    found = []
    left = _MOST_LINES_TOGETHER
    for at, source in enumerate(view.sources):
        lines = _lines(source)
        kept = lines[: min(_MOST_LINES, max(0, left))]
        left -= len(kept)
        marked = (marks or {}).get(source.path, {})
        found.append(
            ShownFile(
                source.path,
                f"{prefix}{at}",
                tuple(
                    ShownLine(
                        number,
                        text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …",
                        marked.get(number, ""),
                    )
                    for number, text in enumerate(kept, 1)
                ),
                len(lines) - len(kept),
            )
        )
    return found


def since(now: View, before: View) -> list[ShownFile]:
    """The files in which something is different from the attempt before: new lines marked, lines that are gone listed.

    A line counts as new if the earlier file does not have it anywhere, so that code that moved is not new.
    """
    earlier = {source.path: set(_lines(source)) for source in before.sources}
    marks: dict[str, dict[int, str]] = {}
    gone: dict[str, tuple[str, ...]] = {}
    for source in now.sources:
        lines, old = _lines(source), earlier.get(source.path, set())
        marks[source.path] = {
            number: "new" for number, text in enumerate(lines, 1) if text.strip() and text not in old
        }
        present = set(lines)
        gone[source.path] = tuple(
            text[:_LONGEST] for text in _lines_of(before, source.path) if text.strip() and text not in present
        )[:200]
    shown = files(now, marks)
    return [
        ShownFile(
            each.path, each.anchor, each.lines, each.left_out, each.path not in earlier, gone[each.path]
        )
        for each in shown
        if each.marked or gone[each.path]
    ]


def find_removed(now: View, before: View) -> list[str]:
    """Files that the attempt before had."""
    present = {source.path for source in now.sources}
    return [source.path for source in before.sources if source.path not in present]


def alike(one: View, other: View, given: Collection[int]) -> tuple[list[ShownFile], list[ShownFile]]:
    """Both works, the lines marked that have the same shape; files without such lines are left out."""
    shared = ({number for each in one.sources for *_, number in each.shapes} - set(given)) & {
        number for each in other.sources for *_, number in each.shapes
    }
    left = files(one, _same(one.sources, shared), "a")
    right = files(other, _same(other.sources, shared), "b")
    return [each for each in left if each.marked], [each for each in right if each.marked]


def _same(sources: Sequence[SourceFile], shared: Collection[int]) -> dict[str, dict[int, str]]:
    marks: dict[str, dict[int, str]] = {}
    for source in sources:
        marked = marks.setdefault(source.path, {})
        for first, last, number in source.shapes:
            if number in shared:
                for line in range(first, min(last, first + 60) + 1):
                    marked[line] = "same"
    return marks


def _lines(source: SourceFile) -> list[str]:
    return source.text.split("\n")


def _lines_of(view: View, path: str) -> list[str]:
    return next((_lines(source) for source in view.sources if source.path == path), [])
