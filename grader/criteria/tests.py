"""tests.*: the learner's own suite."""

from grader.criteria.criterion import Section, Verdict, failed, passed
from grader.evidence import Evidence

_SECTION = Section("tests")


@_SECTION.criterion(
    "pass",
    "Your tests pass with no network and no real key",
    "Run them with OPENAI_API_KEY=dummy and the network off: what do they still need?",
)
def tests_pass(evidence: Evidence) -> Verdict:
    run = evidence.test_run
    if not run.found:
        return failed(run.failure or "There are no tests.")
    if run.failure:
        return failed(run.failure, ("tests",))
    if run.exit_code != 0:
        said = (
            f"{run.failed} failed, {run.passed} passed" if run.failed or run.passed else "none could be run"
        )
        return failed(f"The tests do not pass: {said} (pytest's exit code {run.exit_code}).", ("tests",))
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


CRITERIA = _SECTION.criteria
