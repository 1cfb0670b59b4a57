"""errors.*: when OpenAI or S3 fails, the caller gets an error, nothing is half-stored, and the app goes on."""

import json
import re
from collections.abc import Iterator, Sequence
from functools import partial

from classroom.standin.scripting import faults
from grader import reading
from grader.criteria.criterion import (
    NOTHING_WORKS,
    Finding,
    Section,
    Verdict,
    failed,
    generated,
    ids,
    not_run,
    passed,
    together,
    working,
)
from grader.criteria.reported import reported
from grader.criteria.streamed_errors import reports_in_its_stream
from grader.evidence import Evidence, Exchange, Probe
from grader.jobs import ended_otherwise, state_of
from grader.messages import sentence, term
from grader.ordinary_requests import AFTER, FOREIGN, GENERATES, ORDINARY
from grader.upstream_failures import SECTION, UPSTREAM_FAILURES, UpstreamFailure

_SECTION = Section(SECTION)

# an answer of these words alone names neither side, nor what to do
_VAGUE = frozenset(
    [
        "a",
        "an",
        "and",
        "at",
        "be",
        "code",
        "detail",
        "details",
        "error",
        "errors",
        "exception",
        "failed",
        "failure",
        "false",
        "for",
        "gateway",
        "has",
        "happened",
        "http",
        "internal",
        "is",
        "it",
        "message",
        "none",
        "null",
        "occurred",
        "of",
        "ok",
        "please",
        "problem",
        "server",
        "service",
        "something",
        "sorry",
        "status",
        "success",
        "the",
        "there",
        "title",
        "type",
        "unexpected",
        "unknown",
        "unavailable",
        "us",
        "was",
        "we",
        "went",
        "wrong",
        "your",
    ]
)
_INTERNALS = re.compile(
    r"Traceback \(most recent call last\)|site-packages|File \"/|/(?:home|tmp|root|usr|Users)/"
    r"|\b(?:openai|botocore|boto3|httpx2?)\.\w*(?:Error|Exception|exceptions)\w*|when calling the \w+ operation"
)
# a statement, or the exception of a driver: tables, columns and what others wrote
_OF_A_DATABASE = re.compile(
    r"\((?:sqlite3|psycopg2?|asyncpg|pymysql|MySQLdb|oracledb|pyodbc)\.[\w.]*Error\)"
    r"|\bsqlalche\.me/e/|\[SQL: [A-Z]+ [^\]\n]{1,80}|\bINSERT INTO \S{1,80} \([^)\n]{1,200}\) VALUES|\bSELECT .{1,200} FROM \S{1,80} WHERE\b"
)
# what Django shows in the place of an error's page, as its pages say at their end
_DEBUG_PAGE = re.compile(rb"you have (?:<code>)?DEBUG = True")
_TAG = re.compile(r"<[^>]{0,500}>")
_S3_SAYS = ("Injected by the stand-in", "NoSuchBucket", "AccessDenied")
_MOST_READ = 2 * 1024 * 1024  # bytes of an answer
_DISTINCT = 50  # characters: a shorter sentence may be anyone's
_OPENAI_SAYS = tuple(message for message in faults.MESSAGES if len(message) >= _DISTINCT)


def _is_json(evidence: Evidence, exchange: Exchange) -> bool:
    if "json" not in exchange.content_type.lower():
        return False
    try:
        reading.parse_json(_whole(evidence, exchange))
    except reading.Unreadable:
        was_kept = bool(exchange.body_sha256 and evidence.blob(exchange.body_sha256))
        return (
            not was_kept and "characters left out" in exchange.body
        )  # all together were too long to be kept
    return True


def _whole(evidence: Evidence, exchange: Exchange) -> bytes:
    """An answer's body, of which the exchange itself has what is shown: a long one's middle is not, nor what is no text."""
    kept = evidence.blob(exchange.body_sha256) if exchange.body_sha256 else b""
    return kept or exchange.body.encode("utf-8", "replace")


def _is_page_of_an_app_for_people(evidence: Evidence, probe: Probe, exchange: Exchange) -> bool:
    """Whether an app that answers with pages says on one what is wrong; with 500 comes the page of a crash."""
    made = generated(evidence, probe.kind) if probe.kind else None
    if made is None or made.exchange is None or exchange.status == 500:
        return False
    pages = all("text/html" in each.content_type for each in (exchange, evidence.exchange(made.exchange)))
    return pages and not _says_nothing(_TAG.sub(" ", exchange.body))


def _type(exchange: Exchange) -> str:
    return exchange.content_type.partition(";")[0] or sentence("no type")


def _says_nothing(body: str) -> bool:
    """Whether an error's words name neither what went wrong nor what to do."""
    return set(re.findall(r"[a-z]+", body.lower()[:2_000])) <= _VAGUE


def _good_ends(evidence: Evidence) -> list[str]:
    """What the jobs said at their end that stored a file while nothing was wrong."""
    asked = (GENERATES, ORDINARY, FOREIGN, AFTER)
    return [
        evidence.exchange(probe.outcome).body
        for question in asked
        for probe in evidence.probes_of(question.id)
        if probe.outcome and probe.objects
    ]


def _finding(evidence: Evidence, probe: Probe, failure: UpstreamFailure) -> Finding:
    assert probe.exchange is not None
    exchange = evidence.exchange(probe.outcome or probe.exchange)
    failed_job = probe.outcome is not None and (
        state_of(exchange.body) == "failed" or ended_otherwise(exchange.body, _good_ends(evidence))
    )
    after = evidence.exchange(probe.after) if probe.after else None
    is_error = exchange.status is not None and (exchange.status >= 400 or failed_job)
    is_json = is_error and _is_json(evidence, exchange)
    is_page = is_error and not is_json and _is_page_of_an_app_for_people(evidence, probe, exchange)
    advice, place = None, f"{exchange.method} {exchange.place}"
    if not exchange.place:
        place = sentence("{method} the address of the job", method=exchange.method)
    what = {"asked": term(probe.asked), "place": place}
    if exchange.status is None:
        problem: str | None = sentence(
            "{asked}, and {place} gave no answer: {failure}", **what, failure=reported(str(exchange.failure))
        )
    elif exchange.status < 400 and not probe.may_succeed and reports_in_its_stream(exchange):
        problem = sentence(
            "{asked}, and {place} answered {status}, with the error in its stream alone: wait for OpenAI's first event before "
            "you begin your answer",
            **what,
            status=str(exchange.status),
        )
    elif exchange.status < 400 and not failed_job and not probe.may_succeed:
        problem = sentence(
            "{asked}, and {place} answered {status}, as if all were well", **what, status=str(exchange.status)
        )
    elif is_error and not (is_json or is_page):
        problem = sentence(
            "{asked}, and {place} answered {status} with {type}, not JSON",
            **what,
            status=str(exchange.status),
            type=_type(exchange),
        )
    elif probe.objects and not failure.may_store:
        problem = sentence("{asked}, and still something was stored", asked=what["asked"])
    elif after is not None and not (after.status and after.status < 300):
        problem = sentence(
            "{asked}, and the next ordinary request was answered {answer}",
            asked=what["asked"],
            answer=after.status or reported(str(after.failure)),
        )
    else:
        problem = None
        usual = failure.usual
        if is_page:
            advice = sentence(
                "{asked}: {place} answered with a page. A program that calls it would rather have JSON.",
                **what,
            )
        elif exchange.status >= 400 and _says_nothing(exchange.body):
            advice = sentence(
                "{asked}: your answer ({answer}) is JSON, and says nothing of what went wrong. A clear error would be {usual} with "
                "a sentence such as: {clear}",
                asked=what["asked"],
                answer=f"{exchange.status} {exchange.body.strip()[:80]}",
                usual=str(usual[0]),
                clear=failure.clear,
            )
        elif exchange.status >= 400 and exchange.status not in usual:
            advice = sentence(
                "{asked}: your {status} tells the caller little; {usual} would say whose fault it is.",
                asked=what["asked"],
                status=str(exchange.status),
                usual=_either(usual),
            )
    return Finding(probe.kind, problem, ids(probe), advice)


def _either(usual: Sequence[int]) -> str:
    """The first two of the statuses that would be clear."""
    if len(usual) < 2:
        return str(usual[0])
    return sentence("{one} or {other}", one=usual[0], other=usual[1])


def _unsent(evidence: Evidence, probe: Probe) -> bool:
    """Whether the app had been too slow before it could be asked: its own failure, as if it had not answered."""
    return probe.exchange is not None and not evidence.exchange(probe.exchange).sent


def _judge(evidence: Evidence, failure: UpstreamFailure) -> Verdict:
    kinds = {offer.kind for offer in working(evidence)}
    if not kinds:
        return not_run(NOTHING_WORKS)
    probes = [probe for probe in evidence.probes_of(failure.id) if probe.kind in kinds and probe.exchange]
    findings = [
        _finding(evidence, probe, failure) for probe in probes if probe.met or _unsent(evidence, probe)
    ]
    if probes and not findings:
        return not_run(
            sentence(
                "The fault never came into play: your app did not call the service that was made to fail."
            )
        )
    return together(
        findings,
        sentence("A clear JSON error, nothing stored, and the next request was served, for every kind."),
        sentence(
            "a status of 400 or above ({usual} would be clear) with a JSON body, nothing stored, and the next request served",
            usual=_either(failure.usual),
        ),
    )


for _failure in UPSTREAM_FAILURES:
    _SECTION.add(_failure.name, _failure.title, _failure.hint, partial(_judge, failure=_failure))


def _internal(body: bytes, bucket: str) -> str | None:
    """The first thing in an answer that is not for strangers; None if there is none."""
    for text in _read(body):
        found = _INTERNALS.search(text)
        if found:
            return found.group()
        if statement := _OF_A_DATABASE.search(text):
            return statement.group()
        internal = next((words for words in (*_S3_SAYS, *_OPENAI_SAYS, bucket) if words in text), None)
        if internal:
            return internal
    return None


def _read(body: bytes) -> Iterator[str]:
    """A body as it is, and as a program reads it: JSON can write any letter as an escape."""
    yield body[:_MOST_READ].decode("utf-8", "replace")
    try:
        value = reading.parse_json(body)
    except reading.Unreadable:
        return
    yield json.dumps(value, ensure_ascii=False).replace('\\"', '"')


@_SECTION.criterion(
    "no_internals",
    "Errors show nothing of the inside",
    "An exception's text is written for you, not for strangers. Log it, and answer with a sentence of your own.",
)
def no_internals(evidence: Evidence) -> Verdict:
    if not working(evidence):
        return not_run(NOTHING_WORKS)
    wrong: list[tuple[str, str]] = []
    looked = 0
    for probe in evidence.probes:
        if not probe.exchange or not probe.criterion.startswith(("errors.", "validation.")):
            continue
        exchange = evidence.exchange(probe.outcome or probe.exchange)
        if exchange.status is None:
            continue
        whole = _whole(evidence, exchange)
        shown = _internal(whole, evidence.bucket)
        if exchange.status < 400 and not probe.outcome:
            # what OpenAI refused with may be handed on as a success
            if shown not in _OPENAI_SAYS:
                continue
        elif _DEBUG_PAGE.search(whole) and any("DEBUG" in name.upper() for name in evidence.app.variables):
            continue  # a page for its author, which the grader had shown
        looked += 1
        if shown:
            wrong.append(
                (
                    exchange.id,
                    sentence(
                        "{asked}: the answer shows “{shown}”", asked=term(probe.asked), shown=shown[:60]
                    ),
                )
            )
    if not looked:
        return not_run(sentence("No request was answered with an error."))
    if wrong:
        expected = sentence("a sentence of your own")
        summary = sentence("{findings}. Expected: {expected}.", findings=wrong[0][1], expected=expected)
        return failed(summary, tuple(id for id, _ in wrong))
    return passed(
        sentence(
            "None of {count} error answers shows a trace, OpenAI's own words, the bucket or a path.",
            count=looked,
        )
    )


CRITERIA = _SECTION.criteria
