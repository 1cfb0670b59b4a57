"""Cases that take long: a fixed part of them in each run of the tests, all of them with TESTS=all."""

import os
from collections.abc import Sequence
from typing import TypeVar

import pytest

Case = TypeVar("Case")
ALL = os.environ.get("TESTS") == "all"

# for a test that takes long, of what quicker tests see in parts
thorough = pytest.mark.skipif(not ALL, reason="TESTS=all runs it")


def representative(cases: Sequence[Case], parts: int) -> Sequence[Case]:
    """One case of every so many, from the beginning to the end of the list: the same ones in every run."""
    if ALL:
        return cases
    return cases[::parts]
