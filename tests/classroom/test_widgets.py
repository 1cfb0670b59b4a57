"""What panels say, apart from how they look: that is for the browser's tests."""

import os

import pytest

from classroom.lesson import Lesson
from classroom.widgets import costs, key, limits, prompts


@pytest.fixture
def lesson(openai_mock, s3_bucket, monkeypatch):
    running = Lesson("mock", s3_bucket, openai_mock)
    for module in (prompts, key):
        monkeypatch.setattr(module, "current", lambda: running)
    return running


@pytest.mark.parametrize(
    ("kind", "shown"), [("Text", "<blockquote>"), ("Picture", "<img "), ("Sound", "<audio ")]
)
def test_the_playground_shows_what_came_with_its_price_and_the_code(lesson, kind, shown):
    page = prompts.ask_model(kind, "a kite & a <b>")
    assert shown in page
    assert f"{kind}: done. At OpenAI it would have cost $0." in page
    assert "a kite &amp; a &lt;b&gt;" in page
    assert "<b>" not in page


@pytest.mark.parametrize("kind", ["Text", "Picture", "Sound"])
def test_it_never_costs_more_than_was_announced(lesson, kind):
    most = float(prompts.at_most(kind, "a kite").rpartition("$")[2].rstrip("."))
    prompts.ask_model(kind, "a kite")
    assert 0 < lesson.openai.calls[-1].cost <= most


def test_what_openai_refuses_is_reported(lesson):
    lesson.openai.fail(code="content_policy_violation")
    assert "✗ OpenAI refuses it (400)" in prompts.ask_model("Picture", "a kite")
    lesson.openai.clear_faults()
    lesson.openai.fail(effect="drop")
    assert "✗ No answer came" in prompts.ask_model("Text", "a kite")


def test_without_words_nothing_is_sent(lesson):
    assert "✗ There are no words yet." in prompts.ask_model("Text", " \n")
    assert len(lesson.openai.calls) == 0


def test_a_key_goes_into_the_environment_and_nowhere_into_the_answer(lesson, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "before")
    typed = "sk-" + "0123456789abcdef" * 2
    assert typed not in key._taken(typed)
    assert os.environ["OPENAI_API_KEY"] == typed


@pytest.mark.parametrize("typed", ["", "two words", "a\nb"])
def test_what_can_not_be_a_key_changes_nothing(lesson, monkeypatch, typed):
    monkeypatch.setenv("OPENAI_API_KEY", "before")
    assert "✗" in key._taken(typed)
    assert os.environ["OPENAI_API_KEY"] == "before"


def test_a_limit_refuses_what_is_too_much_and_patience_gets_through():
    at_once = limits.send_calls(allowed=2, calls=4, retries=0)
    assert [answer.answered for answer in at_once] == [True, True, False, False]
    patient = limits.send_calls(allowed=2, calls=3, retries=8)
    assert all(answer.answered for answer in patient)
    assert patient[-1].at > at_once[-1].at
    assert "2 of 4 were answered" in limits.render(at_once)


def test_costs_grow_with_what_is_asked_for():
    assert "1,000 requests cost" in costs.costs("Summarize this page in one sentence.", 300, 1000)
    assert "$1.36" in costs.costs("Summarize this page in one sentence.", 300, 1000)
    assert "$2.71" in costs.costs("Summarize this page in one sentence.", 600, 1000)
