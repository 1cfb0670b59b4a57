"""`make lab` leads to a notebook that runs and shows its picture, in a real browser."""

import os

import pytest

from tests.browser import jupyterlab

pytestmark = [
    pytest.mark.browser,
    # on a learner's machine there may be no chromium; in CI there has to be
    pytest.mark.skipif(
        not jupyterlab.chromium() and not os.environ.get("CI"), reason="there is no chromium here"
    ),
]


def test_notebook_00_runs_and_shows_the_picture(tmp_path):
    with jupyterlab.lab(tmp_path) as address, jupyterlab.browser() as browser:
        page = browser.new_page()
        jupyterlab.run_all(page, address, "You have reached the end of notebook 00.")
        picture = page.get_by_role("img", name="A generated picture of a lighthouse in a storm")
        assert picture.evaluate("image => image.complete && image.naturalWidth") == 1024
        assert page.get_by_text("Exercise 00.1: not yet, it returns nothing so far.").count() == 1
        assert page.locator("audio").count() == 1
