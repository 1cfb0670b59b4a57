"""Verdicts as they come: each is one that can't change any more, and what is printed of it is ours."""

import pytest
from pydantic import ValidationError

from grader import rubric, settled
from grader.bad_input import LAST
from grader.criteria import ALL, BY_ID, SECTIONS
from grader.evidence import Evidence
from grader.judge import judge
from grader.report import so_far
from grader.report.language import language
from grader.worker import records
from tests.grader import seen

# probes by which a part is settled; what comes later has other names
_BY_THEN = {
    "input": (
        "endpoint.generates",
        "endpoint.serves_file",
        "endpoint.ordinary",
        "endpoint.foreign",
        "endpoint.choice",
        "endpoint.longest",
        "validation.",
    ),
    "failures": ("endpoint.generates", "errors."),
    "suite": ("endpoint.generates",),
}


@pytest.mark.parametrize("part", ["input", "failures", "suite"])
def test_a_settled_verdict_looks_at_no_question_that_is_put_later(monkeypatch, part):
    asked: list[str] = []
    probes_of = Evidence.probes_of

    def noted(self: Evidence, criterion: str):
        asked.append(criterion)
        return probes_of(self, criterion)

    monkeypatch.setattr(Evidence, "probes_of", noted)
    found = settled.verdicts(part, seen.evidence(), rubric.read())
    assert found
    assert [name for name in asked if not name.startswith(_BY_THEN[part])] == []


def test_what_is_settled_is_what_the_report_says():
    whole = seen.evidence()
    report = {result.id: result.status for result in judge(whole, rubric.read()).criteria}
    for part in ("input", "failures", "suite"):
        found = settled.verdicts(part, whole, rubric.read())
        assert found == {id: report[id] for id in found}


def test_failures_that_take_their_time_are_not_settled_before():
    assert not settled.is_settled("errors.timeout", "failures")
    assert not settled.is_settled("errors.storage_down", "failures")
    assert settled.is_settled("errors.rate_limit", "failures")


def test_what_an_app_may_stay_busy_with_is_asked_last_and_settled_with_the_report():
    assert {"validation.oversized_prompt"} == LAST
    assert not any(settled.is_settled(id, part) for id in LAST for part in ("input", "failures", "suite"))


def test_each_section_is_a_line_and_what_did_not_pass_another():
    lines = so_far.lines(
        {
            "tests.pass": "failed",
            "tests.runs_in_ci": "passed",
            "tests.no_spend": "not_run",
            "validation.blank_prompt": "passed",
        },
        ALL,
        SECTIONS,
    )
    assert list(lines) == [
        "Bad input: 1 of 1 passed",
        "Your tests: 1 of 2 passed",
        f"  ✗ failed  {BY_ID['tests.pass'].title}",
    ]


def test_the_lines_speak_german():
    [line] = so_far.lines({"validation.blank_prompt": "passed"}, ALL, SECTIONS, language("de"))
    assert line.endswith("1 von 1 bestanden")


def test_a_worker_can_not_have_words_of_its_own_printed():
    message = records.MESSAGE.validate_python(
        {"is_": "settled", "verdicts": {"\x1b[2Jowned": "passed", "validation.blank_prompt": "passed"}}
    )
    assert len(list(so_far.lines(message.verdicts, ALL, SECTIONS))) == 1
    for wrong in (
        {"validation.blank_prompt": "brilliant"},
        {"a" * 201: "passed"},
        {str(n): "passed" for n in range(501)},
    ):
        with pytest.raises(ValidationError):
            records.MESSAGE.validate_python({"is_": "settled", "verdicts": wrong})
