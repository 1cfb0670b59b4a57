"""Whether a stored file was made from the prompt: shared by several criteria."""

import re
from collections.abc import Collection
from pathlib import PurePosixPath

from grader.criteria.criterion import Finding, generated, ids
from grader.criteria.reported import reported
from grader.evidence import Evidence, Kind, Probe, StoredObject
from grader.jobs import state_of
from grader.messages import ended, joined, sentence
from grader.ordinary_requests import AFTER, FOREIGN, ORDINARY

_ENCODINGS = (
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-8-sig",
    "cp1252",
    "latin-1",
    "ascii",
)  # the first that fits is named


def shown(key: str) -> str:
    """A key in a report: its ending alone, since the name is new each time. The evidence has it whole."""
    return f"….{PurePosixPath(key).suffix[1:13]}" if PurePosixPath(key).suffix else "…"


def made(evidence: Evidence, probe: Probe, kind: Kind) -> set[str]:
    """The hashes of what was made of a kind, from the prompt; from anything, if the prompt came to no call."""
    assert probe.exchange is not None
    calls = evidence.made_from_prompt(probe) or evidence.calls_of(probe.exchange)
    return {output.sha256 for call in calls for output in call.outputs if output.kind == kind}


def not_as_made(evidence: Evidence, stored: StoredObject, made: Collection[str]) -> str:
    """How an object differs from what OpenAI made: a text is often written down in another encoding."""
    content, name = evidence.blob(stored.sha256), shown(stored.key)
    for original in filter(None, map(evidence.blob, made)):
        try:
            text = original.decode()
        except UnicodeDecodeError:
            continue
        for encoding in _ENCODINGS:
            if content == text.encode(encoding, "replace"):
                return sentence(
                    "the object {name} has OpenAI's text in {encoding}, not in UTF-8",
                    name=name,
                    encoding=encoding,
                )
        if content and content.strip() == original.strip():
            return sentence(
                "the object {name} has OpenAI's text with other spaces or line ends around it", name=name
            )
    return sentence("the object {name} is not what OpenAI returned", name=name)


def unused(evidence: Evidence, probe: Probe) -> str | None:
    """What is wrong if no call read the words of a prompt, or if another call made what was stored."""
    if not probe.carriers:
        if not probe.astray:
            return sentence("the prompt's words came to no place where OpenAI's model reads them")
        return sentence(
            "the prompt's words came to no place where OpenAI's model reads them: they were in {fields}, which is not read",
            fields=", ".join(probe.astray),
        )
    return stored_from_elsewhere(evidence, probe)


def stored_from_elsewhere(evidence: Evidence, probe: Probe) -> str | None:
    """What is wrong if the prompt came to a call, and the stored file is from another one that did not read it.

    Where the caller names the file, or the answer does, it is that file which counts; anything may be stored beside.
    """
    linked = evidence.made_from_prompt(probe)
    if probe.exchange is None or probe.kind is None or not linked:
        return None
    from_prompt = {output.sha256 for call in linked for output in call.outputs if output.kind == probe.kind}
    from_any = {output.sha256 for call in evidence.calls_of(probe.exchange) for output in call.outputs}
    stored = [one for one in evidence.objects_of(probe.exchange) if one.origin in from_any]
    meant = _named(evidence, probe, stored) or stored
    if not meant or any(one.origin in from_prompt for one in meant):
        return None
    return sentence("the stored file was made by another call to OpenAI than the one that read the prompt")


def _named(evidence: Evidence, probe: Probe, stored: list[StoredObject]) -> list[StoredObject]:
    """The objects whose names the caller gave, or the answer; none if neither says."""
    assert probe.exchange is not None
    answers = [evidence.exchange(id) for id in (probe.exchange, probe.outcome) if id]
    words = " ".join(answer.body + " " + answer.headers.get("location", "") for answer in answers)
    for names in (probe.name or "", words):
        found = [one for one in stored if names and _stem(one.key) and _stem(one.key) in names]
        if found:
            return found
    return []


def _stem(key: str) -> str:
    return PurePosixPath(key).stem


def of_ordinary_requests(evidence: Evidence) -> list[Finding]:
    """What the ordinary requests showed that were sent besides the first one of each kind."""
    findings = [_served(evidence, probe) for probe in evidence.probes_of(ORDINARY.id)]
    findings += [_served(evidence, probe, may_be_refused=True) for probe in evidence.probes_of(FOREIGN.id)]
    findings += [_served(evidence, probe, other=True) for probe in evidence.probes_of(AFTER.id)]
    return [finding for finding in findings if finding]


def _served(
    evidence: Evidence, probe: Probe, *, may_be_refused: bool = False, other: bool = False
) -> Finding | None:
    """What one of them showed. `other`: a refusal is another criterion's affair."""
    assert probe.exchange is not None
    answer = evidence.exchange(probe.exchange)
    if answer.status is None:
        if other:
            return None
        silent = sentence(
            "{asked}: {failure}", asked=reported(probe.asked), failure=reported(answer.failure or "None")
        )
        return Finding(probe.kind, silent, ids(probe))
    answered = sentence("{asked} was answered {status}", asked=reported(probe.asked), status=answer.status)
    if answer.status >= 400:
        if other:
            return None
        if may_be_refused:
            advice = joined([ended(answered), sentence("If that is meant, say so in the document.")], " ")
            return Finding(probe.kind, None, ids(probe), advice)
        against = sentence("{answered}, though your document allows it", answered=answered)
        return Finding(probe.kind, against, ids(probe))
    if answer.status == 202 and not _has_ended_well(evidence, probe):
        return None
    problem = unused(evidence, probe) or _not_stored(evidence, probe)
    if problem:
        but = sentence("{answered}, but {problem}", answered=answered, problem=problem)
        return Finding(probe.kind, but, ids(probe))
    return Finding(probe.kind, None, () if other else ids(probe), _in_other_letters(evidence, probe))


def _in_other_letters(evidence: Evidence, probe: Probe) -> str | None:
    """What to change if a word of the prompt came to OpenAI in small or capital letters only, unlike the caller's own."""
    read = " ".join(call.request for call in evidence.calls if call.id in probe.carriers)
    for word in (probe.mark or "").split():
        written = re.search(rf"(?i)(?<![A-Za-z]){re.escape(word)}(?![A-Za-z])", read)
        if not word.islower() and word.isascii() and written and word not in read:
            return sentence(
                "“{word}” came to OpenAI as “{written}”. Pass the prompt on as it is: in other letters, a name may mean something else.",
                word=word,
                written=written[0],
            )
    return None


def _has_ended_well(evidence: Evidence, probe: Probe) -> bool:
    """Whether a promised job is known to be done: by what its address says, or by what it stored."""
    if probe.outcome is None:
        return bool(probe.objects)
    return state_of(evidence.exchange(probe.outcome).body) == "done"


def _not_stored(evidence: Evidence, probe: Probe) -> str | None:
    """What is wrong if an ordinary request left nothing that was made for it, although the first one of its kind did."""
    assert probe.exchange is not None
    assert probe.kind is not None
    first = generated(evidence, probe.kind)
    if first is None or not _keeps(evidence, first) or _keeps(evidence, probe):
        return None
    return sentence("nothing that was made for it was stored")


def _keeps(evidence: Evidence, probe: Probe) -> bool:
    assert probe.exchange is not None
    assert probe.kind is not None
    right = made(evidence, probe, probe.kind)
    return any(one.origin in right for one in evidence.objects_of(probe.exchange))
