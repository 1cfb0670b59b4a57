"""A class whose work is not run: what came out of each submission is chosen by its name."""

import csv
import io
import sys
from pathlib import Path

import pytest

from grader import rubric
from grader.batch import (
    evidence_store,
    pools,
    run,
)
from grader.batch.evidence_store import Outcome
from grader.batch.run import Plan
from grader.evidence import AppStart, Evidence, Submission
from grader.worker import packing

HONEST = Path(__file__).parents[1] / "hostile" / "honest"
BIN = Path(sys.executable).parent


class Quiet:
    """Watches, and says nothing."""

    def __init__(self):
        self.names = []

    def expect(self, count):
        self.count = count

    def began(self, task):
        self.names.append(task.name)

    def ended(self, task, outcome):
        pass


def seen(name: str, **facts) -> Evidence:
    submission = Submission(name=name, digest=f"sha256:{name}")
    return Evidence(submission=submission, isolation="process", bucket="b", canary_fingerprint="f", **facts)


def class_of(place: Path, *names: str) -> Path:
    for name in names:
        (place / name).mkdir(parents=True)
        (place / name / "main.py").write_text(f"# {name}")
    return place


@pytest.fixture
def collected(monkeypatch):
    """Collecting without running anything: what comes out is chosen by name."""
    asked: list[str] = []

    def on_this_machine(tasks, jobs, watcher):
        for task in tasks:
            asked.append(task.name)
            watcher.began(task)
            if "broken" in task.name:
                outcome = Outcome(state="error", message="The grader's worker ended early.")
            elif "hostile" in task.name:
                outcome = Outcome(
                    state="ungradable", message="The archive wants to write outside its folder.", seconds=1.0
                )
            else:
                outcome = Outcome(state="graded", seconds=2.0)
            if outcome.state != "error":
                graded = outcome.state == "graded"
                packed = packing.pack(seen(task.name, app=AppStart(started=True))) if graded else b""
                evidence_store.open_vault(task.vault).put(task.record, evidence_store.entry(outcome, packed))
            watcher.ended(task, outcome)

    monkeypatch.setattr(pools, "on_this_machine", on_this_machine)
    return asked


def batched(where: Path, out: Path, **options):
    plan = Plan(
        where=str(where), out=out, rubric=options.pop("rubric", rubric.read()), tier="process", **options
    )
    return run.batch(plan, Quiet(), lambda text: None)


def rows_of(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.read_text())))
