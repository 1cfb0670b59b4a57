"""Cases are tried in an order of chance, and the reason of a refusal does not depend on it."""

from random import Random

import pytest

from classroom.exercises.exercise import Bench, NotYet, Raised, TooLate, Trial
from classroom.exercises.trying import fails_by_assert, try_each


class _Chance:
    def __init__(self, seed):
        self.chance = Random(seed)


@pytest.mark.parametrize("seed", range(8))
def test_the_first_wrong_case_in_the_order_that_is_given_is_the_reason(seed):
    bench: Bench = _Chance(seed)
    tried = []

    def look(case):
        tried.append(case)
        if case in ("c", "d", "f"):
            raise NotYet(case)

    with pytest.raises(NotYet, match="c"):
        try_each(bench, "abcdef", look)
    assert {"a", "b", "c"} <= set(tried)
    assert len(tried) == len(set(tried))


def test_the_order_of_the_tries_differs():
    orders = set()
    for seed in range(8):
        tried = []
        try_each(_Chance(seed), "abcdef", tried.append)
        orders.add("".join(tried))
    assert len(orders) > 1


def test_after_one_that_never_ends_nothing_more_is_tried():
    tried = []

    def look(case):
        tried.append(case)
        raise TooLate("It did not end.")

    with pytest.raises(TooLate):
        try_each(_Chance(1), "abcdef", look)
    assert len(tried) == 1


def _raised(*kinds):
    return Trial("check(…)", raised=Raised(kinds[0], kinds, ""))


def test_a_test_that_fails_with_other_errors_alone_is_refused():
    with pytest.raises(NotYet, match="never with an AssertionError"):
        fails_by_assert([_raised("KeyError", "Exception"), _raised("ValueError", "Exception")])


def test_a_test_may_fail_with_another_error_beside_an_assertion():
    fails_by_assert([_raised("KeyError", "Exception"), _raised("AssertionError", "Exception")])
    fails_by_assert([_raised("Failed", "BaseException")])
    fails_by_assert([])
