"""Where the learner's code runs while a check tries it: this process, or another one behind a wall."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from classroom.exercises.performing import Performer


class KernelGone(Exception):
    """The kernel does not answer any more."""


class Kernel(Protocol):
    """Where the learner's code runs."""

    def ask(self, order: Mapping[str, Any], back: Callable[[Any], Any], seconds: float) -> dict[str, Any]:
        """What came of an order; `back` answers what the kernel asks meanwhile.

        Raises:
            KernelGone: it ended, or did not answer in time.
        """


class ThisKernel:
    """The kernel is this process, as in a lesson."""

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._performer = Performer(namespace)

    def ask(self, order: Mapping[str, Any], back: Callable[[Any], Any], seconds: float) -> dict[str, Any]:
        """What came of an order."""
        return self._performer.perform(order, back)
