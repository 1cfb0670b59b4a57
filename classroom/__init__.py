"""OpenAI and S3 on this computer, and `start()` for notebooks."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from classroom.display import show
    from classroom.exercises import check, hint
    from classroom.learning_record import progress
    from classroom.lesson import Lesson, start
    from classroom.predicting import explain, predict
    from classroom.quizzing import quiz
    from classroom.s3 import S3Mock
    from classroom.standin.mock import OpenAIMock

__all__ = [
    "Lesson",
    "OpenAIMock",
    "S3Mock",
    "check",
    "explain",
    "hint",
    "predict",
    "progress",
    "quiz",
    "show",
    "start",
]

_HOME = {
    "Lesson": "lesson",
    "OpenAIMock": "standin.mock",
    "S3Mock": "s3",
    "check": "exercises",
    "explain": "predicting",
    "hint": "exercises",
    "predict": "predicting",
    "progress": "learning_record",
    "quiz": "quizzing",
    "show": "display",
    "start": "lesson",
}


def __getattr__(name: str) -> Any:
    """Import on first use: pytest loads this package in every run, for fixtures that few of them ask for."""
    if name not in _HOME:
        raise AttributeError(f"module 'classroom' has no attribute {name!r}")
    found = getattr(import_module(f"classroom.{_HOME[name]}"), name)
    globals()[name] = found
    return found
