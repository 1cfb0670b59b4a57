"""Suites for the app of tests/hostile/honest, run alone: without the rest of a grading, so that each takes a second or two."""

import contextlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from grader.collect.code import imports
from grader.collect.scanning import scans
from grader.collect.suites import suite
from grader.criteria import BY_ID
from grader.evidence import Evidence, Input, Offer, Scans, Submission, TestRun
from grader.sandbox import choose_tier
from grader.submission import open_submission
from tests.grader.grading import from_nursery
from tests.grader.walls import program

HONEST = Path(__file__).parents[1] / "hostile" / "honest"
PROMPT = Input(name="prompt", location="json")
OFFER = Offer(kind="text", method="POST", path="/texts", prompt_input=PROMPT, exchange="ex-1")


def suite_run(
    place: Path, files: dict[str, str], offers: Sequence[Offer] = (OFFER,), beside: str = ""
) -> tuple[TestRun, tuple[str, ...]]:
    """How a suite of these files does with the honest app, and what is odd in it.

    `beside`: a program that runs meanwhile, as the app does while it is asked.
    """
    work = place / "work"
    work.mkdir()
    # a suite that slows its process down on a busy machine would let the app give OpenAI up after two seconds
    app = (HONEST / "main.py").read_text().replace("timeout=2,", "timeout=60,")
    (work / "main.py").write_text(app)
    for name, content in files.items():
        file = work / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    tier = choose_tier("auto")
    with (
        open_submission(str(work), tier=tier) as submission,
        from_nursery(tier, submission.python, submission.root) as sandbox,
        program(sandbox, beside) if beside else contextlib.nullcontext(),
    ):
        sandbox.preload(
            imports.worth_loading(submission.root)
        )  # as in a grading; each planted fault would load it again
        opens = partial(from_nursery, tier, submission.python, submission.root)
        run = suite.run(submission, sandbox, (submission.root,), offers, "main:app", opens=opens)
        odd = tuple(scans._odd(submission.root, sorted(submission.root.rglob("*.py"))))
    return run, odd


def verdicts(run: TestRun, odd: tuple[str, ...] = ()) -> dict[str, str]:
    """What the criteria about faults say of it, by their names."""
    facts = Submission(name="ada", digest="d")
    evidence = Evidence(
        submission=facts,
        isolation="process",
        bucket="b",
        canary_fingerprint="f",
        test_run=run,
        offers=(OFFER,),
        scans=Scans(odd=odd),
    )
    return {name: BY_ID[f"tests.{name}"].judge(evidence).status for name in ("happy_path", "error_cases")}
