"""openapi.*: the API's document is valid, and tells a caller all that is needed."""

from collections.abc import Iterator, Mapping
from typing import Any

from grader import reading
from grader.criteria.criterion import Finding, Section, Verdict, failed, not_run, passed, together
from grader.criteria.reported import reported
from grader.evidence import Evidence, Offer
from grader.messages import joined, sentence
from grader.operations import BODIES, Field, base_path, operations
from grader.ordinary_requests import SERVES_AGAIN, SERVES_FILE
from grader.schemas import Document, resolve

_SECTION = Section("openapi")
_NO_DOCUMENT = sentence("Depends on openapi.valid: the app serves no OpenAPI document.")
_NO_SHAPE = frozenset({"title", "description"})  # members of a schema that say nothing of a body's shape
_NO_OPERATION = sentence("Depends on an operation that generates a file, and none was found.")
_WITHOUT_BODY = frozenset({"204", "301", "302", "303", "304", "307", "308", "3XX"})
# answers that come before an operation is reached: the router's and the server's own
_NOT_THE_OPERATION = frozenset({404, 405, 413, 414, 431})
_OF_FILES = (SERVES_FILE.id, SERVES_AGAIN.id)


def _document(evidence: Evidence) -> Mapping[str, Any] | None:
    """The document as it was served; None if there was none."""
    for exchange in evidence.exchanges:
        if exchange.status == 200 and exchange.url == evidence.app.openapi_url and exchange.body_sha256:
            try:
                document = reading.parse_json(evidence.blob(exchange.body_sha256))
            except reading.Unreadable:
                return None
            return _at_full_paths(document, evidence) if isinstance(document, dict) else None
    return None


def _at_full_paths(document: dict[str, Any], evidence: Evidence) -> dict[str, Any]:
    """The document, with operations below a server's path where they were asked."""
    paths, base = document.get("paths"), base_path(document)
    if not base or not isinstance(paths, dict):
        return document
    asked = {offer.path for offer in evidence.offers}
    return {
        **document,
        "paths": {
            path if path in asked or base + path not in asked else base + path: item
            for path, item in paths.items()
        },
    }


def _generating(
    document: Mapping[str, Any], evidence: Evidence
) -> Iterator[tuple[str, Mapping[str, Any], list[Offer]]]:
    """Each generating operation: its name, what the document says of it, and the offers that it serves."""
    by_place: dict[tuple[str, str], list[Offer]] = {}
    for offer in evidence.offers:
        by_place.setdefault((offer.method, offer.path), []).append(offer)
    paths = _members(document.get("paths"))
    for (method, path), offers in by_place.items():
        facts = _members(paths.get(path)).get(method.lower())
        if isinstance(facts, dict):
            yield f"{method} {path}", facts, offers


def _without_document(evidence: Evidence) -> Verdict:
    """An app that runs has to serve a document; one that never ran was not asked for it."""
    if not evidence.app.started:
        return not_run(sentence("Depends on the app having started."))
    if evidence.app.openapi_url is not None:
        return failed(
            sentence(
                "GET {place} answered 200, but its body is no JSON object.", place=evidence.app.openapi_url
            )
        )
    asked = [one for one in evidence.exchanges if one.purpose == "fetch the OpenAPI document"]
    answers = [
        sentence(
            "GET {place} answered {answer}", place=one.url, answer=one.status or reported(one.failure or "")
        )
        for one in asked[:3]
    ]
    none = sentence("No OpenAPI document was found. One was expected at /openapi.json.")
    if answers:
        none = sentence(
            "No OpenAPI document was found: {answers}. One was expected at /openapi.json.",
            answers=joined(answers, "; "),
        )
    advice = sentence(
        "FastAPI serves one at /openapi.json by itself. With another framework, serve one there."
    )
    return failed(none, tuple(one.id for one in asked), (advice,))


def _members(value: Any) -> Mapping[str, Any]:
    """An object's members; none of what is no object."""
    return value if isinstance(value, dict) else {}


@_SECTION.criterion(
    "valid",
    "The OpenAPI document is valid",
    "Most frameworks write it for you. What did you add by hand?",
)
def valid(evidence: Evidence) -> Verdict:
    document = _document(evidence)
    if document is None:
        return _without_document(evidence)
    version = str(document.get("openapi", ""))[:20]
    if not version.startswith("3."):
        return failed(
            sentence(
                "The document says openapi: {version}; version 3 is asked for.",
                version=version or sentence("nothing"),
            )
        )
    # here: it takes a third of a second to load, and everything else does without
    from grader.criteria import validity

    checked = validity.check(document)
    match checked.result:
        case "valid":
            return passed(sentence("Valid OpenAPI {version}.", version=version))
        case "outside":
            return failed(
                sentence(
                    "The document refers outside itself, to {place}: such references are not followed. Put what it needs under "
                    "components.",
                    place=checked.problem,
                )
            )
        case "unbounded":
            why = reported(checked.problem)
            return not_run(sentence("The document is beyond what the grader checks: {reason}.", reason=why))
        case _:
            return failed(reported(checked.problem))


@_SECTION.criterion(
    "described",
    "The API and its generating operations are described",
    "Give the app a title, a version and a description; the operation a summary, a description and a tag.",
)
def described(evidence: Evidence) -> Verdict:
    document = _document(evidence)
    if document is None:
        return not_run(_NO_DOCUMENT)
    info = _members(document.get("info"))
    findings = []
    for name in ("title", "version", "description"):
        missing = not str(
            info.get(name) or (info.get("summary") if name == "description" else "") or ""
        ).strip()
        findings.append(Finding(None, sentence("the API has no {facts}", facts=name) if missing else None))
    found = list(_generating(document, evidence))
    if not found:
        return not_run(_NO_OPERATION)
    for place, facts, _ in found:
        lacking = [name for name in ("summary", "description", "tags") if not facts.get(name)]
        facts_ = joined(lacking, sentence(" and no "))
        problem = sentence("{place} has no {facts}", place=place, facts=facts_) if lacking else None
        findings.append(Finding(None, problem))
    return together(
        findings,
        sentence(
            "The API has a title, a version and a description; its generating operations are described and tagged."
        ),
    )


def _has_example(field: Field, whole: bool) -> bool:
    schema = field.schema
    return (
        whole
        or bool(field.choices)
        or any(schema.get(name) not in (None, [], {}) for name in ("example", "examples", "default"))
    )


def _whole_example(document: Document, facts: Mapping[str, Any]) -> bool:
    """Whether the body as a whole has an example."""
    content = _members(resolve(document, facts.get("requestBody")).get("content"))
    for media in map(_members, content.values()):
        schema = resolve(document, media.get("schema"))
        if any(place.get(name) for place in (media, schema) for name in ("example", "examples")):
            return True
    return False


def _unnamed_prompt(offers: list[Offer], documented: set[str]) -> str:
    """The input that a prompt went to, if the document names inputs, and this one is not among them; else empty."""
    taken = (offer.prompt_input.name for offer in offers if offer.prompt_input)
    return next((name for name in taken if not {"", name.partition(".")[0]} & documented and name), "")


@_SECTION.criterion(
    "inputs",
    "Every input of a generating operation is described, with an example",
    "Field(description=…, examples=[…]) for a body, Query and Path likewise.",
)
def inputs(evidence: Evidence) -> Verdict:
    document = _document(evidence)
    if document is None:
        return not_run(_NO_DOCUMENT)
    findings = []
    whole_document = Document(document)
    known = {(operation.method, operation.path): operation for operation in operations(document)}
    for place, facts, offers in _generating(document, evidence):
        whole = _whole_example(whole_document, facts)
        operation = known.get((offers[0].method, offers[0].path))
        fields = {field.key: field for shape in (operation.shapes if operation else ()) for field in shape}
        if not fields:
            findings.append(Finding(None, sentence("{place} documents no input at all", place=place)))
        elif unnamed := _unnamed_prompt(offers, {field.name.partition(".")[0] for field in fields.values()}):
            unknown = sentence(
                "{place} takes its prompt as {input}, which the document does not name",
                place=place,
                input=unnamed,
            )
            findings.append(Finding(None, unknown))
        for field in fields.values():
            if field.location == "header":
                continue
            lacks = []
            if not field.description.strip():
                lacks.append(sentence("no description"))
            # bytes have no example in a document
            if not field.is_file and not _has_example(field, whole and field.location in BODIES):
                lacks.append(sentence("no example"))
            problem = sentence(
                "{place}: {input} has {lacks}",
                place=place,
                input=field.name or sentence("the body"),
                lacks=joined(lacks, sentence(" and ")),
            )
            findings.append(Finding(None, problem if lacks else None))
    well = sentence("Every input is described and has an example.")
    return together(findings, well, nothing=_NO_OPERATION)


def _documented(responses: Mapping[str, Any], status: int) -> bool:
    return any(
        code in responses for code in (str(status), f"{status // 100}XX", f"{status // 100}xx", "default")
    )


def _has_model(document: Document, response: Any) -> bool:
    """Whether an answer has a body whose shape is described: more than an empty schema with a title."""
    facts = resolve(document, response)
    content = facts.get("content")
    for media_type, media in (content if isinstance(content, dict) else {}).items():
        schema = resolve(document, media.get("schema")) if isinstance(media, dict) else {}
        if set(schema) - _NO_SHAPE or not media_type.endswith("json"):
            return True
    return False


def _seen(evidence: Evidence, offers: list[Offer]) -> list[int]:
    """The statuses with which an operation answered, crashes aside: those fail what they were asked for."""
    kinds = {offer.kind for offer in offers}
    statuses = set()
    for probe in evidence.probes:
        if probe.kind not in kinds or not probe.exchange or probe.criterion in _OF_FILES:
            continue
        exchange = evidence.exchange(probe.exchange)
        crashed = (
            exchange.status is not None and exchange.status >= 500 and "json" not in exchange.content_type
        )
        if exchange.status is not None and exchange.status not in _NOT_THE_OPERATION and not crashed:
            statuses.add(exchange.redirected_with or exchange.status)
    return sorted(statuses)


@_SECTION.criterion(
    "responses",
    "Success and error answers are documented, with models",
    "responses={…} on the operation takes each status with a model and a description.",
)
def responses(evidence: Evidence) -> Verdict:
    document = _document(evidence)
    if document is None:
        return not_run(_NO_DOCUMENT)
    findings = []
    whole = Document(document)
    for place, facts, offers in _generating(document, evidence):
        documented = _members(facts.get("responses"))
        good = [code for code in documented if code.startswith(("2", "3"))]
        bad = [code for code in documented if code.startswith(("4", "5")) or code == "default"]
        bare = [
            code for code in good if code not in _WITHOUT_BODY and not _has_model(whole, documented[code])
        ]
        problems = []
        if not good:
            problems.append(sentence("no success is documented"))
        if bare:
            problems.append(sentence("the answer {status} has no model", status=bare[0]))
        # such as FastAPI's responses={502: {"description": "…"}}
        sentences = [code for code in bad if not _has_model(whole, documented[code])]
        if sentences == bad:
            problems.append(sentence("no error is documented with a model"))
        elif sentences:
            listed = ", ".join(sentences[:6])
            problems.append(
                sentence("{statuses} is documented by a sentence alone, without a model", statuses=listed)
            )
        missing = [str(status) for status in _seen(evidence, offers) if not _documented(documented, status)]
        if missing:
            listed = ", ".join(missing)
            problems.append(
                sentence("it answered {statuses}, which the document does not know", statuses=listed)
            )
        found = sentence("{place}: {problems}", place=place, problems=joined(problems, "; "))
        findings.append(Finding(None, found if problems else None))
    well = sentence(
        "Success and errors are documented with models, and every status that was seen is among them."
    )
    return together(findings, well, nothing=_NO_OPERATION)


CRITERIA = _SECTION.criteria
