"""Calls, replies, faults and limits as JSON has them."""

import re
from dataclasses import asdict
from typing import Any

from classroom.redaction.notebooks import without_keys
from classroom.standin.models.costs import Unpriced
from classroom.standin.records.journal import Call, Output
from classroom.standin.scripting.faults import Fault
from classroom.standin.scripting.limits import RateLimit
from classroom.standin.scripting.replies import Reply


def call(call: Call) -> dict[str, Any]:
    """A call, without the bytes of what was made; `cost` is a decimal number as text, null where no price is known."""
    try:
        cost: str | None = format(call.cost, "f")
    except Unpriced:
        cost = None
    return {
        "id": call.id,
        "method": call.method,
        "path": call.path,
        "route": call.route,
        "status": call.status,
        "error_code": call.error_code,
        "fault": call.fault,
        "retry_count": call.retry_count,
        "retry_after": call.retry_after,
        "at": round(call.at, 6),
        "key": call.key,
        "organization": call.organization,
        "project": call.project,
        "body": call.body,
        "answer_sha256": call.answer_sha256,
        "outputs": [_output(output) for output in call.outputs],
        "usage": {"model": call.usage.model, "units": dict(call.usage.units)} if call.usage else None,
        "cost": cost,
    }


def _output(output: Output) -> dict[str, Any]:
    facts = {"kind": output.kind, "media_type": output.media_type, "bytes": len(output.content)}
    if output.kind == "text":
        # the body was kept without its key; what was made of it may repeat it
        return {**facts, "text": without_keys(output.content.decode("utf-8", "replace"))}
    return {**facts, "sha256": output.sha256}


def reply(reply: Reply, met: int) -> dict[str, Any]:
    """A reply, with how many requests fitted it so far."""
    when = reply.when
    named: dict[str, Any] = {}
    if isinstance(when, str):
        named["when"] = when
    elif isinstance(when, re.Pattern):
        named["pattern"] = when.pattern
    elif when is not None:
        named["when"] = "(a function)"
    options = {"model": reply.model, "route": reply.route, "tools": sorted(reply.tools), "times": reply.times}
    named |= {name: value for name, value in options.items() if value}
    if reply.after:
        named["after"] = reply.after
    answers = [{name: _content(value) for name, value in answer.items()} for answer in reply.answers]
    return {**named, **(answers[0] if len(answers) == 1 else {"then": answers}), "met": met}


def _content(value: Any) -> Any:
    match value:
        case str() | int() | float() | None:
            return value
        case bytes():
            return f"({len(value)} bytes)"
        case dict():
            return {str(name): _content(each) for name, each in value.items()}
        case list() | tuple():
            return [_content(each) for each in value]
        case _ if callable(value):
            return "(a function)"
    return str(value)


def fault(fault: Fault) -> dict[str, Any]:
    """A fault that is still to come."""
    return {**asdict(fault), "headers": dict(fault.headers)}


def limit(limit: RateLimit) -> dict[str, Any]:
    """A limit in force."""
    return asdict(limit)
