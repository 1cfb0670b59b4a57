"""One call on its way into the journal, and the response that goes back."""

import asyncio
import hashlib
import time
from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

from classroom.standin.incoming.errors import APIError
from classroom.standin.outgoing import corrupt
from classroom.standin.outgoing.answers import Answer
from classroom.standin.outgoing.pace import AT_ONCE, wait_for_whole
from classroom.standin.outgoing.sending import Broken, response_of
from classroom.standin.scripting.faults import Fault
from classroom.standin.state import StandIn

_KEPT_OF_A_CALL = 2_000  # bytes, beside its body and what was made


class Recorded:
    """One call on its way into the journal: what is known so far, and the headers of its answer."""

    def __init__(
        self, standin: StandIn, method: str, path: str, headers: Mapping[str, str], route: str
    ) -> None:
        retry = headers.get("x-stainless-retry-count", "0")
        self._standin = standin
        self._facts: dict[str, Any] = {
            "method": method,
            "path": path,
            "route": route,
            "key": None,
            "organization": headers.get("openai-organization"),
            "project": headers.get("openai-project"),
            "body": None,
            "status": 200,
            "error_code": None,
            "retry_count": int(retry) if retry.isascii() and retry.isdigit() else 0,
            "fault": None,
            "at": time.monotonic(),
        }
        self.headers: dict[str, str] = {
            "x-request-id": f"req_{standin.journal.made + 1:032x}",
            "openai-version": "2020-10-01",
        }

    def note(self, **facts: Any) -> None:
        """Something more is known."""
        self._facts.update(facts)

    def done(self, outputs: Any, **facts: Any) -> None:
        """Into the journal."""
        if self._standin.allowance:
            self._standin.allowance.spend(_KEPT_OF_A_CALL + sum(len(output.content) for output in outputs))
        self._standin.journal.record(**{**self._facts, "outputs": outputs, **facts})

    def refused(self, error: APIError) -> Response:
        """The response to a call that was refused."""
        response = JSONResponse(error.body(), error.status, headers={**self.headers, **error.headers})
        self.note(status=error.status, error_code=error.code, retry_after=_seconds(error.headers))
        self.done((), answer_sha256=hashlib.sha256(response.body).hexdigest())
        return response

    async def answered(self, answer: Answer, fault: Fault | None) -> Response:
        """The response that carries an answer, as far as a fault lets it through."""
        spoiled = fault is not None and fault.effect in corrupt.EFFECTS
        sent = corrupt.corrupt_answer(answer, fault.effect) if fault is not None and spoiled else answer
        pace = self._standin.tempo.pace
        response = response_of(sent, self.headers, pace)
        whole = fault is None or fault.effect == "slow"
        self.done(
            answer.outputs if whole else (),
            usage=answer.usage if whole else None,
            answer_sha256=_digest(sent, response),
        )
        if fault is not None and fault.effect == "slow":
            await asyncio.sleep(fault.seconds)
        if pace is not AT_ONCE:
            await wait_for_whole(sent, pace)
        if fault is not None and fault.effect in ("drop", "truncate"):
            return Broken(response, keep=0.5 if fault.effect == "truncate" else 0.0)
        return response


def _seconds(headers: Mapping[str, str]) -> float | None:
    """How long an answer asks to wait; the finer of the two headers counts."""
    if "retry-after-ms" in headers:
        return int(headers["retry-after-ms"]) / 1000
    return float(headers["retry-after"]) if "retry-after" in headers else None


def _digest(answer: Answer, response: Response) -> str:
    sent = response.body if answer.events is None else "".join(answer.events).encode()
    return hashlib.sha256(sent).hexdigest()
