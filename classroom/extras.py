"""Names the extra to install when an optional package is missing."""

from importlib import import_module
from typing import Any


class MissingExtra(Exception):
    """A package is not installed; the text says how to install it."""


def load(module: str, extra: str, purpose: str) -> Any:
    """Import a module of an extra.

    Args:
        module: its name.
        extra: the extra of `openai-files-lab` that brings it.
        purpose: what it is for, as the beginning of a sentence: "Making sound".

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != module.partition(".")[0]:
            raise
        raise MissingExtra(
            f"{purpose} needs a package that is not installed: pip install 'openai-files-lab[{extra}]'"
        ) from error
