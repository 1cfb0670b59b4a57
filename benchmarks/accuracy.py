"""What the grader misses and whom it accuses wrongly: `python -m benchmarks.accuracy [--only WORD] [--begin N] [--jobs 2]`.

Grades every case of tests/grader/corpus.py and prints, for each criterion, how many planted faults were found, and every
accusation that has no ground. Exit 1 if anything was missed or accused.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.grader.corpus import DESIGNS, FAULTS, TRICKY, Case
from tests.grader.grading import graded, planted, with_status

# no more than points: a submission without these is complete all the same
_NOT_ASKED = frozenset({"endpoint.serves_file"})


@dataclass(frozen=True)
class Outcome:
    """One case, graded: whether its fault was found, and what failed without ground."""

    case: Case
    found: bool
    accused: tuple[str, ...]
    seconds: float


def outcome(case: Case) -> Outcome:
    """Grade one case."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="case-") as place:
        report, _ = graded(planted(case.base, Path(place), *case.changes))
    failed = with_status(report, "failed") | with_status(report, "error")
    expected = {case.criterion} if case.criterion else set()
    accused = {
        f"{each.id}: {each.summary}" for each in report.criteria if each.id in failed - expected - case.beside
    }
    if case.criterion not in _NOT_ASKED:
        accused = {each for each in accused if not each.startswith(tuple(_NOT_ASKED))}
    return Outcome(case, expected <= failed, tuple(sorted(accused)), time.monotonic() - began)


def _cases(only: str) -> list[Case]:
    designs = [Case(f"design {base}", base, (), None, frozenset()) for base in DESIGNS]
    return [case for case in (*designs, *TRICKY, *FAULTS) if only in f"{case.name} {case.base}"]


def _check_changes(cases: list[Case]) -> None:
    """A change that changes nothing is found before an hour is spent on the others."""
    with tempfile.TemporaryDirectory(prefix="case-") as place:
        for number, case in enumerate(cases):
            planted(case.base, Path(place) / str(number), *case.changes)


def main() -> int:
    """Grade, print, count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="cases whose name or base holds this")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument(
        "--begin", type=int, default=1, help="the number of the first case, to go on where one stopped"
    )
    options = parser.parse_args()
    cases, outcomes = _cases(options.only)[options.begin - 1 :], []
    _check_changes(cases)
    with ProcessPoolExecutor(options.jobs) as pool:
        for number, each in enumerate(pool.map(outcome, cases), options.begin):
            outcomes.append(each)
            sign = "ok" if each.found and not each.accused else "WRONG"
            print(
                f"{number}/{options.begin - 1 + len(cases)} {sign} {each.case.name} ({each.case.base}) {each.seconds:.0f} s",
                flush=True,
            )
            for accusation in each.accused:
                print(f"    accused: {accusation[:300]}", flush=True)
            if not each.found:
                print(f"    missed: {each.case.criterion}", flush=True)
    Console().print(_table(outcomes))
    missed = [each for each in outcomes if not each.found]
    accused = [each for each in outcomes if each.accused]
    print(f"{len(outcomes)} cases: {len(missed)} faults missed, {len(accused)} cases accused wrongly")
    return 1 if missed or accused else 0


def _table(outcomes: list[Outcome]) -> Table:
    table = Table("criterion", "planted", "found", "false alarms")
    planted_of = Counter(each.case.criterion for each in outcomes if each.case.criterion)
    found_of = Counter(each.case.criterion for each in outcomes if each.case.criterion and each.found)
    alarms = Counter(accusation.partition(":")[0] for each in outcomes for accusation in each.accused)
    for criterion in sorted({*planted_of, *alarms}, key=str):
        counts = (planted_of[criterion], found_of[criterion], alarms[str(criterion)])
        table.add_row(str(criterion), *map(str, counts))
    table.add_row("right designs", str(sum(not each.case.criterion for each in outcomes)), "", "")
    return table


if __name__ == "__main__":
    sys.exit(main())
