"""Where learners' code runs: a wall around it, and the few doors in that wall."""

from grader.sandbox.enclosure import Enclosure, Places
from grader.sandbox.job import Job, Order
from grader.sandbox.sandbox import Sandbox
from grader.sandbox.tiers import TIERS, Isolation, Tier, chosen

__all__ = ["TIERS", "Enclosure", "Isolation", "Job", "Order", "Places", "Sandbox", "Tier", "chosen"]
