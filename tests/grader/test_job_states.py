"""A job has ended by what it does, whichever words an app has for it."""

import json

import pytest

from grader.collect.exchange.job_states import JobStates
from grader.evidence import Exchange
from grader.jobs import ended_otherwise


def promise(name: str, **said: str) -> Exchange:
    return Exchange(
        id=name, purpose="x", method="POST", url="/jobs", seconds=0.1, status=202, body=json.dumps(said)
    )


def look(states: JobStates, job: Exchange, *, settled: bool = False, late: bool = False, **said: str) -> bool:
    return states.has_ended(job, json.dumps(said), settled=settled, late=late)


def test_a_word_that_nobody_knows_is_waited_for_until_something_is_stored():
    states, job = JobStates(), promise("ex-1", id="a1")
    assert not look(states, job, state="growing")
    assert not look(states, job, state="growing")
    assert look(states, job, state="ripe", settled=True)


def test_what_was_learned_from_one_job_holds_for_the_next():
    states = JobStates()
    first = promise("ex-1", state="growing")
    assert look(states, first, state="ripe", settled=True)
    hanging, silent = promise("ex-2"), promise("ex-3")
    assert not look(states, hanging, state="growing", late=True)
    assert look(states, silent, state="ripe")  # ended as the first did, and stored nothing


def test_an_end_that_stores_nothing_is_an_end_when_there_is_no_more_time():
    states = JobStates()
    first, second = promise("ex-1"), promise("ex-2")
    assert not look(states, first, state="verdorben")
    assert look(states, first, state="verdorben", late=True)
    assert look(states, second, state="verdorben")


@pytest.mark.parametrize("said", [{"state": "done"}, {"status": "failed"}, {"url": "/files/1.txt"}])
def test_usual_words_and_none_at_all_are_an_end_at_once(said):
    assert look(JobStates(), promise("ex-1"), **said)


@pytest.mark.parametrize(
    ("body", "well", "otherwise"),
    [
        ('{"zustand": "verdorben"}', ['{"zustand": "reif"}'] * 2, True),
        ('{"zustand": "reif"}', ['{"zustand": "reif"}'] * 2, False),
        ('{"kind": "text"}', ['{"kind": "text"}', '{"kind": "image"}'], False),
        ('{"zustand": "verdorben"}', ['{"zustand": "reif"}'], False),
        ("not JSON", ['{"zustand": "reif"}'] * 2, False),
    ],
)
def test_a_job_that_ends_with_another_word_than_all_that_went_well_has_failed(body, well, otherwise):
    assert ended_otherwise(body, well) is otherwise
