"""Build the course as a web page: `make site`, or `python -m course.build`; it lies in `build/site` then.

The pages are the solved notebooks with what they show. An exercise is shown as learners get it, one answer folded below.
"""

import html
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat

from classroom.quizzing import Question, quizzes
from course.repository import repository, with_codespaces
from course.terms import PAGE, Linker, glossary
from grader.release import BEGIN, without_solutions

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "answer-key" / "notebooks"
PAGES = ROOT / "build" / "course"
SITE = ROOT / "build" / "site"
_WIDGET = "application/vnd.jupyter.widget-view+json"


def page_of(notebook: nbformat.NotebookNode, name: str) -> nbformat.NotebookNode:
    """A notebook for reading: exercises with their answers folded, panels as words, pictures beside the page."""
    cells, linker = [], Linker()
    for cell in notebook.cells:
        cell.metadata.pop("tags", None)  # they are for programs
        cell.source = cell.source.replace("../../assets/", "assets/")
        if cell.cell_type == "markdown":
            cell.source = linker.linked(cell.source)
        else:
            for output in cell.outputs:
                _without_a_kernel(output)
        if BEGIN not in cell.source:
            cells.append(cell)
            continue
        answer = _answer(cell.source)
        cell.source, cell.outputs = without_solutions(cell.source, name), []
        cells += [cell, nbformat.v4.new_markdown_cell(answer)]  # type: ignore[no-untyped-call]
    notebook.cells = cells
    return notebook


def _without_a_kernel(output: nbformat.NotebookNode) -> None:
    """Show what a panel is for, and the questions of a quiz; pressing its buttons takes a kernel."""
    data = output.get("data", {})
    if data.pop(_WIDGET, None) is None:
        return
    words = str(data.get("text/plain", ""))
    if panel := re.fullmatch(r"\[A panel: (.+)\]", words):
        data["text/html"] = _panel(panel[1])
    elif asked := next(
        (each for each in quizzes().values() if words.startswith(f"1. {each[0].words}")), None
    ):
        data["text/html"] = "".join(_question(number, each) for number, each in enumerate(asked, 1))
    elif words.startswith("Your prediction: "):
        choices = "".join(f"<li>{html.escape(each)}</li>" for each in words[17:].split(" · "))
        data["text/html"] = (
            f'<div class="panel-words"><strong>Your prediction</strong><ul>{choices}</ul></div>'
        )


# what a panel of a notebook does, by its title: a picture of it is in assets/panels/
_PANELS = {
    "Your key": "A field that takes an API key, puts it into the notebook's environment and forgets it.",
    "Playground": "Type a prompt and choose text, picture or voice. You see what came, what it would cost, and the request as code.",
    "Into the limit": "Send calls into a rate limit, and see which are answered, which are refused, and how long each takes.",
    "What it costs": "Move tokens in, tokens out and the model, and see what a call and a thousand calls cost.",
    "The grader's checklist": "Choose a stage and press the button: the grader looks at your endpoint, and lists what passed and what is next.",
    "Your progress": "The exercises of all notebooks, and which of them you have done.",
}


def _panel(title: str) -> str:
    name = "-".join(re.findall(r"[a-z]+", title.lower()))
    words = html.escape(_PANELS.get(title, "It works in the notebook."))
    picture = f"assets/panels/{name}.png"
    shown = f'<img src="{picture}" alt="">' if (ROOT / picture).is_file() else ""
    return f'<div class="panel-words"><strong>{html.escape(title)}</strong> (in the notebook). {words}{shown}</div>'


def _question(number: int, question: Question) -> str:
    """A question with its choices, the answers folded."""
    choices = "".join(f"<li>{html.escape(choice.words)}</li>" for choice in question.choices)
    answers = "".join(
        f"<li>{'✓' if choice.right else '✗'} <em>{html.escape(choice.words)}</em> {html.escape(choice.why)}</li>"
        for choice in question.choices
    )
    return (
        f'<div class="panel-words"><strong>{number}. {html.escape(question.words)}</strong><ul>{choices}</ul>'
        f"<details data-search-exclude><summary>Answer</summary><ul>{answers}</ul></details></div>"
    )


def _answer(source: str) -> str:
    lines = [line for line in source.splitlines() if "SOLUTION" not in line]
    code = html.escape("\n".join(lines))
    return (
        f"<details data-search-exclude><summary>One answer</summary><pre><code>{code}</code></pre></details>"
    )


def prepare(pages: Path) -> None:
    """Write every page into a folder."""
    shutil.rmtree(pages, ignore_errors=True)
    shutil.copytree(ROOT / "assets", pages / "assets", ignore=shutil.ignore_patterns("*.toml"))
    shutil.copy(ROOT / "course" / "instructors.md", pages / "instructors.md")
    first = (ROOT / "course" / "index.md").read_text(encoding="utf-8")
    (pages / "index.md").write_text(with_codespaces(first, repository(ROOT)), encoding="utf-8")
    (pages / PAGE).write_text(glossary(), encoding="utf-8")
    for path in (ROOT / "course" / "site").iterdir():
        shutil.copy(path, pages / "assets" / path.name)
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
