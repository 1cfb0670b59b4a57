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

from grader.bad_input import BAD_INPUTS, BadInput
from grader.criteria import BY_ID
from grader.upstream_failures import UPSTREAM_FAILURES, UpstreamFailure

ROOT = Path(__file__).resolve().parents[1]
_NOTEBOOKS = "answer-key/notebooks"
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
    """The notebooks, by number. Title and times are read from its first lines."""
    found = []
    for path in sorted(folder.glob("[0-9][0-9]-*.ipynb")):
        cells = nbformat.read(path, 4).cells  # type: ignore[no-untyped-call]
        words = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        title = re.search(r"(?m)^# \d\d · ([^:\n]+)", words)
        minutes = re.search(r"\*\*Time:\*\* about (\d+) minutes; (\d+) if", words)
        if title is None or minutes is None:
            raise ValueError(
                f"{path.name} begins with no “# 00 · Title”, or has no “**Time:** about 30 minutes; 15 if …”."
            )
        found.append(Lesson(path.name[:2], path.name, title[1], int(minutes[1]), int(minutes[2])))
    return found


def _index(old: str) -> str:
    kept = dict(re.findall(r"(?m)^\| (\d\d) \| [^|]+ \| ([^|]+) \|", old))
    rows = [
        f"| {one.number} | [{one.title}]({one.file}) | {kept.get(one.number, '…')} | {one.beginner} | {one.experienced} |"
        for one in lessons()
    ]
    head = ["| | notebook | you will be able to | beginner | experienced |", "|---|---|---|---|---|"]
    return "\n".join(["", *head, *rows, "", ""])


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
    Part("docs/contract.md", "criteria", _criteria),
    Part("answer-key/README.md", "inputs", lambda old: _checklist(BAD_INPUTS)),
    Part("answer-key/README.md", "failures", lambda old: _checklist(UPSTREAM_FAILURES)),
)


def find_outdated() -> list[str]:
    """The parts that are not as they would be made now, as `page: name`."""
    out = []
    for part in PARTS:
        text = (ROOT / part.page).read_text(encoding="utf-8")
        if part.renewed(text) != text:
            out.append(f"{part.page}: {part.name}")
    return out


def main() -> int:
    """Write every part; the exit code."""
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
