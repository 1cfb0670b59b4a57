"""Where learners' code runs: a wall around it, and the few doors in that wall."""

from grader.sandbox.sandbox import Job, Order, Sandbox
from grader.sandbox.tiers import TIERS, Isolation, Tier, chosen

__all__ = ["TIERS", "Isolation", "Job", "Order", "Sandbox", "Tier", "chosen"]
