"""In the learner's kernel: whether a function has a body yet."""

import dis
from typing import Any


def _empty() -> None: ...


def _steps(function: Any) -> list[tuple[str, Any]]:
    return [(each.opname, each.argval) for each in dis.get_instructions(function)]


def is_written(target: Any) -> bool:
    """Whether something that can be called does more than nothing: its body is not just `...`, `pass` or a comment."""
    return not hasattr(target, "__code__") or _steps(target) != _steps(_empty)
