"""Progress of a class: how many are done, which are running, and how long the rest will take."""

import time

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from grader.batch.collecting import Task
from grader.batch.evidence_store import Outcome
from grader.escaping import for_terminal

_SHOWN = 4  # names of those that are running


class Live:
    """A `Watcher`: a bar on a terminal, a line for each that ended elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._running: dict[str, float] = {}
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[running]}", style="dim", markup=False),  # names of submissions
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("graded", total=None, running="")

    def start(self) -> None:
        """Show the bar."""
        self._bar.start()

    def stop(self) -> None:
        """Leave it as it is."""
        self._bar.stop()

    def expect(self, count: int) -> None:
        """How many there are."""
        self._bar.update(self._task, total=count)

    def began(self, task: Task) -> None:
        """See `Watcher`."""
        self._running[task.name] = time.monotonic()
        self._show()

    def ended(self, task: Task, outcome: Outcome) -> None:
        """See `Watcher`."""
        self._running.pop(task.name, None)
        self._bar.advance(self._task)
        self._show()
        if outcome.state != "graded":
            self._print(f"{task.name}: {outcome.state}. {outcome.message}")
        elif not self._console.is_terminal:
            self._print(f"{task.name}: collected in {outcome.seconds:.0f} s")

    def _print(self, words: str) -> None:
        self._console.print(Text(for_terminal(words)))

    def _show(self) -> None:
        names = sorted(self._running, key=self._running.__getitem__)
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        self._bar.update(self._task, running=for_terminal(", ".join(names[:_SHOWN]) + more))
