"""Cases that take long: a fixed part of them in each run of the tests, all of them with TESTS=all."""

import os
from collections.abc import Sequence
from typing import TypeVar

Case = TypeVar("Case")


def representative(cases: Sequence[Case], parts: int) -> Sequence[Case]:
    """One case of every so many, from the beginning to the end of the list: the same ones in every run."""
    if os.environ.get("TESTS") == "all":
        return cases
    return cases[::parts]
