"""endpoint.*: given a prompt, a file is generated and kept in S3 with the right MIME type."""

from functools import partial

from classroom.standin.models import catalogue
from grader import media_types
from grader.criteria import nearest, provenance, unfit
from grader.criteria.criterion import (
    NOTHING_WORKS,
    UNKNOWN_PROMPT,
    Finding,
    Section,
    Verdict,
    asked_blindly,
    failed,
    generated,
    ids,
    not_run,
    passed,
    together,
    working,
)
from grader.criteria.reported import reported
from grader.criteria.serving import serves_another
from grader.criteria.unreached import judge_unreached
from grader.evidence import KINDS, Evidence, Exchange, Kind, Probe, StoredObject, a_file
from grader.messages import Sentence, joined, sentence, term
from grader.ordinary_requests import CHOICE, GENERATES, SERVES_FILE

# by environments.choosing
_SECTION = Section("endpoint")
_NO_FILE = sentence("Depends on a stored file, and there is none.")


@_SECTION.criterion(
    "starts",
    "Your app starts, and has an endpoint that generates a file",
    "Start the app by hand with the variables of the lab's README, open /docs, and try your endpoint there.",
)
def starts(evidence: Evidence) -> Verdict:
    app = evidence.app
    if not app.started:
        unusual = sentence(
            'If your app is somewhere unusual, name it in pyproject.toml: [tool.lab] app = "module:attribute".'
        )
        why = reported(app.failure) if app.failure else sentence("The app did not start.")
        known = tuple(reported(each) for each in app.advice)
        if app.verdict == "failed" and (ours := unfit.instead_of_a_failure(evidence)):
            return Verdict("error", joined([why, ours], " "), advice=known)
        return Verdict(app.verdict, why, advice=known or (() if app.target else (unusual,)))
    if not evidence.offers and evidence.scans.untouched:
        return failed(
            sentence(
                "{file} is still as the lab left it, so that nothing generates yet. Expected: an endpoint that takes a prompt "
                "and has OpenAI make a file.",
                file=evidence.scans.untouched[0],
            )
        )
    if not evidence.offers:
        return judge_unreached(evidence)
    places = dict.fromkeys(f"{offer.method} {offer.path}" for offer in evidence.offers)
    seconds, first = f"{app.seconds:.1f}", next(iter(places))
    started = (
        sentence("Started in {seconds} s; {place} reaches OpenAI.", seconds=seconds, place=first)
        if len(places) == 1
        else sentence(
            "Started in {seconds} s; {places} reach OpenAI.", seconds=seconds, places=_all_of(list(places))
        )
    )
    return passed(started, tuple(offer.exchange for offer in evidence.offers))


def _all_of(names: list[str]) -> Sentence:
    return joined(names, sentence(" and "))


def _generates(evidence: Evidence, kind: Kind) -> Verdict:
    offer = next((offer for offer in evidence.offers if offer.kind == kind), None)
    if offer is None:
        if kind in evidence.expected_kinds:
            return failed(
                sentence(
                    "[tool.lab] says that this app generates {kind}, but no request led to it.",
                    kind=term(kind),
                )
            )
        if not evidence.app.started:
            return not_run(sentence("Depends on the app having started."))
        return not_run(sentence("Not offered: no request led to a call that generates this kind."))
    probe = next((one for one in evidence.probes_of(GENERATES.id) if one.kind == kind), None)
    if probe is None or probe.exchange is None:
        return not_run(sentence("No request was sent."))
    exchange, place = evidence.exchange(probe.exchange), f"{offer.method} {offer.path}"
    if generated(evidence, kind):
        problem = _made_of_something_else(evidence, probe) or _refused_choice(evidence, kind)
        if problem:
            return failed(problem, ids(probe))
        summary = sentence(
            "{place} answered {status}, and OpenAI had made the file.", place=place, status=exchange.status
        )
        return passed(summary, ids(probe), _retired(evidence, exchange.id))
    refused = [call for call in evidence.calls_of(exchange.id) if call.status >= 400]
    if refused and asked_blindly(evidence, kind):
        return not_run(UNKNOWN_PROMPT)
    if refused:
        answer = f"{refused[-1].status} {refused[-1].error_code or ''}"
        reason = sentence("OpenAI refused the request that your app made ({answer})", answer=answer)
    elif exchange.failure:
        reason = reported(exchange.failure)
    else:
        reason = sentence("{place} answered {status}", place=place, status=exchange.status)
    if evidence.app.needs and not refused and (exchange.status is None or exchange.status >= 500):
        return not_run(
            sentence(
                "{place} asks OpenAI, and needs {service} as well, which the grader does not have.",
                place=place,
                service=reported(evidence.app.needs),
            )
        )
    missed = sentence(
        "Asked for {asked}, and it did not come out: {reason}.", asked=reported(probe.asked), reason=reason
    )
    return failed(missed, ids(probe))


def _made_of_something_else(evidence: Evidence, probe: Probe) -> str | None:
    """What is wrong if the prompt was given to OpenAI, but to no call that made the file.

    An app that gives the prompt to nobody generates all the same: `endpoint.uses_prompt` is about that.
    """
    given = probe.carriers or probe.astray
    linked = any(
        output.kind == probe.kind for call in evidence.made_from_prompt(probe) for output in call.outputs
    )
    if not given or linked:
        return None
    unread = sentence("OpenAI made a file, but the call that made it did not read the prompt.")
    if not probe.astray:
        return unread
    return joined([unread, sentence("It was in {fields}.", fields=", ".join(probe.astray))], " ")


def _refused_choice(evidence: Evidence, kind: Kind) -> str | None:
    """What is wrong if a type that the document offers for the kind is refused."""
    for probe in evidence.probes_of(CHOICE.id):
        if probe.kind == kind and probe.exchange:
            answer = evidence.exchange(probe.exchange)
            if answer.status is None or answer.status >= 400:
                return sentence(
                    "Asked for {asked}, it came to: {answer}.",
                    asked=reported(probe.asked),
                    answer=answer.status or reported(answer.failure or ""),
                )
    return None


def _got(exchange: Exchange) -> Sentence:
    """A request for a file, by where it went, without the words that are new each time."""
    if exchange.place:
        return sentence("GET {place}", place=exchange.place)
    return sentence("GET the address in your answer")


def _retired(evidence: Evidence, exchange: str) -> tuple[str, ...]:
    """Advice on models that OpenAI has shut down: the grader's stand-in still answers for them, so that old work runs."""
    known = catalogue.load()
    models = [
        known.models.get(name) for name in dict.fromkeys(call.model for call in evidence.calls_of(exchange))
    ]
    return tuple(
        sentence(
            "The model {model} was retired on {day}: the real API refuses it. Use {other}.",
            model=model.id,
            day=str(model.shutdown),
            other=str(model.replacement),
        )
        for model in models
        if model and model.is_retired(known.as_of)
    )


for _kind in KINDS:
    _SECTION.add(
        f"generates_{_kind}",
        f"Your endpoint generates {a_file(_kind)} from a prompt",
        "Look at what your app sent to OpenAI and what it answered; call the SDK in a notebook with the same values.",
        partial(_generates, kind=_kind),
    )


@_SECTION.criterion(
    "uses_prompt",
    "The caller's own prompt reaches OpenAI",
    "Follow the prompt through your code, from the request to the call of the SDK: is it the same text there?",
)
def uses_prompt(evidence: Evidence) -> Verdict:
    findings = []
    for probe in evidence.probes_of(GENERATES.id):
        if probe.calls and probe.mark is not None and not asked_blindly(evidence, probe.kind):
            findings.append(Finding(probe.kind, provenance.unused(evidence, probe), ids(probe)))
    if not findings:
        blind = any(asked_blindly(evidence, offer.kind) for offer in evidence.offers)
        return not_run(UNKNOWN_PROMPT if blind else NOTHING_WORKS)
    if not any(finding.problem for finding in findings):
        kinds = {offer.kind for offer in working(evidence)}
        findings += [one for one in provenance.of_ordinary_requests(evidence) if one.kind in kinds]
    stored = any(evidence.objects_of(offer.exchange) for offer in working(evidence))
    return together(
        findings,
        sentence("For every kind, what was stored was made by a call to OpenAI that read the caller's words.")
        if stored
        else sentence(
            "For every kind, what was answered was made by a call to OpenAI that read the caller's words."
        ),
        sentence("the caller's own words in messages, input or prompt of the call whose file is stored"),
    )


@_SECTION.criterion(
    "saves_to_s3",
    "What OpenAI made is kept in S3, byte for byte",
    "Compare the bytes that the SDK gave you with those that you pass to put_object: decoded once, nothing added?",
)
def saves_to_s3(evidence: Evidence) -> Verdict:
    findings = []
    for offer in working(evidence):
        probe = generated(evidence, offer.kind)
        assert probe is not None
        assert probe.exchange is not None
        stored = evidence.objects_of(probe.exchange)
        made = provenance.made(evidence, probe, offer.kind)
        problem = provenance.stored_from_elsewhere(evidence, probe)
        if not stored:
            problem = sentence("nothing was stored")
        elif not problem and not any(one.origin in made for one in stored):
            problem = provenance.not_as_made(evidence, stored[-1], made)
        findings.append(Finding(offer.kind, problem, ids(probe), _bucket_advice(evidence, probe.exchange)))
    return together(
        findings,
        sentence("Each object in the bucket is, byte for byte, what OpenAI returned."),
        sentence("an object in the bucket with exactly the bytes of OpenAI's answer (a text as UTF-8)"),
        nothing=NOTHING_WORKS,
    )


def _bucket_advice(evidence: Evidence, exchange: str) -> str | None:
    other = [stored.bucket for stored in evidence.objects_of(exchange) if stored.bucket != evidence.bucket]
    if other:
        return sentence(
            "The bucket {bucket} is written into the code; take its name from S3_BUCKET_NAME.",
            bucket=other[0],
        )
    return None if evidence.objects_of(exchange) else nearest.NOT_PUT


@_SECTION.criterion(
    "mime_type",
    "The stored Content-Type is that of the bytes",
    "S3 does not look into a file: without ContentType= it says binary/octet-stream. Which type do the first bytes show?",
)
def mime_type(evidence: Evidence) -> Verdict:
    findings = []
    for offer in working(evidence):
        probe = generated(evidence, offer.kind)
        assert probe is not None
        assert probe.exchange is not None
        others = [one.exchange for one in evidence.probes_of(CHOICE.id) if one.kind == offer.kind]
        for stored in (one for each in (probe.exchange, *others) if each for one in evidence.files_of(each)):
            content = evidence.blob(stored.sha256)
            right = media_types.fits(stored.content_type, content, stored.key)
            problem = None
            if not right:
                problem = sentence(
                    "{name} is stored as {type}, but its bytes are {seen}",
                    name=provenance.shown(stored.key),
                    type=stored.content_type or sentence("nothing"),
                    seen=media_types.sniff(content),
                )
            known = media_types.extension_advice(content, provenance.shown(stored.key))
            advice = reported(known) if known else None
            findings.append(Finding(offer.kind, problem, (stored.id, probe.exchange), advice))
    return together(
        findings,
        sentence("Every object's Content-Type is that of its bytes."),
        sentence("ContentType= with the type that the first bytes show"),
        nothing=_NO_FILE,
    )


@_SECTION.criterion(
    "serves_file",
    "The stored file can be fetched over your own API",
    "Does your answer say where the file is? Try that address: the same bytes, the same type?",
)
def serves_file(evidence: Evidence) -> Verdict:
    findings = []
    for probe in evidence.probes_of(SERVES_FILE.id):
        made = next((one for one in evidence.probes_of(GENERATES.id) if one.kind == probe.kind), None)
        if made is None or (wanted := _file_of(evidence, made)) is None:
            continue
        if probe.exchange is None:
            findings.append(
                Finding(probe.kind, reported(probe.not_applicable) if probe.not_applicable else None)
            )
            continue
        got = evidence.exchange(probe.exchange)
        problem: str | None = None
        advice = None
        if got.status != 200 or got.body_sha256 != wanted.sha256:
            problem = sentence(
                "{get} answered {answer}, not the stored bytes of {name}",
                get=_got(got),
                answer=got.status or reported(got.failure or ""),
                name=provenance.shown(wanted.key),
            )
        elif media_types.essence(got.content_type) != media_types.essence(wanted.content_type):
            problem = sentence(
                "{get} says {type}, stored is {stored}",
                get=_got(got),
                type=got.content_type or sentence("no type"),
                stored=wanted.content_type,
            )
        problem = problem or serves_another(evidence, probe, wanted)
        if problem and probe.after:
            other = evidence.exchange(probe.after)
            advice = sentence("{get} serves the file: let your answer point there.", get=_got(other))
        findings.append(Finding(probe.kind, problem, (got.id, wanted.id), advice))
    return together(
        findings,
        sentence("Every stored file came back over the app's own API, same bytes, same type."),
        sentence("status 200 with the stored bytes and their type, at the address that your answer gives"),
        nothing=_NO_FILE,
    )


def _file_of(evidence: Evidence, made: Probe) -> StoredObject | None:
    """The file of its kind that a request left in S3: one may make several kinds."""
    if made.exchange is None or made.kind is None:
        return None
    outputs = [output for call in evidence.calls_of(made.exchange) for output in call.outputs]
    of_the_kind = {output.sha256 for output in outputs if output.kind == made.kind}
    files = evidence.files_of(made.exchange)
    return next(reversed([one for one in files if one.origin in of_the_kind] or files), None)


CRITERIA = _SECTION.criteria
