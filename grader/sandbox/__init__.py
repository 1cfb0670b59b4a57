"""The sandbox in which learners' code runs."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from grader.sandbox.tiers import TIERS, Isolation, Tier, choose_tier

if TYPE_CHECKING:
    from grader.sandbox.enclosure import Enclosure, Places
    from grader.sandbox.job import Job, Order
    from grader.sandbox.sandbox import Sandbox

__all__ = ["TIERS", "Enclosure", "Isolation", "Job", "Order", "Places", "Sandbox", "Tier", "choose_tier"]

_HOME = {"Enclosure": "enclosure", "Places": "enclosure", "Job": "job", "Order": "job", "Sandbox": "sandbox"}


def __getattr__(name: str) -> Any:
    """Import on first use: the command line asks only which tiers there are."""
    if name not in _HOME:
        raise AttributeError(f"module 'grader.sandbox' has no attribute {name!r}")
    return getattr(import_module(f"grader.sandbox.{_HOME[name]}"), name)
