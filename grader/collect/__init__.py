"""The only part that runs a learner's code: starts the app and its tests, asks, and writes down what it saw."""

import json
import re
import secrets
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from classroom.loopback import bind
from classroom.s3 import S3Mock
from classroom.standin.journal import fingerprint
from classroom.standin.mock import OpenAIMock
from grader.collect import notebooks, probes, suite
from grader.collect.discovery import declared, discover
from grader.collect.find_app import AppTarget, find_app
from grader.collect.process import Child, Order, base_environment
from grader.collect.requests import Request
from grader.collect.scans import scan
from grader.collect.session import Session
from grader.errors import GraderError
from grader.evidence import AppStart, Evidence, Offer, Probe, TestRun
from grader.evidence import Submission as SubmissionFacts
from grader.operations import Operation, operations
from grader.submission import Submission

START_SECONDS = 20.0
_ALIVE_SECONDS = 10.0
_BUCKET = "submission-files"
_DOCUMENTS = (
    "/openapi.json",
    "/api/openapi.json",
    "/schema/openapi.json",
    "/v1/openapi.json",
    "/swagger.json",
    "/apispec_1.json",
    "/api/schema/",
)

Progress = Callable[[str], None]


@dataclass
class _Findings:
    """What has been found so far; whatever later phase fails, this much is kept."""

    app: AppStart = field(default_factory=AppStart)
    offers: list[Offer] = field(default_factory=list)
    probes: list[Probe] = field(default_factory=list)
    phases: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str, progress: Progress) -> Iterator[None]:
        """Times a phase and says that it began."""
        progress(name)
        began = time.monotonic()
        try:
            yield
        finally:
            self.phases[name] = round(time.monotonic() - began, 3)


def collect(
    submission: Submission, progress: Progress = lambda phase: None, only: Sequence[str] = ()
) -> Evidence:
    """Start the submission's app between two stand-ins, put every question, run its tests.

    Args:
        submission: a copy that may be run.
        progress: told the name of each phase as it begins.
        only: leave out what no criterion whose identifier begins so needs; everything, if empty.
    """
    began = time.monotonic()
    findings = _Findings()
    canary = f"sk-canary-{secrets.token_urlsafe(24)}"
    with (
        tempfile.TemporaryDirectory(prefix="home-") as home,
        OpenAIMock(legacy=True) as openai,
        S3Mock(_BUCKET) as s3,
    ):
        session = None
        target = find_app(submission.root, submission.manifest)
        with findings.phase("read the files", progress):
            scans = scan(submission)
        tests = _TestsBeside(submission, target, wanted=_wants(only, "tests."))
        if target is None:
            findings.app = AppStart(failure="No web application was found in the code.")
        else:
            session = _examine(
                submission,
                target,
                findings,
                openai,
                s3,
                canary,
                Path(home),
                progress,
                tests.start,
                only,
            )
        _check_alive(openai, s3)
        with findings.phase("run the tests", progress):
            test_run = tests.result()
        with findings.phase("run the notebooks", progress):
            ran = tuple(notebooks.run(submission)) if _wants(only, "notebooks.") else ()
    return Evidence(
        submission=SubmissionFacts(name=submission.name, digest=submission.digest),
        isolation="process",
        bucket=_BUCKET,
        canary_fingerprint=fingerprint(canary),
        canary_seen=tuple(session.canary_seen) if session else (),
        app=findings.app,
        exchanges=tuple(session.exchanges) if session else (),
        calls=tuple(session.calls) if session else (),
        objects=tuple(session.objects) if session else (),
        offers=tuple(findings.offers),
        probes=tuple(findings.probes),
        expected_kinds=submission.manifest.expect,
        only=tuple(only),
        test_run=test_run,
        notebooks=ran,
        scans=scans,
        seconds=round(time.monotonic() - began, 3),
        phases=findings.phases,
    ).with_blobs(session.blobs if session else {})


def _check_alive(openai: OpenAIMock, s3: S3Mock) -> None:
    """What an app does while a stand-in is dead is not the app's doing.

    Raises:
        GraderError: one of them does not answer any more.
    """
    for name, url in (("OpenAI", openai.base_url), ("S3", s3.endpoint_url)):
        try:
            httpx.get(url, timeout=_ALIVE_SECONDS, trust_env=False)
        except httpx.HTTPError as error:
            raise GraderError(
                f"The stand-in for {name} died while the submission was graded ({type(error).__name__}), "
                "so nothing that was seen can be trusted. Grade it again."
            ) from error


def _wants(only: Sequence[str], family: str) -> bool:
    """Whether any criterion of a family, such as "errors.", was asked for."""
    return not only or any(family.startswith(prefix) or prefix.startswith(family) for prefix in only)


class _TestsBeside:
    """The suite, run in a thread beside the slow probes: it has its own stand-ins, or none."""

    def __init__(self, submission: Submission, target: AppTarget | None, *, wanted: bool) -> None:
        self._wanted = wanted
        self._folders = target.pythonpath if target else (submission.root / "src", submission.root)
        self._submission = submission
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._future: Future[TestRun] | None = None

    def start(self, offers: Sequence[Offer] = ()) -> None:
        """Begin; once is enough."""
        if self._future is None and self._wanted:
            self._future = self._pool.submit(suite.run, self._submission, self._folders, offers)

    def result(self) -> TestRun:
        """What the run showed, waited for."""
        self.start()
        return self._future.result() if self._future else TestRun(failure="The tests were not asked for.")


def app_environment(
    home: Path, openai: OpenAIMock, s3: S3Mock, canary: str, port: int, extra: dict[str, str]
) -> dict[str, str]:
    """The variables of the contract's section 2, and no others of the grader's own."""
    told = {
        "openai_key": canary,
        "openai_url": openai.base_url,
        "s3_url": s3.endpoint_url,
        "bucket": _BUCKET,
        "region": "us-east-1",
    }
    named = {
        **s3.environment,
        "OPENAI_API_KEY": canary,
        "OPENAI_KEY": canary,
        "OPENAI_BASE_URL": openai.base_url,
        "OPENAI_API_BASE": openai.base_url,
        "S3_BUCKET_NAME": _BUCKET,
        "S3_BUCKET": _BUCKET,
        "BUCKET_NAME": _BUCKET,
        "AWS_BUCKET_NAME": _BUCKET,
        "PORT": str(port),
    }
    for name, template in extra.items():
        for word, value in told.items():
            template = template.replace(f"{{{word}}}", value)
        named[name] = template
    return {**base_environment(home), **named}


def _examine(
    submission: Submission,
    target: AppTarget,
    findings: _Findings,
    openai: OpenAIMock,
    s3: S3Mock,
    canary: str,
    home: Path,
    progress: Progress,
    start_tests: Callable[[Sequence[Offer]], None],
    only: Sequence[str],
) -> Session:
    """Start the app and put every question to it."""
    listener = bind()
    port = listener.getsockname()[1]
    environment = app_environment(home, openai, s3, canary, port, submission.manifest.env)
    order = Order(
        do="serve",
        name=target.target,
        pythonpath=target.pythonpath,
        cwd=submission.root / submission.manifest.cwd,
        environment=environment,
        facts={"target": target.target, "fd": listener.fileno()},
        python=submission.python,
    )
    with listener, Child(order, pass_fds=[listener.fileno()]) as child:
        session = Session(
            f"http://127.0.0.1:{port}", openai, s3, canary, dict(submission.manifest.auth.headers)
        )
        with findings.phase("start the app", progress):
            document, findings.app = _await_start(session, child, target, listener)
        if not findings.app.started:
            session.look_in_log(findings.app.log)
            session.close()
            return session
        found = operations(document)
        findings.app = findings.app.model_copy(update={"operations": len(found)})
        session.lookups = [
            (operation.path, operation.shapes[0][0].name)
            for operation in found
            if operation.method == "GET"
            and len(operation.shapes[0]) == 1
            and operation.shapes[0][0].location == "path"
        ]
        _ask(session, submission, found, findings, progress, start_tests, only)
        session.close()
        log = child.log()
        session.look_in_log(log)
        findings.app = findings.app.model_copy(update={"log": log.replace(canary, "(the key)")})
    return session


def _await_start(
    session: Session, child: Child, target: AppTarget, listener: socket.socket
) -> tuple[dict[str, Any], AppStart]:
    """Until the app answers HTTP, has ended, or the time is over; and its OpenAPI document, if it serves one."""
    began = time.monotonic()
    facts: dict[str, Any] = {"target": target.target, "found_by": target.found_by}
    listener.listen(128)
    with httpx.Client(base_url=session.url, timeout=1.0, trust_env=False) as client:
        while child.exit_code is None and time.monotonic() - began < START_SECONDS:
            try:
                client.get("/")
            except httpx.TimeoutException:
                continue
            except httpx.HTTPError:
                time.sleep(0.05)
                continue
            document, url = _document(session)
            seconds = time.monotonic() - began
            return document, AppStart(**facts, started=True, seconds=seconds, openapi_url=url)
    log = child.log()
    if child.exit_code is None:
        failure = f"The app did not answer within {START_SECONDS:g} seconds."
    else:
        failure = f"The app ended while starting. {_last_error(log)}{_about_packages(log)}"
    return {}, AppStart(**facts, seconds=time.monotonic() - began, failure=failure, log=log)


def _last_error(log: str) -> str:
    """The line of a traceback that says what was wrong."""
    lines = [line for line in log.strip().splitlines() if line.strip()]
    errors = [line for line in lines if not line.startswith((" ", "INFO", "Traceback"))]
    return (errors or lines or ["It printed nothing."])[-1][:300]


_MISSING = re.compile(r"ModuleNotFoundError: No module named '([\w.]+)'")


def _about_packages(log: str) -> str:
    """What to do about a package that is not there."""
    missing = _MISSING.findall(log)
    if not missing:
        return ""
    name = missing[-1].partition(".")[0]
    return (
        f" The package {name} is not among those that it was run with: declare it, and use --env submission, "
        "or do without it."
    )


def _document(session: Session) -> tuple[dict[str, Any], str | None]:
    """The app's OpenAPI document and where it was, ({}, None) if it serves none."""
    for place in _DOCUMENTS:
        exchange = session.send("fetch the OpenAPI document", Request("GET", place))
        if exchange.status != 200 or exchange.body_sha256 is None:
            continue
        document = _parsed(session.blobs.get(exchange.body_sha256, b""))
        if "paths" in document:
            return document, place
    return {}, None


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _ask(
    session: Session,
    submission: Submission,
    found: list[Operation],
    findings: _Findings,
    progress: Progress,
    start_tests: Callable[[Sequence[Offer]], None],
    only: Sequence[str],
) -> None:
    with findings.phase("find what generates", progress):
        findings.offers = declared(session, submission.manifest.endpoint) or discover(session, found)
    with findings.phase("generate", progress):
        for offer in findings.offers:
            made = probes.generate(session, offer)
            findings.probes.append(made)
            findings.probes.append(probes.served(session, offer, made, found))
    with findings.phase("send bad input", progress):
        for offer in findings.offers if _wants(only, "validation.") else ():
            findings.probes.extend(probes.validation(session, offer))
    with findings.phase("let OpenAI and S3 fail", progress):
        for offer in findings.offers if _wants(only, "errors.") else ():
            findings.probes.extend(probes.errors(session, offer))
    start_tests(findings.offers)
    with findings.phase("let OpenAI stay silent, and S3 take its time", progress):
        if findings.offers and _wants(only, "errors.timeout"):
            findings.probes.extend(probes.timeouts(session, findings.offers))
        if findings.offers and _wants(only, "errors.storage_down"):
            findings.probes.extend(probes.slow_storage(session, findings.offers))
