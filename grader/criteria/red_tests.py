"""Tests that do not pass, in words."""

import re
from collections.abc import Sequence

from grader.criteria.reported import reported
from grader.evidence import RedTest, TestRun
from grader.messages import joined, sentence

MOST_SHOWN = 5  # tests
_LONGEST = 200  # characters of an error's message
_PLACE = re.compile(r"(?P<file>[^\s:]{1,200}\.py):(?P<line>\d{1,6}): ")
_ERROR = re.compile(r"(?:E +|ERROR: |INTERNALERROR> )(?P<error>[A-Za-z_].*)")


def count_others(run: TestRun) -> str:
    """How many tests pass beside those; with a space before it, since it follows a sentence."""
    if run.passed == 1:
        return sentence(" The other one passes.")
    return sentence(" The {count} others pass.", count=run.passed) if run.passed else ""


def list_names(tests: Sequence[RedTest]) -> str:
    """The names of tests, the first of them."""
    names = ", ".join(test.name for test in tests[:MOST_SHOWN])
    if len(tests) <= MOST_SHOWN:
        return names
    return sentence("{names} and {count} more", names=names, count=len(tests) - MOST_SHOWN)


def _described(test: RedTest) -> str:
    """A test that does not pass, and the reason in a few words."""
    if test.hosts:
        hosts = ", ".join(test.hosts[:3])
        return sentence("{test} asked for {hosts}, and there is no network", test=test.name, hosts=hosts)
    if test.needs:
        return sentence("{test} needs {what}", test=test.name, what=reported(test.needs))
    why = next(iter(test.why.strip().splitlines()), "").strip()[:200]  # what follows is on the page
    where = f" ({test.where})" if test.where else ""
    return f"{test.name}{where}: {why}" if why else test.name


def describe_red(run: TestRun) -> str:
    """Each test that does not pass, those that asked for the network first."""
    if not run.red:
        counts = (
            sentence("{failed} failed, {passed} passed", failed=run.failed, passed=run.passed)
            if run.failed or run.passed
            else sentence("none could be run")
        )
        why = _last_error(run.output)
        return sentence(
            "The tests do not pass: {counts} (pytest's exit code {code}){why}.",
            counts=counts,
            code=str(run.exit_code),
            why=f": {why}" if why else "",
        )
    tests = sorted(run.red, key=lambda test: not test.hosts)
    listed = [_described(test) for test in tests[:MOST_SHOWN]]
    if len(tests) > MOST_SHOWN:
        listed.append(sentence("and {count} more", count=len(tests) - MOST_SHOWN))
    count = (
        sentence("1 does not pass") if len(tests) == 1 else sentence("{count} do not pass", count=len(tests))
    )
    red = sentence(
        "{count}: {tests}.{others}", count=count, tests=joined(listed, "; "), others=count_others(run)
    )
    wanted = sentence("each test passes with no network and with dummy keys")
    return sentence("{findings} Expected: {expected}.", findings=red, expected=wanted)


def _last_error(output: str) -> str:
    """The last thing that pytest says went wrong, and where; empty if it says nothing of the kind."""
    place, why = "", ""
    for line in output.splitlines():
        if found := _PLACE.match(line):
            place = f"{found['file']}, line {found['line']}: "
        elif found := _ERROR.match(line):
            why = f"{place}{found['error'].strip()}"[:_LONGEST]
    return why.rstrip(".")
