"""What an app's requests led to at the stand-ins for OpenAI and S3, each with the exchange that it belongs to."""

import json
from collections.abc import Mapping

from classroom.s3 import S3Mock
from classroom.standin.mock import OpenAIMock
from classroom.standin.records import journal
from grader.collect.exchange.canary import CanarySearch
from grader.collect.exchange.keeping import MAX_BODY, Blobs, plain
from grader.collect.exchange.provenance import Ledger, mentions
from grader.collect.exchange.voices import find_held, kind_of
from grader.evidence import Call, Exchange, Output, StoredObject, cap

_MOST_CALLS, _MOST_OBJECTS = 2_000, 2_000  # kept of one submission; what floods the rest says nothing more
_MOST_BUCKETS = 20  # made because the app named them
_SHORT = 200  # characters of a name
TOO_MUCH = f"it came after {_MOST_CALLS} calls to OpenAI or {_MOST_OBJECTS} stored objects, which is all that the grader keeps"


class Arrivals:
    """The calls and the stored objects of one app, in order; read from the stand-ins when it is asked to.

    `dropped`: exchanges of which not all that they led to was kept.
    """

    def __init__(self, openai: OpenAIMock, s3: S3Mock, canary: CanarySearch, blobs: Blobs) -> None:
        self._openai, self._s3, self._canary, self._blobs = openai, s3, canary, blobs
        self.calls: list[Call] = []
        self.objects: list[StoredObject] = []
        self.ledger = Ledger()
        self.dropped: set[str] = set()
        self._calls_read = 0
        self._requests_read = 0
        self._buckets = {s3.bucket}
        self._made: dict[str, list[journal.Output]] = {}  # what OpenAI made during each exchange
        self._unfinished: dict[tuple[str, str], str] = {}  # puts without an object yet, and their exchanges
        self._stored_at: dict[tuple[str, str], float] = {}  # when each object was put that is known
        self._begun: list[tuple[float, Exchange]] = []  # when each request was sent

    @property
    def count(self) -> int:
        """How many requests reached the stand-ins so far."""
        return len(self._openai.calls) + len(self._s3.requests)

    @property
    def are_late(self) -> bool:
        """Whether S3 was asked since the last look, or a put has no object yet."""
        return bool(self._unfinished) or len(self._s3.requests) > self._requests_read

    def note_sent(self, exchange: Exchange, at: float) -> None:
        """An exchange's request was sent then, on the clock of `time.monotonic`."""
        self._begun.append((at, exchange))

    def _asked_by(self, call: journal.Call, exchange: Exchange) -> Exchange:
        """The exchange that a call belongs to: the last one that was sent before the call came, by default this one.

        A call is journaled when it is answered, and that may be after the app lost patience with it.
        """
        return next((each for at, each in reversed(self._begun) if at <= call.at), exchange)

    def gather(self, exchange: Exchange, marks: Mapping[str, Exchange] | None = None) -> None:
        """Read both stand-ins: whatever is new belongs to this exchange, or to the one whose mark is in it."""
        journaled = list(self._openai.calls)
        for call in journaled[self._calls_read :]:
            marked = (whose for mark, whose in (marks or {}).items() if mentions(call.body, mark))
            if len(self.calls) < _MOST_CALLS:
                owner = next(marked, exchange if marks else self._asked_by(call, exchange))
                self.calls.append(self._seen(call, owner))
                self.ledger.note(call, owner.id)
                self._made.setdefault(owner.id, []).extend(call.outputs)
            else:
                self.dropped.add(exchange.id)
        self._calls_read = len(journaled)
        new = self._written()
        written = new | self._unfinished.keys()
        # a put is noted as it arrives: its object may come later, and belongs to this exchange all the same
        self._unfinished.update({place: exchange.id for place in new if place[1]})
        self._make_missing_buckets()
        for stored in self._s3.objects(lambda bucket, key: bool({(bucket, key), (bucket, "")} & written)):
            if len(self.objects) >= _MOST_OBJECTS:
                self.dropped.add(exchange.id)
                break
            self._canary.look("an object in the bucket", stored.content)
            self._canary.look("the name of an object or a bucket", f"{stored.bucket}/{stored.key}")
            self._canary.look(
                "the metadata or tags of an object", str(dict(stored.metadata)), stored.content_type
            )
            place = stored.bucket, stored.key
            if self._stored_at.get(place) == stored.stored_at:
                continue  # what lay there before: the object of the put that was noted is still to come
            self._stored_at[place] = stored.stored_at
            led_by = self._unfinished.pop(place, exchange.id)
            held = find_held(stored.content, self._made.get(led_by, ()))
            self.objects.append(
                StoredObject(
                    id=f"obj-{len(self.objects) + 1}",
                    exchange=led_by,
                    bucket=plain(stored.bucket),
                    key=plain(stored.key),
                    content_type=plain(stored.content_type),
                    sha256=self._blobs.keep(stored.content),
                    size=len(stored.content),
                    holds=held.sha256 if held else None,
                )
            )

    def _written(self) -> set[tuple[str, str]]:
        """What was put since the last look, by bucket and key; a form that was posted to a bucket names its key within.

        The same bytes under the same name are stored again, and are a file, too.
        """
        requests = list(self._s3.requests)
        new = requests[self._requests_read :]
        self._requests_read = len(requests)
        for one in new:
            self._canary.look("the address or the headers of a request to S3", one.sent)
        return {
            (one.bucket, one.key)
            for one in new
            if one.fault is None and ((one.method == "PUT" and one.key) or one.method == "POST")
        }

    def _make_missing_buckets(self) -> None:
        """A bucket whose name is written into the code: made, so that the rest of the work can be seen; reported."""
        for request in self._s3.requests:
            if len(self._buckets) > _MOST_BUCKETS:
                return
            if request.bucket and request.bucket not in self._buckets:
                self._buckets.add(request.bucket)
                self._s3.ensure_bucket(request.bucket)

    def _seen(self, call: journal.Call, exchange: Exchange) -> Call:
        body = call.body if isinstance(call.body, dict) else {}
        return Call(
            id=call.id,
            exchange=exchange.id,
            route=cap(call.route, _SHORT),
            kind=kind_of(call),
            key=call.key,
            model=cap(str(body.get("model", "")), _SHORT),
            request=cap(json.dumps(call.body, ensure_ascii=False), MAX_BODY),
            status=call.status,
            error_code=call.error_code,
            fault=call.fault,
            outputs=tuple(
                Output(
                    kind=out.kind,
                    media_type=out.media_type,
                    sha256=self._blobs.keep(out.content),
                    size=len(out.content),
                )
                for out in call.outputs
            ),
        )

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
