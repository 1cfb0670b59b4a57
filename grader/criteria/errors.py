"""errors.*: when OpenAI or S3 fails, the caller is told, nothing is half-stored, and the app goes on."""

import re

from classroom.standin import faults
from grader import reading
from grader.criteria.criterion import (
    NOTHING_WORKS,
    Finding,
    Section,
    Verdict,
    failed,
    ids,
    not_run,
    passed,
    together,
    working,
)
from grader.evidence import Evidence, Exchange, Probe
from grader.jobs import state_of

_SECTION = Section("errors")

# statuses that tell a caller what to do; any other ≥ 400 passes, with advice
_USUAL: dict[str, tuple[int, ...]] = {
    "errors.rate_limit": (429, 503),
    "errors.quota": (429, 402, 502, 503),
    "errors.bad_key": (502, 503),
    "errors.content_policy": (400, 422, 403),
    "errors.server_error": (502, 503),
    "errors.timeout": (504, 503),
    "errors.malformed": (502, 503),
    "errors.empty_result": (502, 503, 422),
    "errors.storage_down": (502, 503, 507),
}
# what an answer could say to the caller
_CLEAR: dict[str, str] = {
    "errors.rate_limit": "“Too many requests are under way. Try again in a minute.”",
    "errors.quota": "“This service has used up its quota. Its owner has to act.”",
    "errors.bad_key": "“This service is not set up correctly. Its owner has to act.”",
    "errors.content_policy": "“OpenAI refused this prompt. Change its words.”",
    "errors.server_error": "“OpenAI could not answer. Try again later.”",
    "errors.timeout": "“OpenAI did not answer in time. Try again later.”",
    "errors.malformed": "“OpenAI's answer could not be read. Try again later.”",
    "errors.empty_result": "“OpenAI's answer was empty. Try again, or change the prompt.”",
    "errors.storage_down": "“The file could not be stored. Try again later.”",
}
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
_S3_SAYS = ("Injected by the stand-in", "NoSuchBucket", "AccessDenied")
_DISTINCT = 50  # characters: a shorter sentence may be anyone's
_OPENAI_SAYS = tuple(message for message in faults.MESSAGES if len(message) >= _DISTINCT)


def _is_json(exchange: Exchange) -> bool:
    if "json" not in exchange.content_type.lower():
        return False
    try:
        reading.parse_json(exchange.body)
    except reading.Unreadable:
        return "characters left out" in exchange.body  # too long to be kept whole
    return True


def _type(exchange: Exchange) -> str:
    return exchange.content_type.partition(";")[0] or "no type"


def _says_nothing(body: str) -> bool:
    """Whether an error's words name neither what went wrong nor what to do."""
    return set(re.findall(r"[a-z]+", body.lower()[:2_000])) <= _VAGUE


def _finding(evidence: Evidence, probe: Probe) -> Finding:
    assert probe.exchange is not None
    exchange = evidence.exchange(probe.outcome or probe.exchange)
    failed_job = probe.outcome is not None and state_of(exchange.body) == "failed"
    after = evidence.exchange(probe.after) if probe.after else None
    advice, place = None, f"{exchange.method} {exchange.place or 'the address of the job'}"
    if exchange.status is None:
        problem: str | None = f"{probe.asked}, and {place} gave no answer: {exchange.failure}"
    elif exchange.status < 400 and not failed_job and not probe.may_succeed:
        problem = f"{probe.asked}, and {place} answered {exchange.status}, as if all were well"
    elif (exchange.status >= 400 or failed_job) and not _is_json(exchange):
        problem = f"{probe.asked}, and {place} answered {exchange.status} with {_type(exchange)}, not JSON"
    elif probe.objects and probe.criterion != "errors.storage_down":
        problem = f"{probe.asked}, and still something was stored"
    elif after is not None and not (after.status and after.status < 300):
        problem = f"{probe.asked}, and the next ordinary request was answered {after.status or after.failure}"
    else:
        problem = None
        usual = _USUAL[probe.criterion]
        if exchange.status >= 400 and _says_nothing(exchange.body):
            advice = (
                f"{probe.asked}: your answer ({exchange.status} {exchange.body.strip()[:80]}) is JSON, and says nothing of "
                f"what went wrong. A clear error would be {usual[0]} with a sentence such as: {_CLEAR[probe.criterion]}"
            )
        elif exchange.status >= 400 and exchange.status not in usual:
            listed = " or ".join(str(status) for status in usual[:2])
            advice = f"{probe.asked}: your {exchange.status} tells the caller little; {listed} would say whose fault it is."
    return Finding(probe.kind, problem, ids(probe), advice)


def _unsent(evidence: Evidence, probe: Probe) -> bool:
    """Whether the app had been too slow before it could be asked: its own failure, as if it had not answered."""
    return probe.exchange is not None and not evidence.exchange(probe.exchange).sent


def _judge(evidence: Evidence, criterion: str) -> Verdict:
    kinds = {offer.kind for offer in working(evidence)}
    if not kinds:
        return not_run(NOTHING_WORKS)
    probes = [probe for probe in evidence.probes_of(criterion) if probe.kind in kinds and probe.exchange]
    findings = [_finding(evidence, probe) for probe in probes if probe.met or _unsent(evidence, probe)]
    if probes and not findings:
        return not_run(
            "The fault never came into play: your app did not call the service that was made to fail."
        )
    return together(
        findings,
        "A clear JSON error, nothing stored, and the next request was served, for every kind.",
        f"a status of 400 or above ({' or '.join(map(str, _USUAL[criterion][:2]))} would be clear) with a JSON body, nothing "
        "stored, and the next request served",
    )


_ASKED = {
    "rate_limit": (
        "OpenAI's rate limit is told to the caller",
        "Which exception does the SDK raise on 429? What may your caller do about it?",
    ),
    "quota": (
        "A used-up quota is told to the caller",
        "It is a 429, too, but waiting does not help: look at the error's code.",
    ),
    "bad_key": (
        "A refused key is answered as your trouble, not the caller's",
        "Which exception is a 401 from OpenAI? Whose fault is it?",
    ),
    "content_policy": (
        "A prompt that OpenAI refuses is told to the caller",
        "Only the caller can mend this one: say that the prompt was refused.",
    ),
    "server_error": (
        "A failing OpenAI is told to the caller",
        "openai.APIError is the parent of all that the SDK raises.",
    ),
    "timeout": (
        "A silent OpenAI does not hang your app",
        "How long does the SDK wait by default? Look for timeout= and max_retries=.",
    ),
    "malformed": (
        "An answer that is not what the API promises is not stored",
        "Who says that a 200 holds a picture? What if the body is no JSON, or a web page?",
    ),
    "empty_result": (
        "An empty result is not stored",
        "What would your endpoint store if OpenAI's answer had nothing in it?",
    ),
    "storage_down": (
        "An unreachable S3 is told to the caller",
        "Which exceptions does boto3 raise when the bucket is gone or S3 is silent?",
    ),
}
for _name, (_title, _hint) in _ASKED.items():
    _SECTION.add(
        _name,
        _title,
        _hint,
        lambda evidence, criterion=f"errors.{_name}": _judge(evidence, criterion),  # type: ignore[misc]
    )


def _internal(body: str, bucket: str) -> str | None:
    """The first thing in an answer that is not for strangers; None if there is none."""
    found = _INTERNALS.search(body)
    if found:
        return found.group()
    return next((words for words in (*_S3_SAYS, *_OPENAI_SAYS, bucket) if words in body), None)


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
        if exchange.status is None or (exchange.status < 400 and not probe.outcome):
            continue
        looked += 1
        shown = _internal(exchange.body, evidence.bucket)
        if shown:
            wrong.append((exchange.id, f"{probe.asked}: the answer shows “{shown[:60]}”"))
    if not looked:
        return not_run("No request was answered with an error.")
    if wrong:
        return failed(f"{wrong[0][1]}. Expected: a sentence of your own.", tuple(id for id, _ in wrong))
    return passed(f"None of {looked} error answers shows a trace, OpenAI's own words, the bucket or a path.")


CRITERIA = _SECTION.criteria
