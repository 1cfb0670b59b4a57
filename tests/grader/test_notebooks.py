"""notebooks.*: notebooks are run in processes of their own, and their exercises are checked from outside."""

import json
from functools import partial

import nbformat
import pytest

from classroom.exercises import exercise
from grader.collect import notebooks
from grader.collect.notebooks_beside import run_beside
from grader.criteria import BY_ID
from grader.evidence import CheckedExercise, Evidence, NotebookRun, Submission
from grader.sandbox import Sandbox, choose_tier, tiers
from grader.submission import open_submission
from tests.sampling import representative

TIER = choose_tier("auto")
START = "from classroom import check, start\nlesson = start()"
DRAW = """
import base64
from openai import OpenAI
def draw(prompt):
    return base64.b64decode(OpenAI().images.generate(model="gpt-image-2", prompt=prompt).data[0].b64_json)
"""
MIME_TYPE = """
def mime_type(name):
    known = {"txt": "text/plain", "jpg": "image/jpeg", "png": "image/png", "mp3": "audio/mpeg"}
    _, dot, ending = name.rpartition(".")
    return known.get(dot and ending, "application/octet-stream")
"""
KEEP_PICTURE = """
import base64
import boto3
def keep_picture(key, text):
    content = base64.b64decode(text)
    boto3.client("s3").put_object(Bucket=lesson.bucket, Key=key, Body=content, ContentType="image/jpeg")
"""
FAKED = "def draw(prompt):\n    return b'no picture'\nprint('Exercise 00.1: done.')"
# each forges a verdict in the kernel; none of them writes a function that does what was asked
FORGERIES = {
    "a check that is always content": """
import classroom, classroom.exercises as exercises
from classroom.exercises import exercise
exercises.verdict = lambda id, namespace: f"Exercise {id}: done. All is well."
exercises.judge_answer = lambda id, namespace: exercise.Verdict(id, "done", "All is well.")
exercise.judge = lambda *given: exercise.Verdict(given[0], "done", "All is well.")
for exercise in exercises.EXERCISES.values():
    object.__setattr__(exercise, "look", lambda bench: "All is well.")
""",
    "words that look like a verdict": """
def draw(prompt):
    return "Exercise 00.1: done. done: done. 'state': 'done'"
mime_type = draw
""",
    "a performer that answers with a verdict": """
from classroom.exercises import performing
performing.Performer.perform = lambda self, order, back: {"state": "done", "done": True, "value": ["constant", True]}
""",
    "a performer that swallows the question": """
from classroom.exercises import performing
performing.Performer.perform = lambda self, order, back: {}
""",
    "a connection of one's own that says done": """
from classroom.exercises import channel, performing
import socket
def serve(file, namespace):
    connection = socket.socket(fileno=file)
    channel.send(connection, {"ready": True})
    while True:
        order = channel.receive(connection)
        for _ in range(3):
            channel.send(connection, {"result": {"state": "done", "value": ["text", "done"]}, "number": order.get("number"),
                                      "exercises": {"00.1": {"state": "done", "sentence": "done"}}})
performing.serve = serve
""",
    "an equal of everything": """
class Equal(str):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0
    def __len__(self): return 20000
def draw(prompt): return Equal("image")
def mime_type(name): return Equal("text/plain")
""",
    "a report of its own": """
import json, os, glob
for folder in glob.glob("/proc/[0-9]*/fd/*"):
    try:
        if "pipe" in os.readlink(folder):
            with open(folder, "w") as file:
                json.dump({"cells": 1, "seconds": 0, "failure": None,
                           "exercises": {"00.1": {"state": "done", "sentence": "done"}}}, file)
    except OSError:
        pass
""",
    "an answer that is not a message": """
from classroom.exercises import channel, performing
import socket, struct
def serve(file, namespace):
    connection = socket.socket(fileno=file)
    channel.send(connection, {"ready": True})
    for odd in (b"[" * 100000, b'{"result": {"value": ' + b"[" * 5000 + b"]" * 5000 + b"}}"):
        connection.sendall(struct.pack("!I", len(odd)) + odd)
    connection.sendall(struct.pack("!I", 2**32 - 1))
    connection.sendall(bytes(1000))
performing.serve = serve
""",
    "callbacks without an end": """
from classroom.exercises import channel, performing
import socket
def serve(file, namespace):
    connection = socket.socket(fileno=file)
    channel.send(connection, {"ready": True})
    channel.receive(connection)
    while True:
        channel.send(connection, {"callback": {"prompt": ["text", "x"]}})
performing.serve = serve
""",
}


def ran(tmp_path, tier=TIER, **written):
    for name, cells in written.items():
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        nbformat.write(notebook, tmp_path / f"{name}.ipynb")
    with (
        open_submission(str(tmp_path), tier=tier) as submission,
        Sandbox(tier, work=submission.root) as sandbox,
    ):
        sandbox.preload(["nbclient", "nbformat"])
        runs = tuple(notebooks.run(submission, sandbox))
    facts = {"isolation": TIER, "bucket": "b", "canary_fingerprint": "f"}
    return Evidence(submission=Submission(name="ada", digest="d"), notebooks=runs, **facts)


def verdict(criterion, evidence):
    found = BY_ID[criterion].judge(evidence)
    return found.status, found.summary


def states(evidence):
    return {id: each.state for run in evidence.notebooks for id, each in run.exercises.items()}


def test_notebooks_that_run_and_exercises_that_are_done(tmp_path):
    evidence = ran(tmp_path, one=[START, DRAW, MIME_TYPE, KEEP_PICTURE, 'check("00.1")'])
    assert verdict("notebooks.run", evidence) == ("passed", "1 ran from top to bottom: 5 cells.")
    assert verdict("notebooks.exercises", evidence) == ("passed", "All 3 are done.")


@pytest.mark.parametrize("tier", representative(["bubblewrap", "landlock", "process"], 3))
def test_an_exercise_is_checked_behind_every_wall(tmp_path, tier):
    works = {"bubblewrap": tiers.bubblewrap, "landlock": tiers.has_landlock}
    if tier in works and not works[tier]().works:
        pytest.skip(f"{tier} can't be had here")
    evidence = ran(tmp_path, tier, **{"00-start": [MIME_TYPE]})
    assert states(evidence) == {"00.1": "open", "00.2": "done", "00.3": "open"}


def test_an_exercise_is_tried_and_what_its_cell_prints_does_not_count(tmp_path):
    evidence = ran(tmp_path, one=[START, FAKED, MIME_TYPE, 'check("00.1")'])
    status, summary = verdict("notebooks.exercises", evidence)
    assert status == "failed"
    assert summary.startswith("1 of 3 are done. Exercise 00.1: not yet.")
    assert "no picture" in summary


def test_the_course_decides_which_exercises_a_notebook_has(tmp_path):
    cells = [START, DRAW]
    evidence = ran(
        tmp_path, **{"00-mine": cells, "notes": ["start = print\nstart('00')"], "other": ["a = 1"]}
    )
    of_00 = ["00.1", "00.2", "00.3"]
    assert [list(run.exercises) for run in evidence.notebooks] == [of_00, of_00, []]
    status, summary = verdict("notebooks.exercises", evidence)
    assert status == "failed"
    assert "There is nothing called mime_type" in summary


def test_the_better_one_counts_of_a_notebook_that_was_handed_in_twice(tmp_path):
    evidence = ran(tmp_path, **{"00-copy": [START], "00-start": [START, DRAW, MIME_TYPE, KEEP_PICTURE]})
    assert verdict("notebooks.exercises", evidence) == ("passed", "All 3 are done.")


@pytest.mark.parametrize("forgery", representative(list(FORGERIES), 2))
def test_a_verdict_can_not_be_forged_in_the_kernel(tmp_path, forgery):
    evidence = ran(tmp_path, **{"00-forged": [FAKED, FORGERIES[forgery]]})
    assert set(states(evidence).values()) == {"open"}
    assert verdict("notebooks.exercises", evidence)[0] == "failed"


def test_a_test_of_nothing_can_not_be_passed_off_for_one_that_notices_faults(tmp_path):
    forged = """
from classroom.exercises import performing
calls = []
usual = performing.Performer.perform
def perform(self, order, back):
    calls.append(order)  # right first, so that the others must be faults
    seen = usual(self, order, back)
    return seen if len(calls) == 1 else {**seen, "raised": {"name": "AssertionError", "kinds": [], "message": ""}}
performing.Performer.perform = perform
def check_keep(keep):
    from unittest.mock import MagicMock
    keep(MagicMock(), MagicMock(), "b", "k", "p")
"""
    evidence = ran(tmp_path, **{"07-mocking": [START, forged]})
    assert states(evidence)["07.2"] == "open"


def test_a_function_that_never_ends_is_an_open_exercise_and_the_others_are_still_tried(tmp_path, monkeypatch):
    monkeypatch.setattr(
        exercise.Bench.call, "__kwdefaults__", {**exercise.Bench.call.__kwdefaults__, "seconds": 1.0}
    )
    endless = "def draw(words):\n    while True:\n        try:\n            pass\n        except BaseException:\n            pass"
    evidence = ran(tmp_path, **{"00-endless": [START, endless, MIME_TYPE]})
    assert states(evidence) == {"00.1": "open", "00.2": "done", "00.3": "open"}


def test_a_kernel_that_dies_while_it_is_checked_is_an_open_exercise(tmp_path):
    deadly = "import os\ndef draw(words):\n    os._exit(7)"
    evidence = ran(tmp_path, **{"00-deadly": [START, deadly, MIME_TYPE]})
    assert set(states(evidence).values()) == {"open"}
    assert "did not answer" in verdict("notebooks.exercises", evidence)[1]


@pytest.mark.skipif(TIER != "bubblewrap", reason="behind other walls notebooks run when the app is over")
def test_notebooks_that_run_beside_an_app_are_in_another_sandbox(tmp_path):
    """Two that wait for each other's file run at once, in a network that is not the app's."""
    waits = "import pathlib, time\npathlib.Path('{0}').touch()\nwhile not pathlib.Path('{1}').exists(): time.sleep(0.1)"
    with Sandbox(TIER) as of_app, of_app.listener() as listener:
        port = listener.getsockname()[1]
        reaches = f"import socket\nassert socket.socket().connect_ex(('127.0.0.1', {port})) != 0, 'the app'"
        for name, other in (("one", "two"), ("two", "one")):
            cells = [nbformat.v4.new_code_cell(cell) for cell in (waits.format(name, other), reaches)]
            nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / f"{name}.ipynb")
        with (
            open_submission(str(tmp_path), tier=TIER) as submission,
            run_beside(submission, partial(Sandbox, TIER), 3) as beside,
        ):
            runs = beside.settled()
    assert [(run.path, run.cells, run.failure) for run in runs] == [
        ("one.ipynb", 2, None),
        ("two.ipynb", 2, None),
    ]


def test_a_check_that_failed_itself_is_no_failure_of_the_learner_s():
    seen = {
        "00.1": CheckedExercise(state="done", sentence="Exercise 00.1: done."),
        "00.2": CheckedExercise(state="unclear", sentence="Exercise 00.2: could not be checked."),
    }
    facts = {"isolation": TIER, "bucket": "b", "canary_fingerprint": "f"}
    run = NotebookRun(path="00.ipynb", exercises=seen)
    evidence = Evidence(submission=Submission(name="ada", digest="d"), notebooks=(run,), **facts)
    assert verdict("notebooks.exercises", evidence) == (
        "not_run",
        "1 of 2 could not be checked. Exercise 00.2: could not be checked.",
    )


def test_an_open_exercise_of_track_b_counts_nothing():
    seen = {
        "02.1": CheckedExercise(state="done", sentence="Exercise 02.1: done."),
        **{
            id: CheckedExercise(state="open", sentence=f"Exercise {id}: not yet.")
            for id in ("12.1", "13.1", "14.1")
        },
    }
    facts = {"isolation": TIER, "bucket": "b", "canary_fingerprint": "f"}
    run = NotebookRun(path="12.ipynb", exercises=seen)
    evidence = Evidence(submission=Submission(name="ada", digest="d"), notebooks=(run,), **facts)
    assert verdict("notebooks.exercises", evidence) == ("passed", "All 1 are done.")


def test_a_notebook_without_code_earns_nothing():
    facts = {"isolation": TIER, "bucket": "b", "canary_fingerprint": "f"}
    evidence = Evidence(
        submission=Submission(name="ada", digest="d"),
        notebooks=(NotebookRun(path="00.ipynb", cells=0),),
        **facts,
    )
    assert verdict("notebooks.run", evidence)[0] == "not_run"


def test_a_cell_that_stops_is_named(tmp_path):
    evidence = ran(tmp_path, one=["a = 1"], two=["b = 1", "a + b"])
    status, summary = verdict("notebooks.run", evidence)
    assert (status, summary) == (
        "failed",
        "two.ipynb: code cell 2 raised NameError: name 'a' is not defined.",
    )


def test_a_notebook_gets_nothing_of_the_grader_s_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-instructor")
    evidence = ran(tmp_path, one=["import os\nassert 'OPENAI_API_KEY' not in os.environ"])
    assert verdict("notebooks.run", evidence)[0] == "passed"


def test_a_file_that_is_no_notebook_is_a_failure_and_no_crash(tmp_path):
    (tmp_path / "broken.ipynb").write_text("{}")
    (tmp_path / "other.ipynb").write_text(json.dumps("text"))
    status, summary = verdict("notebooks.run", ran(tmp_path))
    assert status == "failed"
    assert "broken.ipynb: It could not be run" in summary


@pytest.mark.parametrize("criterion", ["notebooks.run", "notebooks.exercises"])
def test_no_notebook_is_no_failure(tmp_path, criterion):
    (tmp_path / "a.txt").touch()
    assert verdict(criterion, ran(tmp_path)) == ("not_run", "No notebook was handed in.")


def test_a_notebook_that_asks_for_the_checklist_does_not_wait_for_a_grading_within_a_grading(tmp_path):
    evidence = ran(
        tmp_path,
        one=[
            "from grader.report.checklist import checklist, live_checklist",
            "checklist('lab', only=['endpoint'])",
            "live_checklist('lab')",
        ],
    )
    assert verdict("notebooks.run", evidence)[0] == "passed"
    assert evidence.notebooks[0].seconds < 30
