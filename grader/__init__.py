"""Collects evidence from a submission, judges it, reports."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("openai-files-lab")
except PackageNotFoundError:  # in a sandbox, with an environment of the submission's own
    __version__ = "0"
