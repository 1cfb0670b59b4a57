"""module.*: the OpenAI module of the extension, seen from both ends. An app that does not have it is asked nothing."""

from collections.abc import Callable
from typing import Any

from classroom.standin.models import catalogue
from grader import openai_module, reading
from grader.criteria.criterion import Section, Verdict, failed, not_run, passed
from grader.criteria.reported import reported
from grader.evidence import MAX_BLOB, Call, Evidence, Exchange, Probe, sha256_of
from grader.messages import sentence, term

section = Section("module")

_Check = Callable[[Evidence, Probe, Exchange], str | None]


def _judge(criterion: str, *checks: tuple[str, _Check]) -> Callable[[Evidence], Verdict]:
    """A verdict from what each question was answered: the first thing that is wrong, or that all is right."""

    def judge(evidence: Evidence) -> Verdict:
        probes = {probe.asked: probe for probe in evidence.probes_of(criterion)}
        if not probes:
            return not_run(
                sentence(
                    "The app has no addresses below {place}: the extension was not taken.",
                    place=openai_module.BASE,
                )
            )
        seen = tuple(probe.exchange for probe in probes.values() if probe.exchange)
        for asked, check in checks:
            probe = probes[asked]
            assert probe.exchange is not None
            exchange = evidence.exchange(probe.exchange)
            wrong = check(evidence, probe, exchange)
            if wrong:
                received = (
                    reported(exchange.failure)
                    if exchange.failure
                    else sentence("the answer was {status}", status=str(exchange.status))
                )
                found = sentence(
                    "{place} ({asked}): {wrong}; {received}.",
                    place=f"{exchange.method} {exchange.url}",
                    asked=term(asked),
                    wrong=wrong,
                    received=received,
                )
                return failed(found, seen)
        if len(checks) == 1:
            return passed(sentence("One request was answered as OpenAI answers."), seen)
        return passed(sentence("{count} requests were answered as OpenAI answers.", count=len(checks)), seen)

    return judge


def _json(evidence: Evidence, exchange: Exchange) -> dict[str, Any]:
    return _parse(evidence.blob(exchange.body_sha256 or "") or exchange.body)


def _parse(content: bytes | str) -> dict[str, Any]:
    """A JSON object; an empty one if it is none, or was cut for the report."""
    try:
        value = reading.parse_json(content, most=MAX_BLOB)
    except reading.Unreadable:
        return {}
    return value if isinstance(value, dict) else {}


def _calls(evidence: Evidence, probe: Probe) -> list[Call]:
    return [call for call in evidence.calls if call.id in probe.calls]


def _first(value: Any, *path: str | int) -> Any:
    """What stands at a place in an answer; None if there is no such place."""
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _is_error(body: dict[str, Any]) -> bool:
    return isinstance(_first(body, "error", "message"), str)


def _listed(evidence: Evidence, probe: Probe, exchange: Exchange) -> str | None:
    data = _json(evidence, exchange).get("data")
    return (
        None if exchange.status == 200 and isinstance(data, list) and data else sentence("there is no list")
    )


def _described(evidence: Evidence, probe: Probe, exchange: Exchange) -> str | None:
    same = _json(evidence, exchange).get("id") == openai_module.MODEL
    return (
        None
        if exchange.status == 200 and same
        else sentence("it does not describe {model}", model=openai_module.MODEL)
    )


def _or_gone(check: _Check) -> _Check:
    """The same, or the truth about what OpenAI has retired."""

    def checked(evidence: Evidence, probe: Probe, exchange: Exchange) -> str | None:
        gone = exchange.status == 410 and _is_error(_json(evidence, exchange))
        return None if gone else check(evidence, probe, exchange)

    return checked


def _text_at(*path: str | int) -> _Check:
    """The answer holds, at that place, what OpenAI wrote for this very request."""

    def check(evidence: Evidence, probe: Probe, exchange: Exchange) -> str | None:
        text = _first(_json(evidence, exchange), *path)
        written = {output.sha256 for call in _calls(evidence, probe) for output in call.outputs}
        if exchange.status != 200 or not isinstance(text, str):
            return sentence("there is no text where OpenAI puts it")
        return (
            None
            if sha256_of(text.encode()) in written
            else sentence("the text is not the one that OpenAI wrote")
        )

    return check


def _chatted(evidence: Evidence, probe: Probe, exchange: Exchange) -> str | None:
    wrong = _text_at("choices", 0, "message", "content")(evidence, probe, exchange)
    sent = [_parse(call.request) for call in _calls(evidence, probe)]
    if wrong is None and not any(body.get("temperature") == openai_module.TEMPERATURE for body in sent):
        return sentence("the temperature {value} did not reach OpenAI", value=str(openai_module.TEMPERATURE))
    return wrong


def _streamed(evidence: Evidence, probe: Probe, exchange: Exchange) -> str | None:
    is_stream = exchange.content_type.startswith("text/event-stream") and "data:" in exchange.body
    return None if exchange.status == 200 and is_stream else sentence("it is no stream of events")


def _drawn(evidence: Evidence, probe: Probe, exchange: Exchange) -> str | None:
    picture = _first(_json(evidence, exchange), "data", 0)
    has_one = isinstance(picture, dict) and bool(picture.get("b64_json") or picture.get("url"))
    return None if exchange.status == 200 and has_one else sentence("there is no picture")


def _drawn_by_the_model(evidence: Evidence, probe: Probe, exchange: Exchange) -> str | None:
    wrong = _drawn(evidence, probe, exchange)
    models = {call.model for call in _calls(evidence, probe)}
    return wrong or (
        None
        if models == {openai_module.IMAGE_MODEL}
        else sentence("the model that was asked for did not reach OpenAI")
    )


def _heard(evidence: Evidence, probe: Probe, exchange: Exchange) -> str | None:
    heard = exchange.status == 200 and probe.mark is not None and probe.mark.strip(". ") in exchange.body
    return None if heard else sentence("the words of the sound are not in it")


def _translated(evidence: Evidence, probe: Probe, exchange: Exchange) -> str | None:
    """Heard, as long as OpenAI translates; then the truth will do, too."""
    known = catalogue.load()
    has_ended = known.models[openai_module.TRANSLATING_MODEL].is_retired(known.as_of)
    return (_or_gone(_heard) if has_ended else _heard)(evidence, probe, exchange)


def _refused(evidence: Evidence, probe: Probe, exchange: Exchange) -> str | None:
    if _calls(evidence, probe):
        return sentence("it was sent to OpenAI")
    return (
        None
        if exchange.status is not None and 400 <= exchange.status < 500
        else sentence("it was not refused")
    )


def _passed_on(evidence: Evidence, probe: Probe, exchange: Exchange) -> str | None:
    right = exchange.status == 429 and _is_error(_json(evidence, exchange))
    return None if right else sentence("OpenAI's status and error did not come through")


def _unreachable(evidence: Evidence, probe: Probe, exchange: Exchange) -> str | None:
    right = exchange.status == 502 and bool(_json(evidence, exchange))
    return None if right else sentence("an OpenAI that is not there should be a 502 with JSON")


section.add(
    "models",
    "The module lists models and describes one",
    "Pass GET models/ and models/<id>/ on; a name may hold dots, and addresses end with a slash.",
    _judge("module.models", (openai_module.LISTED, _listed), (openai_module.DESCRIBED, _described)),
)
section.add(
    "engines",
    "The module answers for engines",
    "Where OpenAI still answers, pass it on; where it has retired them, answer 410 and say what replaces them.",
    _judge(
        "module.engines",
        (openai_module.LISTED, _or_gone(_listed)),
        (openai_module.DESCRIBED, _or_gone(_described)),
    ),
)
section.add(
    "chat",
    "The module creates chat completions",
    "Pass every parameter on as it came, temperature too, and a stream as a stream.",
    _judge("module.chat", (openai_module.PLAIN, _chatted), (openai_module.STREAMED, _streamed)),
)
section.add(
    "completion",
    "The module creates completions",
    "The address is completion/, OpenAI's is completions; the answer is OpenAI's own.",
    _judge("module.completion", (openai_module.PLAIN, _text_at("choices", 0, "text"))),
)
section.add(
    "edits",
    "The module answers for edits",
    "Where OpenAI still answers, pass it on; where it has retired them, answer 410 and say what replaces them.",
    _judge("module.edits", (openai_module.PLAIN, _or_gone(_text_at("choices", 0, "text")))),
)
section.add(
    "images",
    "The module generates images",
    "Pass the model on; without one, choose one that OpenAI still serves.",
    _judge(
        "module.images", (openai_module.PLAIN, _drawn_by_the_model), (openai_module.WITHOUT_MODEL, _drawn)
    ),
)
for _name, _title, _check in (
    ("transcription", "transcribes", _heard),
    ("translation", "translates", _translated),
):
    section.add(
        _name,
        f"The module {_title} speech",
        "Accept an upload (multipart), check its type and size before you ask OpenAI, and return the text.",
        _judge(f"module.{_name}", (openai_module.PLAIN, _check), (openai_module.NO_SOUND, _refused)),
    )
section.add(
    "errors",
    "The module passes on OpenAI's errors",
    "Keep OpenAI's status and body; when OpenAI can't be reached, answer 502 with JSON.",
    _judge("module.errors", (openai_module.RATE_LIMITED, _passed_on), (openai_module.DROPPED, _unreachable)),
)

CRITERIA = section.criteria
