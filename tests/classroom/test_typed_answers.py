"""Answers as people type them into a cell: right ones of other styles are accepted, wrong ones refused with the reason."""

import re
from random import Random

import pytest

from classroom import exercises
from classroom.exercises import exercise
from classroom.lesson import Lesson
from tests.classroom.answers.typed_answers import Typed, typed_answers
from tests.classroom.test_exercises import tried

IDS = sorted({each.id for each in typed_answers()})


@pytest.fixture
def lesson(openai_mock, s3_bucket, monkeypatch):
    """What a notebook has when its first cell was run."""
    running = Lesson("mock", s3_bucket, openai_mock)
    monkeypatch.setattr(exercise, "current", lambda: running)
    monkeypatch.setattr("classroom.lesson.current", lambda: running)
    return running


def verdict_of(each: Typed) -> exercise.Verdict:
    """With inputs that are the same in each run, and others for each answer."""
    return exercises.judge_answer(each.id, each.namespace(), Random(f"{each.id} {each.how}"))


@pytest.mark.parametrize("id", IDS)
def test_a_right_answer_that_is_typed_is_accepted(id, lesson):
    right = [each for each in typed_answers() if each.id == id and not each.reason]
    verdicts = {each.how: verdict_of(each) for each in tried(id, right)}
    assert {how: str(verdict) for how, verdict in verdicts.items() if verdict.state != "done"} == {}


@pytest.mark.parametrize("id", IDS)
def test_a_wrong_answer_that_is_typed_is_refused_with_the_reason(id, lesson):
    for each in tried(id, [each for each in typed_answers() if each.id == id and each.reason]):
        verdict = verdict_of(each)
        assert verdict.state == "open", (each.how, str(verdict))
        assert each.reason in verdict.sentence, each.how
        assert verdict.case, each.how
        assert verdict.expected, each.how
        assert verdict.got, each.how
        assert len(str(verdict)) < 600
        assert not re.search(r"<.*(object at|function) .*>|0x[0-9a-f]{6}", str(verdict)), "no object's repr"
