"""validation.*: bad input is refused before it costs anything. Judged by what followed, not by the words."""

from functools import partial

from grader.bad_input import BAD_INPUTS, SECTION, BadInput
from grader.criteria.criterion import (
    NOTHING_WORKS,
    UNKNOWN_PROMPT,
    Finding,
    Section,
    Verdict,
    asked_blindly,
    ids,
    not_run,
    passed,
    together,
    working,
)
from grader.criteria.reported import reported
from grader.evidence import EXTENSIONS, Evidence, Probe
from grader.messages import ended, sentence, term
from grader.ordinary_requests import GENERATES, LONGEST
from grader.prompt_limits import documented_limit

_SECTION = Section(SECTION)
_EXPECTED = sentence("a 4xx, no call to OpenAI, and nothing stored")


def _finding(evidence: Evidence, probe: Probe, declared: BadInput) -> Finding | None:
    """None if the probe does not apply to this design."""
    if probe.not_applicable or (declared.may_follow_the_name and _chose_the_kind(evidence, probe)):
        return None
    if probe.exchange is None:
        return Finding(
            probe.kind,
            sentence(
                "the document names no limit for the prompt (maxLength, or a number in its description), "
                "or one above a million characters"
            ),
        )
    exchange = evidence.exchange(probe.exchange)
    what = {"asked": term(probe.asked), "place": f"{exchange.method} {exchange.place}"}
    answer = str(exchange.status) if exchange.status else reported(str(exchange.failure))
    if probe.calls:
        problem: str | None = sentence(
            "{asked}, sent to {place}, still led to a call to OpenAI and was answered {answer}",
            **what,
            answer=answer,
        )
    elif probe.objects:
        problem = sentence(
            "{asked}, sent to {place}, still led to a stored file and was answered {answer}",
            **what,
            answer=answer,
        )
    elif exchange.status is None:
        problem = sentence(
            "{asked}, sent to {place}, got no answer: {failure}",
            **what,
            failure=reported(str(exchange.failure)),
        )
    elif not 400 <= exchange.status < 500:
        problem = sentence("{asked}, sent to {place}, was answered {answer}", **what, answer=answer)
    else:
        problem = None
    advice = None
    if problem and declared.may_clean and _was_cleaned(evidence, probe):
        problem = None
        advice = ended(
            sentence(
                "{asked} was cleaned and stored elsewhere; refusing it would be clearer.", asked=what["asked"]
            )
        )
    elif problem and declared.has_longest and _refused_by_openai(evidence, probe):
        problem = None
        advice = sentence(
            "{asked} was refused ({status}) only after OpenAI had refused it. Refuse it before the call.",
            asked=what["asked"],
            status=exchange.status,
        )
        advice = ended(advice)
    elif problem is None and not probe.documented:
        advice = ended(
            sentence(
                "{asked} was refused ({status}). Say in the document how long a prompt may be.",
                asked=what["asked"],
                status=exchange.status,
            )
        )
    return Finding(probe.kind, problem, ids(probe), advice)


def _refused_by_openai(evidence: Evidence, probe: Probe) -> bool:
    """Whether a prompt beyond OpenAI's limit, within one that the app states for every kind, cost nothing: OpenAI refused it too."""
    assert probe.exchange is not None
    status = evidence.exchange(probe.exchange).status
    calls = evidence.calls_of(probe.exchange)
    has_a_limit = any(
        offer.kind == probe.kind and documented_limit(offer) is not None for offer in evidence.offers
    )
    was_refused = status is not None and 400 <= status < 500 and not probe.objects
    return has_a_limit and was_refused and bool(calls) and all(400 <= call.status < 500 for call in calls)


def _chose_the_kind(evidence: Evidence, probe: Probe) -> bool:
    """Whether the extension that was sent had a file of its own kind made: then it contradicts nothing."""
    if not probe.name or not probe.exchange:
        return False
    extension = probe.name.rpartition(".")[2].lower()
    made = {output.kind for call in evidence.calls_of(probe.exchange) for output in call.outputs}
    return any(extension in EXTENSIONS[kind] for kind in made)


def _longest(evidence: Evidence, probe: Probe) -> Finding:
    """A limit is one if what keeps to it is let in: such a prompt has to come to OpenAI, whatever it answers."""
    assert probe.exchange is not None
    answer = evidence.exchange(probe.exchange)
    problem = None
    if not probe.calls:
        problem = sentence(
            "{asked}, was answered {answer} without a call to OpenAI",
            asked=term(probe.asked),
            answer=answer.status or reported(str(answer.failure)),
        )
    elif not probe.met and probe.kind != "audio":  # long words to say may be sent in parts
        problem = sentence("{asked}, did not come to OpenAI whole", asked=term(probe.asked))
    return Finding(probe.kind, problem, ids(probe))


def _judge(evidence: Evidence, declared: BadInput) -> Verdict:
    kinds = {offer.kind for offer in working(evidence)}
    if not kinds:
        return not_run(NOTHING_WORKS)
    if declared.part == "prompt":
        kinds = {kind for kind in kinds if not asked_blindly(evidence, kind)}
        if not kinds:
            return not_run(UNKNOWN_PROMPT)
    probes = [probe for probe in evidence.probes_of(declared.id) if probe.kind in kinds]
    if not probes:
        return not_run(sentence("It was not probed."))
    findings = [finding for probe in probes if (finding := _finding(evidence, probe, declared))]
    if declared.has_longest:
        # where the prompt is not used at all, `endpoint.uses_prompt` says so, and this says nothing more
        used = {probe.kind for probe in evidence.probes_of(GENERATES.id) if probe.carriers}
        longest = [probe for probe in evidence.probes_of(LONGEST.id) if probe.kind in used]
        findings += [_longest(evidence, probe) for probe in longest]
    if not findings:
        reason = next((probe.not_applicable for probe in probes if probe.not_applicable), None)
        why = term(reason or "the extension itself chooses the kind")
        return passed(sentence("This design has no such input: {reason}.", reason=why))
    return together(findings, term(declared.well), _EXPECTED)


def _was_cleaned(evidence: Evidence, probe: Probe) -> bool:
    """Whether a path was made safe and the answer says where the file is."""
    if not probe.objects or probe.exchange is None:
        return False
    exchange = evidence.exchange(probe.exchange)
    answer = exchange.body + str(exchange.headers)
    keys = [stored.key for stored in evidence.objects_of(probe.exchange)]
    are_safe = all(
        ".." not in key.split("/") and not key.startswith("/") and not key.endswith("/") and key
        for key in keys
    )
    by_effect = {offer.kind for offer in evidence.offers if offer.named_by_effect}
    if are_safe and probe.kind in by_effect:  # no name of a file was asked for, so none has to come back
        return True
    is_success = exchange.status is not None and exchange.status < 300
    return are_safe and is_success and any(key in answer for key in keys)


for _declared in BAD_INPUTS:
    _SECTION.add(_declared.name, _declared.title, _declared.hint, partial(_judge, declared=_declared))

CRITERIA = _SECTION.criteria
