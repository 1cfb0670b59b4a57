"""The pictures that README and the lab's page show, made from the running software.

    python -m tests.browser.screenshots

writes `assets/*.png`. Needs chromium, and the package fastapi-offline for the looks of the documentation page,
which a browser otherwise fetches from the internet.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from importlib.resources import files
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Route

from classroom import OpenAIMock, S3Mock
from tests.browser import jupyterlab
from tests.grader.grading import Change, planted

ASSETS = jupyterlab.ROOT / "assets"


_SHOWN = "08-files-in-s3"
_ANSWER = """def keep(key, content, content_type):
    s3.put_object(Bucket=bucket, Key=key, Body=content, ContentType=content_type)"""


def notebook(browser: Browser) -> None:
    """Notebook 08: an exercise, what its check says of an answer, and the figure that follows."""
    with tempfile.TemporaryDirectory() as place, jupyterlab.lab(Path(place)) as address_of:
        file = Path(place) / "notebooks" / f"{_SHOWN}.ipynb"
        cells = json.loads(file.read_text(encoding="utf-8"))
        for cell in cells["cells"]:
            if "".join(cell["source"]).startswith("def keep("):
                cell["source"] = _ANSWER
        file.write_text(json.dumps(cells), encoding="utf-8")
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        jupyterlab.run_all(page, address_of(_SHOWN), "You have reached the end of notebook 08.")
        page.keyboard.press("Control+S")
        asked = page.get_by_text("Exercise 08.1. Write")
        asked.scroll_into_view_if_needed()
        for _ in range(3):  # JupyterLab draws what comes near the window, and moves the rest
            asked.evaluate("element => element.scrollIntoView({block: 'start'})")
            page.wait_for_timeout(700)
        page.screenshot(path=ASSETS / "notebook.png")


def _swagger(route: Route) -> None:
    name = route.request.url.rpartition("/")[2]
    file = files("fastapi_offline") / "static" / name
    route.fulfill(
        body=file.read_bytes(), content_type="text/css" if name.endswith("css") else "text/javascript"
    )


def endpoint(browser: Browser) -> None:
    """The endpoint in the API's documentation page, from the answer key."""
    port = jupyterlab.free_port()
    with OpenAIMock() as openai, S3Mock() as s3:
        command = [
            sys.executable,
            "-m",
            "uvicorn",
            "files_api.main:create_app",
            "--factory",
            "--app-dir",
            "src",
            f"--port={port}",
        ]
        environment = {**os.environ, **openai.environment, **s3.environment}
        app = subprocess.Popen(
            command, cwd=jupyterlab.ROOT / "answer-key", env=environment, stderr=subprocess.DEVNULL
        )
        try:
            for _ in range(200):
                try:
                    httpx.get(f"http://127.0.0.1:{port}/openapi.json")
                    break
                except httpx.ConnectError:
                    time.sleep(0.1)
            page = browser.new_page(viewport={"width": 1100, "height": 1000})
            page.route("https://cdn.jsdelivr.net/**", _swagger)
            page.route("https://fastapi.tiangolo.com/**", lambda route: route.abort())
            page.goto(f"http://127.0.0.1:{port}/docs")
            page.get_by_text("/v1/files/generated").click()
            page.get_by_role("button", name="Try it out").wait_for()
            page.wait_for_timeout(500)
            page.screenshot(path=ASSETS / "endpoint.png")
        finally:
            app.terminate()
            app.wait()


def report(browser: Browser) -> None:
    """The grader's page for a submission that has one thing wrong."""
    with tempfile.TemporaryDirectory() as place:
        page_file = Path(place) / "report.html"
        grader = Path(sys.executable).parent / "grader"
        change = Change("main.py", '"png": "image/png"', '"png": "application/octet-stream"')
        submission = planted("three_endpoints", Path(place), change)
        subprocess.run(
            [grader, "check", submission, "--html", page_file], stdout=subprocess.DEVNULL, check=False
        )
        page = browser.new_page(viewport={"width": 1100, "height": 1000})
        page.goto(page_file.as_uri())
        page.screenshot(path=ASSETS / "report.png")


# notebook → its panels: class, and the file's name, which is the panel's title
_PANELS = {
    "01-keys": {"lab-key": "your-key"},
    "04-pictures-and-sound": {"lab-play": "playground"},
    "06-when-it-fails": {"lab-limit": "into-the-limit", "lab-cost": "what-it-costs"},
    "11-build-test-check": {"lab-check": "the-grader-s-checklist", "lab-progress": "your-progress"},
}


def panels(browser: Browser) -> None:
    """The panels of the notebooks, for the course as a web page."""
    (ASSETS / "panels").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place, jupyterlab.lab(Path(place)) as address_of:
        for name, hooks in _PANELS.items():
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            jupyterlab.run_all(page, address_of(name), f"You have reached the end of notebook {name[:2]}.")
            for hook, file in hooks.items():
                shown = jupyterlab.panel(page, hook)
                if hook in ("lab-play", "lab-limit"):
                    shown.get_by_role("button").first.press("Space")
                    shown.get_by_role("alert").wait_for()
                page.wait_for_timeout(300)
                shown.screenshot(path=ASSETS / "panels" / f"{file}.png")
            page.close()


def main() -> None:
    """All of them."""
    with jupyterlab.browser() as browser:
        for picture in (notebook, panels, endpoint, report):
            print(f"{picture.__name__} …", flush=True)
            picture(browser)


if __name__ == "__main__":
    main()
