"""`/batches`: many requests from a file, answered into another one. https://developers.openai.com/api/docs/guides/batch"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from classroom.standin.generation import text
from classroom.standin.incoming import checks, errors, shapes
from classroom.standin.incoming.errors import APIError
from classroom.standin.models.costs import Usage
from classroom.standin.operations import Asked, Operation
from classroom.standin.outgoing.answers import CREATED, Answer
from classroom.standin.outgoing.pagination import page
from classroom.standin.records.journal import Output
from classroom.standin.routes import chat, completions, embeddings, files, images, moderations, responses
from classroom.standin.state import StandIn, StoredBatch

_ENDPOINTS = (
    "responses",
    "chat/completions",
    "completions",
    "embeddings",
    "moderations",
    "images/generations",
)
_SERVED: Mapping[str, Operation] = {
    f"/v1/{each.path}": each
    for module in (responses, chat, completions, embeddings, moderations, images)
    for each in module.OPERATIONS
    if each.method == "POST" and each.path in _ENDPOINTS
}
_MOST_LINES = 50_000
_DAY = 86_400
_PRICE = 0.5  # of what the same calls cost one by one


def create(standin: StandIn, asked: Asked) -> Answer:
    """A batch. Its requests are answered at once; its status says so when it is asked for the second time.

    Raises:
        APIError: 400 for an endpoint that batches don't have, 404 for a file that isn't kept.
    """
    body = asked.body
    endpoint = str(body.get("endpoint"))
    if endpoint not in _SERVED and not standin.lenient:
        raise errors.invalid(
            f"Invalid value: '{endpoint}'. Supported values are: {', '.join(sorted(_SERVED))}.",
            "endpoint",
            "invalid_value",
        )
    file = files.find(standin, str(body.get("input_file_id")))
    if file.described["purpose"] != "batch" and not standin.lenient:
        raise errors.invalid(
            "The input file must have the purpose 'batch'.", "input_file_id", "invalid_value"
        )
    number = standin.batches.number()
    id = f"batch_{text.digest('batch', number, body, file.described['id'])[:32]}"
    lines, faults = _lines(file.content, endpoint)
    described: dict[str, Any] = {
        "id": id,
        "object": "batch",
        "endpoint": endpoint,
        "errors": None,
        "input_file_id": file.described["id"],
        "completion_window": body.get("completion_window", "24h"),
        "status": "validating",
        "output_file_id": None,
        "error_file_id": None,
        "created_at": CREATED + number,
        "expires_at": CREATED + number + _DAY,
        "request_counts": {"total": 0, "completed": 0, "failed": 0},
        "metadata": body.get("metadata"),
    }
    if faults:
        failed = {**described, "status": "failed", "failed_at": CREATED + number}
        failed["errors"] = {"object": "list", "data": faults}
        standin.batches.put(id, StoredBatch((described, failed)))
        return Answer(data=described)
    begun = {**described, "status": "in_progress", "in_progress_at": CREATED + number}
    begun["request_counts"] = {"total": len(lines), "completed": 0, "failed": 0}
    done, outputs, usages = _done(standin, begun, lines, asked.base_url)
    standin.batches.put(id, StoredBatch((described, begun, done)))
    usage = replace(usages[0], also=tuple(usages[1:])) if usages else None
    return Answer(data=described, outputs=tuple(outputs), usage=usage)


def _lines(content: bytes, endpoint: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The requests of a file, and what is wrong with them."""
    out: list[dict[str, Any]] = []
    faults: list[dict[str, Any]] = []
    seen: set[str] = set()
    for number, line in enumerate(filter(bytes.strip, content.splitlines()), 1):
        try:
            request = json.loads(line)
            fits = (
                isinstance(request, dict)
                and isinstance(request["body"], dict)
                and isinstance(request["custom_id"], str)
            )
        except (ValueError, KeyError, RecursionError):
            fits = False
        if not fits:
            why, code = "it needs custom_id, method, url and body", "invalid_json_line"
        elif request["custom_id"] in seen:
            why, code = f"the custom_id '{request['custom_id']}' is there twice", "duplicate_custom_id"
        elif request.get("url") != endpoint or request.get("method", "POST") != "POST":
            why, code = f"the batch is for POST {endpoint}", "mismatched_endpoint"
        else:
            seen.add(request["custom_id"])
            out.append(request)
            continue
        faults.append({"code": code, "message": f"Line {number}: {why}.", "line": number, "param": None})
    if not out and not faults:
        faults.append(
            {"code": "empty_file", "message": "The file has no requests.", "line": None, "param": None}
        )
    if len(out) > _MOST_LINES:
        faults.append(
            {"code": "too_many_requests", "message": f"At most {_MOST_LINES}.", "line": None, "param": None}
        )
    return out, faults


def _done(
    standin: StandIn, begun: dict[str, Any], lines: list[dict[str, Any]], base_url: str
) -> tuple[dict[str, Any], list[Output], list[Usage]]:
    """The batch at its end, what was generated, and what is billed for."""
    operation = _SERVED[begun["endpoint"]]
    good, bad = [], []
    outputs: list[Output] = []
    usages: list[Usage] = []
    for number, line in enumerate(lines):
        mark = text.digest("batch line", begun["id"], number)
        identifiers: dict[str, Any] = {"id": f"batch_req_{mark[:32]}", "custom_id": line["custom_id"]}
        try:
            answer = _answered(standin, operation, line["body"], base_url)
            response = {"status_code": 200, "request_id": f"req_{mark[:32]}", "body": answer.data}
            good.append({**identifiers, "response": response, "error": None})
            outputs += answer.outputs
            if answer.usage:
                usages.append(_halved(answer.usage))
        except APIError as error:
            response = {"status_code": error.status, "request_id": f"req_{mark[:32]}", "body": error.body()}
            bad.append({**identifiers, "response": response, "error": None})
    names = {"output_file_id": ("output", good), "error_file_id": ("error", bad)}
    made = {
        field: files.keep(standin, f"{begun['id']}_{name}.jsonl", _written(results), "batch_output", None)[
            "id"
        ]
        for field, (name, results) in names.items()
        if results
    }
    at = begun["created_at"]
    done = {**begun, **made, "status": "completed", "finalizing_at": at, "completed_at": at}
    done["request_counts"] = {"total": len(lines), "completed": len(good), "failed": len(bad)}
    return done, outputs, usages


def _answered(standin: StandIn, operation: Operation, body: Mapping[str, Any], base_url: str) -> Answer:
    if body.get("stream") or body.get("background"):
        raise errors.invalid(
            "Requests of a batch are neither streamed nor in the background.", "stream", "invalid_value"
        )
    rules = standin.catalogue.routes[operation.rules or ""]
    if standin.lenient:
        body = checks.check_shapes(rules, dict(body))
    else:
        checks.check_parameters(rules, body, legacy=standin.legacy)
        shapes.check_shapes_inside(operation.rules or "", body)
    return operation.compute(standin, Asked(body, base_url=base_url))


def _halved(usage: Usage) -> Usage:
    return replace(usage, share=_PRICE, also=tuple(_halved(each) for each in usage.also))


def _written(lines: list[dict[str, Any]]) -> bytes:
    """A file of answers, in another order than that of the requests: OpenAI promises none."""
    mixed = sorted(lines, key=lambda line: str(line["id"]))
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in mixed).encode()


def find(standin: StandIn, id: str) -> StoredBatch:
    """A kept batch.

    Raises:
        APIError: 404 if there is none.
    """
    stored = standin.batches.get(id)
    if stored is None and standin.lenient:
        made = create(standin, Asked({"endpoint": "/v1/responses", "input_file_id": "file-1"})).data or {}
        return StoredBatch(({**made, "id": id},))
    if stored is None:
        raise errors.not_found("batch", id)
    return stored


def retrieve(standin: StandIn, asked: Asked) -> Answer:
    """A batch, one step further than when it was last asked for."""
    stored = find(standin, asked.path["id"])
    if len(stored.steps) > 1:
        stored = StoredBatch(stored.steps[1:])
        standin.batches.put(asked.path["id"], stored)
    return Answer(data=stored.steps[0])


def cancel(standin: StandIn, asked: Asked) -> Answer:
    """End a batch that is not over; what it would have answered is not given."""
    stored = find(standin, asked.path["id"])
    now = stored.steps[0]
    if now["status"] in ("completed", "failed", "cancelled") and not standin.lenient:
        raise errors.APIError(
            409, f"Cannot cancel a batch with status '{now['status']}'.", code="invalid_request"
        )
    leaving = {**now, "status": "cancelling", "cancelling_at": CREATED}
    gone = {**leaving, "status": "cancelled", "cancelled_at": CREATED}
    standin.batches.put(asked.path["id"], StoredBatch((leaving, gone)))
    return Answer(data=leaving)


def list_batches(standin: StandIn, asked: Asked) -> Answer:
    """The batches, the newest first."""
    found = [stored.steps[0] for stored in standin.batches.all()]
    return page(found, asked.query, newest_first=True, lenient=standin.lenient)


OPERATIONS = (
    Operation("POST", "batches", create, "json", "batches", slow=True),
    Operation("GET", "batches", list_batches),
    Operation("GET", "batches/{id}", retrieve),
    Operation("POST", "batches/{id}/cancel", cancel),
)
