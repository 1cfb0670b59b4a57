"""Collects evidence: runs a learner's app and tests, sends requests, and records what happened."""

from grader.collect.collector import collect

__all__ = ["collect"]
