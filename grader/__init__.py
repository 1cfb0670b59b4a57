"""Collects evidence from a submission, judges it, reports."""

from importlib.metadata import version

__version__ = version("openai-files-lab")
