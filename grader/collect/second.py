"""In the second process of the worker: a sandbox and stand-ins of its own, the suite, and the app with a silent OpenAI."""

import contextlib
import os
import socket
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import Any, BinaryIO, NoReturn, TypeVar

from classroom.allowance import Allowance
from classroom.s3 import S3Mock
from classroom.standin.mock import OpenAIMock
from grader.collect import asking, imports, openapi_document
from grader.collect.alive import check_alive
from grader.collect.budget import PerRequest
from grader.collect.discovery import request_of
from grader.collect.find_app import AppTarget, find_app
from grader.collect.launching import launch
from grader.collect.seen_aside import RAN, SAME_START, SEEN, VIABLE, Given, SeenAside
from grader.collect.served import Served
from grader.collect.session import Session
from grader.collect.setting import BUCKET, MOST_BYTES, MOST_CALLS, MOST_S3_REQUESTS, Clock, Setting
from grader.collect.tests_beside import TestsBeside
from grader.errors import GraderError
from grader.evidence import AppStart, Call, Exchange, Offer, Probe, StoredObject, TestRun
from grader.inside import wire
from grader.sandbox import Places, Sandbox

_ENDING = "-aside"  # of the identifiers of what was seen here
_MOST_OPEN = 4_096
# of the memory that the worker may take, the first process needs more: it keeps what all other questions led to
_SHARE = MOST_BYTES // 3
_TRIES = 3  # of an ordinary request
_FIRST_TO_GO = "900"  # when memory is short, this process ends before the first one does

_Seen = TypeVar("_Seen", Probe, Exchange, Call, StoredObject)


def be_second(given: Given, line: socket.socket, control: socket.socket, places: Places) -> NoReturn:
    """Never returns: what belongs to the first process is not touched, nor cleaned up."""
    try:
        _close_others({line.fileno(), control.fileno()})
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
            file.write(_FIRST_TO_GO)
        heard = _Heard(line)
        with line.makefile("wb") as out:
            _work(given, heard, out, control, places)
        heard.join()  # until the first process hangs up
    finally:
        os._exit(1)


def _close_others(mine: set[int]) -> None:
    """Close what the first process has open: while this one held its line, nobody would notice that it died."""
    last = 2
    for file in sorted(mine):
        os.closerange(last + 1, file)
        last = file
    os.closerange(last + 1, max(last + 2, _MOST_OPEN))


class _Heard(threading.Thread):
    """Hears the first process. When that hangs up, this one ends at once.

    `first`: how the first app started. `offers`: what it offers.
    """

    def __init__(self, line: socket.socket) -> None:
        super().__init__(daemon=True)
        self._line = line
        self.first: Future[dict[str, Any]] = Future()
        self.offers: Future[list[Offer]] = Future()
        self.start()

    def run(self) -> None:
        """Listen."""
        try:
            while True:
                message, _ = wire.receive(self._line)
                if "first" in message:
                    self.first.set_result(message["first"])
                if "offers" in message:
                    self.first.cancel()  # if it has not started by now, it does not
                    self.offers.set_result([Offer.model_validate(each) for each in message["offers"]])
        finally:
            os._exit(0)


class _Teller:
    """Writes to the first process: whether the app is asked here, then everything that was seen."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._said = threading.Event()
        self._writing = threading.Lock()

    def viable(self, viable: bool, why: str = "") -> None:
        """Say whether the app is asked here, or why not; the first word counts."""
        with self._writing:
            if not self._said.is_set():
                self._said.set()
                wire.write_file(self._out, VIABLE, b"yes" if viable else (why or "no").encode())
                self._out.flush()

    def wait(self) -> None:
        """Until that is said."""
        self._said.wait()

    def ran(self, run: TestRun) -> None:
        """What the suite's run showed."""
        with self._writing:
            wire.write_file(self._out, RAN, run.model_dump_json().encode())
            self._out.flush()

    def seen(self, seen: SeenAside, blobs: dict[str, bytes]) -> None:
        """What was seen of the app, and the end."""
        wire.write_file(self._out, SEEN, seen.model_dump_json().encode())
        for name, content in blobs.items():
            wire.write_file(self._out, name, content)
        wire.end_files(self._out)
        self._out.flush()

    def trouble(self, why: str) -> None:
        """What went wrong."""
        self.viable(False)
        wire.end_files(self._out, why[:2_000] or "The grader's second process failed.")
        self._out.flush()


def _work(given: Given, heard: _Heard, out: Any, control: socket.socket, places: Places) -> None:
    teller = _Teller(out)
    try:
        budget = PerRequest(MOST_CALLS, _SHARE)
        root = given.submission.root
        with (
            Sandbox.handed_over(control, places, root, cold=given.cold) as sandbox,
            OpenAIMock(
                legacy=True, any_deployment=True, listener=sandbox.listener(), allowance=budget
            ) as openai,
            S3Mock(BUCKET, listener=sandbox.listener(), allowance=Allowance(MOST_S3_REQUESTS, _SHARE)) as s3,
            ThreadPoolExecutor(max_workers=1) as pool,
        ):
            setting = Setting(
                given.submission,
                sandbox,
                openai,
                s3,
                given.canary,
                Clock(lambda phase: None),
                given.only,
                budget=budget,
                assignment=given.assignment,
            )
            sandbox.preload(imports.worth_loading(root))
            target = find_app(root, given.submission.manifest)
            silence = pool.submit(_asked_in_silence, setting, target, heard, teller)
            tests = TestsBeside(setting, target)
            tests.start(heard.offers.result())
            # the first process waits for the word on the app before anything else
            teller.wait()
            teller.ran(tests.settled(silence.result))
            teller.seen(*silence.result())
    except GraderError as error:
        teller.trouble(str(error))
    except Exception as error:
        teller.trouble(f"{type(error).__name__}: {error}")


def _asked_in_silence(
    setting: Setting, target: AppTarget | None, heard: _Heard, teller: _Teller
) -> tuple[SeenAside, dict[str, bytes]]:
    """Start the app as the first one was started, and ask it, if it answers an ordinary request as that one does."""
    asked = False
    try:
        first = heard.first.result()
        assert target is not None
        with launch(setting, target) as launched:
            session, facts = launched.session, launched.facts
            offers = heard.offers.result()
            if offers and not _difference(facts, first):
                served = Served(setting.submission.root, session, launched.document, launched.job)
                session.lookups = openapi_document.lookups(served.documented())
                asked = _serves(session, offers)
            teller.viable(asked, _difference(facts, first) or "an ordinary request did not succeed there")
            if not asked:
                return SeenAside(), {}
            probes = asking.ask_in_silence(setting, session, offers, at=("openai",))
            session.close()
            if launched.job.printed_sought:
                session.note_printed()
        check_alive(setting.openai, setting.s3, setting.sandbox)
        return seen_aside(session, probes), session.blobs
    except CancelledError:  # the first app did not start
        return SeenAside(), {}
    except GraderError as error:
        if asked:
            raise
        teller.viable(False, str(error))
        return SeenAside(), {}
    finally:
        teller.viable(False)


def _difference(second: AppStart, first: Mapping[str, Any]) -> str:
    """How the second start differs from the first; empty if it does not."""
    if not second.started:
        return f"it did not start there: {second.failure}"
    found = second.model_dump(mode="json", include=SAME_START)
    return "" if found == first else f"it started in another way there: {found}, not {first}"


def _serves(session: Session, offers: Sequence[Offer]) -> bool:
    """Whether an ordinary request for each kind reaches OpenAI and succeeds, as it does with the first app.

    It may depend on what the first was asked before: on a user who was registered, or on a file that was uploaded. The very first
    one may be slow, since the app and the stand-ins load what they need.
    """
    return all(any(_is_served(session, offer) for _ in range(_TRIES)) for offer in offers)


def _is_served(session: Session, offer: Offer) -> bool:
    made = session.send("does it serve, too", request_of(offer).request)
    return made.status is not None and made.status < 400 and bool(session.calls_of(made))


def seen_aside(session: Session, probes: Sequence[Probe]) -> SeenAside:
    """What the probes refer to, under identifiers that the first process does not use."""
    asked = {id for probe in probes for id in (probe.exchange, probe.after, probe.outcome) if id}
    return SeenAside(
        probes=tuple(
            _renamed(probe, ("exchange", "after", "outcome", "calls", "objects", "carriers"))
            for probe in probes
        ),
        exchanges=tuple(_renamed(each, ("id",)) for each in session.exchanges if each.id in asked),
        calls=tuple(
            _renamed(each, ("id", "exchange", "draws_on"))
            for each in session.linked_calls()
            if each.exchange in asked
        ),
        objects=tuple(
            _renamed(each, ("id", "exchange")) for each in session.objects if each.exchange in asked
        ),
        canary_seen=tuple(session.canary_seen),
    )


def _renamed(record: _Seen, fields: Sequence[str]) -> _Seen:
    """The same record; the identifiers in these fields end with `_ENDING`."""
    changed: dict[str, Any] = {}
    for name in fields:
        value = getattr(record, name)
        if isinstance(value, tuple):
            changed[name] = tuple(f"{each}{_ENDING}" for each in value)
        elif value is not None:
            changed[name] = f"{value}{_ENDING}"
    return record.model_copy(update=changed)
