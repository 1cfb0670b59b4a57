"""Pictures of the notebooks with panels, to be looked at: `python -m tests.browser.looks FOLDER`.

Each at 1280, 800 and 390 pixels, light and dark, after a run from top to bottom; beside them, as text, what a screen reader gets.
"""

import json
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page

from tests.browser import jupyterlab

# notebook → the panels that are scrolled to
NOTEBOOKS = {
    "00-start-here": ["lab-quiz"],
    "02-first-calls": ["lab-chart"],
    "04-pictures-and-sound": ["lab-play"],
    "05-moderation-and-embeddings": ["lab-chart"],
    "06-when-it-fails": ["lab-limit", "lab-chart", "lab-cost"],
    "10-your-first-endpoint": ["lab-predict", "lab-explain"],
    "11-build-test-check": ["lab-check", "lab-progress"],
    "13-seeing-and-finding": ["lab-predict", "lab-chart"],
    "14-safe-and-measured": ["lab-predict", "lab-quiz"],
    "15-at-scale": ["lab-predict", "lab-chart", "lab-quiz"],
}


def look(page: Page, name: str, hooks: list[str], place: Path, suffix: str) -> None:
    """The top of a notebook, and each of its panels."""
    page.locator(".jp-Cell").first.scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    page.screenshot(path=place / f"{name[:2]}-top-{suffix}.png")
    for hook in hooks:
        panel = jupyterlab.panel(page, hook)
        send = panel.get_by_role("button").first
        if send.count() and hook not in ("lab-check", "lab-predict", "lab-quiz"):
            send.press("Space")
            panel.get_by_role("alert").wait_for()
        panel.scroll_into_view_if_needed()
        page.wait_for_timeout(300)
        page.screenshot(path=place / f"{name[:2]}-{hook}-{suffix}.png")


def main() -> int:
    """Take them all."""
    if len(sys.argv) != 2:
        print("Say where to: python -m tests.browser.looks FOLDER", file=sys.stderr)
        return 2
    place = Path(sys.argv[1])
    place.mkdir(parents=True, exist_ok=True)
    for theme in ("Light", "Dark"):
        with (
            tempfile.TemporaryDirectory() as scratch,
            jupyterlab.lab(themed(Path(scratch), theme)) as address_of,
            jupyterlab.browser() as browser,
        ):
            for name, hooks in NOTEBOOKS.items():
                page = browser.new_page(color_scheme="dark" if theme == "Dark" else "light")
                jupyterlab.run_all(
                    page, address_of(name), f"You have reached the end of notebook {name[:2]}."
                )
                (place / f"{name[:2]}.txt").write_text(page.locator(".jp-Notebook").aria_snapshot())
                for width in (1280, 800, 390):
                    page.set_viewport_size({"width": width, "height": 900})
                    look(page, name, hooks, place, f"{theme.lower()}-{width}")
                page.close()
                print(name, theme, flush=True)
    return 0


def themed(home: Path, theme: str) -> Path:
    """A home whose JupyterLab has that theme."""
    settings = home / ".jupyter" / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "themes.jupyterlab-settings").write_text(json.dumps({"theme": f"JupyterLab {theme}"}))
    return home


if __name__ == "__main__":
    sys.exit(main())
