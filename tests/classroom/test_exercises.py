"""Exercises: right answers of every style are accepted, wrong ones of beginners are refused with the reason."""

import html
import json
import re
import threading
import time
from pathlib import Path

import pytest

from classroom import exercises
from classroom.exercises import card, clock, exercise, plain
from classroom.exercises.openai_module import LabModule, ModuleProblem, open_module
from tests.classroom.answers import (
    agents,
    beginnings,
    endpoints,
    failures,
    finding,
    further,
    further_hunts,
    hunts,
    keys,
    meaning,
    mocking,
    module,
    pictures,
    proxies,
    routes,
    safety,
    scaling,
    steering,
    storage,
    waiting,
)
from tests.sampling import representative

ROOT = Path(__file__).resolve().parents[2]


BY_NOTEBOOK = {
    "00": beginnings.beginnings,
    "01": keys.keys,
    "02": beginnings.beginnings,
    "03": steering.steering,
    "04": pictures.pictures,
    "05": meaning.meaning,
    "06": failures.failures,
    "07": mocking.mocking,
    "08": storage.storage,
    "09": proxies.proxies,
    "10": routes.routes,
    "11": endpoints.endpoints,
    "12": agents.agents,
    "13": finding.finding,
    "14": safety.safety,
    "15": scaling.scaling,
}
_OF_THE_MODULE = ("02.3", "03.4", "04.4")
_WAITING = ("15.4", "15.5")
# their checks let an answer wait for seconds: some of the answers are enough, from the first to the last
_LONG = ("06.1", "10.4", "15.1", "15.4", "15.5")
_HUNTS = ("00.3", "09.3", "11.3")
_FURTHER_HUNTS = ("01.4", "02.4", "04.5")


@pytest.fixture
def lesson(openai_mock, s3_bucket, monkeypatch, tmp_path):
    """What a notebook has when its first cell was run."""
    from classroom.lesson import Lesson

    running = Lesson("mock", s3_bucket, openai_mock)
    monkeypatch.setattr(exercise, "current", lambda: running)
    monkeypatch.setattr("classroom.lesson.current", lambda: running)
    monkeypatch.setenv("MODULE_PLACE", str(tmp_path))
    return running


def answers_to(id):
    if id in _HUNTS:
        return hunts.hunts()[id]
    if id in _FURTHER_HUNTS:
        return further_hunts.further_hunts()[id]
    if id in _WAITING:
        return waiting.waiting()[id]
    found = module.module() if id in _OF_THE_MODULE else BY_NOTEBOOK[id[:2]]()
    (right, wrong), (more, more_wrong) = found[id], further.further().get(id, ([], []))
    return right + more, wrong + more_wrong


def tried(id, answers):
    """The answers that are tried: every third one where each takes long."""
    return representative(answers, 3 if id in _LONG else 1)


@pytest.mark.parametrize("id", exercises.EXERCISES)
def test_right_answers_of_every_style_are_accepted(id, lesson):
    right, _ = answers_to(id)
    assert len(right) >= 6
    name = exercises.EXERCISES[id].answer
    verdicts = [exercises.judge_answer(id, {name: answer}) for answer in tried(id, right)]
    assert [str(verdict) for verdict in verdicts if verdict.state != "done"] == []
    assert len({str(verdict) for verdict in verdicts}) == 1, "what a notebook keeps must not differ by chance"


@pytest.mark.parametrize("id", exercises.EXERCISES)
def test_wrong_answers_of_beginners_are_refused_with_the_reason(id, lesson):
    _, wrong = answers_to(id)
    assert len(wrong) >= 6
    for answer, reason in tried(id, wrong):
        verdict = exercises.judge_answer(id, {exercises.EXERCISES[id].answer: answer})
        assert verdict.state == "open", (reason, str(verdict))
        assert reason in str(verdict)
        assert verdict.case, "every message says which case"
        assert verdict.expected
        assert verdict.got
        assert len(str(verdict)) < 600
        assert not re.search(r"<.*(object at|function) .*>|0x[0-9a-f]{6}", str(verdict)), "no object's repr"


@pytest.mark.parametrize("id", exercises.EXERCISES)
def test_a_name_that_is_not_defined_is_named(id, lesson):
    verdict = exercises.judge_answer(id, {})
    name = exercises.EXERCISES[id].answer
    assert (verdict.state, verdict.sentence) == (
        "open",
        f"There is nothing called {name}. Run the cell above first.",
    )


@pytest.mark.parametrize("id", exercises.EXERCISES)
def test_every_exercise_is_asked_in_its_notebook_and_has_three_hints(id):
    (notebook,) = (ROOT / "answer-key" / "notebooks").glob(f"{id[:2]}-*.ipynb")
    text = notebook.read_text(encoding="utf-8")
    assert f"**Exercise {id}.**" in text
    assert f'check(\\"{id}\\")' in text
    assert re.search(r"from classroom import [^\n]*\bhint\b", text), "a refusal offers hint(…)"
    question, *others = exercises.EXERCISES[id].hints
    assert len(others) == 2
    assert question.rstrip().endswith("?")
    assert all(len(hint) > 20 for hint in others)


def test_every_exercise_that_a_notebook_asks_has_a_check():
    """One that is missing here is in a module that `classroom/exercises/__init__.py` does not list."""
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "answer-key" / "notebooks").glob("*.ipynb")]
    asked = {id for text in texts for id in re.findall(r"\*\*Exercise (\d\d\.\d+)\.\*\*", text)}
    assert asked == set(exercises.EXERCISES)


def test_an_answer_that_gives_back_something_strange_is_refused_without_a_traceback(lesson):
    class Strange(list):
        def __len__(self):
            raise RuntimeError("no length")

        def __iter__(self):
            raise RuntimeError("no items")

    verdict = exercises.judge_answer("08.2", {"names_of": lambda client, prefix: Strange()})
    assert verdict.state == "open"
    assert "RuntimeError" in str(verdict)


def test_an_answer_that_never_ends_is_stopped(lesson, monkeypatch):
    monkeypatch.setattr(
        exercise.Bench.call, "__kwdefaults__", {**exercise.Bench.call.__kwdefaults__, "seconds": 0.3}
    )
    stopped = []

    def endless(question):
        try:
            while True:
                pass
        finally:
            stopped.append(question)

    verdict = exercises.judge_answer("02.1", {"ask": endless})
    assert "It did not end within 0.3 seconds" in verdict.sentence
    assert stopped


def test_faults_that_a_learner_left_on_do_not_decide_a_check(lesson):
    lesson.openai.fail(status=500)
    right, _ = answers_to("02.1")
    assert exercises.judge_answer("02.1", {"ask": right[0]}).state == "done"
    lesson.openai.clear_faults()


def test_a_check_leaves_no_calls_in_the_lesson_s_journal(lesson):
    right, _ = answers_to("02.1")
    exercises.judge_answer("02.1", {"ask": right[0]})
    assert len(lesson.openai.calls) == 0


def test_waits_are_shortened_in_a_check_alone(lesson):
    began = time.monotonic()
    with clock.shortened_sleep():
        time.sleep(4)
        assert time.monotonic() - began < 2
        others = threading.Thread(target=time.sleep, args=(0.2,))
        at = time.monotonic()
        others.start()
        others.join()
        assert time.monotonic() - at >= 0.2
    at = time.monotonic()
    time.sleep(0.2)
    assert time.monotonic() - at >= 0.2


def test_a_longer_wait_stays_longer_when_it_is_shortened(monkeypatch):
    slept = []
    monkeypatch.setattr(clock, "_sleep", slept.append)
    with clock.shortened_sleep():
        for seconds in (0, 0.01, 0.1, 0.5, 1, 2, 60):
            time.sleep(seconds)
    assert slept == sorted(set(slept))


def test_a_check_shows_a_card_that_screen_readers_announce(lesson, monkeypatch):
    shown = []
    monkeypatch.setattr(card.notebook, "display", lambda data, raw: shown.append(data))
    monkeypatch.setattr(card, "get_ipython", lambda: object())
    monkeypatch.setattr(exercises, "_namespace", lambda: {"mime_type": lambda name: "<b>x</b>"})
    exercises.check("00.2")
    (data,) = shown
    assert 'role="status"' in data["text/html"]
    assert "&lt;b&gt;x" in data["text/html"]
    assert "<b>x" not in data["text/html"]
    lines = data["text/plain"].splitlines()
    assert lines[0].startswith("✗ Exercise 00.2: not yet. ")
    *case, advice = lines[1:]
    assert [line.split(":")[0].strip() for line in case] == ["Tried", "Expected", "Got"]
    for line in case:
        assert html.escape(line.partition(": ")[2]) in data["text/html"]
    assert advice.strip() == 'Stuck? hint("00.2") helps, one step at a time.'
    assert html.escape(advice.strip()) in data["text/html"]


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (
            "import numpy_of_yesterday\n\ndef mime_type(name):\n    return 1",
            "stopped with ModuleNotFoundError",
        ),
        ("def mime_type(name) return 1", "stopped with SyntaxError"),
        ("1 / 0", "Stuck?"),
        ("def mime_type(name):\n    return 1", "Stuck?"),
    ],
)
def test_a_refusal_says_that_the_answer_s_cell_stopped_with_an_error(cell, says, lesson, capsys, monkeypatch):
    from IPython.core import getipython
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    monkeypatch.setattr(getipython, "get_ipython", lambda: shell)
    shell.user_ns["mime_type"] = lambda name: "of an earlier run"
    shell.run_cell(cell)
    capsys.readouterr()
    exercises.check("00.2")
    advice = capsys.readouterr().out.splitlines()[-1]
    assert says in advice
    assert ("repair that cell first" in advice) == (says != "Stuck?")


def test_a_test_that_a_learner_wrote_leaves_no_calls_in_the_lesson_s_journal(lesson):
    right, _ = answers_to("07.2")
    kept = len(lesson.openai.calls)
    for answer in right[-2:]:
        assert exercises.judge_answer("07.2", {"check_keep": answer}).state == "done"
    assert len(lesson.openai.calls) == kept


def test_a_terminal_gets_the_same_words(lesson, monkeypatch, capsys):
    right, _ = answers_to("00.2")
    monkeypatch.setattr(exercises, "_namespace", lambda: {"mime_type": right[0]})
    exercises.check("00.2")
    printed = capsys.readouterr().out
    assert printed == "✓ Exercise 00.2: done. Each ending has its type, and everything else is just bytes.\n"


def test_hints_come_one_at_a_time(capsys):
    exercises._asked.cache_clear()
    for _ in range(4):
        exercises.hint("02.1")
    printed = capsys.readouterr().out.splitlines()
    for line, hint in zip(
        printed, [*exercises.EXERCISES["02.1"].hints, exercises.EXERCISES["02.1"].hints[-1]], strict=True
    ):
        assert hint in line
    assert printed[0].startswith("Hint 1 of 3 for exercise 02.1, a question:")
    assert printed[0].endswith('Another one: hint("02.1").')
    assert printed[3].endswith("This was the last one.")


def test_an_exercise_that_does_not_exist_is_an_error_that_names_those_that_do():
    with pytest.raises(KeyError, match=r"There is no exercise 99\.9\. There are: 00\.1"):
        exercises.hint("99.9")


def test_a_failure_of_the_check_itself_is_no_fault_of_the_learner_s(lesson):
    def broken(bench):
        raise RuntimeError("a bug")

    verdict = exercise.judge("02.1", exercise.Exercise("ask", broken, ("", "", "")), None, None)
    assert verdict.state == "unclear"
    assert "not your fault" in verdict.sentence


def test_a_file_that_can_not_be_run_is_named_with_its_line(tmp_path):
    broken = tmp_path / "openai_module.py"
    broken.write_text("router = 1\ndef (:\n")
    with pytest.raises(ModuleProblem, match=r"openai_module\.py can't be run, line 2: SyntaxError"):
        LabModule(broken)


def test_no_module_beside_the_notebook_is_an_error_that_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModuleProblem, match=r"There is no lab/src/files_api/openai_module\.py"):
        open_module()


def test_a_field_that_warns_of_itself_is_read_without_a_word(recwarn):
    import warnings

    from classroom.exercises.plain import _slots_and_properties

    class Address:
        @property
        def raw(self):
            warnings.warn("raw is deprecated", DeprecationWarning, stacklevel=2)
            return "here"

    assert _slots_and_properties(Address()) == {"raw": "here"}
    assert not recwarn.list


@pytest.mark.parametrize(
    "value", [[0.1, -2.5e-300, 1e300], [0.0, float("inf")], [1e308, 1e308], [0.5, 1], []]
)
def test_numbers_are_the_same_after_they_were_sent(value):
    sent = plain.decode(json.loads(json.dumps(plain.encode({"data": [value, value]}))))
    assert sent == {"data": [value, value]}
    assert [type(each) for each in sent["data"][0]] == [type(each) for each in value]


@pytest.mark.parametrize("content", [[1], ["0.1"], [None], [], "0.1", [[0.1]]])
def test_a_vector_that_holds_anything_but_numbers_is_no_value(content):
    with pytest.raises(plain.NotPlain):
        plain.decode(["vector", content])
