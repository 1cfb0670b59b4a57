"""Exercises: unlike right answers are right, typical wrong ones are told why."""

from pathlib import Path

import pytest

from classroom import exercises
from classroom.exercises.module import LabModule, ModuleProblem, open_module
from tests.classroom.answers import (
    beginnings,
    endpoints,
    failures,
    keys,
    meaning,
    mocking,
    module,
    pictures,
    proxies,
    steering,
    storage,
)

ROOT = Path(__file__).resolve().parents[2]


def told_apart(id, right, wrong):
    assert len(right) >= 3
    assert len(wrong) >= 3
    name = exercises.EXERCISES[id].answer
    for answer in right:
        assert exercises.verdict(id, {name: answer}).startswith(f"Exercise {id}: done.")
    for answer, reason in wrong:
        said = exercises.verdict(id, {name: answer})
        assert said.startswith(f"Exercise {id}: not yet")
        assert reason in said
    assert "there is nothing called" in exercises.verdict(id, {})


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
    "10": endpoints.endpoints,
}
_OF_THE_MODULE = ("02.3", "03.4", "04.4")


@pytest.fixture
def lesson(openai_mock, s3_bucket, monkeypatch, tmp_path):
    """What a notebook has when its first cell was run, and a proxy for the notebook that starts one."""
    from classroom.exercises import looking
    from classroom.lesson import Lesson

    running = Lesson("mock", s3_bucket, openai_mock)
    monkeypatch.setattr(looking, "current", lambda: running)
    monkeypatch.setenv("MODULE_PLACE", str(tmp_path))
    return running


@pytest.fixture
def proxy(monkeypatch, lesson):
    from classroom.proxy import lesson as proxies

    proxies.start_proxy.cache_clear()
    monkeypatch.setattr(proxies, "_running", [])
    return proxies.start_proxy()


@pytest.mark.parametrize("id", exercises.EXERCISES)
def test_unlike_right_answers_are_right_and_typical_wrong_ones_are_told_why(id, lesson, request):
    if id.startswith("09"):
        request.getfixturevalue("proxy")
    answers = module.module() if id in _OF_THE_MODULE else BY_NOTEBOOK[id[:2]]()
    told_apart(id, *answers[id])


@pytest.mark.parametrize("id", exercises.EXERCISES)
def test_every_exercise_is_asked_in_its_notebook_and_has_a_hint(id):
    (notebook,) = (ROOT / "answer-key" / "notebooks").glob(f"{id[:2]}-*.ipynb")
    text = notebook.read_text(encoding="utf-8")
    assert f"**Exercise {id}.**" in text
    assert f'check(\\"{id}\\")' in text
    assert len(exercises.EXERCISES[id].hint) > 20


def test_an_answer_that_gives_back_something_strange_is_told_and_no_traceback(lesson):
    class Strange(list):
        def __len__(self):
            raise RuntimeError("no length")

    said = exercises.verdict("08.2", {"names_of": lambda client, prefix: Strange()})
    assert said.startswith("Exercise 08.2: not yet")


def test_a_file_that_can_not_be_run_is_told_with_its_line(tmp_path):
    broken = tmp_path / "openai_module.py"
    broken.write_text("router = 1\ndef (:\n")
    with pytest.raises(ModuleProblem, match=r"openai_module\.py can't be run, line 2: SyntaxError"):
        LabModule(broken)


def test_no_module_beside_the_notebook_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModuleProblem, match=r"There is no lab/src/files_api/openai_module\.py"):
        open_module()
