"""The course as a web page: whole, folded, and with nothing fetched from elsewhere."""

import re
import subprocess
import sys

import nbformat
import pytest

from course import build


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The pages, built beside those that `make site` makes."""
    place = tmp_path_factory.mktemp("site")
    build.prepare(place / "pages")
    done = build.render(place / "pages", place / "site")
    assert done == 0
    return place / "site"


def test_every_notebook_is_a_page_that_the_first_page_links_to(site):
    first = (site / "index.html").read_text()
    names = [path.stem for path in build.NOTEBOOKS.glob("*.ipynb")]
    assert len(names) == 13
    assert [
        name for name in names if f"{name}.html" not in first or not (site / f"{name}.html").is_file()
    ] == []


def test_answers_are_folded_and_what_they_do_is_shown(site):
    page = (site / "02-first-calls.html").read_text()
    assert page.count("<summary>One answer</summary>") == 2
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


def test_a_panel_is_told_in_words():
    path = next(build.NOTEBOOKS.glob("06-*.ipynb"))
    page = build.page_of(nbformat.read(path, 4), path.name)
    outputs = [output for cell in page.cells for output in cell.get("outputs", [])]
    assert any(output.get("data", {}).get("text/plain") == "[A panel: What it costs]" for output in outputs)
    assert not any("widget-view" in str(output.get("data", {}).keys()) for output in outputs)


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
