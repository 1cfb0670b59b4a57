"""The page of a whole class, in a real browser: 300 learners, sorted and searched by mouse and by keyboard."""

import os
import time
from pathlib import Path

import pytest

from grader import rubric
from grader.batch import entries, overview
from grader.batch.discovery import HandedIn
from grader.batch.evidence_store import Outcome
from grader.evidence import AppStart, Evidence, Scans, Submission
from grader.judge import judge
from grader.worker import Record
from tests.browser.jupyterlab import browser, chromium

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="there is no browser here"),
]


def row(number: int) -> entries.Entry:
    name = f"learner {number:03}"
    facts = {"isolation": "bubblewrap", "bucket": "b", "canary_fingerprint": "f"}
    if number % 60 == 7:
        return entries.Entry(
            name=name, submission=name, state="error", message="The process ended by itself."
        )
    scans = Scans(env_is_ignored=number % 3 == 0, ci=("ci.yml",) if number % 4 == 0 else ())
    seen = Evidence(
        submission=Submission(name=name, digest="sha256:0"), app=AppStart(started=True), scans=scans, **facts
    )
    outcome = Outcome(state="graded", seconds=20.0 + number % 11)
    record = Record(state="graded", report=judge(seen, rubric.read()))
    made = entries.entry(HandedIn(name, name), outcome, record, None)
    return entries.Entry(**{**vars(made), "page": f"reports/{number}.html"})


@pytest.fixture(scope="module")
def page_file(tmp_path_factory) -> Path:
    rows = entries.sort_entries([row(number) for number in range(300)])
    file = tmp_path_factory.mktemp("class") / "index.html"
    file.write_text(overview.render(rows, "Files lab", "bubblewrap"), encoding="utf-8")
    return file


def test_three_hundred_learners_are_sorted_searched_and_read_aloud(page_file):
    with browser() as opened:
        page = opened.new_page(viewport={"width": 1280, "height": 900})
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.goto(page_file.as_uri())
        rows = page.locator("#learners tbody tr")
        assert rows.count() == 300
        # what the grader could not do comes first
        assert rows.first.locator("td").first.inner_text() == "error"
        # by keyboard: to the head of a column, Enter
        page.get_by_role("button", name="Points").focus()
        began = time.monotonic()
        page.keyboard.press("Enter")
        page.get_by_text("Sorted by Points, smallest first.").wait_for(timeout=2000)
        page.keyboard.press("Enter")
        page.get_by_text("Sorted by Points, largest first.").wait_for(timeout=2000)
        assert time.monotonic() - began < 2
        assert page.get_by_role("columnheader", name="Points").get_attribute("aria-sort") == "descending"
        points = [
            float(text.split()[0])
            for text in page.locator("#learners tbody tr td:nth-child(3)").all_inner_texts()
            if text
        ]
        assert points == sorted(points, reverse=True)
        page.get_by_role("searchbox", name="Show only").fill("learner 04")
        page.get_by_text("10 learners shown.").wait_for(timeout=2000)
        tree = page.locator("main").aria_snapshot()
        assert 'link "report of learner 040"' in tree
        assert (
            tree.index("Who needs a person to look")
            < tree.index('heading "Learners"')
            < tree.index("How each criterion went")
        )
        assert errors == []
        if os.environ.get("SCREENSHOTS"):
            page.get_by_role("searchbox", name="Show only").fill("")
            for scheme, width in (("light", 1280), ("dark", 800)):
                page.emulate_media(color_scheme=scheme)
                page.set_viewport_size({"width": width, "height": 1100})
                page.screenshot(path=Path(os.environ["SCREENSHOTS"]) / f"overview-{scheme}.png")
