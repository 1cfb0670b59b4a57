"""Predictions: a guess is kept in memory, shown beside what happened, and in no file."""

import json
import re
from pathlib import Path

import nbformat
import pytest

from classroom import predicting
from classroom.widgets import panel

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "answer-key" / "notebooks").glob("*.ipynb"))


@pytest.fixture
def shown(monkeypatch):
    """What a notebook would show, as bundles of formats; panels, by their parts."""
    bundles = []
    monkeypatch.setattr(predicting, "get_ipython", lambda: object())
    monkeypatch.setattr(predicting.notebook, "display", lambda data, raw: bundles.append(data))
    monkeypatch.setattr(
        panel,
        "show",
        lambda title, hook, parts, words="": bundles.append({"parts": parts, "text/plain": words}),
    )
    predicting._guesses.cache_clear()
    yield bundles
    predicting._guesses.cache_clear()


def guess(bundle, value):
    asked, keep, answer = bundle["parts"]
    field = next((each for each in getattr(asked, "children", ()) if hasattr(each, "options")), asked)
    field.value = value
    keep.click()
    return answer.value


def test_a_guess_stands_beside_what_happened(shown):
    predicting.predict("10.path", "404", "405")
    assert "Your guess is kept" in guess(shown[0], "404")
    predicting.explain("10.path", "405")
    (table,) = shown[1]["parts"]
    assert re.search(r"Your guess</th><td[^>]*>404</td>.*What happened</th><td[^>]*>405</td>", table.value)
    assert "<details open>" in shown[2]["text/html"]


def test_the_choices_are_a_group_with_a_name(shown):
    predicting.predict("10.path", "404", "405")
    *_, grouped = shown[0]["parts"][0].children
    (output,) = grouped.outputs
    script = output["data"]["application/javascript"]
    assert 'const name = "Your prediction";' in script
    assert 'setAttribute("role", "radiogroup")' in script


def test_without_a_guess_the_explanation_stays_folded(shown):
    predicting.explain("10.path", "405")
    assert "none yet" in shown[0]["parts"][0].value
    assert "<details><summary>" in shown[1]["text/html"]


def test_nothing_chosen_is_no_guess(shown):
    predicting.predict("10.path", "404", "405")
    assert "There is no guess yet" in guess(shown[0], None)
    assert predicting._guesses() == {}


def test_a_guess_reaches_no_output_that_a_file_keeps(shown):
    predicting.predict("10.path")
    guess(shown[0], "my private <b>guess</b>")
    assert shown[0]["parts"][0].value == "", "the field is emptied"
    predicting.explain("10.path", "405")
    kept = [{name: value for name, value in bundle.items() if name != "parts"} for bundle in shown]
    assert "private" not in json.dumps(kept)
    assert "<b>guess" not in shown[1]["parts"][0].value, "it is shown as text"


def test_a_terminal_gets_the_same_words(capsys):
    predicting.predict("10.path", "404", "405")
    predicting.explain("10.path", "405")
    printed = capsys.readouterr().out
    assert printed.startswith("Your prediction: 404 · 405\nYour guess: none\nWhat happened: 405\n")


def test_a_prediction_that_does_not_exist_is_an_error_that_names_those_that_do():
    with pytest.raises(KeyError, match=r"There is no prediction 99\.x\. There are: .*10\.path"):
        predicting.predict("99.x", "yes", "no")


def test_every_prediction_is_asked_once_and_explained_once_in_its_notebook():
    asked, explained = [], []
    for path in NOTEBOOKS:
        code = "\n".join(cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code")
        here = re.findall(r'\bpredict\(\s*"([\w.]+)"', code)
        assert all(id.startswith(path.name[:2]) for id in here)
        asked += here
        explained += re.findall(r'\bexplain\(\s*"([\w.]+)"', code)
    assert asked == explained
    assert sorted(asked) == sorted(predicting.explanations())
