"""Both ends of a running app: sends requests at one, and observes OpenAI's and S3's stand-ins at the other."""

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from typing import Any

from classroom.s3 import S3Mock
from classroom.standin.mock import OpenAIMock
from grader import traces
from grader.collect.exchange import job_addresses
from grader.collect.exchange.arrivals import TOO_MUCH, Arrivals
from grader.collect.exchange.budget import MOST_CALLS, PerRequest
from grader.collect.exchange.canary import CanarySearch
from grader.collect.exchange.job_states import JobStates
from grader.collect.exchange.keeping import MAX_BODY, Blobs, readable
from grader.collect.exchange.last_words import Prints, printed_since
from grader.collect.exchange.patience import OUT_OF_PATIENCE, Patience, protects_itself
from grader.collect.exchange.presenting import Presented
from grader.collect.exchange.provenance import Ledger
from grader.collect.exchange.requests import Request
from grader.collect.exchange.transmission import ANSWER_SECONDS, Answer, Transmitter
from grader.evidence import Call, Exchange, StoredObject, cap
from grader.jobs import state_of
from grader.sandbox import Sandbox

# for all answers of one app together, jobs included; what is not sent by then is too slow
APP_SECONDS = 240.0
_JOB_SECONDS = 15.0  # how long a 202 may take to become a file
_JOB_POLL = 0.1
_LAST_LOOK = 0.5  # seconds before a job's time is over
_PATIENT = 0.5  # seconds that every app waits for OpenAI; what gives up earlier did not lose patience
_MOST_SLOW = 3  # requests that are sent again because of it
_STAND_IN_SECONDS = 10.0  # to wait for what the stand-in still has in hand
TOO_MANY_CALLS = (
    f"it made more than {MOST_CALLS} calls to OpenAI, of which the grader's stand-in answered the first only"
)
STAND_IN_WAS_SLOW = (
    "the grader's stand-in for OpenAI took longer than the app waits, since the machine was busy"
)
_TOO_SLOW = f"it was not sent, since the app had used up its {APP_SECONDS:g} seconds for all answers together"


class Session:
    """Records every exchange with one app, in order.

    `canary` is the key that the app was given; wherever it turns up in what the app says is noted in `canary_seen`.
    """

    def __init__(
        self,
        url: str,
        openai: OpenAIMock,
        s3: S3Mock,
        canary: str,
        headers: dict[str, str],
        sandbox: Sandbox,
        budget: PerRequest | None = None,
    ) -> None:
        self.openai, self.s3 = openai, s3
        self.url = url
        self.exchanges: list[Exchange] = []
        self.outcomes: dict[str, str] = {}  # an exchange answered 202 → the one that reported its end
        self.lookups: list[tuple[str, str]] = []  # GET operations with one input, in their path
        self.presented = Presented()  # goes with every request, for a guard of the app's own
        self.printing: Prints | None = None  # the app, to hear what it prints about an error
        self._budget = budget
        self._patience = Patience()
        self._canary = CanarySearch(canary)
        self._blobs = Blobs()
        self._arrivals = Arrivals(openai, s3, self._canary, self._blobs)
        self._transmitter = Transmitter(url, openai, s3, headers, sandbox)
        self.has_cookies = self._transmitter.has_cookies
        self._reporting: set[str] = set()  # paths that told how a job is
        self._latest: Exchange | None = None
        self._waited = 0.0
        self._jobs = JobStates()
        self._root = sandbox.root

    @property
    def canary_seen(self) -> list[str]:
        """Where the key was seen."""
        return self._canary.seen

    @property
    def blobs(self) -> dict[str, bytes]:
        """The bytes that were kept, by their hash."""
        return self._blobs.by_hash

    @property
    def ledger(self) -> Ledger:
        """Every call, by the exchange that it belongs to."""
        return self._arrivals.ledger

    @property
    def objects(self) -> list[StoredObject]:
        """Every object that an exchange left in S3."""
        return self._arrivals.objects

    def close(self) -> None:
        """Drop the connections, and look once more for what came late."""
        self._transmitter.close()
        self._gather_late()

    def send(self, purpose: str, request: Request) -> Exchange:
        """Send one request, wait for its answer, and record what it led to.

        An app that limits how often it is asked is waited for, and asked again.
        """
        self._gather_late()
        for tries in count(1):
            self._patience.before()
            if self._budget:
                self._budget.begin()
            asked = self._arrivals.count
            before = self.printing.printed if self.printing else 0
            began = time.monotonic()
            answer = self._answer_to(request)
            self._waited += answer.seconds
            log = self._printed_about(answer, before)
            exchange = self._latest = self._note(purpose, request, answer, log)
            self._arrivals.note_sent(exchange, began)
            if self._stand_in_was_slow(exchange, began):
                self._arrivals.gather(exchange)
                exchange = self._withhold(exchange, STAND_IN_WAS_SLOW)
                if tries > _MOST_SLOW:
                    return exchange
                continue
            if not protects_itself(exchange) or self._arrivals.count > asked:
                break
            if not self._patience.after(exchange, tries):
                return self._withhold(exchange, OUT_OF_PATIENCE)
        self._arrivals.gather(exchange)
        if exchange.status == 202 or self._promises_a_job(exchange):
            self._await_job(exchange, _JOB_SECONDS)
        if self._budget and self._budget.refused:
            return self._withhold(exchange, TOO_MANY_CALLS)
        if exchange.id in self._arrivals.dropped:
            return self._withhold(exchange, TOO_MUCH)
        return exchange

    def _stand_in_was_slow(self, exchange: Exchange, began: float) -> bool:
        """Whether an app failed while the stand-in still had its call in hand, though no fault was asked for; waits for the stand-in."""
        failed = exchange.sent and (exchange.status is None or exchange.status >= 500)
        if not failed or self._transmitter.is_failing:
            return False
        handling = self.openai.handling
        if handling.longest(began) < _PATIENT:
            return False
        deadline = time.monotonic() + _STAND_IN_SECONDS
        while handling.longest(began) and time.monotonic() < deadline:
            time.sleep(_JOB_POLL)
        return True

    def _withhold(self, exchange: Exchange, reason: str) -> Exchange:
        """Note that an answer says nothing of the app, since the grader itself stood in its way."""
        at = next(index for index, each in enumerate(self.exchanges) if each.id == exchange.id)
        self.exchanges[at] = exchange.model_copy(update={"withheld": reason})
        return self.exchanges[at]

    def _promises_a_job(self, exchange: Exchange) -> bool:
        """Whether an answer of success, with which nothing was made yet, names a job or its state."""
        if exchange.status is None or not 200 <= exchange.status < 300 or exchange.method == "GET":
            return False
        if self.objects_of(exchange) or any(call.outputs for call in self.calls_of(exchange)):
            return False
        return job_addresses.names_a_job(exchange.body)

    @property
    def seconds_left(self) -> float:
        """How long the app may still take for its answers."""
        return max(0.0, APP_SECONDS - self._waited)

    def _answer_to(self, request: Request) -> Answer:
        """The answer to a request, if there is time left to send it."""
        return self._transmit(request) if self.seconds_left else Answer(failure=_TOO_SLOW, sent=False)

    def send_together(self, orders: Sequence[tuple[str, Request, str]]) -> list[Exchange]:
        """Send several at once: purpose, request, and the mark by which a call is known to be this one's."""
        self._gather_late()
        for _ in orders:
            self._patience.before()
        if self._budget:
            self._budget.begin()
        began = time.monotonic()
        with ThreadPoolExecutor(max_workers=max(1, len(orders))) as pool:
            answers = list(pool.map(self._answer_to, [request for _, request, _ in orders]))
        self._waited += max((answer.seconds for answer in answers), default=0.0)
        exchanges = [
            self._note(purpose, request, answer)
            for (purpose, request, _), answer in zip(orders, answers, strict=True)
        ]
        self._latest = exchanges[-1] if exchanges else self._latest
        marks = {mark: exchange for (_, _, mark), exchange in zip(orders, exchanges, strict=True)}
        for exchange in exchanges[:1]:
            self._arrivals.note_sent(exchange, began)
            self._arrivals.gather(exchange, marks)
        for exchange in exchanges:
            if exchange.status == 202 or self._promises_a_job(exchange):
                self._await_job(exchange, ANSWER_SECONDS, marks)
        return [
            self._withhold(exchange, OUT_OF_PATIENCE)
            if protects_itself(exchange) and not self.calls_of(exchange)
            else exchange
            for exchange in exchanges
        ]

    def _transmit(self, request: Request) -> Answer:
        """The answer to a request, looked through as it came."""
        answer = self._transmitter.transmit(request, self.presented)
        self.overhear(request.method, request.place or request.target, answer.heard)
        return answer

    def overhear(self, method: str, place: str, heard: bytes) -> None:
        """Look for the canary in what came, as it came: a client sees no trailers, and of a redirect only where it ends."""
        self._canary.look(f"the answer to {method} {cap(place, 200)}", heard)

    def _printed_about(self, answer: Answer, before: int) -> str:
        """What the app printed since then, if its answer is an error; of a crash a server prints after it has answered."""
        is_error = answer.status is None or answer.status >= 500
        if self.printing is None or not is_error or not answer.sent:
            return ""
        crashed = answer.broke or (
            answer.status is not None and "json" not in answer.headers.get("content-type", "")
        )
        text = printed_since(self.printing, before, crashed=crashed).replace(f"{self._root}/", "")
        return cap(traces.without_others(self._canary.hide(text)), MAX_BODY)

    def _note(self, purpose: str, request: Request, answer: Answer, log: str = "") -> Exchange:
        facts: dict[str, Any] = {
            "id": f"ex-{len(self.exchanges) + 1}",
            "purpose": purpose,
            "method": request.method,
            "url": cap(request.target, MAX_BODY),
            "request_body": cap(request.shown, MAX_BODY),
            "seconds": round(answer.seconds, 3),
            "place": cap(request.place, MAX_BODY),
            "sent": answer.sent,
            "log": log,
        }
        if answer.status is None:
            exchange = Exchange(**facts, failure=answer.failure)
        else:
            where = f"the answer to {request.method} {cap(request.place or request.target, 200)}"
            self._canary.look(where, answer.content)
            content_type = answer.headers.get("content-type", "")
            exchange = Exchange(
                **facts,
                status=answer.status,
                redirected_with=answer.redirected_with,
                headers={name: cap(value, 500) for name, value in list(answer.headers.items())[:50]},
                content_type=cap(content_type, 500),
                body=cap(readable(answer.content, content_type), MAX_BODY),
                body_sha256=self._blobs.keep(answer.content),
            )
        self.exchanges.append(exchange)
        return exchange

    def overhear_s3(self, heard: bytes) -> None:
        """Look for the canary in what S3 is sent: what is deleted or written over is in no object afterwards."""
        self._canary.look("an object in the bucket", heard)

    def note_printed(self) -> None:
        """Note that the app printed the canary."""
        self._canary.note("the app's log")

    def _gather_late(self) -> None:
        """What came after an answer, and before the next request, belongs to the exchange of that answer."""
        if self._latest and self._arrivals.are_late:
            self._arrivals.gather(self._latest)

    def _await_job(
        self, exchange: Exchange, seconds: float, marks: Mapping[str, Exchange] | None = None
    ) -> None:
        """202 promises a file for later: ask how the job is until it has ended, or wait for what it stores."""
        began = time.monotonic()
        deadline = began + min(seconds, self.seconds_left)
        address = self._job_address(exchange, deadline)
        while (left := deadline - time.monotonic()) > 0:
            self._arrivals.gather(exchange, marks)
            late = left < _LAST_LOOK
            if self._has_ended(exchange, address, late=late) if address else self.objects_of(exchange):
                self._arrivals.gather(exchange, marks)
                break
            time.sleep(_JOB_POLL)
        self._waited += time.monotonic() - began

    def _job_address(self, exchange: Exchange, deadline: float) -> Request | None:
        """Where the job tells how it is: what the answer points at, or a GET that takes what the answer names.

        A job that has failed already may answer there with its error: at an address of its own, or where an earlier job was
        found.
        """
        refusing: Request | None = None
        for request in job_addresses.addresses(self.url, exchange, self.lookups):
            if time.monotonic() > deadline:
                break
            got = self._transmit(request)
            if got.status is not None and got.status < 300 and state_of(got.text) is not None:
                self._reporting.add(request.place)
                return request
            is_known = not request.place or request.place in self._reporting
            if refusing is None and is_known and job_addresses.may_be_a_failed_job(got.status, got.text):
                refusing = request
        return refusing

    def _has_ended(self, exchange: Exchange, address: Request, *, late: bool) -> bool:
        if (answer := self._transmit(address)).status is None or answer.status == 202:
            return False
        settled = bool(self.objects_of(exchange)) or answer.status >= 400
        if not self._jobs.has_ended(exchange, answer.text, settled=settled, late=late):
            return False
        self.outcomes[exchange.id] = self._note(f"how did it end: {exchange.purpose}", address, answer).id
        return True

    def calls_of(self, exchange: Exchange) -> list[Call]:
        """What reached OpenAI during an exchange."""
        return self._arrivals.calls_of(exchange)

    def linked_calls(self) -> list[Call]:
        """Every call, with the earlier ones that it goes on from."""
        return self._arrivals.linked_calls()

    def objects_of(self, exchange: Exchange) -> list[StoredObject]:
        """What an exchange left in S3."""
        return self._arrivals.objects_of(exchange)

    @contextmanager
    def openai_fails(self, **fault: Any) -> Iterator[None]:
        """Within, every call to OpenAI meets that fault."""
        self.openai.fail(**fault)
        self._transmitter.is_failing = True
        try:
            yield
        finally:
            self._transmitter.is_failing = False
            self.openai.clear_faults()

    @contextmanager
    def s3_fails(self, **fault: Any) -> Iterator[None]:
        """Within, every request to S3 meets that fault."""
        self.s3.fail(**fault)
        self._transmitter.is_failing = True
        try:
            yield
        finally:
            self._transmitter.is_failing = False
            self.s3.clear_faults()
