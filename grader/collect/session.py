"""Both ends of a running app: requests go in at one, and what they led to at OpenAI and S3 is seen at the other."""

import base64
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import chain, count, islice
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

import httpx

from classroom.s3 import S3Mock
from classroom.standin import journal
from classroom.standin.mock import OpenAIMock
from grader import reading, traces
from grader.collect.answers import NotDecodable, TooLong, read_body
from grader.collect.budget import MOST_CALLS, PerRequest
from grader.collect.patience import OUT_OF_PATIENCE, Patience, protects_itself
from grader.collect.provenance import Ledger, mentions
from grader.collect.requests import Request, build
from grader.collect.sockets import Broken, converse
from grader.collect.transport import Inward
from grader.collect.voices import held_in, kind_of
from grader.evidence import MAX_BLOB, Call, Exchange, Kind, Output, StoredObject, capped, sha256_of
from grader.jobs import state_of
from grader.sandbox import Sandbox

ANSWER_SECONDS = 30.0
APP_SECONDS = (
    240.0  # for all answers of one app together, jobs included; what is not sent by then is too slow
)
_MOST_CALLS, _MOST_OBJECTS = 2_000, 2_000  # kept of one submission; what floods the rest says nothing more
_MOST_KEPT = 64 * 1024 * 1024  # bytes of bodies and objects; of what is beyond only the hash is kept
_MOST_BUCKETS = 20  # made because the app named them
_MOST_ADDRESSES = 20  # tried of all that an answer names
_SHORT = 200  # characters of a name
_REDIRECTS = 4  # followed in one exchange
_JOB_SECONDS = 15.0  # how long a 202 may take to become a file
_JOB_POLL = 0.1
_TALK_SECONDS = 5.0  # of a conversation over a WebSocket in which messages came, and nothing was made
_BODY = 4_000  # characters of a request's or an answer's body that the report shows
_KIND_OF_ROUTE: dict[str, Kind] = {
    "chat/completions": "text",
    "responses": "text",
    "completions": "text",
    "images/generations": "image",
    "images/edits": "image",
    "images/variations": "image",
    "audio/speech": "audio",
}
_LAST_WORDS = 0.3  # seconds to wait for the traceback of a crash
TOO_MANY_CALLS = (
    f"it made more than {MOST_CALLS} calls to OpenAI, of which the grader's stand-in answered the first only"
)
TOO_MUCH = f"it came after {_MOST_CALLS} calls to OpenAI or {_MOST_OBJECTS} stored objects, which is all that the grader keeps"
_OF_A_JOB = re.compile(r'"(?:\w*_)?(?:job|task)(?:_?id|Id)?"\s*:')
_TOO_SLOW = f"it was not sent, since the app had used up its {APP_SECONDS:g} seconds for all answers together"


@dataclass(frozen=True)
class _Answer:
    """What came back over HTTP, or why nothing did."""

    status: int | None = None
    headers: httpx.Headers = field(default_factory=httpx.Headers)
    content: bytes = b""
    failure: str | None = None
    seconds: float = 0.0
    sent: bool = True

    @property
    def text(self) -> str:
        """The body, as text if it is any."""
        return self.content.decode("utf-8", "replace")


class Prints(Protocol):
    """What runs and prints: see `grader.sandbox.job.Job`."""

    @property
    def printed(self) -> int:
        """Bytes so far."""

    def log_since(self, start: int) -> str:
        """What was printed after so many bytes."""


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
        self._sandbox, self._headers, self._budget = sandbox, headers, budget
        self._patience = Patience()
        self._dropped: set[str] = set()  # exchanges of which not all that they led to was kept
        self._is_failing = False  # whether OpenAI or S3 is made to
        self.openai, self.s3 = openai, s3
        self.url = url
        self.exchanges: list[Exchange] = []
        self.calls: list[Call] = []
        self.objects: list[StoredObject] = []
        self.blobs: dict[str, bytes] = {}
        self.canary_seen: list[str] = []
        self.outcomes: dict[str, str] = {}  # of an exchange that was answered 202, the one that told the end
        self.lookups: list[tuple[str, str]] = []  # GET operations with one input, in their path
        self._forms = _forms(canary)
        self._kept = 0
        self._calls_read = 0
        self._requests_read = 0
        self._buckets = {s3.bucket}
        self.ledger = Ledger()
        self._made: dict[str, list[journal.Output]] = {}  # what OpenAI made during each exchange
        self._unfinished: dict[tuple[str, str], str] = {}  # puts without an object yet, and their exchanges
        self._latest: Exchange | None = None
        self._waited = 0.0
        self.printing: Prints | None = None  # the app, to hear what it prints about an error
        self._root = sandbox.root
        # the environment's proxies are not for loopback; no redirect is followed unseen
        self._client = httpx.Client(
            base_url=url,
            timeout=ANSWER_SECONDS,
            trust_env=False,
            headers={"accept-encoding": "identity", **headers},
            transport=Inward(sandbox),
        )

    def close(self) -> None:
        """Drop the connections, and look once more for what came late."""
        self._client.close()
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
            asked = len(self.openai.calls) + len(self.s3.requests)
            before = self.printing.printed if self.printing else 0
            answer = self._answer_to(request)
            self._waited += answer.seconds
            log = self._printed_about(answer, before)
            exchange = self._latest = self._note(purpose, request, answer, log)
            if not protects_itself(exchange) or len(self.openai.calls) + len(self.s3.requests) > asked:
                break
            if not self._patience.after(exchange, tries):
                return self._withhold(exchange, OUT_OF_PATIENCE)
        self._gather(exchange)
        if exchange.status == 202 or self._promises_a_job(exchange):
            self._await_job(exchange, _JOB_SECONDS)
        if self._budget and self._budget.refused:
            return self._withhold(exchange, TOO_MANY_CALLS)
        if exchange.id in self._dropped:
            return self._withhold(exchange, TOO_MUCH)
        return exchange

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
        return state_of(exchange.body) == "pending" or bool(_OF_A_JOB.search(exchange.body[: _SHORT * 5]))

    @property
    def seconds_left(self) -> float:
        """How long the app may still take for its answers."""
        return max(0.0, APP_SECONDS - self._waited)

    def _answer_to(self, request: Request) -> _Answer:
        """The answer to a request, if there is time left to send it."""
        return self._transmit(request) if self.seconds_left else _Answer(failure=_TOO_SLOW, sent=False)

    def send_together(self, orders: Sequence[tuple[str, Request, str]]) -> list[Exchange]:
        """Send several at once: purpose, request, and the mark by which a call is known to be this one's."""
        self._gather_late()
        for _ in orders:
            self._patience.before()
        if self._budget:
            self._budget.begin()
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
            self._gather(exchange, marks)
        for exchange in exchanges:
            if exchange.status == 202 or self._promises_a_job(exchange):
                self._await_job(exchange, ANSWER_SECONDS, marks)
        return [
            self._withhold(exchange, OUT_OF_PATIENCE)
            if protects_itself(exchange) and not self.calls_of(exchange)
            else exchange
            for exchange in exchanges
        ]

    def _transmit(self, request: Request) -> _Answer:
        """Send a request and read its answer: never longer than it may take, never more than is kept."""
        if request.method == "WEBSOCKET":
            return self._converse(request)
        began = time.monotonic()
        body: dict[str, Any] = (
            {"json": request.json} if request.has_json else {"data": request.form, "files": request.files}
        )
        try:
            following = self._client.build_request(
                request.method, request.target, headers=dict(request.headers), **body
            )
            if not self._is_ours(following.url, self.url):
                return _Answer(failure="the address is not the app's own")
            deadline = began + ANSWER_SECONDS
            for _ in range(_REDIRECTS + 1):
                left = httpx.Timeout(max(0.1, deadline - time.monotonic())).as_dict()
                following.extensions = {**following.extensions, "timeout": left}
                with closing(self._client.send(following, stream=True)) as answer:
                    content = read_body(answer, deadline, MAX_BLOB)
                if answer.next_request is None or not self._may_follow(answer.next_request):
                    break
                following = answer.next_request
        except (httpx.TimeoutException, TooLong):
            return _Answer(
                failure=f"no answer within {ANSWER_SECONDS:g} seconds", seconds=time.monotonic() - began
            )
        except (httpx.HTTPError, httpx.InvalidURL, NotDecodable, UnicodeError) as error:
            return _Answer(
                failure=f"the connection broke: {type(error).__name__}", seconds=time.monotonic() - began
            )
        return _Answer(answer.status_code, answer.headers, content, seconds=time.monotonic() - began)

    def _converse(self, request: Request) -> _Answer:
        """Ask over a WebSocket; what came is the answer's body."""
        began = time.monotonic()
        address = httpx.URL(self.url)
        question = request.json if request.has_json else dict(request.form or {})
        headers = {**self._headers, **request.headers}
        connection = self._sandbox.socket()
        made = len(self.openai.calls)

        def is_made() -> bool:
            answered = any(call.outputs for call in list(self.openai.calls)[made:])
            return answered or (not self._is_failing and time.monotonic() - began > _TALK_SECONDS)

        try:
            connection.settimeout(ANSWER_SECONDS)
            connection.connect((address.host, address.port))
            url = f"ws://{address.host}:{address.port}{request.target}"
            status, content = converse(connection, url, question, headers, ANSWER_SECONDS, is_made)
        except TimeoutError:
            return _Answer(
                failure=f"no answer within {ANSWER_SECONDS:g} seconds", seconds=time.monotonic() - began
            )
        except (Broken, OSError) as error:
            return _Answer(failure=f"the connection broke: {error}", seconds=time.monotonic() - began)
        finally:
            connection.close()
        media_type = (
            "application/json" if content.startswith((b"{", b"[")) and b"\n" not in content else "text/plain"
        )
        heads = httpx.Headers({"content-type": media_type})
        return _Answer(status, heads, content[:MAX_BLOB], seconds=time.monotonic() - began)

    def _may_follow(self, request: httpx.Request) -> bool:
        """Whether a redirect leads to the app, or to S3's stand-in to read there; none other is followed."""
        places = (self.url, self.s3.endpoint_url) if request.method in ("GET", "HEAD") else (self.url,)
        return self._is_ours(request.url, *places)

    @staticmethod
    def _is_ours(url: httpx.URL, *places: str) -> bool:
        return any(
            (url.scheme, url.host, url.port) == (own.scheme, own.host, own.port) and not url.userinfo
            for own in map(httpx.URL, places)
        )

    def _printed_about(self, answer: _Answer, before: int) -> str:
        """What the app printed since then, if its answer is an error; of a crash a server prints after it has answered."""
        is_error = answer.status is None or answer.status >= 500
        if self.printing is None or not is_error or not answer.sent:
            return ""
        crashed = answer.status is not None and "json" not in answer.headers.get("content-type", "")
        deadline = time.monotonic() + _LAST_WORDS
        while crashed and time.monotonic() < deadline and self.printing.printed == before:
            time.sleep(0.01)
        text = self.printing.log_since(before).replace(f"{self._root}/", "")
        for form in self._forms:
            text = text.replace(form, "(the key)")
        return capped(traces.without_others(text), _BODY)

    def _note(self, purpose: str, request: Request, answer: _Answer, log: str = "") -> Exchange:
        facts: dict[str, Any] = {
            "id": f"ex-{len(self.exchanges) + 1}",
            "purpose": purpose,
            "method": request.method,
            "url": capped(request.target, _BODY),
            "request_body": capped(request.shown, _BODY),
            "seconds": round(answer.seconds, 3),
            "place": capped(request.place, _BODY),
            "sent": answer.sent,
            "log": log,
        }
        if answer.status is None:
            exchange = Exchange(**facts, failure=answer.failure)
        else:
            where = f"the answer to {request.method} {capped(request.place or request.target, 200)}"
            self._look_for_canary(where, answer.text, str(answer.headers))
            content_type = answer.headers.get("content-type", "")
            exchange = Exchange(
                **facts,
                status=answer.status,
                headers={name: capped(value, 500) for name, value in list(answer.headers.items())[:50]},
                content_type=capped(content_type, 500),
                body=capped(_readable(answer.content, content_type), _BODY),
                body_sha256=self.keep(answer.content),
            )
        self.exchanges.append(exchange)
        return exchange

    def _look_for_canary(self, where: str, *texts: str) -> None:
        if any(form in text for text in texts for form in self._forms) and where not in self.canary_seen:
            self.canary_seen.append(where)

    @property
    def sought_in_log(self) -> tuple[bytes, ...]:
        """What the app must not print."""
        return tuple(form.encode() for form in self._forms)

    def note_printed(self) -> None:
        """Note that the app printed the canary."""
        if "the app's log" not in self.canary_seen:
            self.canary_seen.append("the app's log")

    def keep(self, content: bytes) -> str:
        """Keep bytes for the report; returns their hash."""
        name = sha256_of(content)
        if name not in self.blobs and len(content) <= min(MAX_BLOB, _MOST_KEPT - self._kept):
            self.blobs[name] = content
            self._kept += len(content)
        return name

    def _gather(self, exchange: Exchange, marks: Mapping[str, Exchange] | None = None) -> None:
        """Read both stand-ins: whatever is new belongs to this exchange, or to the one whose mark is in it."""
        journaled = list(self.openai.calls)
        for call in journaled[self._calls_read :]:
            marked = (whose for mark, whose in (marks or {}).items() if mentions(call.body, mark))
            if len(self.calls) < _MOST_CALLS:
                owner = next(marked, exchange)
                self.calls.append(self._seen(call, owner))
                self.ledger.note(call, owner.id)
                self._made.setdefault(owner.id, []).extend(call.outputs)
            else:
                self._dropped.add(exchange.id)
        self._calls_read = len(journaled)
        new = self._written()
        written = new | self._unfinished.keys()
        # a put is noted as it arrives: its object may come later, and belongs to this exchange all the same
        self._unfinished.update({place: exchange.id for place in new if place[1]})
        self._make_missing_buckets()
        for stored in self.s3.objects(lambda bucket, key: bool({(bucket, key), (bucket, "")} & written)):
            if len(self.objects) >= _MOST_OBJECTS:
                self._dropped.add(exchange.id)
                break
            self._look_for_canary("an object in the bucket", stored.content.decode("latin-1"))
            self._look_for_canary("the name of an object or a bucket", f"{stored.bucket}/{stored.key}")
            self._look_for_canary(
                "the metadata or tags of an object", str(dict(stored.metadata)), stored.content_type
            )
            led_by = self._unfinished.pop((stored.bucket, stored.key), exchange.id)
            held = held_in(stored.content, self._made.get(led_by, ()))
            self.objects.append(
                StoredObject(
                    id=f"obj-{len(self.objects) + 1}",
                    exchange=led_by,
                    bucket=_plain(stored.bucket),
                    key=_plain(stored.key),
                    content_type=_plain(stored.content_type),
                    sha256=self.keep(stored.content),
                    size=len(stored.content),
                    holds=held.sha256 if held else None,
                )
            )

    def _gather_late(self) -> None:
        """What came after an answer, and before the next request, belongs to the exchange of that answer."""
        if self._latest and (self._unfinished or len(self.s3.requests) > self._requests_read):
            self._gather(self._latest)

    def _written(self) -> set[tuple[str, str]]:
        """What was put since the last look, by bucket and key; a form that was posted to a bucket names its key within.

        The same bytes under the same name are stored again, and are a file, too.
        """
        requests = list(self.s3.requests)
        new = requests[self._requests_read :]
        self._requests_read = len(requests)
        return {
            (one.bucket, one.key)
            for one in new
            if one.fault is None and ((one.method == "PUT" and one.key) or one.method == "POST")
        }

    def _make_missing_buckets(self) -> None:
        """A bucket whose name is written into the code: made, so that the rest of the work can be seen; reported."""
        for request in self.s3.requests:
            if len(self._buckets) > _MOST_BUCKETS:
                return
            if request.bucket and request.bucket not in self._buckets:
                self._buckets.add(request.bucket)
                self.s3.ensure_bucket(request.bucket)

    def _seen(self, call: journal.Call, exchange: Exchange) -> Call:
        body = call.body if isinstance(call.body, dict) else {}
        return Call(
            id=call.id,
            exchange=exchange.id,
            route=capped(call.route, _SHORT),
            kind=kind_of(call, _KIND_OF_ROUTE),
            key=call.key,
            model=capped(str(body.get("model", "")), _SHORT),
            request=capped(json.dumps(call.body, ensure_ascii=False), _BODY),
            status=call.status,
            error_code=call.error_code,
            fault=call.fault,
            outputs=tuple(
                Output(
                    kind=out.kind,
                    media_type=out.media_type,
                    sha256=self.keep(out.content),
                    size=len(out.content),
                )
                for out in call.outputs
            ),
        )

    def _await_job(
        self, exchange: Exchange, seconds: float, marks: Mapping[str, Exchange] | None = None
    ) -> None:
        """202 promises a file for later: ask how the job is until it has ended, or wait for what it stores."""
        began = time.monotonic()
        deadline = began + min(seconds, self.seconds_left)
        address = self._job_address(exchange, deadline)
        while time.monotonic() < deadline:
            self._gather(exchange, marks)
            if address is None and self.objects_of(exchange):
                break
            if address is not None and self._has_ended(exchange, address):
                self._gather(exchange, marks)
                break
            time.sleep(_JOB_POLL)
        self._waited += time.monotonic() - began

    def _job_address(self, exchange: Exchange, deadline: float) -> Request | None:
        """Where the job tells how it is: what the answer points at, or a GET that takes what the answer names."""
        values = _short_texts(exchange.body)
        asked = chain(
            (Request("GET", place) for place in pointers(self.url, exchange)),
            (build("GET", path, {("path", name): value}) for path, name in self.lookups for value in values),
        )
        for request in islice(asked, 2 * _MOST_ADDRESSES):
            if time.monotonic() > deadline:
                break
            got = self._transmit(request)
            if got.status is not None and got.status < 300 and state_of(got.text) is not None:
                return request
        return None

    def _has_ended(self, exchange: Exchange, address: Request) -> bool:
        answer = self._transmit(address)
        if answer.status in (None, 202) or state_of(answer.text) == "pending":
            return False
        self.outcomes[exchange.id] = self._note(f"how did it end: {exchange.purpose}", address, answer).id
        return True

    def calls_of(self, exchange: Exchange) -> list[Call]:
        """What reached OpenAI during an exchange."""
        return [call for call in self.calls if call.exchange == exchange.id]

    def linked_calls(self) -> list[Call]:
        """Every call, with the earlier ones that it goes on from."""
        sources = self.ledger.sources()
        return [call.model_copy(update={"draws_on": sources.get(call.id, ())}) for call in self.calls]

    def objects_of(self, exchange: Exchange) -> list[StoredObject]:
        """What an exchange left in S3."""
        return [stored for stored in self.objects if stored.exchange == exchange.id]

    @contextmanager
    def openai_fails(self, **fault: Any) -> Iterator[None]:
        """Within, every call to OpenAI meets that fault."""
        self.openai.fail(**fault)
        self._is_failing = True
        try:
            yield
        finally:
            self._is_failing = False
            self.openai.clear_faults()

    @contextmanager
    def s3_fails(self, **fault: Any) -> Iterator[None]:
        """Within, every request to S3 meets that fault."""
        self.s3.fail(**fault)
        self._is_failing = True
        try:
            yield
        finally:
            self._is_failing = False
            self.s3.clear_faults()


def _forms(canary: str) -> tuple[str, ...]:
    """The canary as it may be written: as it is, in hexadecimal, and in base64, wherever in a longer text it begins."""
    plain = canary.encode()
    encoded = []
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + plain).decode().rstrip("=")
        # the first and the last characters hold bits of what is beside it
        encoded.append(whole[4 if before else 0 : -4])
    return (canary, plain.hex(), *encoded)


def pointers(url: str, exchange: Exchange) -> Iterator[str]:
    """Addresses on the app itself that an answer names, up to a number: its Location header, then anything in its body."""
    return islice(_pointers(url, exchange), _MOST_ADDRESSES)


def _pointers(url: str, exchange: Exchange) -> Iterator[str]:
    texts = [exchange.headers.get("location", "")]
    texts += [
        part.strip('"')
        for part in exchange.body.replace(",", " ").replace("{", " ").replace("}", " ").split()
    ]
    for text in dict.fromkeys(texts):
        try:
            whole = urljoin(url, text) if text.startswith(("/", "http")) else ""
            parts = urlsplit(whole)
        except ValueError:  # an address that none can be, such as one with half a bracket
            continue
        if f"{parts.scheme}://{parts.netloc}" == url:
            yield f"{parts.path}?{parts.query}" if parts.query else parts.path


def _short_texts(body: str) -> list[str]:
    """What may be an identifier in a JSON answer."""
    try:
        value = reading.parse_json(body)
    except reading.Unreadable:
        return []
    found = value.values() if isinstance(value, dict) else [value]
    texts = (str(each) for each in found if isinstance(each, (str, int)) and len(str(each)) <= 100)
    return list(islice((text for text in texts if text), _MOST_ADDRESSES))


def _plain(name: str) -> str:
    """A name that the app chose, as text of bounded length."""
    return capped(name.encode("utf-8", "replace").decode(), 2 * 1024)


def _readable(content: bytes, content_type: str) -> str:
    """A body as text, or its size if it isn't text."""
    if content_type.startswith(("image/", "audio/", "video/", "application/octet-stream")):
        return f"({len(content)} bytes of {content_type})"
    try:
        return content.decode()
    except UnicodeDecodeError:
        return f"({len(content)} bytes that are no text)"
