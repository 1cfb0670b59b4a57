"""Hand-made evidence: one request that generated a text and stored it, and whatever a test adds."""

from typing import Any

from grader.evidence import (
    AppStart,
    Call,
    Evidence,
    Exchange,
    Input,
    Offer,
    Output,
    Probe,
    StoredObject,
    Submission,
    sha256_of,
)

WORDS = b"a poem on rain"
CANARY = "canary"
PROMPT = Input(name="prompt", location="json")
OFFER = Offer(kind="text", method="POST", path="/texts", prompt_input=PROMPT, exchange="ex-1")
MADE = Exchange(
    id="ex-1",
    purpose="generate a text",
    method="POST",
    url="/texts",
    place="/texts",
    request_body='{"prompt": "rain"}',
    status=201,
    content_type="application/json",
    body="{}",
)
CALL = Call(
    id="call-1",
    exchange="ex-1",
    route="responses",
    kind="text",
    key=CANARY,
    model="gpt-5.4-mini",
    request="{}",
    status=200,
    error_code=None,
    fault=None,
    outputs=(Output(kind="text", media_type="text/plain", sha256=sha256_of(WORDS), size=len(WORDS)),),
)
STORED = StoredObject(
    id="obj-1",
    exchange="ex-1",
    bucket="b",
    key="rain.txt",
    content_type="text/plain",
    sha256=sha256_of(WORDS),
    size=len(WORDS),
)
GENERATED = Probe(
    criterion="endpoint.generates",
    kind="text",
    asked="a text of something",
    exchange="ex-1",
    calls=("call-1",),
    objects=("obj-1",),
    mark="rain",
    carriers=("call-1",),
)


def evidence(
    *,
    exchanges: tuple[Exchange, ...] = (),
    probes: tuple[Probe, ...] = (),
    document: bytes | None = None,
    **more: Any,
) -> Evidence:
    """What a grading saw of an app whose request worked.

    Args:
        exchanges, probes: more of them.
        document: the app's OpenAPI document; it serves none if this is left out.
        more: other fields of the evidence.
    """
    blobs = {sha256_of(WORDS): WORDS}
    app, fetched = AppStart(started=True, seconds=1.0), ()
    if document is not None:
        app = AppStart(started=True, seconds=1.0, openapi_url="/openapi.json")
        blobs[sha256_of(document)] = document
        fetched = (
            Exchange(
                id="ex-doc",
                purpose="fetch the OpenAPI document",
                method="GET",
                url="/openapi.json",
                status=200,
                body_sha256=sha256_of(document),
            ),
        )
    facts: dict[str, Any] = {
        "submission": Submission(name="ada", digest="sha256:0"),
        "isolation": "process",
        "bucket": "b",
        "canary_fingerprint": CANARY,
        "app": app,
        "exchanges": (*fetched, MADE, *exchanges),
        "calls": (CALL,),
        "objects": (STORED,),
        "offers": (OFFER,),
        "probes": (GENERATED, *probes),
    }
    return Evidence(**{**facts, **more}).with_blobs(blobs)
