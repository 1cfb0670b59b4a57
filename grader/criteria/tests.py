"""tests.*: the learner's own suite: that it passes, and what it catches."""

import re
from typing import Literal

from grader.criteria.criterion import Section, Verdict, failed, not_run, passed
from grader.evidence import Evidence, PlantedFault, TestRun

_SECTION = Section("tests")


_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)  # pytest's short summary
_INTERNAL_ERROR = 3  # pytest's exit code; https://docs.pytest.org/en/stable/reference/exit-codes.html


def _is_ours(output: str) -> bool:
    """Whether the last place in pytest's own traceback is the grader's plugin."""
    places = [line for line in output.splitlines() if line.startswith("INTERNALERROR>") and "File " in line]
    return bool(places) and "planting.py" in places[-1]


@_SECTION.criterion(
    "pass",
    "Your tests pass with no network and no real key",
    "Run pytest in a terminal with OPENAI_API_KEY=dummy and the network off. What does the first failing test expect, and who changed: it, or the app?",
)
def tests_pass(evidence: Evidence) -> Verdict:
    run = evidence.test_run
    if not run.found:
        return failed(run.failure or "There are no tests.")
    if run.failure:
        return failed(run.failure, ("tests",))
    if run.exit_code == _INTERNAL_ERROR and _is_ours(run.output):
        return Verdict("error", "The grader's part in the test run failed; run it again.", ("tests",))
    if run.exit_code != 0:
        said = (
            f"{run.failed} failed, {run.passed} passed" if run.failed or run.passed else "none could be run"
        )
        first = _FAILED.search(run.output)
        which = f" The first: {first[1]}." if first else ""
        return failed(
            f"The tests do not pass: {said} (pytest's exit code {run.exit_code}).{which}", ("tests",)
        )
    if run.passed == 0:
        why = f"all {run.skipped} were skipped" if run.skipped else "none was collected"
        return failed(f"No test ran: {why}.", ("tests",))
    skipped = f", {run.skipped} skipped" if run.skipped else ""
    return passed(f"{run.passed} passed{skipped}, in {run.seconds:.0f} s.", ("tests",))


@_SECTION.criterion(
    "runs_in_ci",
    "CI runs your tests, or a marker deselects those that call the real API",
    "A workflow that runs pytest, or a marker that pytest's configuration registers and that such tests bear.",
)
def runs_in_ci(evidence: Evidence) -> Verdict:
    scans = evidence.scans
    if scans.ci:
        return passed(f"{scans.ci[0]} runs tests.")
    if scans.live_markers:
        return passed(f"The marker {scans.live_markers[0]} is registered, and tests bear it.")
    return failed("No CI configuration runs tests, and no test bears a marker that is registered.")


@_SECTION.criterion(
    "no_spend",
    "While your tests ran, nothing tried to reach OpenAI or AWS",
    "Every client that your tests make has to point at a stand-in or a fake: which one does not?",
)
def no_spend(evidence: Evidence) -> Verdict:
    run = evidence.test_run
    if not run.found or not run.passed + run.failed:
        return not_run("Depends on tests that ran.")
    if run.outside:
        return failed(f"The tests asked for {', '.join(run.outside[:3])}.", ("tests",))
    return passed("No test asked for a host of OpenAI's or AWS'.", ("tests",))


_HAPPY = {
    "dropped_write": "a file that is never stored",
    "wrong_content_type": "a file stored with another Content-Type",
    "swapped_bytes": "other bytes stored than OpenAI made",
    "replaced_prompt": "another prompt sent to OpenAI than the caller's",
    "s3_failing": "S3 refusing the file",
    "openai_failing": "OpenAI out of reach",
    "refused_success": "your endpoint answering 500 instead of success",
}
_ERROR = {
    "accepted_error": "an error answered as 200",
    "accepted_bad_input": "bad input answered as 200",
}
# worth knowing, and no more: many good suites look at neither
_ADVISED = {
    "wrong_key": "a file stored under another name",
    "replaced_model": "another model asked than you chose",
}
_BOUNDARY: dict[str, Literal["s3", "openai", "app"]] = {
    "dropped_write": "s3",
    "wrong_content_type": "s3",
    "swapped_bytes": "s3",
    "wrong_key": "s3",
    "s3_failing": "s3",
    "replaced_prompt": "openai",
    "replaced_model": "openai",
    "openai_failing": "openai",
}
_NEEDS = ("tests.pass",)


def _planted(evidence: Evidence, described: dict[str, str]) -> Verdict:
    """Every fault that could be planted has to be noticed; one that could not is said, and not counted."""
    run = evidence.test_run
    faults = [fault for fault in run.faults if fault.name in described]
    if not faults:
        return not_run("Depends on an endpoint that generates a file, and none was found.")
    missed, caught, unplanted = [], 0, 0
    for fault in faults:
        what = described[fault.name] + ("" if fault.kind == "any" else f" ({fault.kind})")
        if not _could_be_planted(run, fault):
            unplanted += 1
        elif fault.tests == 0:
            missed.append(f"{what}: no test comes near it")
        elif fault.caught:
            caught += 1
        else:
            missed.append(what)
    advice = _advice(run) if described is _HAPPY else ()
    if unplanted:
        advice += (
            f"Your tests replace so much that {unplanted} of {len(faults)} faults could not be planted; they are not counted.",
        )
    if missed:
        return failed(
            f"The tests still pass with {'; '.join(missed[:4])}{' …' if len(missed) > 4 else ''}.",
            ("tests",),
            advice,
        )
    if not caught:
        return not_run("No fault could be planted: the tests never send a request to your app.")
    return passed(f"The tests noticed each of {caught} planted faults.", ("tests",), advice)


def _could_be_planted(run: TestRun, fault: PlantedFault) -> bool:
    """Not where the tests never come to the boundary, nor where they had the kind made with the boundary replaced."""
    if fault.tests:
        return fault.caught is not None
    reached = run.boundaries.get(_BOUNDARY.get(fault.name, "app"), False)
    return reached and fault.kind not in run.asked_for


def _advice(run: TestRun) -> tuple[str, ...]:
    unnoticed = {
        _ADVISED[fault.name] for fault in run.faults if fault.name in _ADVISED and fault.caught is False
    }
    if not unnoticed:
        return ()
    return (f"The tests would not notice {' or '.join(sorted(unnoticed))}.",)


@_SECTION.criterion(
    "happy_path",
    "Your tests notice when a good answer goes wrong",
    "After your endpoint has answered: is the file in the bucket, with these bytes and this type? Which prompt arrived?",
    needs=_NEEDS,
)
def happy_path(evidence: Evidence) -> Verdict:
    return _planted(evidence, _HAPPY)


@_SECTION.criterion(
    "error_cases",
    "Your tests notice when an error is waved through",
    "Send what your endpoint should refuse, and let OpenAI fail: do your tests look at the status?",
    needs=_NEEDS,
)
def error_cases(evidence: Evidence) -> Verdict:
    return _planted(evidence, _ERROR)


CRITERIA = _SECTION.criteria
