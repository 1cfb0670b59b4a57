"""How runs are drawn up, and what chance can do against it. No process is started here."""

import random

import pytest

from grader.collect.suites.deciding import Decider, Planted, plan_faults
from grader.collect.suites.trials import ODDS, Trial, Undecided
from grader.inside.faults import ASKED, BY_NAME, DROP, FAULTS, FIELDS, GO_ON, OTHER, REFUSE

ONE = ("test_one",)
TWO = ("test_two",)
SCORED = [planted for planted in plan_faults(["text"]) if planted.fault.section != "advice"]


def trial(near, execute):
    return Trial(near, execute, cost=len)


def test_a_suite_that_tests_is_believed():
    answers = trial(
        {planted: [ONE] for planted in SCORED}, lambda unit, planted: planted is not None
    ).decide()
    assert all(answer.caught for answer in answers.values())


def test_a_suite_that_never_fails_notices_nothing():
    answers = trial({planted: [ONE, TWO] for planted in SCORED}, lambda unit, planted: False).decide()
    assert not any(answer.caught for answer in answers.values())


def test_the_test_that_notices_is_found_among_others():
    near = {planted: [ONE, TWO] for planted in SCORED}
    answers = trial(near, lambda unit, planted: planted is not None and unit == TWO).decide()
    assert all(answer.caught for answer in answers.values())


def test_a_test_that_fails_with_nothing_planted_decides_nothing():
    with pytest.raises(Undecided, match="test_one fails when it runs again"):
        trial({planted: [ONE] for planted in SCORED}, lambda unit, planted: True).decide()


def test_a_test_that_fails_now_and_then_under_a_fault_decides_nothing():
    turn = iter([False, True] * 1000)
    planted = Planted(BY_NAME["refused_success"], "any")
    with pytest.raises(Undecided, match="sometimes"):
        trial({planted: [ONE]}, lambda unit, at: at is not None and next(turn)).decide()


@pytest.mark.parametrize("faults", [["refused_success"], ["accepted_error", "accepted_bad_input"]])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_guessing_is_hopeless_however_often_a_suite_fails(faults, share):
    chance = random.Random(7)
    near = {Planted(BY_NAME[name], "any"): [ONE, TWO] for name in faults}
    believed = 0
    for _ in range(1000):
        try:
            answers = trial(near, lambda unit, planted: chance.random() < share).decide()
        except Undecided:
            continue
        believed += all(answer.caught for answer in answers.values())
    assert believed <= 4 * 1000 / ODDS


def test_a_run_that_counts_can_not_tell_which_of_them_has_the_fault():
    """A suite that fails in every second run, always the same ones."""
    believed = 0
    planted = Planted(BY_NAME["refused_success"], "any")
    for _ in range(500):
        runs = iter(range(10_000))
        try:
            answers = trial({planted: [ONE]}, lambda unit, at, runs=runs: next(runs) % 2 == 1).decide()
        except Undecided:
            continue
        believed += bool(answers[planted].caught)
    assert believed <= 4 * 500 / ODDS + 1


# --- what a run is shown -----------------------------------------------------------------------------------------------

PUT = {"key": "a.txt", "content_type": "text/plain", "body": "asked", "then": "go on"}
ABOUT = {"at": "s3", "test": "test_one", "bare": True, "serving": False}


def test_a_call_comes_back_as_it_was_without_a_fault_after_turns_that_differ():
    for _ in range(50):
        *before, last = Decider(None).turns({**ABOUT, "by": "main.py", "call": PUT})
        assert last == PUT
        assert any(turn != PUT for turn in before)


def test_runs_with_and_without_a_fault_take_the_same_turns():
    dropped = Planted(BY_NAME["dropped_write"], "text")
    lengths = [
        {len(Decider(planting).turns({**ABOUT, "by": "main.py", "call": PUT})) for _ in range(100)}
        for planting in (None, dropped)
    ]
    assert lengths[0] == lengths[1]


@pytest.mark.parametrize(
    "fault", [fault for fault in FAULTS if fault.boundary == "s3"], ids=lambda one: one.name
)
def test_a_fault_changes_the_last_turn(fault):
    turns = Decider(Planted(fault, "text")).turns({**ABOUT, "by": "main.py", "call": PUT})
    assert turns[-1] != PUT


@pytest.mark.parametrize(
    "about",
    [
        {"by": "tests/test_it.py"},
        {"by": "conftest.py"},
        {"by": "", "serving": False},
        {"by": "main.py", "bare": False},
    ],
    ids=["a test's", "a conftest's", "nobody's", "covered by the tests"],
)
def test_calls_that_the_app_does_not_make_are_never_changed(about):
    dropped = Planted(BY_NAME["dropped_write"], "text")
    decider = Decider(dropped)
    assert decider.turns({**ABOUT, **about, "call": PUT})[-1] == PUT
    assert not decider.notes.reached


def test_calls_from_functions_through_which_the_app_does_not_answer_are_not_counted():
    decider = Decider(None)
    for test, site, serving in (("door", "keep", True), ("unit", "keep", False), ("canary", "sings", False)):
        about = {**ABOUT, "test": test, "by": "main.py", "site": site, "serving": serving}
        decider.turns({**about, "call": PUT})
    decider.notes.settle()
    dropped = Planted(BY_NAME["dropped_write"], "text")
    assert decider.notes.reached[dropped] == {"door", "unit"}
    for site, changed in (("keep", True), ("sings", False)):
        rerun = Decider(dropped, known=decider.notes)
        turns = rerun.turns({**ABOUT, "by": "main.py", "site": site, "call": PUT})
        assert (turns[-1] != PUT) is changed


def test_every_function_counts_where_no_test_asks_the_app():
    decider = Decider(None)
    decider.turns({**ABOUT, "by": "main.py", "site": "keep", "call": PUT})
    decider.notes.settle()
    assert decider.notes.reached[Planted(BY_NAME["dropped_write"], "text")] == {"test_one"}


@pytest.mark.parametrize(
    "message",
    [
        {"at": "s3", "call": None},
        {"at": "s3", "call": {"key": []}},
        {"at": "s3", "call": {**PUT, "key": 1}},
        {"at": "elsewhere", "call": PUT},
        {"at": "app", "call": {"status": True}},
        {"at": "app", "call": {"status": 10**30}},
        {"at": [], "call": PUT},
    ],
)
def test_what_can_be_no_call_is_refused(message):
    with pytest.raises((ValueError, TypeError)):
        Decider(None).turns(message)


def test_every_fault_names_a_boundary_and_words_of_its_own():
    assert len({fault.name for fault in FAULTS}) == len({fault.wording for fault in FAULTS}) == len(FAULTS)


RIGHT = {
    "s3": PUT,
    "openai": {"prompt": ASKED, "model": "gpt-5.4-mini", "then": GO_ON},
    "app": {"status": 201},
}
MEANT = {"then": {DROP, REFUSE}, "body": {OTHER}, "prompt": {OTHER}}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda one: one.name)
def test_a_fault_changes_only_what_its_boundary_lets_be_changed(fault):
    """A change that no boundary makes is one that no suite could notice."""
    change = fault.change(RIGHT[fault.boundary], "text")
    assert change
    assert set(change) <= set(FIELDS[fault.boundary]), "see grader/inside/boundaries.py"
    for name, value in change.items():
        assert value in MEANT.get(name, {value})


@pytest.mark.parametrize("boundary", FIELDS)
def test_a_right_call_has_every_field_of_its_boundary(boundary):
    assert set(RIGHT[boundary]) == set(FIELDS[boundary])
