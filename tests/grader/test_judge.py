"""Judging hand-made evidence: pure, and never a pass for nothing or a failure for the grader's own fault."""

from io import StringIO

import pytest
from rich.console import Console

from grader import ordinary_requests, rubric
from grader.criteria import ALL, BY_ID, Criterion, Verdict
from grader.criteria.criterion import together
from grader.evidence import Evidence, Submission
from grader.judge import judge
from grader.media_types import fits
from grader.ordinary_requests import OrdinaryRequest
from grader.report import html, junit, terminal
from grader.report.words import select_shown

NOTHING = Evidence(
    submission=Submission(name="ada", digest="sha256:0"),
    isolation="process",
    bucket="b",
    canary_fingerprint="f",
)


def test_no_evidence_passes_nothing():
    report = judge(NOTHING, rubric.read())
    assert {result.status for result in report.criteria} <= {"failed", "not_run"}
    assert (report.score, report.complete) == (0, False)


def test_an_empty_list_of_observations_is_never_a_pass():
    assert together([], "all was well").status == "not_run"


def test_an_app_that_did_not_start_is_not_reported_to_offer_nothing():
    assert BY_ID["endpoint.generates_text"].judge(NOTHING).summary == "Depends on the app having started."


def test_a_fault_of_the_grader_s_own_is_an_error_and_no_points_are_judged(monkeypatch):
    def broken(evidence: Evidence) -> Verdict:
        raise ZeroDivisionError("oops")

    faulty = Criterion("endpoint.starts", "title", "hint", broken)
    monkeypatch.setattr("grader.judge.ALL", (faulty, *(one for one in ALL if one.id != faulty.id)))
    report = judge(NOTHING, rubric.read())
    assert report.has_error
    assert report.criteria[0].status == "error"
    assert "ZeroDivisionError" in report.criteria[0].summary


def test_the_rubric_names_every_criterion_of_the_contract_once():
    assert set(rubric.read().worth) == set(BY_ID)
    assert len(ALL) == len(BY_ID)


def test_an_extension_that_was_not_taken_costs_nothing_and_takes_no_line():
    report = judge(NOTHING, rubric.read())
    module = [result for result in report.criteria if result.section == "module"]
    assert {result.status for result in module} == {"not_run"}
    assert not any(result.required for result in module)
    assert not [result for result in select_shown(report.criteria) if result.section == "module"]


@pytest.mark.parametrize(
    ("content_type", "content", "key", "right"),
    [
        ("image/png", b"\x89PNG\r\n\x1a\n", "a.png", True),
        ("image/jpeg", b"\x89PNG\r\n\x1a\n", "a.png", False),
        ("image/jpg", b"\xff\xd8\xff", "a.jpg", False),
        ("audio/mpeg", b"ID3", "a.mp3", True),
        ("audio/mp3", b"ID3", "a.mp3", False),
        ("audio/x-wav", b"RIFF....WAVE", "a.wav", True),
        ("text/plain; charset=utf-8", b"hi", "a.txt", True),
        ("Text/Markdown", b"hi", "a.md", True),
        ("text/html", b"hi", "a.txt", False),
        ("text/plain", b"hi", "key-without-extension", True),
        ("binary/octet-stream", b"hi", "a.txt", False),
        ("application/json", b"hi", "a", False),
        ("", b"hi", "a.txt", False),
        ("audio/pcm", b"\x00\x01\xff\xfe", "a.pcm", True),
    ],
)
def test_a_type_fits_its_bytes(content_type, content, key, right):
    assert fits(content_type, content, key) is right


SCRIPT = "<script>alert(1)</script>\x1b[31m"


def test_a_stranger_s_words_steer_neither_the_page_nor_the_terminal_nor_the_xml():
    hostile = NOTHING.model_copy(
        update={
            "submission": Submission(name=SCRIPT, digest="sha256:0"),
            "app": NOTHING.app.model_copy(update={"failure": SCRIPT, "log": SCRIPT}),
        }
    )
    report = judge(hostile, rubric.read())
    page, xml = html.render(report, hostile), junit.render(report)
    for text in (page, xml):
        assert "<script>" not in text
        assert "\x1b" not in text
    assert "default-src 'none'" in page
    console = Console(record=True, width=100, file=StringIO())
    terminal.show(report, console)
    assert "\x1b[31m" not in console.export_text()


def test_every_question_about_what_is_generated_has_a_name_of_its_own():
    asked = [each for each in vars(ordinary_requests).values() if isinstance(each, OrdinaryRequest)]
    assert len({each.id for each in asked}) == len(asked) == 8
    assert all(each.id.startswith("endpoint.") for each in asked)
