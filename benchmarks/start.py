"""What it takes to begin: seconds and CPU-seconds of commands that do nothing, and of imports, beside bare Python.

python -m benchmarks.start [--times 9]
"""

import argparse
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

from rich.table import Table

from benchmarks import tables

BIN = Path(sys.executable).parent
COMMANDS: dict[str, list[str]] = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "grader --help": [str(BIN / "grader"), "--help"],
    "classroom --help": [str(BIN / "classroom"), "--help"],
    "import openai, boto3": [sys.executable, "-c", "import openai, boto3"],
    "import grader.collect": [sys.executable, "-c", "import grader.worker.grading, grader.collect"],
}


def measure(command: list[str]) -> tuple[float, float]:
    """Seconds, and CPU-seconds, of one run."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure in turn, round after round, and print medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=9)
    tables.add_option(parser)
    options = parser.parse_args()
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in COMMANDS}
    for _ in range(options.times):
        for name, command in COMMANDS.items():
            found[name].append(measure(command))
    floor = statistics.median(cpu for _, cpu in found["python -c pass"])
    table = Table("what", "seconds", "CPU-seconds", "times bare Python", title="to begin")
    for name, runs in found.items():
        seconds, cpu = (statistics.median(each) for each in zip(*runs, strict=True))
        table.add_row(name, f"{seconds:.2f}", f"{cpu:.2f}", f"{cpu / floor:.1f}")
    tables.show([table], options.json)


if __name__ == "__main__":
    main()
