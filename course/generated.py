"""The parts of pages that are made from the code and the notebooks: `python -m course.generated` writes them.

A part stands between `generated: NAME` and `end of NAME`, each in a comment. Everything around it is written by hand. What
nothing here can know, such as a notebook's summary, is kept from the line that is there.
"""

import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import nbformat

from course.minutes import BEGINNER, EXPERIENCED, content_of
from grader.bad_input import BAD_INPUTS, BadInput
from grader.criteria import BY_ID
from grader.upstream_failures import UPSTREAM_FAILURES, UpstreamFailure

ROOT = Path(__file__).resolve().parents[1]
_NOTEBOOKS = "answer-key/notebooks"
_TIMES = re.compile(r"(\*\*Time:\*\* about )\d+( minutes; )\d+( if)")
_EXTENSIONS = {"module": "module (extension)"}


@dataclass(frozen=True)
class Lesson:
    """One notebook: its number, its file's name, the beginning of its title, and the minutes that it takes.

    `beginner`: for a beginner; `experienced`: for a reader who has used web APIs before.
    """

    number: str
    file: str
    title: str
    beginner: int
    experienced: int


@dataclass(frozen=True)
class Part:
    """One part of a page: which page, the part's name, and its new text, given the old one."""

    page: str
    name: str
    make: Callable[[str], str]

    def renewed(self, text: str) -> str:
        """A page's text with this part made again.

        Raises:
            ValueError: the page has no such part.
        """
        found = re.search(
            rf"(?s)(^[^\n]*generated: {self.name}\b[^\n]*\n)(.*?)(^[^\n]*end of {self.name}\b)", text, re.M
        )
        if found is None:
            raise ValueError(f"{self.page} has no part “generated: {self.name}”.")
        return text[: found.end(1)] + self.make(found[2]) + text[found.start(3) :]


def lessons(folder: Path = ROOT / _NOTEBOOKS) -> list[Lesson]:
    """The notebooks, by number. The title is in their first line; the times are computed: see `course.minutes`."""
    found = []
    for path in sorted(folder.glob("[0-9][0-9]-*.ipynb")):
        cells = nbformat.read(path, 4).cells  # type: ignore[no-untyped-call]
        words = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        title = re.search(r"(?m)^# \d\d · ([^:\n]+)", words)
        if title is None or _TIMES.search(words) is None:
            raise ValueError(
                f"{path.name} begins with no “# 00 · Title”, or has no “**Time:** about 30 minutes; 15 if …”."
            )
        content = content_of(path.name[:2], cells)
        times = content.minutes(BEGINNER), content.minutes(EXPERIENCED)
        found.append(Lesson(path.name[:2], path.name, title[1], *times))
    return found


def _index(old: str) -> str:
    kept = dict(re.findall(r"(?m)^\| (\d\d) \| [^|]+ \| ([^|]+) \|", old))
    rows = [
        f"| {one.number} | [{one.title}]({one.file}) | {kept.get(one.number, '…')} | {one.beginner} | {one.experienced} |"
        for one in lessons()
    ]
    head = ["| | notebook | you will be able to | beginner | experienced |", "|---|---|---|---|---|"]
    return "\n".join(["", *head, *rows, "", ""])


def _pitfalls(old: str) -> str:
    """The instructors' table, with the minutes of beginners in it."""
    for one in lessons():
        old = re.sub(rf"(?m)^(\| {one.number} \| )\d+", rf"\g<1>{one.beginner}", old)
    return old


def _navigation(old: str) -> str:
    # a title may hold a comma or a colon: in quotes, it is plain YAML
    return "".join(f'  - "{one.number} {one.title}": {one.file}\n' for one in lessons())


def _criteria(old: str) -> str:
    rows = [
        f"| {_EXTENSIONS.get(section, section)} | {' '.join(f'`{each.id}`' for each in listed)} |"
        for section, listed in groupby(BY_ID.values(), lambda each: each.section)
    ]
    return "\n".join(["", "| section | identifiers |", "|---|---|", *rows, "", ""])


def _checklist(declared: Iterable[BadInput | UpstreamFailure]) -> str:
    return "".join(f"  - [ ] {each.short} (`{each.id}`)\n" for each in declared)


PARTS = (
    Part("course/index.md", "notebooks", _index),
    Part("course/mkdocs.yml", "notebooks", _navigation),
    Part("course/instructors.md", "minutes", _pitfalls),
    Part("docs/contract.md", "criteria", _criteria),
    Part("answer-key/README.md", "inputs", lambda old: _checklist(BAD_INPUTS)),
    Part("answer-key/README.md", "failures", lambda old: _checklist(UPSTREAM_FAILURES)),
)


def timed(text: str, lesson: Lesson) -> str:
    """A notebook's text with the minutes that it takes now."""
    return _TIMES.sub(rf"\g<1>{lesson.beginner}\g<2>{lesson.experienced}\g<3>", text, count=1)


def find_outdated() -> list[str]:
    """The parts that are not as they would be made now, as `page: name`; of notebooks, the minutes."""
    out = []
    for lesson in lessons():
        text = (ROOT / _NOTEBOOKS / lesson.file).read_text(encoding="utf-8")
        if timed(text, lesson) != text:
            out.append(f"{_NOTEBOOKS}/{lesson.file}: minutes")
    for part in PARTS:
        text = (ROOT / part.page).read_text(encoding="utf-8")
        if part.renewed(text) != text:
            out.append(f"{part.page}: {part.name}")
    return out


def main() -> int:
    """Write every part, and the minutes of each notebook; the exit code."""
    for lesson in lessons():
        notebook = ROOT / _NOTEBOOKS / lesson.file
        before = notebook.read_text(encoding="utf-8")
        if (after := timed(before, lesson)) != before:
            notebook.write_text(after, encoding="utf-8")
            print(f"wrote {_NOTEBOOKS}/{lesson.file}: minutes (then: make release)")
    for part in PARTS:
        file = ROOT / part.page
        before = file.read_text(encoding="utf-8")
        after = part.renewed(before)
        if after != before:
            file.write_text(after, encoding="utf-8")
            print(f"wrote {part.page}: {part.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
