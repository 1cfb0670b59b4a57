"""What one grading costs, as the command runs it: seconds by phase, and CPU-seconds of all its processes.

    python -m benchmarks.grading [SUBMISSION …] [--times 3] [--beside PROGRAM] [--notebooks]

Prints medians. `--beside` names the `grader` of another checkout, which grades the same submissions in turn, so that both have the same machine;
the ratios are then printed. Notebooks are left out, unless `--notebooks` asks for all that `check` does.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from benchmarks import tables

BIN = Path(sys.executable).parent
_SECTIONS = ("endpoint", "secrets", "validation", "errors", "openapi", "tests")
_UNUSABLE = 2  # exit codes from here on mean that nothing was graded


@dataclass(frozen=True)
class Cost:
    """Seconds and CPU-seconds of one grading; `phases`: seconds by name."""

    seconds: float
    cpu_seconds: float
    phases: dict[str, float]


def measure(grader: Path, submission: Path, *, notebooks: bool = False) -> Cost:
    """Grade once, with or without what `check` does about notebooks.

    Raises:
        SystemExit: nothing was graded.
    """
    with tempfile.TemporaryDirectory() as place:
        only = [word for section in _SECTIONS for word in ("--only", section) if not notebooks]
        command = [
            str(grader),
            "check",
            str(submission),
            *only,
            "--evidence",
            place,
            "--json",
            f"{place}/report",
        ]
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True)
        seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode >= _UNUSABLE:
            sys.exit(f"{' '.join(command)}\n{done.stderr}")
        evidence = json.loads((Path(place) / "evidence.json").read_text(encoding="utf-8"))
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(seconds, used, evidence["phases"])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("submissions", nargs="*", type=Path, default=[Path("answer-key")])
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--beside", type=Path, help="the program `grader` of another checkout")
    parser.add_argument("--notebooks", action="store_true", help="run notebooks, too")
    tables.add_option(parser)
    options = parser.parse_args()
    programs = [BIN / "grader", *([options.beside] if options.beside else [])]
    costs: dict[tuple[Path, Path], list[Cost]] = defaultdict(list)
    for _ in range(options.times):
        for submission in options.submissions:
            for program in programs:
                costs[submission, program].append(measure(program, submission, notebooks=options.notebooks))
    table = Table(
        "submission", "grader", "seconds", "CPU-seconds", "ratio of time", "ratio of CPU", "seconds by phase"
    )
    for submission in options.submissions:
        usual = [statistics.median(cost.cpu_seconds for cost in costs[submission, each]) for each in programs]
        waited = [statistics.median(cost.seconds for cost in costs[submission, each]) for each in programs]
        for program, cpu, seconds_of in zip(programs, usual, waited, strict=True):
            found = costs[submission, program]
            phases = {
                name: statistics.median(cost.phases.get(name, 0.0) for cost in found)
                for name in found[0].phases
            }
            table.add_row(
                str(submission),
                "this one" if program == programs[0] else str(program),
                f"{seconds_of:.1f}",
                f"{cpu:.1f}",
                f"{waited[0] / seconds_of:.2f}",
                f"{usual[0] / cpu:.2f}",
                ", ".join(f"{name} {seconds:.1f}" for name, seconds in phases.items()),
            )
    tables.show([table], options.json, width=140)


if __name__ == "__main__":
    main()
