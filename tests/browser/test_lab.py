"""`make lab` leads to notebooks that run, and to panels that work, in a real browser."""

import json
import os
import re
import time

import pytest
from playwright.sync_api import expect

from tests.browser import jupyterlab, panels
from tests.sampling import ALL

pytestmark = [
    pytest.mark.browser,
    # on a learner's machine there may be no chromium; in CI there has to be
    pytest.mark.skipif(
        not jupyterlab.chromium() and not os.environ.get("CI"), reason="there is no chromium here"
    ),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="module")
def address_of(place):
    with jupyterlab.lab(place) as address_of:
        panels.write_panels(place / "notebooks")
        yield address_of


@pytest.fixture(scope="module")
def chromium():
    with jupyterlab.browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def window(chromium, address_of):
    """Open a notebook in a fresh window and run it from top to bottom."""

    def opens(name, last_words):
        page = chromium.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(30_000)
        jupyterlab.run_all(page, address_of(name), last_words)
        return page

    return opens


@pytest.fixture
def run(window):
    """The same, with a notebook of the course; the window is closed after the test."""
    opened = []

    def opens(name):
        opened.append(window(name, f"You have reached the end of notebook {name[:2]}."))
        return opened[-1]

    yield opens
    for page in opened:
        page.close()


@pytest.fixture(scope="module")
def all_panels(window):
    return None if ALL else window(panels.NAME, panels.LAST_WORDS)


@pytest.fixture
def page_with(run, all_panels, place):
    """A window in which a notebook's panels are shown, and the notebook's file; with TESTS=all the whole notebook."""

    def opens(name):
        page = run(name) if ALL else all_panels
        page.set_viewport_size({"width": 1280, "height": 900})
        return page, place / "notebooks" / f"{name if ALL else panels.NAME}.ipynb"

    return opens


def test_notebook_00_runs_and_shows_the_picture(run):
    page = run("00-start-here")
    picture = page.get_by_role("img", name="A generated picture of a lighthouse in a storm")
    assert picture.evaluate("image => image.complete && image.naturalWidth") == 1024
    card = page.get_by_role("status").filter(has_text="Exercise 00.1:")
    expect(card).to_contain_text("Exercise 00.1: not yet. It returns nothing so far.")
    assert card.get_by_role("rowheader").all_text_contents() == ["Tried", "Expected", "Got"]
    assert page.locator("audio").count() == 1


def test_a_key_that_is_entered_or_typed_into_a_cell_is_not_in_the_saved_file(page_with):
    page, saved = page_with("01-keys")
    entered, typed = ("sk-" + "proj-" + letter * 12 + "0123456789" for letter in "ab")
    panel = jupyterlab.panel(page, "lab-key")
    assert all_named(panel)
    panel.get_by_label("Your key").fill(entered)
    panel.get_by_role("button", name="Use this key").press("Space")
    expect(panel.get_by_role("alert")).to_contain_text("A key of 30 characters is in the environment")
    expect(panel.get_by_label("Your key")).to_have_value("")
    cell = page.locator(".jp-CodeCell .cm-content").first
    cell.click()
    page.keyboard.type(f"mine = '{typed}'  # ")
    page.keyboard.press("Control+s")
    deadline = time.monotonic() + 20
    while "mine = '" not in (text := saved.read_text()) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert "mine = '[a key was here]'" in text
    assert typed not in text
    assert entered not in text
    assert "widgets" not in json.loads(text)["metadata"]


def test_the_playground_shows_what_came_what_it_costs_and_the_code(page_with):
    page, _ = page_with("04-pictures-and-sound")
    panel = jupyterlab.panel(page, "lab-play")
    assert all_named(panel)
    panel.get_by_label("Your words").fill("an otter with a kite")
    answer = panel.locator(".lab-play-answer")
    for kind, shown in (
        ("Picture", panel.get_by_role("img", name="A generated picture of an otter with a kite")),
        ("Sound", panel.get_by_label("A voice that says: an otter with a kite")),
        ("Text", panel.locator("blockquote")),
    ):
        panel.get_by_label("What to make").select_option(kind)
        expect(panel.locator(".lab-play-price")).to_contain_text("At OpenAI this would cost at most $")
        panel.get_by_role("button", name="Send").press("Space")
        expect(panel.get_by_role("alert")).to_contain_text(f"{kind}: done. At OpenAI it would have cost $0.")
        expect(shown).to_be_visible()
        expect(answer.locator("pre")).to_contain_text("an otter with a kite")
    page.set_viewport_size({"width": 800, "height": 900})
    field, edge = panel.get_by_label("Your words").bounding_box(), panel.bounding_box()
    assert field["x"] + field["width"] <= edge["x"] + edge["width"]
    panel.get_by_label("Your words").fill("  ")
    panel.get_by_role("button", name="Send").press("Space")
    expect(panel.get_by_role("alert")).to_contain_text("✗ There are no words yet.")


def test_the_rate_limit_and_the_cost_calculator_answer_to_what_is_entered(page_with):
    page, _ = page_with("06-when-it-fails")
    panel = jupyterlab.panel(page, "lab-limit")
    assert all_named(panel)
    panel.get_by_label("Allowed in 2 seconds").fill("2")
    panel.get_by_label("Calls to send").fill("4")
    panel.get_by_label("Calls to send").press("Tab")
    panel.get_by_role("button", name="Send them").press("Space")
    expect(panel.get_by_role("alert")).to_contain_text("✗ 2 of 4 were answered")
    assert panel.get_by_role("row").filter(has_text="refused (429)").count() == 2
    panel.get_by_label("When refused").select_option("let the SDK wait and try again")
    panel.get_by_role("button", name="Send them").press("Space")
    expect(panel.get_by_role("alert")).to_contain_text("✓ 4 of 4 were answered")

    panel = jupyterlab.panel(page, "lab-cost")
    row = panel.get_by_role("row").filter(has=page.get_by_role("rowheader", name="gpt-5.4-mini"))
    expect(row).to_contain_text("$1.36")
    panel.get_by_label("Tokens of an answer").fill("600")
    panel.get_by_label("Tokens of an answer").press("Tab")
    expect(row).to_contain_text("$2.71")


def test_the_checklist_grades_a_section_at_the_press_of_a_button(page_with):
    page, _ = page_with("11-build-test-check")
    figure = page.get_by_role("img", name=re.compile("The grader starts your app"))
    figure.scroll_into_view_if_needed()
    assert figure.evaluate("image => image.complete && image.naturalWidth") > 300
    panel = jupyterlab.panel(page, "lab-check")
    assert all_named(panel)
    panel.get_by_label("Stage").select_option("1. Echo")
    panel.get_by_role("button", name="Check now").press("Space")
    expect(panel.get_by_role("alert")).to_contain_text(" failed, ", timeout=60_000)
    assert panel.get_by_role("row").filter(has_text="openapi.valid").count() == 1


def all_named(panel):
    """Whether every field and button has a name that a screen reader can say."""
    fields = panel.locator("input, textarea, select, button").all()
    return bool(fields) and all(re.search(r'"[^"]{4,}"', field.aria_snapshot()) for field in fields)


def test_a_guess_made_by_keyboard_stands_beside_what_happened_and_in_no_file(page_with):
    page, file = page_with("10-your-first-endpoint")
    asked = jupyterlab.panel(page, "lab-predict")
    assert all_named(asked)
    expect(asked.get_by_role("radiogroup", name="Your prediction")).to_have_count(1)
    asked.get_by_role("radio").nth(1).focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")  # for JupyterLab alone, it would go on to the next cell
    expect(asked.get_by_role("radio").nth(2)).to_be_checked()
    page.wait_for_timeout(1_000)  # a second choice is sent once the kernel has answered the first
    asked.get_by_role("button", name="Keep my guess").press("Space")
    expect(asked.get_by_role("alert")).to_contain_text("Your guess is kept")
    shown = jupyterlab.panel(page, "lab-explain")
    expect(shown).to_contain_text("none yet")
    shown.click()
    page.keyboard.press("Control+Enter")
    row = page.locator(".lab-explain").first.get_by_role("row").filter(has_text="Your guess")
    expect(row).to_contain_text("404 Not Found")
    page.keyboard.press("Control+s")
    deadline = time.monotonic() + 20
    while "What happened: HTTP/1.1 404 Not Found" not in file.read_text() and time.monotonic() < deadline:
        time.sleep(0.2)
    saved = json.loads(file.read_text())
    assert "What happened: HTTP/1.1 404 Not Found" in file.read_text()
    assert "widgets" not in saved["metadata"]
    assert "Your guess" not in file.read_text()
