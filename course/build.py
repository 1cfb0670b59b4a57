"""Build the course as a web page: `make site`, or `python -m course.build`; it lies in `build/site` then.

The pages are the solved notebooks with what they show. An exercise is shown as learners get it, one answer folded below.
"""

import html
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat

from grader.release import BEGIN, without_solutions

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "answer-key" / "notebooks"
PAGES = ROOT / "build" / "course"
SITE = ROOT / "build" / "site"
_WIDGET = "application/vnd.jupyter.widget-view+json"


def page_of(notebook: nbformat.NotebookNode, name: str) -> nbformat.NotebookNode:
    """A notebook for reading: exercises with their answers folded, panels as words, pictures beside the page."""
    cells = []
    for cell in notebook.cells:
        cell.source = cell.source.replace("../../assets/", "assets/")
        if cell.cell_type == "code":
            for output in cell.outputs:
                output.get("data", {}).pop(_WIDGET, None)  # a panel needs a kernel; its words stay
        if BEGIN not in cell.source:
            cells.append(cell)
            continue
        answer = _answer(cell.source)
        cell.source, cell.outputs = without_solutions(cell.source, name), []
        cells += [cell, nbformat.v4.new_markdown_cell(answer)]  # type: ignore[no-untyped-call]
    notebook.cells = cells
    return notebook


def _answer(source: str) -> str:
    lines = [line for line in source.splitlines() if "SOLUTION" not in line]
    code = html.escape("\n".join(lines))
    return f"<details><summary>One answer</summary><pre><code>{code}</code></pre></details>"


def prepare(pages: Path) -> None:
    """Write every page into a folder."""
    shutil.rmtree(pages, ignore_errors=True)
    shutil.copytree(ROOT / "assets", pages / "assets", ignore=shutil.ignore_patterns("*.toml"))
    for name in ("index.md", "instructors.md"):
        shutil.copy(ROOT / "course" / name, pages / name)
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        notebook = nbformat.read(path, 4)  # type: ignore[no-untyped-call]
        nbformat.write(page_of(notebook, path.name), pages / path.name)  # type: ignore[no-untyped-call]


def render(pages: Path, site: Path) -> int:
    """Let MkDocs make the site of them: 0 if it stands; a link that leads nowhere is an error, and is printed."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", "course/mkdocs.yml"]
    places = {"COURSE_PAGES": str(pages), "COURSE_SITE": str(site), "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(  # noqa: S603 - our own command line
        command,
        cwd=ROOT,
        env={**os.environ, **places},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        print(
            "\n".join(line for line in done.stdout.splitlines() if not line.startswith("INFO")),
            file=sys.stderr,
        )
    return done.returncode


def main() -> int:
    """The exit code."""
    prepare(PAGES)
    code = render(PAGES, SITE)
    if code == 0:
        print(f"The course is in {SITE.relative_to(ROOT)}: open index.html there, or serve the folder.")
    return code


if __name__ == "__main__":
    sys.exit(main())
