"""What one grading costs, by phase: seconds and CPU-seconds.

    python -m benchmarks.grading [SUBMISSION] [--times 3]

Prints medians. CPU-seconds are those of the grader and of everything it started; the tests run beside the last probe, so their
phase shows only what was still to wait for.
"""

import argparse
import os
import statistics
from collections import defaultdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from grader import rubric
from grader.collect import collect
from grader.judge import judge
from grader.submission import opened


def cpu_seconds() -> float:
    """Of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def measure(path: Path) -> tuple[dict[str, float], dict[str, float]]:
    """Seconds and CPU-seconds of each phase of one grading, and of the whole."""
    marks: list[tuple[str, float]] = []
    before = cpu_seconds()
    with opened(str(path)) as submission:
        evidence = collect(
            submission,
            lambda phase: marks.append((phase, cpu_seconds())),
            tier="bubblewrap",
            only=["endpoint", "secrets", "validation", "errors", "openapi", "tests"],
        )
    judge(evidence, rubric.read())
    after = cpu_seconds()
    wall = {**evidence.phases, "whole": evidence.seconds}
    ends = [at for _, at in marks[1:]] + [after]
    cpu = {phase: end - at for (phase, at), end in zip(marks, ends, strict=True)}
    return wall, {**cpu, "whole": after - before}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("submission", nargs="?", type=Path, default=Path("answer-key"))
    parser.add_argument("--times", type=int, default=3)
    options = parser.parse_args()
    walls, cpus = defaultdict(list), defaultdict(list)
    for _ in range(options.times):
        wall, cpu = measure(options.submission)
        for phase in wall:
            walls[phase].append(wall[phase])
            cpus[phase].append(cpu[phase])
    table = Table("phase", "seconds", "CPU-seconds", title=f"{options.submission}, median of {options.times}")
    for phase in walls:
        table.add_row(
            phase, f"{statistics.median(walls[phase]):.2f}", f"{statistics.median(cpus[phase]):.2f}"
        )
    Console().print(table)


if __name__ == "__main__":
    main()
