"""endpoint.*: given a prompt, a file is generated and kept in S3 with the right MIME type."""

from collections import Counter
from functools import partial

from classroom.standin import catalogue
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
from grader.criteria.reached import asked_for_something_else
from grader.criteria.serving import serves_another
from grader.evidence import KINDS, Evidence, Exchange, Kind, Probe, StoredObject, a_file
from grader.ordinary_requests import CHOICE, GENERATES, SERVES_FILE

# by environments.choosing
_SECTION = Section("endpoint")


@_SECTION.criterion(
    "starts",
    "Your app starts, and has an endpoint that generates a file",
    "Start the app by hand with the variables of the lab's README, open /docs, and try your endpoint there.",
)
def starts(evidence: Evidence) -> Verdict:
    app = evidence.app
    if not app.started:
        unusual = 'If your app is somewhere unusual, name it in pyproject.toml: [tool.lab] app = "module:attribute".'
        advice = app.advice or (() if app.target else (unusual,))
        if app.verdict == "failed" and (ours := unfit.instead_of_a_failure(evidence)):
            return Verdict("error", f"{app.failure} {ours}", advice=app.advice)
        return Verdict(app.verdict, app.failure or "The app did not start.", advice=advice)
    if not evidence.offers and evidence.scans.untouched:
        return failed(
            f"{evidence.scans.untouched[0]} is still as the lab left it, so that nothing generates yet. Expected: an endpoint "
            "that takes a prompt and has OpenAI make a file."
        )
    if not evidence.offers:
        looked = [
            exchange for exchange in evidence.exchanges if exchange.purpose == "look for what generates"
        ]
        if not looked and not app.operations:
            return failed(
                "The app answers, but it has no operation to try: there is none in its routes or its OpenAPI document."
            )
        answers = Counter(exchange.status or "no answer" for exchange in looked)
        tally = ", ".join(f"{status} ({count})" for status, count in answers.most_common())
        tried = len(
            {(exchange.method, exchange.place or exchange.url.partition("?")[0]) for exchange in looked}
        )
        if app.needs:
            return Verdict(
                "not_run",
                f"Your app starts, and needs {app.needs} when it is asked, which the grader does not have."
                f"{nearest.quote_nearest(evidence)}",
                advice=(_ADDRESS.format(app.needs),)
                if "." in app.needs and not app.needs.startswith("the ")
                else (),
            )
        if how := nearest.describe_guard(evidence):
            return Verdict(
                "not_run",
                f"Your app starts, and answers {how} to every request that may generate: callers need something that the "
                f"grader does not have. {nearest.describe_tries(app.presented, app.login)}{nearest.quote_nearest(evidence)}",
                tuple(exchange.id for exchange in looked),
                advice=(nearest.AUTH_LINES,),
            )
        if other := asked_for_something_else(evidence, looked, nearest.quote_nearest(evidence)):
            return other
        silent = "" if app.mentions_openai else "No module that your app imports mentions OpenAI. "
        return failed(
            f"{silent}None of {_count(len(looked), 'request', 'requests')} to {_count(tried, 'operation', 'operations')} "
            f"reached OpenAI{f' (answers: {tally})' if tally else ''}.{nearest.quote_nearest(evidence)}",
            tuple(exchange.id for exchange in looked),
            advice=(nearest.manifest_lines(evidence),),
        )
    places = dict.fromkeys(f"{offer.method} {offer.path}" for offer in evidence.offers)
    return passed(
        f"Started in {app.seconds:.1f} s; {' and '.join(places)} {'reaches' if len(places) == 1 else 'reach'} OpenAI.",
        tuple(offer.exchange for offer in evidence.offers),
    )


_ADDRESS = (
    "Your client is given the address of {}. Leave it out, or take it from OPENAI_BASE_URL: then the same code asks OpenAI, the "
    "grader's stand-in, or another service."
)


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _generates(evidence: Evidence, kind: Kind) -> Verdict:
    offer = next((offer for offer in evidence.offers if offer.kind == kind), None)
    if offer is None:
        if kind in evidence.expected_kinds:
            return failed(f"[tool.lab] says that this app generates {kind}, but no request led to it.")
        if not evidence.app.started:
            return not_run("Depends on the app having started.")
        return not_run("Not offered: no request led to a call that generates this kind.")
    probe = next((one for one in evidence.probes_of(GENERATES.id) if one.kind == kind), None)
    if probe is None or probe.exchange is None:
        return not_run("No request was sent.")
    exchange = evidence.exchange(probe.exchange)
    if generated(evidence, kind):
        problem = _made_of_something_else(evidence, probe) or _refused_choice(evidence, kind)
        if problem:
            return failed(problem, ids(probe))
        summary = f"{offer.method} {offer.path} answered {exchange.status}, and OpenAI had made the file."
        return passed(summary, ids(probe), _retired(evidence, exchange.id))
    refused = [call for call in evidence.calls_of(exchange.id) if call.status >= 400]
    if refused and asked_blindly(evidence, kind):
        return not_run(UNKNOWN_PROMPT)
    if refused:
        reason = f"OpenAI refused the request that your app made ({refused[-1].status} {refused[-1].error_code or ''})".strip()
    else:
        reason = exchange.failure or f"{offer.method} {offer.path} answered {exchange.status}"
    if evidence.app.needs and not refused and (exchange.status is None or exchange.status >= 500):
        return not_run(
            f"{offer.method} {offer.path} asks OpenAI, and needs {evidence.app.needs} as well, which the grader does not have."
        )
    return failed(f"Asked for {probe.asked}, and it did not come out: {reason}.", ids(probe))


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
    where = f" It was in {', '.join(probe.astray)}." if probe.astray else ""
    return f"OpenAI made a file, but the call that made it did not read the prompt.{where}"


def _refused_choice(evidence: Evidence, kind: Kind) -> str | None:
    """What is wrong if a type that the document offers for the kind is refused."""
    for probe in evidence.probes_of(CHOICE.id):
        if probe.kind == kind and probe.exchange:
            answer = evidence.exchange(probe.exchange)
            if answer.status is None or answer.status >= 400:
                return f"Asked for {probe.asked}, it came to: {answer.status or answer.failure}."
    return None


def _place(exchange: Exchange) -> str:
    """Where a request went, without the words that are new each time."""
    return exchange.place or "the address in your answer"


def _retired(evidence: Evidence, exchange: str) -> tuple[str, ...]:
    """Advice on models that OpenAI has shut down: the grader's stand-in still answers for them, so that old work runs."""
    known = catalogue.load()
    models = [
        known.models.get(name) for name in dict.fromkeys(call.model for call in evidence.calls_of(exchange))
    ]
    return tuple(
        f"The model {model.id} was retired on {model.shutdown}: the real API refuses it. Use {model.replacement}."
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
        f"For every kind, what was {'stored' if stored else 'answered'} was made by a call to OpenAI that read the "
        "caller's words.",
        "the caller's own words in messages, input or prompt of the call whose file is stored",
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
            problem = "nothing was stored"
        elif not problem and not any(one.origin in made for one in stored):
            problem = f"the object {provenance.shown(stored[-1].key)} is not what OpenAI returned"
        findings.append(Finding(offer.kind, problem, ids(probe), _bucket_advice(evidence, probe.exchange)))
    return together(
        findings,
        "Each object in the bucket is, byte for byte, what OpenAI returned.",
        "an object in the bucket with exactly the bytes of OpenAI's answer (a text as UTF-8)",
        nothing=NOTHING_WORKS,
    )


def _bucket_advice(evidence: Evidence, exchange: str) -> str | None:
    other = [stored.bucket for stored in evidence.objects_of(exchange) if stored.bucket != evidence.bucket]
    if other:
        return f"The bucket {other[0]} is written into the code; take its name from S3_BUCKET_NAME."
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
                problem = (
                    f"{provenance.shown(stored.key)} is stored as {stored.content_type or 'nothing'}, "
                    f"but its bytes are {media_types.sniff(content)}"
                )
            advice = media_types.extension_advice(content, provenance.shown(stored.key))
            findings.append(Finding(offer.kind, problem, (stored.id, probe.exchange), advice))
    return together(
        findings,
        "Every object's Content-Type is that of its bytes.",
        "ContentType= with the type that the first bytes show",
        nothing="Depends on a stored file, and there is none.",
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
            findings.append(Finding(probe.kind, probe.not_applicable))
            continue
        got = evidence.exchange(probe.exchange)
        problem, advice = None, None
        if got.status != 200 or got.body_sha256 != wanted.sha256:
            problem = (
                f"GET {_place(got)} answered {got.status or got.failure}, not the stored bytes of "
                f"{provenance.shown(wanted.key)}"
            )
        elif media_types.essence(got.content_type) != media_types.essence(wanted.content_type):
            problem = (
                f"GET {_place(got)} says {got.content_type or 'no type'}, stored is {wanted.content_type}"
            )
        problem = problem or serves_another(evidence, probe, wanted)
        if problem and probe.after:
            other = evidence.exchange(probe.after)
            advice = f"GET {_place(other)} serves the file: let your answer point there."
        findings.append(Finding(probe.kind, problem, (got.id, wanted.id), advice))
    return together(
        findings,
        "Every stored file came back over the app's own API, same bytes, same type.",
        "status 200 with the stored bytes and their type, at the address that your answer gives",
        nothing="Depends on a stored file, and there is none.",
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
