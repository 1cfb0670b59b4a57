"""tests.*: the learner's own suite: that it passes, and what it catches."""

import re
from collections.abc import Sequence

from grader.criteria import planted_faults
from grader.criteria.criterion import Section, Verdict, failed, not_run, passed
from grader.evidence import Evidence, RedTest, TestRun
from grader.inside.faults import BY_NAME
from grader.inside.faults import Section as FaultSection

_SECTION = Section("tests")


_INTERNAL_ERROR = 3  # pytest's exit code; https://docs.pytest.org/en/stable/reference/exit-codes.html


def _is_ours(output: str) -> bool:
    """Whether the last place in pytest's own traceback is the grader's part in the run."""
    places = [line for line in output.splitlines() if line.startswith("INTERNALERROR>") and "File " in line]
    return bool(places) and "grader/inside/" in places[-1]


def _never_began(run: TestRun) -> bool:
    """Whether the grader's part ended the run before pytest began: nothing was counted, and the traceback ends there."""
    places = [line for line in run.output.splitlines() if re.match(r'  File "', line)]
    ran = run.passed or run.failed or run.skipped or run.red
    return not ran and bool(places) and "grader/inside/" in places[-1]


_MOST_SHOWN = 5  # tests
_BUSY = 0.2  # of the time of a run
_NEVER_FOR_WANT_OF_TIME = ("ModuleNotFoundError", "ImportError", "SyntaxError", "IndentationError")
_SHORT = 2.0  # seconds that every test waits for a program that it starts
_LONGEST = 200  # characters of an error's message
_PLACE = re.compile(r"(?P<file>[^\s:]{1,200}\.py):(?P<line>\d{1,6}): ")
_ERROR = re.compile(r"(?:E +|ERROR: |INTERNALERROR> )(?P<error>[A-Za-z_].*)")


def _others(run: TestRun) -> str:
    if run.passed == 1:
        return " The other one passes."
    return f" The {run.passed} others pass." if run.passed else ""


def _listed(tests: Sequence[RedTest]) -> str:
    more = f" and {len(tests) - _MOST_SHOWN} more" if len(tests) > _MOST_SHOWN else ""
    return ", ".join(test.name for test in tests[:_MOST_SHOWN]) + more


def _described(test: RedTest) -> str:
    """A test that does not pass, and the reason in a few words."""
    if test.hosts:
        return f"{test.name} asked for {', '.join(test.hosts[:3])}, and there is no network"
    if test.needs:
        return f"{test.name} needs {test.needs}"
    why = next(iter(test.why.strip().splitlines()), "").strip()[:200]  # what follows is on the page
    where = f" ({test.where})" if test.where else ""
    return f"{test.name}{where}: {why}" if why else test.name


def _what_is_red(run: TestRun) -> str:
    """Each test that does not pass, those that asked for the network first."""
    if not run.red:
        counts = (
            f"{run.failed} failed, {run.passed} passed" if run.failed or run.passed else "none could be run"
        )
        why = _last_error(run.output)
        return f"The tests do not pass: {counts} (pytest's exit code {run.exit_code}){f': {why}' if why else ''}."
    tests = sorted(run.red, key=lambda test: not test.hosts)
    listed = "; ".join(_described(test) for test in tests[:_MOST_SHOWN])
    more = f"; and {len(tests) - _MOST_SHOWN} more" if len(tests) > _MOST_SHOWN else ""
    count = "1 does not pass" if len(tests) == 1 else f"{len(tests)} do not pass"
    return f"{count}: {listed}{more}.{_others(run)} Expected: each test passes with no network and with dummy keys."


def _last_error(output: str) -> str:
    """The last thing that pytest says went wrong, and where; empty if it says nothing of the kind."""
    place, why = "", ""
    for line in output.splitlines():
        if found := _PLACE.match(line):
            place = f"{found['file']}, line {found['line']}: "
        elif found := _ERROR.match(line):
            why = f"{place}{found['error'].strip()}"[:_LONGEST]
    return why.rstrip(".")


def _not_installed(evidence: Evidence) -> list[str]:
    """The modules whose lack alone keeps the tests from passing, and which are not there because of the grader."""
    run = evidence.test_run
    outputs = [each.why for each in run.red] or [run.output]
    lacked = [evidence.lacked(each) for each in outputs]
    return list(dict.fromkeys(name for each in lacked for name in each)) if all(lacked) else []


def _only_unread(run: TestRun) -> bool:
    """Whether all that keeps the tests from passing is code that can't be parsed or a name that can't be imported."""
    return all(
        "SyntaxError" in why or "cannot import name" in why
        for why in ([each.why for each in run.red] or [run.output])
    )


def _was_hurried(run: TestRun) -> bool:
    """Whether tests that wait for programs of their own may have failed for want of a processor alone."""
    impatient = any(
        not test.hosts and not test.needs and not test.why.startswith(_NEVER_FOR_WANT_OF_TIME)
        for test in run.red
    )
    return impatient and bool(run.programs) and run.waited > max(_SHORT, _BUSY * run.seconds)


def _listed_names(names: Sequence[str]) -> str:
    return ", ".join(names[:_MOST_SHOWN])


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
    if (run.exit_code == _INTERNAL_ERROR and _is_ours(run.output)) or (run.exit_code and _never_began(run)):
        return Verdict("error", "The grader's part in the test run failed; run it again.", ("tests",))
    docker = [test for test in run.red if test.needs]
    if docker and len(docker) == len(run.red):
        return not_run(
            f"Needs {docker[0].needs}, which is not here: {_listed(docker)}.{_others(run)} Tests with stand-ins in its place "
            "can be judged."
        )
    if run.exit_code != 0 and _was_hurried(run):
        return Verdict(
            "error",
            f"The tests start {_listed_names(run.programs)}, and did not all pass while the machine was busy with other work for "
            f"{run.waited:.0f} of {run.seconds:.0f} seconds. Grade it again when the machine has less to do.",
            ("tests",),
        )
    if run.exit_code != 0 and (names := _not_installed(evidence)):
        return Verdict(
            "error",
            f"The tests need {', '.join(names)}: the submission declares it, and the grader did not install it.",
            ("tests",),
        )
    if run.exit_code != 0 and evidence.for_later_python and _only_unread(run):
        return Verdict("error", f"The tests did not run: {evidence.for_later_python[0]}", ("tests",))
    if run.exit_code != 0:
        return failed(_what_is_red(run), ("tests",))
    if run.passed == 0:
        why = f"all {run.skipped} were skipped" if run.skipped else "none was collected"
        return failed(f"No test ran: {why}.", ("tests",))
    skipped = f", {run.skipped} skipped" if run.skipped else ""
    return passed(f"{run.passed} passed{skipped}, in {run.seconds:.0f} s.", ("tests",))


@_SECTION.criterion(
    "runs_in_ci",
    "CI runs your tests, or a marker deselects those that call the real API",
    "Add a workflow that runs pytest, or register a marker in pytest's configuration and put it on the tests that call the real API.",
)
def runs_in_ci(evidence: Evidence) -> Verdict:
    scans = evidence.scans
    if scans.ci:
        return passed(f"{scans.ci[0]} runs tests.")
    if scans.live_markers:
        return passed(f"The marker {scans.live_markers[0]} is registered, and tests carry it.")
    return failed("No CI configuration runs tests, and no test carries a marker that is registered.")


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


# code that looks for the runs themselves: what it fails by can't be distinguished from testing without reading it
_LOOKS_FOR_RUNS = re.compile(
    r": (?:import (?:gc|_?ctypes|_socket)|gc\.|sys\.set|sys\._|sys\.monitoring|threading\.set|os\._exit|os\.getppid|os\.fork|_lab|Planter|/proc/|__wrapped__|__closure__|cell_contents|__import__|exec\(|eval\(|marshal|zipimport|runpy|send_?fds|send_?msg|SCM_RIGHTS|socket\(fileno|fromfd"
    r"|__globals__|f_(?:locals|globals|back)|tb_frame|getclosurevars|inspect\.(?:stack|currentframe)|walk_stack|__code__"
    r"|events\.register|_build_request|_prepare_options|JSON(?:De|En)coder\.|raw_decode|scan_once)"
)


def _planted(evidence: Evidence, section: FaultSection) -> Verdict:
    """Every fault that could be planted has to be noticed, by tests of the operation that generates and that pass.

    What could not be planted is named, and not counted. Another test that passes never turns the verdict for the worse: it
    adds to what is noticed, or to what could not be planted.
    """
    run = evidence.test_run
    unknown = sorted({fault.name for fault in run.faults if fault.name not in BY_NAME})
    if unknown:
        return Verdict("error", f"The grader planted a fault that it does not know: {', '.join(unknown)}.")
    if not run.found or not run.passed:
        return not_run("Depends on tests that pass, and there are none.")
    faults = [fault for fault in run.faults if BY_NAME[fault.name].section == section]
    if not faults:
        return not_run("Depends on an endpoint that generates a file, and none was found.")
    untested = _untested(evidence, section)
    if untested is not None:
        return _unless_red(run, untested)
    seen = planted_faults.tally(run, faults)
    advice = (
        *(planted_faults.advise(run) if section == "happy_path" else ()),
        *planted_faults.advise_on_uncounted(seen, len(faults)),
    )
    lead = f"Judged by the {run.passed} tests that pass without network. " if run.red else ""
    if seen.missed:
        more = " …" if len(seen.missed) > 4 else ""
        verdict = failed(
            f"{lead}The tests still pass with {'; '.join(seen.missed[:4])}{more}. Expected: with each of these, one of your tests fails.",
            ("tests",),
            advice,
        )
        return _unless_red(run, verdict)
    if seen.undecided:
        return not_run(
            f"What the tests notice can't be distinguished from chance: {seen.undecided}. A person has to look."
        )
    if not seen.caught:
        return not_run("No fault could be planted: the tests never send a request to your app.")
    if section == "happy_path" and (unseen := planted_faults.judge_contents(run, faults)) is not None:
        return _unless_red(run, unseen)
    read = (place for place in evidence.scans.odd if _LOOKS_FOR_RUNS.search(place))
    odd = next(iter((*run.looked, *read)), None)
    if odd is not None:
        return not_run(
            f"The code looks into the process that runs the tests ({odd}), so that noticing a fault can't be distinguished from "
            "finding it. A person has to look."
        )
    return passed(f"{lead}The tests noticed each of {seen.caught} planted faults.", ("tests",), advice)


def _unless_red(run: TestRun, verdict: Verdict) -> Verdict:
    """A failure is none yet while a test fails that could notice what the others don't; one that needs a network can't here."""
    able = [test for test in run.red if not test.hosts and not test.needs]
    if verdict.status != "failed" or not able:
        return verdict
    return not_run(f"Depends on tests.pass: {_listed(able)} may notice more, and does not pass yet.")


def _untested(evidence: Evidence, section: FaultSection) -> Verdict | None:
    """The verdict where no test that passes asks the operation that generates; None if one does."""
    run = evidence.test_run
    asked = bool(run.asked_for) if section == "happy_path" else run.boundaries.get("app", False)
    if asked:
        return None
    if not run.served or not evidence.offers:
        started = f" They start {', '.join(run.programs[:3])}, which is not watched." if run.programs else ""
        return not_run(f"No test sends a request to your app where the grader sees it.{started}")
    places = " or ".join(dict.fromkeys(f"{offer.method} {offer.path}" for offer in evidence.offers))
    wanted = "has it make a file" if section == "happy_path" else "looks at an error of its"
    return failed(
        f"None of the {run.passed} tests that pass asks {places} and {wanted}. Tests of other operations say nothing of it."
    )


@_SECTION.criterion(
    "happy_path",
    "Your tests notice when a good answer goes wrong",
    "After your endpoint has answered: is the file in the bucket, with these bytes and this type? Which prompt arrived?",
)
def happy_path(evidence: Evidence) -> Verdict:
    return _planted(evidence, "happy_path")


@_SECTION.criterion(
    "error_cases",
    "Your tests notice when an error is ignored",
    "Send what your endpoint should refuse, and let OpenAI fail: do your tests look at the status?",
)
def error_cases(evidence: Evidence) -> Verdict:
    return _planted(evidence, "error_cases")


CRITERIA = _SECTION.criteria
