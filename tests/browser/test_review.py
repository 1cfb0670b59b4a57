"""The review in a real browser: by keyboard, on a phone, in the dark, with a large class; killed while one types."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from grader import rubric
from grader.batch import entries
from grader.batch.discovery import HandedIn
from grader.batch.evidence_store import Outcome
from grader.evidence import Scans, Source
from grader.judge import judge
from grader.review import record, store
from grader.worker import Record
from tests.browser.jupyterlab import browser, chromium
from tests.grader.reviewed import CODE, CREDENTIAL, evidence, results
from tests.sampling import ALL, representative

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="there is no browser here"),
]
GRADER = Path(sys.executable).with_name("grader")
IGNORED = "secrets.ignored_by_git"
TIMES = 10 if ALL else 3
LEARNERS = 1_000 if ALL else 300
SCREENS = representative([("light", 1280), ("dark", 1280), ("light", 800), ("dark", 390), ("light", 390)], 3)


@contextmanager
def reviewing(place: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """`grader review`, and the address that it prints."""
    command = [str(GRADER), "review", str(place), "--isolation", "process"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        address = None
        while not address:
            line = process.stdout.readline()
            assert line, "the review ended"
            address = re.search(r"http://\S+", line)
        yield address[0], process
    finally:
        process.kill()
        process.wait()


def opened(page: Page, address: str) -> str:
    """Open the address; returns that of the class."""
    page.goto(address)
    page.get_by_role("heading", name="Needs a person").wait_for()
    return page.url


def pictured(page: Page, name: str) -> None:
    if os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(os.environ["SCREENSHOTS"]) / f"review-{name}.png")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Three learners: one with an earlier attempt, two with the same work."""
    results(tmp_path / "out", evidence("ada"))
    better = Scans(
        env_is_ignored=False, sources=(Source(path="src/main.py", text=CODE.replace("wish", "want")),)
    )
    found = Scans(secrets=(CREDENTIAL,), files=1, sources=(Source(path="src/main.py", text=CODE * 20),))
    works = (
        evidence("ada", digest="sha256:2", scans=better),
        evidence("bob", digest="sha256:b", scans=found),
        evidence("cyd", digest="sha256:b", scans=found),
    )
    return results(tmp_path / "out", *works)


def test_a_verdict_is_changed_by_keyboard_alone_and_taken_back(small):
    with reviewing(small) as (address, _), browser() as chrome:
        page = chrome.new_page(viewport={"width": 1280, "height": 900})
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        opened(page, address)
        page.get_by_role("link", name="ada", exact=True).first.focus()
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="ada", level=1).wait_for()
        one = page.locator(f'[id="{IGNORED}"]')
        one.get_by_text("Decide or comment").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.type("passed")  # the verdict
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")  # past the points, to the reason
        page.keyboard.type("Seen in class.")
        expect(page.get_by_role("status")).to_have_text("Kept.")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"  # where one is can be seen
        page.keyboard.press("Control+Enter")
        page.get_by_text("Changed by a person: Seen in class.").wait_for()
        [kept] = store.read(small).decisions
        assert (kept.criterion, kept.status) == (IGNORED, "passed")
        assert store.read(small).drafts == ()
        page.get_by_role("button", name="Undo d-1").press("Enter")
        page.get_by_role("button", name="Restore d-1").wait_for()
        assert store.read(small).decisions[0].undone
        assert errors == []


def test_a_place_in_the_source_is_shown_beside_the_criterion(small):
    with reviewing(small) as (address, _), browser() as chrome:
        page = chrome.new_page(viewport={"width": 1280, "height": 900})
        opened(page, address)
        page.get_by_role("link", name="bob", exact=True).first.click()
        page.get_by_role("link", name="src/main.py, line 3", exact=True).first.click()
        line = page.locator("#f0-3")
        expect(line).to_be_in_viewport()
        pictured(page, "source")
        page.get_by_role("link", name="cyd", exact=True).first.click()
        page.get_by_role("heading", name="bob beside cyd").wait_for()
        assert page.locator(".same").count() > 20
        assert page.get_by_role("heading", name="bob beside cyd").bounding_box()["x"] < 100
        pictured(page, "beside")


def test_killed_while_one_types_nothing_is_lost(small):
    words = ""
    with browser() as chrome:
        for number in range(TIMES):
            with reviewing(small) as (address, process):
                page = chrome.new_page()
                opened(page, address)
                page.get_by_role("link", name="ada", exact=True).first.click()
                area = page.locator("#comment-whole")
                assert area.input_value() == words
                area.press("End")
                area.press_sequentially(f"word{number} ", delay=5)
                expect(page.get_by_role("status")).to_have_text("Kept.")
                words = area.input_value()
                process.send_signal(signal.SIGKILL)
                process.wait()
                area.press_sequentially("more")
                expect(page.get_by_role("status")).to_contain_text("What you typed is still here")
                page.close()
            assert store.read(small).draft("ada", "comment") == words
    assert words.split() == [f"word{number}" for number in range(TIMES)]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Many learners; their evidence is not kept."""
    place = tmp_path_factory.mktemp("large")
    reports = []
    for at in range(12):
        scans = Scans(env_is_ignored=at % 3 == 0, ci=("ci.yml",) if at % 4 == 0 else ())
        reports.append(judge(evidence("x", scans=scans), rubric.read()))
    rows = []
    for number in range(LEARNERS):
        name = f"learner {number:04}"
        outcome = Outcome(state="graded", seconds=20.0)
        kept = Record(state="graded", report=reports[number % 12])
        rows.append(entries.entry(HandedIn(name, name), outcome, kept, None))
    record.write(place, rubric.read(), "process", str(place), rows, {}, [], datetime(2026, 12, 1, tzinfo=UTC))
    return place


def test_a_large_class_is_shown_filtered_and_fits_every_screen(large):
    with reviewing(large) as (address, _), browser() as chrome:
        page = chrome.new_page(viewport={"width": 1280, "height": 900})
        home = opened(page, address)
        rows = page.locator(".matrix tbody tr")
        expect(rows).to_have_count(LEARNERS)
        matrix = page.locator(".matrix")
        matrix.scroll_into_view_if_needed()
        matrix.evaluate("element => { element.scrollTop = 20000; element.scrollLeft = 300; }")
        head = page.locator(".matrix thead .name")
        expect(head).to_be_in_viewport()  # the head of the table, and the name of a row, stay
        page.get_by_label("Status").select_option("complete")
        page.get_by_role("button", name="Show", exact=True).press("Enter")
        page.get_by_text("Nobody is like that.").wait_for()
        page.get_by_role("link", name="Show all").click()
        page.get_by_role("link", name=re.compile(f"failed {IGNORED}")).click()
        expect(rows).to_have_count(LEARNERS * 2 // 3)
        began = time.monotonic()
        for scheme, width in SCREENS:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(home)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            pictured(page, f"class-{scheme}-{width}")
            page.locator(".matrix").scroll_into_view_if_needed()
            pictured(page, f"matrix-{scheme}-{width}")
            page.goto(home + "statistics")
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert time.monotonic() - began < 120


@pytest.mark.parametrize(("scheme", "width"), SCREENS)
def test_a_learner_s_page_fits_every_screen(small, scheme, width):
    with reviewing(small) as (address, _), browser() as chrome:
        page = chrome.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        opened(page, address)
        page.get_by_role("link", name="ada", exact=True).first.click()
        page.get_by_role("heading", name="ada", level=1).wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.get_by_role("link", name="bob →").get_attribute("rel") == "next"
        pictured(page, f"learner-{scheme}-{width}")
        decide = page.get_by_text("Decide or comment").first
        if not decide.is_visible():  # what passed is folded
            page.locator("details:has(summary:text-is('Decide or comment')) > summary").first.click()
        decide.click()
        page.get_by_label("Reason, which the learner reads").first.scroll_into_view_if_needed()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        pictured(page, f"decide-{scheme}-{width}")
