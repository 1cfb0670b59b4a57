"""What the repository promises as a whole: notebooks that were run, links that lead somewhere, no key anywhere."""

import itertools
import re
import subprocess
import warnings
from datetime import date, timedelta
from pathlib import Path

import nbformat
import papermill
import pytest
import typer

from classroom.cli import app as classroom_app
from classroom.standin.models import catalogue
from grader.cli import app as grader_app
from grader.collect.scanning.scans import secrets_in
from tests.sampling import representative

ROOT = Path(__file__).resolve().parents[1]
KEY_NOTEBOOKS = sorted((ROOT / "answer-key" / "notebooks").glob("*.ipynb"))
LEARNERS_NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PAGES = [
    ROOT / "README.md",
    ROOT / "SECURITY.md",
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "classroom" / "proxy" / "README.md",
    ROOT / "answer-key" / "README.md",
    ROOT / "lab" / "README.md",
]
# every page elsewhere that people are sent to: the list to open, one by one, before a release
ELSEWHERE = {
    "https://developers.openai.com/api/docs/deprecations",
    "https://github.com/foundation50/classroom50",
    "https://platform.openai.com/api-keys",
    "https://platform.openai.com/signup",
}
_LOCAL = re.compile(
    r"https?://(127\.0\.0\.1|localhost|your-computer|[\w.-]+\.example\b|your-resource\.|hub/|[^\w])|https?:/*$"
)
TRACKED = [
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
]


@pytest.mark.parametrize("path", KEY_NOTEBOOKS, ids=lambda path: path.stem)
def test_every_code_cell_of_a_solved_notebook_was_run_in_order_without_errors(path):
    cells = [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    # a cell without a count is never compared, whatever it prints
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not [output for cell in cells for output in cell.outputs if output.output_type == "error"]
    assert any(cell.outputs for cell in cells)
    assert "widgets" not in nbformat.read(path, 4).metadata, (
        "the state of a widget may hold what was typed into it"
    )
    assert not any("execution" in cell.metadata for cell in cells), (
        "times differ in every run: use `make notebooks`"
    )


@pytest.mark.parametrize("path", KEY_NOTEBOOKS, ids=lambda path: path.stem)
def test_every_notebook_is_built_alike(path):
    number = path.name[:2]
    cells = nbformat.read(path, 4).cells
    text = "\n".join(cell.source for cell in cells)
    for part in (
        "**You will be able to:**",
        "**Time:**",
        "**You need:**",
        "**Predict.**",
        "**A bug to hunt.**",
        "## Key points",
        "**Questions.**",
        f'lesson = start("{number}")',
    ):
        assert part in text, part
    # either the words of an explanation, or the call that shows them beside the guess
    assert (
        "**Explain.**" in text or text.count("**Predict.**") == len(re.findall(r'\bexplain\(\s*"', text)) > 0
    )
    exercises = re.findall(rf"\*\*Exercise ({number}\.\d)\.\*\*", text)
    assert 2 <= len(exercises) <= 5
    assert exercises == re.findall(rf'check\("({number}\.\d)"\)', text)
    assert cells[-1].source.endswith(f'print("You have reached the end of notebook {number}.")')


def test_the_notebooks_lead_from_one_to_the_next():
    for path, later in itertools.pairwise(KEY_NOTEBOOKS):
        assert f"]({later.name})" in path.read_text(encoding="utf-8")


def test_models_that_end_soon_are_reported():
    files = [*KEY_NOTEBOOKS, *(ROOT / "answer-key" / "src").rglob("*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    used = {
        name: model
        for name, model in catalogue.load().models.items()
        if f'"{name}"' in text.replace("\\", "")
    }
    assert "gpt-5.4-mini" in used
    for name, day in ending({name: model.shutdown for name, model in used.items()}, date.today()):
        warnings.warn(f"{name}, which the lesson uses, ends on {day}.", stacklevel=1)


def ending(ends, today):
    """The models that end within sixty days, with the day."""
    return [(name, day) for name, day in ends.items() if day and today < day <= today + timedelta(days=60)]


def test_soon_is_within_sixty_days():
    ends = {"never": None, "gone": date(2026, 1, 1), "soon": date(2026, 3, 2), "later": date(2026, 3, 3)}
    assert ending(ends, date(2026, 1, 1)) == [("soon", date(2026, 3, 2))]


def test_cells_for_live_mode_alone_are_marked_and_skip_themselves():
    cells = [cell for path in KEY_NOTEBOOKS for cell in nbformat.read(path, 4).cells]
    marked = [cell for cell in cells if "live-only" in cell.metadata.get("tags", [])]
    assert len(marked) >= 2
    assert marked == [cell for cell in cells if "Skipped: only with LAB_MODE=live." in cell.source]
    for cell in marked:
        assert cell.source.startswith("if lesson.live:\n")
        assert cell.outputs[0].text == "Skipped: only with LAB_MODE=live.\n"


@pytest.mark.parametrize("path", KEY_NOTEBOOKS, ids=lambda path: path.stem)
def test_every_picture_in_a_notebook_has_a_description(path):
    pictures = re.findall(r"<img [^>]*>", path.read_text(encoding="utf-8").replace('\\"', '"'))
    assert all(re.search(r'alt="[^"]{10,}"', picture) for picture in pictures)
    assert '"image/png"' not in path.read_text(encoding="utf-8"), (
        "show() gives a picture its words; a bare output has none"
    )


@pytest.mark.parametrize("path", LEARNERS_NOTEBOOKS, ids=lambda path: path.stem)
def test_learners_get_no_outputs_and_no_answers(path):
    notebook = nbformat.read(path, 4)
    assert not any(cell.get("outputs") for cell in notebook.cells)
    assert "SOLUTION" not in path.read_text(encoding="utf-8")


def test_a_notebook_runs_with_another_prompt(tmp_path):
    source, target = ROOT / "answer-key" / "notebooks" / "00-start-here.ipynb", tmp_path / "out.ipynb"
    papermill.execute_notebook(
        source, target, {"prompt": "two owls reading"}, progress_bar=False, cwd=str(source.parent)
    )
    assert "A generated picture of two owls reading" in target.read_text(encoding="utf-8")


# another step runs each of them solved
@pytest.mark.parametrize("path", representative(LEARNERS_NOTEBOOKS, 3), ids=lambda path: path.stem)
def test_a_learner_s_notebook_runs_unsolved_from_top_to_bottom(path, tmp_path):
    target = tmp_path / path.name
    papermill.execute_notebook(path, target, progress_bar=False, cwd=str(path.parent))
    ran = nbformat.read(target, 4)
    outputs = [out for cell in ran.cells for out in cell.get("outputs", [])]
    printed = "".join(out.get("text") or out.get("data", {}).get("text/plain", "") for out in outputs)
    exercises = re.findall(r"\*\*Exercise (\d\d\.\d)\.\*\*", path.read_text(encoding="utf-8"))
    assert re.findall(r"Exercise (\d\d\.\d): not yet", printed) == exercises
    assert f"You have reached the end of notebook {path.name[:2]}." in printed


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_to_something(page):
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)\)", text) + re.findall(r'src="([^"]+)"', text)
    local = [link for link in links if not link.startswith(("http", "mailto"))]
    assert local
    assert [link for link in local if not (page.parent / link).exists()] == []


@pytest.mark.parametrize(
    "path", [*KEY_NOTEBOOKS, *LEARNERS_NOTEBOOKS], ids=lambda path: f"{path.parts[-3]} {path.stem}"
)
def test_every_link_of_a_notebook_leads_to_something(path):
    text = "\n".join(cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "markdown")
    links = re.findall(r"\]\(([^)#]+)\)", text) + re.findall(r'src="([^"]+)"', text)
    assert links
    local = [link for link in links if not link.startswith("http")]
    assert [link for link in local if not (path.parent / link).exists()] == []


def test_every_address_on_the_web_is_on_the_list():
    found = set()
    for path in [
        *PAGES,
        *KEY_NOTEBOOKS,
        *(ROOT / "course").glob("*.md"),
        *(ROOT / "classroom").rglob("README.md"),
    ]:
        found |= set(re.findall(r"https?://[\w./-]*[\w/-]", path.read_text(encoding="utf-8")))
    elsewhere = {address for address in found if not _LOCAL.match(address)}
    assert sorted(elsewhere - ELSEWHERE) == []


def _known(command, words=()):
    """Every command below one, by its words, with its options."""
    options = {
        option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)
    }
    found = {words: options | {"--help"}}
    for name, inner in getattr(command, "commands", {}).items():
        found |= _known(inner, (*words, name))
    return found


def test_every_command_that_a_page_shows_exists_with_its_options():
    known = {
        program: _known(typer.main.get_command(app))
        for program, app in (("classroom", classroom_app), ("grader", grader_app))
    }
    shown = 0
    for page in [*PAGES, *(ROOT / "course").glob("*.md")]:
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        blocks = "\n".join(re.findall(r"(?s)```.*?```", text))
        lines = re.findall(r"(?m)^\s*((?:classroom|grader) .*)$", blocks)
        for line in lines + re.findall(r"`((?:classroom|grader) [a-z-][^`]*)`", text):
            program, *words = line.partition("#")[0].split()
            plain = list(itertools.takewhile(lambda word: re.fullmatch("[a-z]+", word), words))
            named = max((key for key in known[program] if tuple(plain[: len(key)]) == key), key=len)
            assert named, f"{page.name}: there is no command {program} {' '.join(words)}"
            missing = {word for word in words if word.startswith("--")} - known[program][named]
            assert not missing, f"{page.name}: {program} {' '.join(named)} has no {missing}"
            shown += 1
    assert shown > 20


def test_every_picture_of_a_page_has_a_description():
    for page in PAGES:
        for picture in re.findall(r"<img [^>]*>", page.read_text(encoding="utf-8")):
            assert re.search(r'alt="[^"]{20,}"', picture), picture


def test_no_tracked_file_holds_anything_like_a_key():
    texts = [path for path in TRACKED if path.is_file() and path.suffix not in (".png", ".svg", ".bin")]
    found = {path: list(secrets_in(path.read_text(encoding="utf-8"))) for path in texts}
    assert {path: secrets for path, secrets in found.items() if secrets} == {}


def test_every_criterion_is_on_the_lab_s_page():
    from grader.criteria import BY_ID

    page = (ROOT / "answer-key" / "README.md").read_text(encoding="utf-8")
    assert [id for id in BY_ID if f"`{id}`" not in page and not id.startswith("module.")] == []


def test_the_first_page_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").split()) <= 700


def test_requirements_name_every_direct_dependency():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    learners = [
        *project["dependencies"],
        *extras["media"],
        *extras["ledger"],
        *extras["lab"],
        *extras["grader"],
    ]
    for file, direct in (
        ("requirements.txt", learners),
        # the extra for embeddings is too large for either: the notebooks show what comes without it
        (
            "requirements-dev.txt",
            [
                *learners,
                *itertools.chain(*(named for extra, named in extras.items() if extra != "semantics")),
            ],
        ),
    ):
        pinned = (ROOT / file).read_text().lower()
        for dependency in direct:
            name = re.split(r"[\[>=<~!; ]", dependency)[0].lower()
            if name != project["name"]:
                assert re.search(rf"^{re.escape(name)}(\[[^\]]*\])?==", pinned, re.M), f"{file}: {name}"


def test_what_developers_install_is_what_learners_install_and_more():
    learners, developers = (
        dict(re.findall(r"^([\w.-]+)(?:\[[^\]]*\])?==(\S+)", (ROOT / file).read_text(), re.M))
        for file in ("requirements.txt", "requirements-dev.txt")
    )
    different = {name for name in learners.keys() & developers.keys() if learners[name] != developers[name]}
    assert different == set()
    assert len(developers) > len(learners)


def test_every_promise_of_the_security_page_names_tests_that_exist():
    named = re.findall(
        r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    )
    assert len(named) > 60
    for file, test in named:
        assert (ROOT / file).exists(), file
        assert not test or f"def {test}(" in (ROOT / file).read_text(encoding="utf-8"), f"{file}::{test}"


def test_every_promise_of_the_security_page_names_a_test():
    rows = [
        line
        for line in (ROOT / "SECURITY.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| ") and not line.startswith(("| who", "| promise"))
    ]
    promises = rows[rows.index(next(row for row in rows if "no file of the machine but" in row)) :]
    assert len(promises) > 40
    kept = [row for row in promises if "| no | no |" not in row]
    assert [row for row in kept if "`tests/" not in row] == []
