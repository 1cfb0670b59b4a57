"""A pytest plugin for the learner's process: after the suite has run, each fault is planted and the suite asked again.

Loaded by `work.py`; imports nothing of the grader's. Faults are planted at the app's boundaries, never inside its
functions: in what boto3 sends to S3, in what the SDK sends to OpenAI, in the status with which the app answers. For
each fault only the tests that came near it run again, until the first of them fails. All faults share one process, forked
from the state after collection; there a test that failed must pass again as soon as the fault is gone. What was noticed
by nobody there is planted once more in a process of its own: nothing that others left behind (objects in moto, counters,
caches) can hide a fault.
"""

import contextlib
import copy
import functools
import importlib
import io
import json
import os
import re
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from _pytest import assertion

_SECONDS = 60.0  # for one planted fault
_LOCAL = ("127.", "localhost", "::1", "0.0.0.0", "testserver")  # noqa: S104 - compared with, not bound
_REAL = re.compile(r"(^|\.)(openai\.com|openai\.azure\.com|amazonaws\.com)\.?$")
_KIND_OF_URL = (
    ("chat/completions", "text"),
    ("responses", "text"),
    ("completions", "text"),
    ("images", "image"),
    ("audio/speech", "audio"),
)
_KIND_OF_TYPE = (("image/", "image"), ("audio/", "audio"), ("text/", "text"))
_OTHER_MODEL = {"text": "gpt-5.2", "image": "gpt-image-1.5", "audio": "tts-1-hd"}
_PROMPT_PLACES = ("messages", "input", "prompt")

# frameworks, by the package that a submission imports: where their applications are called
_ASGI = {
    "starlette": ("starlette.applications", "Starlette"),
    "litestar": ("litestar", "Litestar"),
    "quart": ("quart", "Quart"),
}
_WSGI = {"flask": ("flask", "Flask")}
_HEARD = 20_000  # bytes of a request that tell of which kind it is

# name of a fault → the boundary at which it is planted
S3_FAULTS = ("dropped_write", "wrong_content_type", "swapped_bytes", "wrong_key", "s3_failing")
OPENAI_FAULTS = ("replaced_prompt", "replaced_model", "openai_failing")
APP_FAULTS = ("refused_success", "accepted_error", "accepted_bad_input")
# only advice follows from these: they are planted where a test can notice, and not twice
_ADVISORY = {"replaced_model": re.compile(r"(?i)model")}


class Boundaries:
    """Watches what passes the app's boundaries, and plants at most one fault there."""

    def __init__(self, generating: list[dict[str, Any]]) -> None:
        self.test: str | None = None
        self.reached: dict[tuple[str, str], set[str]] = {}
        self.active: tuple[str, str] | None = None
        self.outside: set[str] = set()
        self.asked_for: set[str] = set()
        self._generating = [{**each, "path": re.compile(each["path"])} for each in generating]

    def note(self, name: str, kind: str) -> bool:
        """A test came to where a fault would be planted; returns whether it is planted now."""
        if self.test is not None:
            self.reached.setdefault((name, kind), set()).add(self.test)
        return self.active == (name, kind)

    def is_generating(self, method: str, path: str) -> bool:
        """Whether a request is for one of the operations that generate."""
        return any(method == each["method"] and each["path"].fullmatch(path) for each in self._generating)

    def note_success(self, method: str, path: str, said: str) -> None:
        """The app made something: of which kinds that can have been, by the path and by the words of the request."""
        here = [
            each for each in self._generating if method == each["method"] and each["path"].fullmatch(path)
        ]
        words = set(re.findall(r"[a-z0-9]+", said.lower()))
        named = {each["kind"] for each in here if words & set(each["words"])}
        self.asked_for |= named or {each["kind"] for each in here}

    # --- S3 ---------------------------------------------------------------------------------------------------

    def watch_s3(self) -> None:
        """Wrap the one method through which every boto3 call goes."""
        from botocore.client import BaseClient

        real = BaseClient._make_api_call

        @functools.wraps(real)
        def call(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
            if operation != "PutObject":
                return real(client, operation, parameters)
            return self._put(lambda changed: real(client, operation, changed), parameters)

        _set(BaseClient, "_make_api_call", call)

    def _put(self, put: Callable[[dict[str, Any]], Any], parameters: dict[str, Any]) -> Any:
        content_type = str(parameters.get("ContentType", ""))
        kind = next((kind for prefix, kind in _KIND_OF_TYPE if content_type.startswith(prefix)), "any")
        changed = dict(parameters)
        if self.note("dropped_write", kind):
            return {
                "ETag": '"0"',
                "ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": {}, "RetryAttempts": 0},
            }
        if self.note("wrong_content_type", kind):
            changed["ContentType"] = "binary/octet-stream"
        if self.note("swapped_bytes", kind):
            changed["Body"] = b"these are other bytes than the app stored"
        if self.note("wrong_key", kind):
            changed["Key"] = f"elsewhere/{parameters.get('Key')}"
        if self.note("s3_failing", kind):
            from botocore.exceptions import ClientError

            raise ClientError({"Error": {"Code": "ServiceUnavailable", "Message": "planted"}}, "PutObject")
        return put(changed)

    # --- OpenAI -----------------------------------------------------------------------------------------------

    def watch_openai(self) -> None:
        """Wrap the SDK's `request`, sync and async: beneath every resource, above every transport."""
        from openai import _base_client

        for base in (_base_client.SyncAPIClient, _base_client.AsyncAPIClient):
            real = base.request

            # bound as a default, so that each class keeps its own
            def request(
                client: Any, cast_to: Any, options: Any, *rest: Any, _real: Any = real, **named: Any
            ) -> Any:
                return _real(client, cast_to, self._asked(options), *rest, **named)

            _set(base, "request", functools.wraps(real)(request))

    def _asked(self, options: Any) -> Any:
        url = str(getattr(options, "url", ""))
        kind = next((kind for part, kind in _KIND_OF_URL if part in url), None)
        body = getattr(options, "json_data", None)
        if kind is None or not isinstance(body, dict):
            return options
        changed = copy.copy(options)
        if self.note("replaced_prompt", kind):
            changed.json_data = {
                name: _replaced(value) if name in _PROMPT_PLACES else value for name, value in body.items()
            }
        if self.note("replaced_model", kind):
            changed.json_data = {**body, "model": _OTHER_MODEL[kind]}
        if self.note("openai_failing", kind):
            import httpx2
            import openai

            raise openai.APIConnectionError(request=httpx2.Request("POST", "http://planted.invalid/"))
        return changed

    # --- the app's answers ------------------------------------------------------------------------------------

    def watch_app(self, frameworks: list[str]) -> None:
        """Wrap the applications themselves: whichever client a test uses, its requests pass here."""
        for name in frameworks:
            with contextlib.suppress(ImportError, AttributeError):
                if name in _ASGI:
                    module, attribute = _ASGI[name]
                    self._watch_asgi(getattr(importlib.import_module(module), attribute))
                elif name in _WSGI:
                    module, attribute = _WSGI[name]
                    self._watch_wsgi(getattr(importlib.import_module(module), attribute))
                elif name == "django":
                    self._watch_django()

    def _watch_django(self) -> None:
        """The one method through which servers and Django's own test client ask."""
        from django.core.handlers.base import BaseHandler

        real = BaseHandler.get_response

        def get_response(handler: Any, request: Any) -> Any:
            if not self.is_generating(request.method, request.path_info):
                return real(handler, request)
            said = f"{request.get_full_path()} {request.body[:_HEARD].decode('latin-1')}"
            response = real(handler, request)
            if response.status_code < 300:
                self.note_success(request.method, request.path_info, said)
            response.status_code = self._answered(response.status_code)
            return response

        _set(BaseHandler, "get_response", functools.wraps(real)(get_response))

    def _watch_asgi(self, place: Any) -> None:
        asgi = place.__call__

        async def call_asgi(app: Any, scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http" or not self.is_generating(scope["method"], scope["path"]):
                await asgi(app, scope, receive, send)
                return

            heard: list[bytes] = [scope.get("query_string", b"")]

            async def receive_noted() -> Any:
                message = await receive()
                heard.append(message.get("body", b"")[:_HEARD])
                return message

            async def send_changed(message: Any) -> None:
                if message["type"] == "http.response.start":
                    if message["status"] < 300:
                        said = scope["path"] + b" ".join(heard).decode("latin-1")
                        self.note_success(scope["method"], scope["path"], said)
                    message = {**message, "status": self._answered(message["status"])}
                await send(message)

            await asgi(app, scope, receive_noted, send_changed)

        _set(place, "__call__", functools.wraps(asgi)(call_asgi))

    def _watch_wsgi(self, place: Any) -> None:
        wsgi = place.__call__

        def call_wsgi(app: Any, environ: Any, start_response: Any) -> Any:
            method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
            if not self.is_generating(method, path):
                return wsgi(app, environ, start_response)
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(body)
            said = f"{path} {environ.get('QUERY_STRING', '')} {body[:_HEARD].decode('latin-1')}"

            def start_changed(status: str, headers: Any, *rest: Any) -> Any:
                number, _, phrase = status.partition(" ")
                if int(number) < 300:
                    self.note_success(method, path, said)
                return start_response(f"{self._answered(int(number))} {phrase}", headers, *rest)

            return wsgi(app, environ, start_changed)

        _set(place, "__call__", functools.wraps(wsgi)(call_wsgi))

    def _answered(self, status: int) -> int:
        self.note("any_answer", "any")
        if 200 <= status < 300 and self.note("refused_success", "any"):
            return 500
        if status in (404, 405):
            return status
        if status >= 400 and self.note("accepted_error", "any"):
            return 200
        if status in (400, 413, 415, 422) and self.note("accepted_bad_input", "any"):
            return 200
        return status

    # --- the world outside ------------------------------------------------------------------------------------

    def watch_network(self) -> None:
        """Nothing but this computer can be reached; who else was asked for is noted."""
        resolve, connect = socket.getaddrinfo, socket.socket.connect

        def refuse(host: Any) -> None:
            name = host.decode() if isinstance(host, bytes) else str(host)
            if name and not name.startswith(_LOCAL):
                if _REAL.search(name):
                    self.outside.add(name)
                raise OSError(f"the tests run without a network: {name} can't be reached")

        def getaddrinfo(host: Any, *rest: Any, **named: Any) -> Any:
            if host is not None:
                refuse(host)
            return resolve(host, *rest, **named)

        def connect_(self_: Any, address: Any) -> Any:
            if isinstance(address, tuple):
                refuse(address[0])
            return connect(self_, address)

        _set(socket, "getaddrinfo", getaddrinfo)
        _set(socket.socket, "connect", connect_)


def _set(place: Any, name: str, function: Any) -> None:
    """Put a function in the place of another."""
    setattr(place, name, function)


def _replaced(value: Any) -> Any:
    """Other words in the place of the prompt; the shape stays."""
    if isinstance(value, str):
        return "something else altogether"
    if isinstance(value, list):
        return [_replaced(item) for item in value]
    if isinstance(value, dict):
        return {
            name: _replaced(item) if name in ("content", "text") else item for name, item in value.items()
        }
    return value


class _Spare:
    """A copy of this process as it is now, which does one thing whenever it is asked; it ends when this one does."""

    def __init__(self, do: Callable[[Any], Any]) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        orders, self._orders = os.pipe()
        self._answers, answers = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            code = 1
            try:
                os.close(self._orders)
                os.close(self._answers)
                with os.fdopen(orders) as lines, os.fdopen(answers, "w", buffering=1) as out:
                    for line in lines:
                        print(json.dumps(do(json.loads(line))), file=out)
                code = 0
            finally:
                os._exit(code)
        os.close(orders)
        os.close(answers)
        self._lines = os.fdopen(self._answers)

    def ask(self, order: Any) -> Any:
        """The answer; None if the copy has ended."""
        try:
            with os.fdopen(os.dup(self._orders), "w") as orders:
                print(json.dumps(order), file=orders)
            return json.loads(self._lines.readline() or "null")
        except (OSError, ValueError):
            return None

    def end(self) -> None:
        """No more orders."""
        os.close(self._orders)
        self._lines.close()
        os.waitpid(self._pid, 0)


class Planter:
    """The plugin. `order`: the kinds that the app offers, its generating operations, the open
    file for the findings, and the word by which they are known."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._kinds: list[str] = [each["kind"] for each in order["generating"]]
        self._report: int = order["report"]
        self._word: str = order["word"]
        self._frameworks: list[str] = order["frameworks"]
        self._boundaries = Boundaries(order["generating"])
        self._failed = False
        self._counts = {"passed": 0, "failed": 0, "skipped": 0}

    def pytest_configure(self) -> None:
        """Before the suite's own modules are imported, so that what they import is watched."""
        self._boundaries.watch_network()
        for watch in (self._boundaries.watch_s3, self._boundaries.watch_openai):
            with contextlib.suppress(ImportError, AttributeError):
                watch()
        self._boundaries.watch_app(self._frameworks)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """What passes a boundary from now on belongs to this test."""
        self._boundaries.test = nodeid

    def pytest_runtest_call(self) -> None:
        """While a fault is planted, nobody reads why a test failed: comparing two pictures in words takes seconds."""
        if self._boundaries.active:
            assertion.util._reprcompare = None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count, and know whether anything failed."""
        if report.failed:
            self._failed = True
            self._counts["failed"] += 1
        elif report.skipped:
            self._counts["skipped"] += 1
        elif report.when == "call":
            self._counts["passed"] += 1

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Iterator[None]:
        """The suite as it is; then, if it passes, once more for each fault."""
        spare = _Spare(lambda plans: self._ask_again(session, plans)) if hasattr(os, "fork") else None
        began = time.monotonic()
        result = yield
        if hasattr(signal, "alarm"):
            signal.alarm(0)
        seconds = round(time.monotonic() - began, 3)
        counts = dict(self._counts)
        faults = []
        self._boundaries.test = None
        reached = self._boundaries.reached
        if not counts["failed"] and spare is not None:
            planned: list[dict[str, Any]] = [
                {"name": name, "kind": kind, "near": self._near(session, name, kind)}
                for name, kind in self._faults()
            ]
            answers = spare.ask(planned)
            faults = [
                {
                    "name": plan["name"],
                    "kind": plan["kind"],
                    "tests": len(reached.get((plan["name"], plan["kind"]), ())),
                    "caught": answers[at] if answers else None,
                }
                for at, plan in enumerate(planned)
            ]
        if spare is not None:
            spare.end()
        boundaries = {
            "s3": any(name in S3_FAULTS for name, _ in reached),
            "openai": any(name in OPENAI_FAULTS for name, _ in reached),
            "app": ("any_answer", "any") in reached,
        }
        findings = {
            **counts,
            "word": self._word,
            "seconds": seconds,
            "faults": faults,
            "boundaries": boundaries,
            "asked_for": sorted(self._boundaries.asked_for),
            "outside": sorted(self._boundaries.outside),
        }
        with open(self._report, "w") as file:
            json.dump(findings, file)
        return result

    def _faults(self) -> list[tuple[str, str]]:
        by_kind = [(name, kind) for name in (*S3_FAULTS, *OPENAI_FAULTS) for kind in self._kinds]
        return [*by_kind, *((name, "any") for name in APP_FAULTS)] if self._kinds else []

    def _near(self, session: pytest.Session, name: str, kind: str) -> list[str]:
        """The tests that came near a fault; for one that is only advice, those whose module speaks of such a thing."""
        near = sorted(self._boundaries.reached.get((name, kind), ()))
        if name not in _ADVISORY:
            return near
        speaking = {item.nodeid for item in session.items if _ADVISORY[name].search(_source(item))}
        return [test for test in near if test in speaking]

    def _ask_again(self, session: pytest.Session, plans: list[dict[str, Any]]) -> list[bool | None]:
        """For each planned fault whether any test near it fails; None if that could not be seen."""
        sys.stdout.flush()
        sys.stderr.flush()
        answers: list[bool | None] = [None if not plan["near"] else False for plan in plans]
        waiting = [at for at, plan in enumerate(plans) if plan["near"]]
        while waiting:
            told = self._together(session, [plans[at] for at in waiting])
            for at, caught in zip(waiting, told, strict=False):
                answers[at] = caught
            # one that spoiled that process, or did not end, was its last
            waiting = waiting[len(told) :]
        for at, plan in enumerate(plans):
            if plan["near"] and answers[at] is not True and plan["name"] not in _ADVISORY:
                answers[at] = next(iter(self._together(session, [plan], alone=True)), None)
            elif plan["name"] in _ADVISORY and not plan["near"]:
                answers[at] = False
        return answers

    def _together(
        self, session: pytest.Session, plans: list[dict[str, Any]], *, alone: bool = False
    ) -> list[bool | None]:
        """Plant faults one after the other in one process; as many answers as it got to, at least one."""
        hears, tells = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.close(hears)
                self._plant(session, plans, tells, alone)
            finally:
                os._exit(0)
        os.close(tells)
        told: list[bool | None] = []
        with os.fdopen(hears, "rb", buffering=0) as lines:
            while len(told) < len(plans):
                ready, _, _ = select.select([lines], [], [], _SECONDS)
                answer = lines.read(1) if ready else b"1"  # a suite that hangs does not pass
                if not answer:
                    break
                told.append({b"0": False, b"1": True}.get(answer))
                if not ready or answer == b"?":
                    break
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return told or [None]

    def _plant(self, session: pytest.Session, plans: list[dict[str, Any]], tells: int, alone: bool) -> None:
        """In a process of its own: one character for each fault, 1 if it was noticed, 0 if not, ? if nobody can say."""
        silence = os.open(os.devnull, os.O_WRONLY)
        for stream in (1, 2):
            os.dup2(silence, stream)
        session.config.option.tbstyle = "no"
        # it writes past the silence, to where pytest keeps the real output
        reporter = session.config.pluginmanager.getplugin("terminalreporter")
        session.config.pluginmanager.unregister(reporter)
        for plan in plans:
            items = [item for item in session.items if item.nodeid in plan["near"]]
            noticed = self._first_failing(session, items, (plan["name"], plan["kind"]))
            if noticed is None:
                os.write(tells, b"0")
            elif alone or self._first_failing(session, [noticed], None) is None:
                os.write(tells, b"1")
            else:
                os.write(tells, b"?")
                return

    def _first_failing(
        self, session: pytest.Session, items: list[pytest.Item], fault: tuple[str, str] | None
    ) -> pytest.Item | None:
        """The first of the tests that fails with a fault planted; None if all pass."""
        self._boundaries.active = fault
        self._failed = False
        session.testsfailed, session.shouldfail, session.shouldstop = 0, False, False
        for item in items:
            session._setupstate.teardown_exact(item)
            if hasattr(item, "_initrequest"):
                item._initrequest()  # its fixtures are set up anew
            other = next((each for each in session.items if each is not item), None)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=other)
            if self._failed:
                self._boundaries.active = None
                return item
        self._boundaries.active = None
        return None


def _source(item: pytest.Item) -> str:
    """The text of a test's module; empty if it can't be had."""
    try:
        return item.path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
