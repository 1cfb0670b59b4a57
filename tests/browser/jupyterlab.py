"""JupyterLab as a person meets it: started by the command that they type, driven in a real browser."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, sync_playwright

from classroom.loopback import bind

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "a-token-of-the-tests"
_PATIENCE = 90_000  # milliseconds
_FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
)


def chromium() -> str | None:
    """The browser's program, if there is one."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


@contextmanager
def browser() -> Iterator[Browser]:
    """A fresh browser with an empty profile."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), headless=True, args=_FLAGS.split())
        yield opened
        opened.close()


def free_port() -> int:
    """A port that nothing listens on at present."""
    with bind() as listener:
        return int(listener.getsockname()[1])


@contextmanager
def lab(place: Path) -> Iterator[Callable[[str], str]]:
    """`classroom lab` on a copy of what learners get; yields a function that gives a notebook's address."""
    for name in ("notebooks", "lab", "assets"):
        shutil.copytree(ROOT / name, place / name)
    port = free_port()
    command = [str(Path(sys.executable).parent / "classroom"), "lab", "--no-browser", "--port", str(port)]
    environment = {**os.environ, "JUPYTER_TOKEN": TOKEN, "HOME": str(place)}
    with (place / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=place, env=environment, stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + 60
            while "is running at" not in (place / "log").read_text():
                assert process.poll() is None, (place / "log").read_text()
                assert time.monotonic() < deadline, (place / "log").read_text()
                time.sleep(0.1)
            yield lambda name: f"http://127.0.0.1:{port}/lab/tree/notebooks/{name}.ipynb?reset&token={TOKEN}"
        finally:
            process.terminate()
            process.wait(20)


def run_all(page: Page, address: str, last_words: str) -> None:
    """Open a notebook, run every cell, and wait for the words that it ends with."""
    page.goto(address)
    page.get_by_role("button", name="Python 3 (ipykernel) | Idle").wait_for(timeout=_PATIENCE)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.get_by_text(last_words, exact=True).last.wait_for(timeout=_PATIENCE)


def panel(page: Page, hook: str) -> Locator:
    """A panel of `classroom.widgets`, by its class; scrolled to, since JupyterLab draws only what is near the window."""
    found = page.locator(f".{hook}").first
    found.wait_for(timeout=_PATIENCE)
    found.scroll_into_view_if_needed()
    return found
