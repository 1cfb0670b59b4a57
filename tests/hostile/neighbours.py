"""Honest submissions beside hostile ones: their reports must be those of a class without them.

    python -m tests.hostile.neighbours [--tier landlock] [--attacks fork-bomb,disk-filler] [--jobs 2]

Grades two honest submissions alone, then among the attacks, and compares what their reports say. Takes long, since each
attack is given the time that any submission has, and is no part of `make test`.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.hostile.test_attacks import EVERY, HONEST, TIERS, written

BIN = Path(sys.executable).parent
NAMES = ("ada", "grace")
# times are of the run, and identifiers that the app itself makes for what it stores; the grader's own marks are in no report
_FRESH = re.compile(r"\d+(?:\.\d+)? s\b|\b(?:ex|obj|call)-\d+|[0-9a-f]{8}-[0-9a-f-]{27}")


def slug(name: str) -> str:
    """An attack's name as a folder's."""
    return re.sub(r"\W+", "-", name).strip("-")


def class_of(place: Path, attacks: list[str]) -> Path:
    """The honest ones, and those attacks."""
    for name in NAMES:
        shutil.copytree(HONEST, place / name)
        (place / name / "AUTHOR").write_text(name)
    for attack in EVERY:
        if slug(attack.name) in attacks:
            with tempfile.TemporaryDirectory() as scratch:
                shutil.move(written(attack, Path(scratch)), place / slug(attack.name))
    return place


def reports(out: Path) -> dict[str, str]:
    """What the reports of the honest ones say, without what differs in every run."""
    shown = {}
    for name in NAMES:
        report = json.loads((out / "reports" / f"{name}.json").read_text())
        report.pop("seconds")
        shown[name] = _FRESH.sub("…", json.dumps(report))
    return shown


def _lines(report: str) -> list[str]:
    """Each criterion of a report, and what is beside them, so that a difference is found."""
    whole = json.loads(report)
    return [json.dumps(each) for each in [*whole.pop("criteria"), whole]]


def graded(place: Path, out: Path, tier: str, jobs: int) -> dict[str, str]:
    """Grade a class; its progress is printed."""
    began = time.monotonic()
    command = [
        str(BIN / "grader"),
        "batch",
        str(place),
        "--out",
        str(out),
        "--jobs",
        str(jobs),
        "--isolation",
        tier,
    ]
    done = subprocess.run(command, stdout=subprocess.DEVNULL)
    print(f"exit {done.returncode} after {time.monotonic() - began:.0f} s")
    return reports(out)


def main() -> int:
    """0 if nothing differs."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--tier", default="auto", choices=("auto", *TIERS))
    options.add_argument("--attacks", default=",".join(slug(attack.name) for attack in EVERY))
    options.add_argument("--jobs", type=int, default=2)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="neighbours-") as scratch:
        place = Path(scratch)
        alone = graded(class_of(place / "alone", []), place / "out-alone", asked.tier, asked.jobs)
        among = graded(
            class_of(place / "among", asked.attacks.split(",")), place / "out-among", asked.tier, asked.jobs
        )
    for name in NAMES:
        print(f"{name}: {'the same report' if alone[name] == among[name] else 'ANOTHER REPORT'}")
        for before, after in zip(*(_lines(reports[name]) for reports in (alone, among)), strict=False):
            if before != after:
                print(f"  alone: {before}\n  among: {after}")
    return 0 if alone == among else 1


if __name__ == "__main__":
    sys.exit(main())
