"""The course as a web page: whole, folded, and with nothing fetched from elsewhere."""

import html
import re
import subprocess
import sys

import nbformat
import pytest

from classroom.quizzing import quizzes
from course import build, terms
from course.repository import repository, with_codespaces
from tests.sharing import made_once


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The pages, built beside those that `make site` makes."""

    def make(place):
        build.prepare(place / "pages")
        assert build.render(place / "pages", place / "site") == 0

    return made_once(tmp_path_factory, "site", make) / "site"


def test_every_notebook_is_a_page_that_the_first_page_links_to(site):
    first = (site / "index.html").read_text()
    names = [path.stem for path in build.NOTEBOOKS.glob("*.ipynb")]
    assert len(names) == 16
    assert [
        name for name in names if f"{name}.html" not in first or not (site / f"{name}.html").is_file()
    ] == []


def test_answers_are_folded_and_what_they_do_is_shown(site):
    page = (site / "02-first-calls.html").read_text()
    assert page.count("<summary>One answer</summary>") == 3
    assert "SOLUTION" not in page
    assert "Exercise 02.1: done." in page


def test_nothing_is_fetched_from_elsewhere(site):
    for page in site.rglob("*.html"):
        text = page.read_text()
        fetched = re.findall(r'<(?:script|img|iframe|source)[^>]* src="([^"]+)"', text)
        fetched += re.findall(r'<link[^>]* rel="(?:stylesheet|icon)"[^>]* href="([^"]+)"', text)
        assert [address for address in fetched if address.startswith(("http", "//"))] == [], page.name
        assert "unpkg.com" not in text


def test_words_of_the_lesson_can_be_searched(site):
    assert "Magic bytes" in (site / "search" / "search_index.json").read_text()


def test_a_panel_is_described_in_words():
    path = next(build.NOTEBOOKS.glob("06-*.ipynb"))
    page = build.page_of(nbformat.read(path, 4), path.name)
    outputs = [output for cell in page.cells for output in cell.get("outputs", [])]
    assert any(output.get("data", {}).get("text/plain") == "[A panel: What it costs]" for output in outputs)
    assert not any("widget-view" in str(output.get("data", {}).keys()) for output in outputs)


def test_the_questions_of_a_quiz_are_on_the_page_and_their_answers_folded(site):
    page = (site / "00-start-here.html").read_text()
    question = quizzes()["00"][0]
    assert question.words in page
    folded = re.findall(r"<details data-search-exclude.*?</details>", page, re.DOTALL)
    assert any(question.choices[0].why in html.unescape(each) for each in folded)


def test_folded_answers_are_not_found_by_the_search(site):
    text = (site / "search" / "search_index.json").read_text()
    assert "One answer" not in text
    assert quizzes()["00"][0].choices[0].why not in text


def test_the_search_needs_no_server(site):
    assert (site / "search" / "search_index.js").read_text().startswith("var __index = ")
    assert 'src="assets/iframe-worker.js"' in (site / "index.html").read_text()


def test_tags_that_are_for_programs_are_not_shown(site):
    assert [page.name for page in site.glob("*.html") if 'class="cell-tag"' in page.read_text()] == []


def test_a_word_is_linked_once_with_its_meaning():
    linker = terms.Linker()
    text = linker.linked("# A bucket\n\nA bucket holds objects. `bucket` and [a bucket](x.md); the bucket.")
    assert text.count('<a class="term" href="glossary.html#bucket" title="A place in S3') == 1
    assert text.startswith("# A bucket\n\nA <a ")
    assert linker.linked("Another bucket.") == "Another bucket."


def test_two_senses_of_a_word_are_two_entries():
    names = {term.name for term in terms.terms()}
    assert {"API key", "object key", "text token", "access token"} <= names
    assert not {"key", "token"} & names


def test_every_entry_of_the_glossary_is_used_on_a_page(site):
    pages = "".join(page.read_text() for page in site.glob("[01]*.html"))
    unused = [term.name for term in terms.terms() if f"glossary.html#{term.anchor}" not in pages]
    assert unused == []


def test_a_page_that_is_missing_is_an_error(tmp_path):
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "index.md").write_text("# Alone\n")
    code = "import sys; from pathlib import Path; from course.build import render; sys.exit(render(*map(Path, sys.argv[1:])))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "pages"), str(tmp_path / "site")],
        cwd=build.ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "07-mocking" in done.stdout + done.stderr


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/a-school/files-lab.git",
        "https://github.com/a-school/files-lab",
        "https://ada:secret@github.com/a-school/files-lab.git",
        "git@github.com:a-school/files-lab.git",
        "ssh://git@github.com/a-school/files-lab",
    ],
)
def test_the_repository_is_known_from_where_it_was_cloned(tmp_path, address):
    for words in (["init", "--quiet"], ["remote", "add", "origin", address]):
        subprocess.run(["git", "-C", tmp_path, *words], check=True)
    assert repository(tmp_path, {}) == "a-school/files-lab"


def test_a_workflow_of_github_names_the_repository(tmp_path):
    assert repository(tmp_path, {"GITHUB_REPOSITORY": "a-school/files-lab"}) == "a-school/files-lab"


@pytest.mark.parametrize(
    "address", ["https://gitlab.example/a/b.git", "https://github.com.example/a/b", "/srv/lab"]
)
def test_a_repository_elsewhere_gets_no_button(tmp_path, address):
    for words in (["init", "--quiet"], ["remote", "add", "origin", address]):
        subprocess.run(["git", "-C", tmp_path, *words], check=True)
    assert repository(tmp_path, {}) is None


def test_the_first_page_has_a_button_where_the_repository_is_known():
    page = (build.ROOT / "course" / "index.md").read_text(encoding="utf-8")
    assert "](https://codespaces.new/a-school/files-lab)" in with_codespaces(page, "a-school/files-lab")
    without = with_codespaces(page, None)
    assert "codespaces" not in without.casefold()
