"""Quizzes: each choice gets its reason, and nothing that was chosen reaches a file."""

import json
from pathlib import Path

import nbformat
import pytest

from classroom import quizzing
from classroom.widgets import panel

NOTEBOOKS = Path(__file__).resolve().parents[2] / "answer-key" / "notebooks"


@pytest.fixture
def shown(monkeypatch):
    """The parts of the panel and the words in its place."""
    bundles = []
    monkeypatch.setattr(quizzing, "get_ipython", lambda: object())
    monkeypatch.setattr(panel, "show", lambda title, hook, parts, words="": bundles.append((parts, words)))
    return bundles


@pytest.mark.parametrize("number", quizzing.quizzes())
def test_every_question_has_one_right_choice_and_a_reason_for_each(number):
    questions = quizzing.quizzes()[number]
    assert len(questions) >= 2
    for question in questions:
        assert question.words.endswith("?")
        assert sum(choice.right for choice in question.choices) == 1
        assert len(question.choices) >= 3
        assert all(len(choice.why.split()) >= 4 for choice in question.choices)


def test_the_right_choice_is_not_always_the_first():
    places = {
        [choice.right for choice in question.choices].index(True)
        for questions in quizzing.quizzes().values()
        for question in questions
    }
    assert places == {0, 1, 2}


def test_each_choice_is_answered_with_its_reason(shown):
    quizzing.quiz("10")
    ((parts, _),) = shown
    _, asked, look, answer = parts[:4]
    field = next(each for each in asked.children if hasattr(each, "options"))
    look.click()
    assert "Choose an answer first" in answer.value
    for choice in quizzing.quizzes()["10"][0].choices:
        field.value = choice.words
        look.click()
        assert ("✓" in answer.value) == choice.right
        assert choice.why.partition("'")[0][:40] in answer.value
        assert 'role="alert"' in answer.value


def test_what_stands_in_the_panel_s_place_gives_nothing_away(shown):
    quizzing.quiz("10")
    ((_, words),) = shown
    reasons = [choice.why for question in quizzing.quizzes()["10"] for choice in question.choices]
    assert not [why for why in reasons if why in json.dumps(words)]


def test_a_terminal_gets_the_questions(capsys):
    quizzing.quiz("11")
    assert "1. In which order does a careful endpoint work?" in capsys.readouterr().out


def test_a_notebook_without_a_quiz_is_an_error_that_names_those_that_have_one():
    with pytest.raises(KeyError, match=r"Notebook 99 has no quiz\. These have: 00, 01"):
        quizzing.quiz("99")


@pytest.mark.parametrize("number", quizzing.quizzes())
def test_every_quiz_is_asked_at_the_end_of_its_notebook(number):
    (path,) = NOTEBOOKS.glob(f"{number}-*.ipynb")
    code = [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    assert code[-2] == f'quiz("{number}")'
