"""tests.*: the learner's own suite: that it passes, and what it catches."""

import re
from collections.abc import Sequence

from grader.criteria import code_places, planted_faults
from grader.criteria.criterion import Section, Verdict, failed, not_run, passed
from grader.criteria.red_tests import MOST_SHOWN, count_others, describe_red, list_names
from grader.criteria.reported import reported
from grader.evidence import Evidence, TestRun
from grader.inside.faults import BY_NAME
from grader.inside.faults import Section as FaultSection
from grader.messages import joined, sentence

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


_BUSY = 0.2  # of the time of a run
_NEVER_FOR_WANT_OF_TIME = ("ModuleNotFoundError", "ImportError", "SyntaxError", "IndentationError")
_SHORT = 2.0  # seconds that every test waits for a program that it starts


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
    return ", ".join(names[:MOST_SHOWN])


@_SECTION.criterion(
    "pass",
    "Your tests pass with no network and no real key",
    "Run pytest in a terminal with OPENAI_API_KEY=dummy and the network off. What does the first failing test expect, and who changed: it, or the app?",
)
def tests_pass(evidence: Evidence) -> Verdict:
    run = evidence.test_run
    if not run.found:
        return failed(reported(run.failure) if run.failure else sentence("There are no tests."))
    if run.failure:
        return failed(reported(run.failure), ("tests",))
    if (run.exit_code == _INTERNAL_ERROR and _is_ours(run.output)) or (run.exit_code and _never_began(run)):
        ours = sentence("The grader's part in the test run failed; run it again.")
        return Verdict("error", ours, ("tests",))
    unable = [test for test in run.red if test.needs]
    if unable and len(unable) == len(run.red):
        return not_run(
            sentence(
                "Needs {what}, which is not here: {tests}.{others} Tests with stand-ins in its place can be judged.",
                what=reported(unable[0].needs),
                tests=list_names(unable),
                others=count_others(run),
            )
        )
    if run.exit_code != 0 and _was_hurried(run):
        return Verdict(
            "error",
            sentence(
                "The tests start {programs}, and did not all pass while the machine was busy with other work for {waited} of "
                "{seconds} seconds. Grade it again when the machine has less to do.",
                programs=_listed_names(run.programs),
                waited=f"{run.waited:.0f}",
                seconds=f"{run.seconds:.0f}",
            ),
            ("tests",),
        )
    if run.exit_code != 0 and (names := _not_installed(evidence)):
        return Verdict(
            "error",
            sentence(
                "The tests need {names}: the submission declares it, and the grader did not install it.",
                names=", ".join(names),
            ),
            ("tests",),
        )
    if run.exit_code != 0 and evidence.for_later_python and _only_unread(run):
        later = sentence("The tests did not run: {reason}", reason=reported(evidence.for_later_python[0]))
        return Verdict("error", later, ("tests",))
    if run.exit_code != 0:
        return failed(describe_red(run), ("tests",))
    if run.passed == 0:
        if run.skipped:
            return failed(sentence("No test ran: all {count} were skipped.", count=run.skipped), ("tests",))
        return failed(sentence("No test ran: none was collected."), ("tests",))
    well: dict[str, str | int] = {"passed": run.passed, "seconds": f"{run.seconds:.0f}"}
    if run.skipped:
        some = sentence("{passed} passed, {skipped} skipped, in {seconds} s.", skipped=run.skipped, **well)
        return passed(some, ("tests",))
    return passed(sentence("{passed} passed, in {seconds} s.", **well), ("tests",))


@_SECTION.criterion(
    "runs_in_ci",
    "CI runs your tests, or a marker deselects those that call the real API",
    "Add a workflow that runs pytest, or register a marker in pytest's configuration and put it on the tests that call the real API.",
)
def runs_in_ci(evidence: Evidence) -> Verdict:
    scans = evidence.scans
    if scans.ci:
        return passed(sentence("{file} runs tests.", file=scans.ci[0]))
    if scans.live_markers:
        marker = scans.live_markers[0]
        return passed(sentence("The marker {marker} is registered, and tests carry it.", marker=marker))
    return failed(
        sentence("No CI configuration runs tests, and no test carries a marker that is registered.")
    )


@_SECTION.criterion(
    "no_spend",
    "While your tests ran, nothing tried to reach OpenAI or AWS",
    "Every client that your tests make has to point at a stand-in or a fake: which one does not?",
)
def no_spend(evidence: Evidence) -> Verdict:
    run = evidence.test_run
    if not run.found or not run.passed + run.failed:
        return not_run(sentence("Depends on tests that ran."))
    if run.outside:
        return failed(sentence("The tests asked for {hosts}.", hosts=", ".join(run.outside[:3])), ("tests",))
    return passed(sentence("No test asked for a host of OpenAI's or AWS'."), ("tests",))


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
        names = ", ".join(unknown)
        return Verdict(
            "error", sentence("The grader planted a fault that it does not know: {names}.", names=names)
        )
    if not run.found or not run.passed:
        return not_run(sentence("Depends on tests that pass, and there are none."))
    faults = [fault for fault in run.faults if BY_NAME[fault.name].section == section]
    if not faults:
        return not_run(sentence("Depends on an endpoint that generates a file, and none was found."))
    untested = _untested(evidence, section)
    if untested is not None:
        return _unless_red(run, untested)
    seen = planted_faults.tally(run, faults)
    advice = (
        *(planted_faults.advise(run) if section == "happy_path" else ()),
        *planted_faults.advise_on_uncounted(seen, len(faults)),
    )
    lead = (
        sentence("Judged by the {count} tests that pass without network. ", count=run.passed)
        if run.red
        else ""
    )
    if seen.missed:
        missed = sentence(
            "{lead}The tests still pass with {faults}{more}.",
            lead=lead,
            faults=joined(seen.missed[:4], "; "),
            more=" …" if len(seen.missed) > 4 else "",
        )
        wanted = sentence("with each of these, one of your tests fails")
        whole = sentence("{findings} Expected: {expected}.", findings=missed, expected=wanted)
        return _unless_red(run, failed(whole, ("tests",), advice))
    if seen.undecided:
        return not_run(
            sentence(
                "What the tests notice can't be distinguished from chance: {reason}. A person has to look.",
                reason=reported(seen.undecided),
            )
        )
    if not seen.caught:
        return not_run(sentence("No fault could be planted: the tests never send a request to your app."))
    if section == "happy_path" and (unseen := planted_faults.judge_contents(run, faults)) is not None:
        return _unless_red(run, unseen)
    read = (place for place in evidence.scans.odd if _LOOKS_FOR_RUNS.search(place))
    odd = next(iter((*run.looked, *read)), None)
    if odd is not None:
        return not_run(
            sentence(
                "The code looks into the process that runs the tests ({place}), so that noticing a fault can't be distinguished "
                "from finding it. A person has to look.",
                place=odd,
            )
        )
    noticed = sentence(
        "{lead}The tests noticed each of {count} planted faults.", lead=lead, count=seen.caught
    )
    return passed(noticed, ("tests",), advice)


def _unless_red(run: TestRun, verdict: Verdict) -> Verdict:
    """A failure is none yet while a test fails that could notice what the others don't; one that needs a network can't here."""
    able = [test for test in run.red if not test.hosts and not test.needs]
    if verdict.status != "failed" or not able:
        return verdict
    return not_run(
        sentence(
            "Depends on tests.pass: {tests} may notice more, and does not pass yet.", tests=list_names(able)
        )
    )


_METHODS = frozenset({"get", "post", "put", "patch", "head", "options", "delete", "dispatch"})  # of views


def _never_asks(evidence: Evidence) -> bool:
    """Whether the tests neither ask the app nor say how it is asked: a test may call the function that answers as well."""
    run = evidence.test_run
    tests = [source.text for source in evidence.scans.sources if code_places.holds_tests(source)]
    if not run.watched or run.programs or any(run.boundaries.values()) or not tests:
        return False
    paths = {offer.path.partition("{")[0].rstrip("/") for offer in evidence.offers} - {""}
    functions = {offer.code.rpartition(", ")[2].rpartition(".")[2] for offer in evidence.offers if offer.code}
    words = [*map(re.escape, paths), *(rf"\b{re.escape(each)}\b" for each in functions - _METHODS)]
    return not any(re.search(word, text) for word in words for text in tests)


def _untested(evidence: Evidence, section: FaultSection) -> Verdict | None:
    """The verdict where no test that passes asks the operation that generates; None if one does."""
    run = evidence.test_run
    asked = bool(run.asked_for) if section == "happy_path" else run.boundaries.get("app", False)
    if asked:
        return None
    if not (run.served or _never_asks(evidence)) or not evidence.offers:
        none = sentence("No test sends a request to your app where the grader sees it.")
        if not run.programs:
            return not_run(none)
        programs = ", ".join(run.programs[:3])
        started = sentence("They start {programs}, which is not watched.", programs=programs)
        return not_run(joined([none, started], " "))
    places = dict.fromkeys(f"{offer.method} {offer.path}" for offer in evidence.offers)
    wanted: dict[str, str | int] = {"count": run.passed, "places": joined(places, sentence(" or "))}
    if section == "happy_path":
        return failed(
            sentence(
                "None of the {count} tests that pass asks {places} and has it make a file. Tests of other operations say "
                "nothing of it.",
                **wanted,
            )
        )
    return failed(
        sentence(
            "None of the {count} tests that pass asks {places} and looks at an error of its. Tests of other operations say "
            "nothing of it.",
            **wanted,
        )
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
