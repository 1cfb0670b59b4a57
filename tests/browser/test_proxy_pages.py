"""The proxy's join and admin pages in a real browser: by keyboard alone, on a phone, in the dark."""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.jupyterlab import browser, chromium
from tests.proxy.conftest import PASSWORD, Running, an_event
from tests.proxy.conftest import _openai_behind as _openai_behind
from tests.proxy.conftest import proxy as proxy

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="there is no browser here"),
]
MODELS = {"gpt-5.4-mini": "gpt-5.4-mini", "gpt-image-2": "gpt-image-2"}
LOOKS = [("light", 1280), ("dark", 1280), ("light", 800), ("light", 390), ("dark", 390)]
TEXT = "Welcome to the workshop.\n\nBring a laptop, and be kind to one another."


@pytest.fixture
def event(proxy: Running) -> Running:
    proxy.ledger.add(
        an_event(
            "ml-101",
            models=MODELS,
            text=TEXT,
            daily_requests=20,
            learner_budget=500_000_000,
            event_budget=25_000_000_000,
        )
    )
    return proxy


@pytest.fixture
def page() -> Iterator[Page]:
    with browser() as chrome:
        context = chrome.new_context(viewport={"width": 1280, "height": 900})
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        opened = context.new_page()
        troubles: list[str] = []
        opened.on("pageerror", lambda error: troubles.append(str(error)))
        opened.on(
            "console", lambda message: troubles.append(message.text) if message.type == "error" else None
        )
        yield opened
        # a page that is refused says so in its text; a browser logs its status as well
        assert [each for each in troubles if "status of 4" not in each] == []


def pictured(page: Page, name: str) -> None:
    if os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(os.environ["SCREENSHOTS"]) / f"proxy-{name}.png", full_page=True)


def tab_to(page: Page, name: str, role: str = "button") -> None:
    """Press Tab until that is focused."""
    wanted = page.get_by_role(role, name=name, exact=True).first
    for _ in range(60):
        if wanted.evaluate("element => element === document.activeElement"):
            assert wanted.evaluate("element => getComputedStyle(element).outlineStyle") == "solid"
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {name}")


def fits(page: Page, name: str) -> None:
    """At every width, light and dark."""
    for scheme, width in LOOKS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        pictured(page, f"{name}-{scheme}-{width}")


def test_a_learner_joins_copies_and_asks_by_keyboard_alone(event, page):
    page.goto(f"{event.url}/")
    tab_to(page, "Event code", "textbox")
    page.keyboard.type("ml-101")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Who are you?").wait_for()
    fits(page, "door")
    tab_to(page, "Your name", "textbox")
    page.keyboard.type("ada")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="What is left").wait_for()
    tab_to(page, "Copy Python")
    page.keyboard.press("Enter")
    expect(page.locator("#copied")).to_have_text("Copied.")
    assert "ml-101/ada" in page.evaluate("navigator.clipboard.readText()")
    tab_to(page, "Prompt", "textbox")
    page.keyboard.type("A lighthouse <b>in a storm</b>")
    tab_to(page, "Send")
    page.keyboard.press("Enter")
    expect(page.locator("#outcome")).to_have_text(
        "Here is the answer.", timeout=30_000
    )  # the first answer loads the prices
    expect(page.locator("#text")).to_contain_text("“A lighthouse <b>in a storm</b>”")
    expect(page.locator("[data-left=requests_left_today]")).to_have_text("19")
    page.get_by_role("radio", name="A text, by gpt-5.4-mini").focus()
    page.keyboard.press("ArrowDown")
    tab_to(page, "Send")
    page.keyboard.press("Space")
    picture = page.get_by_role("img", name="A generated picture: A lighthouse <b>in a storm</b>")
    picture.wait_for()
    assert picture.evaluate("element => element.naturalWidth") == 1024
    fits(page, "joined")


def test_an_instructor_makes_and_changes_an_event_by_keyboard_alone(event, page):
    for name in ("ada", "eve"):
        for _ in range(3):
            httpx.post(
                f"{event.url}/v1/chat/completions",
                headers={"api-key": f"ml-101/{name}"},
                json={"model": "gpt-5.4-mini", "messages": [{"role": "user", "content": "hi " * 50}]},
            )
    httpx.get(f"{event.url}/v1/models/gpt-none", headers={"api-key": "ml-101/eve"})
    page.goto(f"{event.url}/admin")
    fits(page, "sign-in")
    tab_to(page, "Password", "textbox")
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("That is not the password.")
    tab_to(page, "Password", "textbox")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Make an event").wait_for()
    fits(page, "events")
    tab_to(page, "ml-101", "link")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Over time").wait_for()
    expect(page.get_by_role("img", name="Calls")).to_have_count(1)
    tab_to(page, "Pause")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("The event is paused.")
    tab_to(page, "Let it go on")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("The event goes on.")
    tab_to(page, "Dollars to add", "textbox")
    page.keyboard.type("5")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("The budget is larger now.")
    assert event.ledger.event("ml-101").event_budget == 30_000_000_000
    fits(page, "event")


def test_a_page_works_without_scripts(event):
    with browser() as chrome:
        page = chrome.new_context(java_script_enabled=False).new_page()
        page.goto(f"{event.url}/join/ml-101")
        page.get_by_label("Your name").fill("ada")
        page.get_by_role("button", name="Join", exact=True).click()
        page.get_by_label("Prompt").fill("A lighthouse")
        page.get_by_role("button", name="Send").click()
        expect(page.locator("#outcome")).to_have_text(
            "Here is the answer.", timeout=30_000
        )  # the first answer loads the prices
        expect(page.locator("#text")).to_contain_text("“A lighthouse”")
        expect(page.get_by_role("button", name="Copy Python")).to_be_hidden()
