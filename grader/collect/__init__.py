"""The only part that runs a learner's code: starts the app and its tests, asks, and writes down what it saw."""

from grader.collect.collector import collect

__all__ = ["collect"]
