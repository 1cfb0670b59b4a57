"""What a class costs: submissions a minute and CPU-seconds each, with one and with two jobs.

    python -m benchmarks.class_of_thirty [SUBMISSION] [--count 30] [--nbgrader]

Grades copies of one submission (by default the answer key without its notebooks: every core criterion). With --nbgrader, its
autograde runs beside, on as many copies of an assignment of its own kind: one notebook with four tested cells. It needs
the package nbgrader, in an environment of its own (`uv tool install nbgrader`).
"""

import argparse
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from rich.table import Table

from benchmarks import tables
from grader.batch import evidence_store
from grader.worker import packing

BIN = Path(sys.executable).parent


def copies(submission: Path, place: Path, count: int) -> Path:
    """A class that handed in the same, but for a comment."""
    for number in range(count):
        work = place / f"learner-{number:02}"
        shutil.copytree(
            submission, work, ignore=shutil.ignore_patterns("notebooks", "__pycache__", ".*_cache")
        )
        (work / "LEARNER").write_text(str(number))
    return place


def timed(command: list[str]) -> tuple[float, float]:
    """Seconds, and CPU-seconds of everything that it started and waited for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seconds = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def ours(place: Path, jobs: int, count: int) -> tuple[float, float, dict[str, float]]:
    """A batch: seconds, CPU-seconds each (of the gradings' own processes), and the phases' median seconds."""
    with tempfile.TemporaryDirectory() as out:
        seconds, _ = timed([str(BIN / "grader"), "batch", str(place), "--out", out, "--jobs", str(jobs)])
        kept = [
            evidence_store.parse_record(record.read_bytes())
            for record in Path(out).glob(".grader/records/*.record")
        ]
    found = [(outcome, packing.unpack(evidence) if evidence else None) for outcome, evidence in kept]
    assert len(found) == count
    cpu = statistics.median(outcome.cpu_seconds for outcome, _ in found)
    names = found[0][1].phases if found[0][1] else {}
    phases = {
        name: statistics.median(evidence.phases[name] for _, evidence in found if evidence) for name in names
    }
    return seconds, cpu, phases


def nbgraders(count: int) -> tuple[float, float] | None:
    """nbgrader's autograde on its own kind of assignment; None without it."""
    program = shutil.which("nbgrader")
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as place:
        cells = [nbformat.v4.new_markdown_cell("# One")]
        for number in range(4):
            solve = nbformat.v4.new_code_cell(
                f"def f{number}(x):\n    ### BEGIN SOLUTION\n    return x + {number}\n    ### END SOLUTION"
            )
            solve.metadata["nbgrader"] = {
                "grade": False,
                "solution": True,
                "locked": False,
                "grade_id": f"s{number}",
                "schema_version": 3,
                "task": False,
            }
            test = nbformat.v4.new_code_cell(f"assert f{number}(1) == {number + 1}")
            test.metadata["nbgrader"] = {
                "grade": True,
                "solution": False,
                "locked": True,
                "grade_id": f"t{number}",
                "points": 1,
                "schema_version": 3,
                "task": False,
            }
            cells += [solve, test]
        source = Path(place) / "source" / "one"
        source.mkdir(parents=True)
        notebook = nbformat.v4.new_notebook(cells=cells)
        notebook.metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
        nbformat.write(notebook, source / "one.ipynb")
        course = f"--CourseDirectory.root={place}"
        subprocess.run([program, "generate_assignment", course, "one"], check=True, capture_output=True)
        for number in range(count):
            shutil.copytree(
                Path(place) / "release" / "one", Path(place) / "submitted" / f"learner-{number:02}" / "one"
            )
        return timed([program, "autograde", course, "one"])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("submission", nargs="?", type=Path, default=Path("answer-key"))
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--jobs", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--nbgrader", action="store_true")
    tables.add_option(parser)
    options = parser.parse_args()
    table = Table(
        "what",
        "seconds",
        "a minute",
        "CPU-seconds each",
        title=f"{options.count} copies of {options.submission}",
    )
    phases: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as base:
        place = copies(options.submission, Path(base), options.count)
        for jobs in options.jobs:
            seconds, cpu, phases = ours(place, jobs, options.count)
            table.add_row(
                f"grader batch --jobs {jobs}",
                f"{seconds:.0f}",
                f"{60 * options.count / seconds:.1f}",
                f"{cpu:.2f}",
            )
    if options.nbgrader and (measured := nbgraders(options.count)):
        seconds, cpu = measured
        table.add_row(
            "nbgrader autograde",
            f"{seconds:.0f}",
            f"{60 * options.count / seconds:.1f}",
            f"{cpu / options.count:.2f}",
        )
    by_phase = Table("phase", "median seconds", title="by phase, with the last number of jobs")
    for name, seconds in phases.items():
        by_phase.add_row(name, f"{seconds:.2f}")
    tables.show([table, by_phase], options.json)


if __name__ == "__main__":
    main()
