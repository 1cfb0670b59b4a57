"""gate.*: what moderation flags is refused before it costs anything; everything else is answered."""

import json

from grader.assignment.authoring import (
    Call,
    Evidence,
    Exchange,
    Finding,
    Probe,
    Section,
    Verdict,
    carries,
    ids,
    together,
)

_SECTION = Section("gate")
_CHAT = ("chat/completions", "responses")
_STARTS = ("endpoint.starts",)


def _asked(evidence: Evidence, name: str) -> list[tuple[Probe, Exchange]]:
    """The probes of a question, each with its exchange."""
    return [
        (probe, evidence.exchange(probe.exchange)) for probe in evidence.probes_of(name) if probe.exchange
    ]


def _came_back(exchange: Exchange) -> str:
    return (
        f"{exchange.method} {exchange.url} answered {exchange.status}"
        if exchange.status
        else f"{exchange.failure}"
    )


def _chats(evidence: Evidence, probe: Probe) -> list[Call]:
    return [call for call in evidence.calls_of(probe.exchange or "") if call.route in _CHAT]


def _words(evidence: Evidence, call: Call) -> list[str]:
    """What the model answered."""
    return [evidence.blob(output.sha256).decode() for output in call.outputs if output.kind == "text"]


def _texts(body: str) -> list[str]:
    """Every text in a JSON answer."""
    try:
        waiting, found = [json.loads(body)], []
    except ValueError:
        return []
    while waiting:
        value = waiting.pop()
        waiting += value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
        found += [value] if isinstance(value, str) else []
    return found


@_SECTION.criterion(
    "answers",
    "An ordinary message is answered with the model's words",
    'Give the message to a chat model, and return its answer as JSON: {"reply": "…"}.',
    needs=_STARTS,
)
def answers(evidence: Evidence) -> Verdict:
    findings = []
    for probe, exchange in _asked(evidence, "gate.ordinary"):
        generated = [words for call in _chats(evidence, probe) for words in _words(evidence, call)]
        problem = None
        if exchange.status != 200:
            problem = f"{probe.asked} was sent, and {_came_back(exchange)}"
        elif not set(generated) & set(_texts(exchange.body)):
            problem = f"{probe.asked} was sent, and the answer does not have the model's words"
        findings.append(Finding(None, problem, ids(probe)))
    return together(
        findings, "Each ordinary message was answered with what the model wrote.", "200 and the model's words"
    )


@_SECTION.criterion(
    "moderates",
    "Each message is given to moderation",
    "Call client.moderations.create(input=message) for every message, whatever it says.",
    needs=_STARTS,
)
def moderates(evidence: Evidence) -> Verdict:
    findings = []
    for probe, _ in _asked(evidence, "gate.ordinary") + _asked(evidence, "gate.flagged"):
        calls = [call for call in evidence.calls_of(probe.exchange or "") if call.route == "moderations"]
        reached = any(carries(call.request, probe.mark or "") for call in calls)
        problem = None if reached else f"{probe.asked} was sent, and no call for moderation had its words"
        findings.append(Finding(None, problem, ids(probe)))
    return together(findings, "Moderation got the words of each message.")


@_SECTION.criterion(
    "refuses",
    "A message that moderation flags is refused with 422",
    "Where results[0].flagged is true, raise HTTPException(422, …).",
    needs=_STARTS,
)
def refuses(evidence: Evidence) -> Verdict:
    findings = [
        Finding(
            None,
            None if exchange.status == 422 else f"{probe.asked} was sent, and {_came_back(exchange)}",
            ids(probe),
        )
        for probe, exchange in _asked(evidence, "gate.flagged")
    ]
    return together(findings, "Each flagged message was answered 422.", "422")


@_SECTION.criterion(
    "spends_nothing",
    "A message that moderation flags reaches no chat model",
    "Moderate first, and call the chat model only after that: a refused message then costs nothing.",
    needs=_STARTS,
)
def spends_nothing(evidence: Evidence) -> Verdict:
    findings = []
    for probe, _ in _asked(evidence, "gate.flagged"):
        spent = _chats(evidence, probe)
        problem = f"{probe.asked} was sent, and it was given to {spent[0].model}" if spent else None
        findings.append(Finding(None, problem, ids(probe)))
    return together(findings, "No flagged message reached a chat model.", "no call to a chat model")


@_SECTION.criterion(
    "blank",
    "A blank message is refused, and nothing is asked",
    "Have the message's type refuse it: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)].",
    needs=_STARTS,
)
def blank(evidence: Evidence) -> Verdict:
    findings = []
    for probe, exchange in _asked(evidence, "gate.blank"):
        problem = None
        if exchange.status is None or not 400 <= exchange.status < 500:
            problem = f"{probe.asked} was sent, and {_came_back(exchange)}"
        elif probe.calls:
            problem = f"{probe.asked} was sent, and OpenAI was asked all the same"
        findings.append(Finding(None, problem, ids(probe)))
    return together(findings, "A blank message was refused, without a call to OpenAI.", "4xx and no call")


@_SECTION.criterion(
    "outage",
    "Without moderation nothing is answered, and the app goes on",
    "Catch openai.APIError around the call for moderation, and raise HTTPException(503, …).",
    needs=_STARTS,
)
def outage(evidence: Evidence) -> Verdict:
    findings = []
    for probe, exchange in _asked(evidence, "gate.outage"):
        after = evidence.exchange(probe.after) if probe.after else None
        problem = None
        if not probe.met:
            continue  # the app asked for no moderation: gate.moderates is about that
        if exchange.status != 503:
            problem = f"{probe.asked}, and {_came_back(exchange)}"
        elif after is None or after.status != 200:
            problem = f"{probe.asked}, and the next ordinary message was answered {after.status if after else 'not at all'}"
        findings.append(Finding(None, problem, ids(probe)))
    return together(
        findings, "Without moderation it answered 503, and served the next message.", "503, then 200"
    )


CRITERIA = _SECTION.criteria
