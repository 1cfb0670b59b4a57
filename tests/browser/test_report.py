"""A learner's page in a real browser: no value is so long that the page becomes wider than the screen."""

import pytest

from grader import rubric
from grader.evidence import AppStart, Evidence
from grader.judge import judge
from grader.report import html
from tests.browser.jupyterlab import browser, chromium
from tests.grader.seen import MADE, evidence

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="there is no browser here"),
]
LONG = "x" * 6_000  # nowhere a place to break a line


def page_of(seen: Evidence) -> str:
    report = judge(seen, rubric.read())
    criteria = tuple(
        result.model_copy(
            update={
                "status": "failed",
                "summary": LONG,
                "where": LONG,
                "advice": (LONG,),
                "evidence": ("ex-1",),
            }
        )
        for result in report.criteria
    )
    return html.render(report.model_copy(update={"criteria": criteria, "next_step": LONG}), seen)


@pytest.mark.parametrize("width", [390, 1280])
def test_no_value_makes_the_page_wider_than_the_screen(width, tmp_path):
    exchange = MADE.model_copy(update={"body": LONG, "url": f"/{LONG}", "request_body": LONG, "log": LONG})
    seen = evidence(app=AppStart(started=True, log=LONG))
    exchanges = tuple(exchange if each.id == MADE.id else each for each in seen.exchanges)
    seen = seen.model_copy(update={"exchanges": exchanges}).with_blobs(seen.blobs)
    file = tmp_path / "report.html"
    file.write_text(page_of(seen), encoding="utf-8")
    with browser() as opened:
        page = opened.new_page(viewport={"width": width, "height": 900})
        page.goto(file.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
