"""Sentences of verdicts: English text as it always was, said in another language by their messages, and never a format of a stranger's."""

import json
import time

import pytest
from pydantic import ValidationError

from grader import judge as judging
from grader.criteria.criterion import Finding, together
from grader.judge import Messages, Report, Result, judge
from grader.messages import Message, Sentence, ended, joined, message_of, rendered, sentence, term
from grader.report import document, html
from grader.report.language import language
from grader.report.spoken import in_language, spoken
from grader.rubric import read
from tests.grader.reviewed import evidence

GERMAN = language("de")
HOSTILE = "{asked.__class__} {0} {expected} <b>&amp; \x1b[31m"


def result(messages: Messages | None, summary: str = "in English") -> Result:
    return Result(
        id="errors.quota", section="errors", title="t", required=True, status="failed", points=0, max_points=1,
        summary=summary, hint="h", evidence=(), advice=("Try this.",), messages=messages,
    )  # fmt: skip


def test_a_sentence_is_its_english_text():
    made = sentence(
        "{asked}, and {place} answered {status}, as if all were well",
        asked="S3 hangs up",
        place="POST /x",
        status=200,
    )
    assert made == "S3 hangs up, and POST /x answered 200, as if all were well"
    assert isinstance(made, str)
    assert rendered(made.message, GERMAN) == "S3 hangs up, und POST /x antwortete mit 200, als wäre alles gut"


def test_a_term_is_translated_by_itself_and_by_its_numbers():
    assert rendered(term("S3 hangs up").message, GERMAN) == "S3 legt auf"
    assert rendered(term("a prompt of 32769 characters").message, GERMAN) == "ein Prompt von 32769 Zeichen"
    assert term("a prompt of 32769 characters") == "a prompt of 32769 characters"


def test_what_has_no_translation_stays_as_it_is():
    assert rendered(term("heron 12 of 13").message, GERMAN) == "heron 12 of 13"


def test_what_was_seen_is_never_a_format():
    made = sentence("{asked}: the answer shows “{shown}”", asked=term(HOSTILE), shown=HOSTILE)
    assert made == f"{HOSTILE}: the answer shows “{HOSTILE}”"
    assert rendered(made.message, GERMAN) == f"{HOSTILE}: Die Antwort zeigt „{HOSTILE}“"


def test_findings_come_together_as_the_text_that_they_always_were():
    refused = sentence("{asked}, did not come to OpenAI whole", asked="x")
    findings = [
        Finding("image", refused, ("r1",)),
        Finding("audio", refused, ("r2",)),
        Finding(None, sentence("no type")),
    ]
    verdict = together(findings, "well", sentence("a sentence of your own"))
    assert (
        verdict.summary
        == "Image, audio: x, did not come to OpenAI whole; no type. Expected: a sentence of your own."
    )
    message = message_of(verdict.summary)
    assert message is not None
    assert rendered(message, GERMAN).startswith("Bild, Ton: x, kam nicht vollständig bei OpenAI an; ")
    assert rendered(message, GERMAN).endswith(" Erwartet: ein Satz von dir selbst.")


def test_half_a_translation_is_none():
    verdict = together([Finding("image", "plain words")], "well", sentence("a sentence of your own"))
    assert verdict.summary == "Image: plain words. Expected: a sentence of your own."
    assert message_of(verdict.summary) is None


def test_an_ended_sentence_keeps_its_own_end():
    assert ended("why?") == "Why?"
    assert ended(joined(["one", "two"], "; ")) == "One; two."


def test_a_report_of_an_earlier_version_is_english_text():
    kept = json.loads(result(None).model_dump_json())
    del kept["messages"]
    assert spoken(Result.model_validate(kept), GERMAN).summary == "in English"


def test_messages_cross_between_processes_and_are_no_part_of_the_document():
    report = judge(evidence("ada"), read())
    again = Report.model_validate_json(report.model_dump_json(by_alias=True))
    assert any(one.messages for one in again.criteria)
    assert again == report
    assert in_language(again, GERMAN).criteria == in_language(report, GERMAN).criteria
    assert "messages" not in json.loads(document.render(report))["criteria"][0]


def test_a_message_that_is_none_is_refused():
    with pytest.raises(ValidationError):
        Message.model_validate({"template": "x", "code": "import os"})
    deep: object = "x"
    for _ in range(2_000):
        deep = {"parts": [deep]}
    with pytest.raises((ValidationError, RecursionError)):
        Message.model_validate(deep)


def test_a_page_says_a_verdict_in_german_and_escapes_what_it_quotes():
    report = judge(evidence("ada"), read())
    messages = Messages(
        summary=sentence(
            "{asked}: the answer shows “{shown}”", asked=term("S3 hangs up"), shown="<b>"
        ).message
    )
    first = report.criteria[0].model_copy(update={"messages": messages, "status": "failed"})
    page = html.render(report.model_copy(update={"criteria": (first,)}), evidence("ada"), GERMAN)
    assert "S3 legt auf: Die Antwort zeigt „&lt;b&gt;“" in page


def test_the_next_step_is_said_in_german():
    messages = Messages(
        summary=together(
            [Finding("image", sentence("no type"))], "w", sentence("a sentence of your own")
        ).summary.message
    )  # type: ignore[attr-defined]
    step = judging.next_step(
        [result(messages, "Image: no type. Expected: a sentence of your own.")],
        "",
        {"errors": "Errors"},
        GERMAN,
    )
    assert "Erwartet" not in step
    assert "Image" not in step
    assert "Bild: " in step


def test_a_sentence_can_be_copied():
    import copy
    import pickle

    made = sentence("{one} or {other}", one=1, other=2)
    for again in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert isinstance(again, Sentence)
        assert again.message == made.message


def test_a_message_that_doubles_itself_at_each_level_stays_small():
    grown: Message | str = "x" * 1_000
    for _ in range(60):
        grown = Message(template="{a}" * 100, fields={"a": grown})
    began = time.monotonic()
    assert len(rendered(grown, str)) <= 100_000
    assert time.monotonic() - began < 5
