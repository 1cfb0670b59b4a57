"""validation.*: bad input is refused before it costs anything. Judged by what followed, not by the words."""

from grader.criteria.criterion import (
    NOTHING_WORKS,
    Finding,
    Section,
    Verdict,
    ids,
    not_run,
    passed,
    together,
    working,
)
from grader.evidence import EXTENSIONS, Evidence, Probe

_SECTION = Section("validation")
_EXPECTED = "a 4xx, no call to OpenAI, and nothing stored"


def _finding(evidence: Evidence, probe: Probe) -> Finding | None:
    """None if the probe does not apply to this design."""
    if probe.not_applicable or _chose_the_kind(evidence, probe):
        return None
    if probe.exchange is None:
        return Finding(
            probe.kind,
            "the document names no limit for the prompt (maxLength, or a number in its description), "
            "or one above a million characters",
        )
    exchange = evidence.exchange(probe.exchange)
    sent = f"{probe.asked}, sent to {exchange.method} {exchange.place},"
    came_back = f"and was answered {exchange.status or exchange.failure}"
    if probe.calls:
        problem: str | None = f"{sent} still led to a call to OpenAI {came_back}"
    elif probe.objects:
        problem = f"{sent} still led to a stored file {came_back}"
    elif exchange.status is None:
        problem = f"{sent} got no answer: {exchange.failure}"
    elif not 400 <= exchange.status < 500:
        problem = f"{sent} was answered {exchange.status}"
    else:
        problem = None
    advice = None
    if problem is None and not probe.documented:
        advice = f"{probe.asked[:1].upper()}{probe.asked[1:]} was refused ({exchange.status}). Say in the document how long a prompt may be."
    return Finding(probe.kind, problem, ids(probe), advice)


def _chose_the_kind(evidence: Evidence, probe: Probe) -> bool:
    """Whether the extension that was sent had a file of its own kind made: then it contradicts nothing."""
    if probe.criterion != "validation.extension_mismatch" or not probe.name or not probe.exchange:
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
        problem = f"{probe.asked}, was answered {answer.status or answer.failure} without a call to OpenAI"
    elif not probe.met and probe.kind != "audio":  # long words to say may be sent in parts
        problem = f"{probe.asked}, did not come to OpenAI whole"
    return Finding(probe.kind, problem, ids(probe))


def _judge(evidence: Evidence, criterion: str) -> Verdict:
    kinds = {offer.kind for offer in working(evidence)}
    if not kinds:
        return not_run(NOTHING_WORKS)
    probes = [probe for probe in evidence.probes_of(criterion) if probe.kind in kinds]
    if not probes:
        return not_run("It was not probed.")
    findings = [finding for probe in probes if (finding := _finding(evidence, probe))]
    if criterion == "validation.oversized_prompt":
        # where the prompt is not used at all, `endpoint.uses_prompt` says so, and this says nothing more
        used = {probe.kind for probe in evidence.probes_of("endpoint.generates") if probe.carriers}
        longest = [probe for probe in evidence.probes_of("endpoint.longest") if probe.kind in used]
        findings += [_longest(evidence, probe) for probe in longest]
    if not findings:
        reason = next((probe.not_applicable for probe in probes if probe.not_applicable), None)
        return passed(f"This design has no such input: {reason or 'the extension itself chooses the kind'}.")
    return together(
        findings, "Refused with a 4xx, with no call to OpenAI and nothing stored, for every kind.", _EXPECTED
    )


def unsafe_path(evidence: Evidence) -> Verdict:
    """As the others; but a server that cleans the path and says where the file is passes, with advice."""
    kinds = {offer.kind for offer in working(evidence)}
    if not kinds:
        return not_run(NOTHING_WORKS)
    findings, reasons = [], []
    for probe in evidence.probes_of("validation.unsafe_path"):
        if probe.kind not in kinds:
            continue
        finding = _finding(evidence, probe)
        if finding is None:
            reasons.append(probe.not_applicable)
        elif finding.problem and _was_cleaned(evidence, probe):
            advice = f"{probe.asked[:1].upper()}{probe.asked[1:]} was cleaned and stored elsewhere; refusing it would be clearer."
            findings.append(Finding(probe.kind, None, ids(probe), advice))
        else:
            findings.append(finding)
    if not findings:
        return (
            passed(f"This design has no such input: {reasons[0]}.")
            if reasons
            else not_run("It was not probed.")
        )
    return together(findings, "No path led out of the app's own area, for any kind.", _EXPECTED)


def _was_cleaned(evidence: Evidence, probe: Probe) -> bool:
    if not probe.objects or probe.exchange is None:
        return False
    exchange = evidence.exchange(probe.exchange)
    said = exchange.body + str(exchange.headers)
    keys = [stored.key for stored in evidence.objects_of(probe.exchange)]
    safe = all(
        ".." not in key.split("/") and not key.startswith("/") and not key.endswith("/") and key
        for key in keys
    )
    return safe and exchange.status is not None and exchange.status < 300 and any(key in said for key in keys)


_ASKED = {
    "missing_prompt": (
        "A request without a prompt is refused",
        "What does your endpoint do when the prompt is not there at all?",
    ),
    "blank_prompt": (
        "An empty or blank prompt is refused",
        "Three spaces are a string, too. Is it worth a call to OpenAI?",
    ),
    "oversized_prompt": (
        "A prompt longer than the API takes is refused",
        "How long may a prompt be for each kind? Say so in the document, and refuse more before calling OpenAI.",
    ),
    "wrong_file_type": (
        "A file type that you don't offer is refused",
        "Which values may the type have? An enum refuses all others for you.",
    ),
    "extension_mismatch": (
        "An extension that contradicts the kind is refused",
        "A picture stored as story.txt: who would open it? Compare the extension with the kind before you call OpenAI.",
    ),
}
for _name, (_title, _hint) in _ASKED.items():
    _SECTION.add(
        _name,
        _title,
        _hint,
        lambda evidence, criterion=f"validation.{_name}": _judge(evidence, criterion),  # type: ignore[misc]
    )
_SECTION.add(
    "unsafe_path",
    "A path such as ../../etc/x.txt is refused",
    "Which characters and segments may a path have? Refuse “..”, a leading slash and an empty name.",
    unsafe_path,
)

CRITERIA = _SECTION.criteria
