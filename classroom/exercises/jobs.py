"""Notebook 15: a job in the background that may end in several ways, or not at all."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

from classroom.exercises import words
from classroom.exercises.carrying import is_given
from classroom.exercises.exercise import Bench, Exercise, Trial
from classroom.exercises.given import openai_client
from classroom.exercises.plain import describe
from classroom.exercises.trying import try_each
from classroom.standin.operations import Asked
from classroom.standin.routes import responses
from classroom.standin.scripting.faults import fault

_TOO_MANY = 8  # looks; then the job is gone, so that a loop without an end has one here
_MOST = 4
_SECONDS = 10.0
_PAUSE = 0.08  # seconds; a check shortens half a second to 0.17


def _wait_for(bench: Bench) -> str:
    for looks in (1, 2, _MOST):
        id, text = _job(bench, "completed", looks)
        trial, _ = _waited(bench, id, f"a job that is completed at look {looks}")
        expected = describe(text)
        if trial.raised and "TimeoutError" in trial.raised.kinds:
            raise trial.wrong("It gives up too early.", expected, str(trial.raised))
        found = trial.returned(expected)
        if not isinstance(found, str):
            raise trial.wrong("It returns something else than the text of the answer.", expected)
        if found.strip() != text.strip():
            raise trial.wrong("It returns another text than the answer's.", expected)

    def look_at(status: str) -> None:
        id, _ = _job(bench, status, 2)
        trial, looks = _waited(bench, id, f"a job whose status becomes {status}")
        expected = f'a RuntimeError with the word "{status}" in it'
        if trial.late or looks >= _MOST:
            raise trial.wrong(
                "The job is over, and it goes on waiting. Only queued and in_progress change.",
                expected,
                f"{looks} looks at the job",
            )
        if trial.raised is None and trial.value is None:
            raise trial.wrong(
                "It returns nothing for a job that has no result: its caller can't know.", expected
            )
        error = trial.refused("RuntimeError", expected)
        if status not in error.message:
            raise trial.wrong("Its error does not say how the job ended.", expected, str(error))

    try_each(bench, ("failed", "cancelled", "incomplete"), look_at)
    id, _ = _job(bench, "queued", 1)  # and never begins
    before = bench.boundary.count
    trial, looks = _waited(bench, id, "a job that stays queued")
    expected = f"a TimeoutError after {_MOST} looks at the job"
    if trial.late or looks > _MOST:
        raise trial.wrong("It goes on looking. Count the looks.", expected, f"{looks} looks at the job")
    if trial.raised is None and trial.value is None:
        raise trial.wrong("It gives up without a word: its caller can't know.", expected)
    trial.refused("TimeoutError", expected)
    if looks < _MOST - 1:
        raise trial.wrong("It gives up too early.", expected, f"{looks} looks at the job")
    times = [call.at for call in bench.boundary.openai.journal[before:]]
    if min((later - earlier for earlier, later in pairwise(times)), default=_PAUSE) < _PAUSE:
        raise trial.wrong(
            "It looks again at once. Wait half a second between two looks.",
            "half a second between two looks",
            "hardly any time between them",
        )
    return "It waits for what can still change, says how a job ended, and gives up in the end."


def _job(bench: Bench, status: str, looks: int) -> tuple[str, str]:
    """A job that ends so when it was looked at so often: its identifier, and its text."""
    openai = bench.boundary.openai
    body: dict[str, Any] = {
        "model": "gpt-5.4-mini",
        "input": words.question(bench.chance),
        "background": True,
    }
    made = responses.create(openai, Asked(body))
    id = str((made.data or {})["id"])
    stored = openai.responses.get(id)
    assert stored is not None  # it was kept a moment ago
    ended = {**stored.response, "status": status}
    if status != "completed":
        ended |= {"output": [], "usage": None}
    openai.responses.put(id, replace(stored, response=ended, left=looks))
    return id, made.outputs[0].content.decode()


def _waited(bench: Bench, id: str, case: str) -> tuple[Trial, int]:
    """One run, and how often it looked at the job."""
    client = openai_client(f"{bench.boundary.url}/v1")
    before = bench.boundary.count
    case_words = f"wait_for(client, id, {_MOST}), {case}"
    faults = bench.boundary.openai.faults
    faults.add(fault(status=404, after=_TOO_MANY))
    try:
        trial = bench.call(client, id, _MOST, case=case_words, seconds=_SECONDS)
    finally:
        faults.clear()
    journal = bench.boundary.openai.journal[before:]
    looks = [call for call in journal if call.route.startswith("responses/") and is_given(call)]
    if not looks and not trial.raised:
        raise trial.wrong(
            "It does not look at the job. Ask with the client that it is given.",
            "the job, asked for by its identifier",
            describe(trial.value),
        )
    return trial, len(looks)


EXERCISES = {
    "15.4": Exercise(
        "wait_for",
        _wait_for,
        (
            "Which statuses can still change, and which ones are the end?",
            'job = client.responses.retrieve(id). Go on while job.status is "queued" or "in_progress", and count how often '
            "you looked.",
            'for _ in range(most): look; if the status is "completed", return job.output_text; if it is not in ("queued", '
            '"in_progress"), raise RuntimeError(job.status); time.sleep(0.5). After the loop, raise TimeoutError.',
        ),
    ),
}
