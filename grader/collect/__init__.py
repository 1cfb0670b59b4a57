"""The only part that runs a learner's code: starts the app and its tests, asks, and writes down what it saw."""

import secrets
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from classroom.allowance import Allowance
from classroom.s3 import S3Mock
from classroom.standin.journal import fingerprint
from classroom.standin.mock import OpenAIMock
from grader import openai_module, reading
from grader.collect import (
    azure,
    imports,
    locating,
    module_questions,
    notebooks,
    probes,
    start_failure,
    start_reasons,
    starting,
    suite,
)
from grader.collect.budget import PerRequest
from grader.collect.discovery import declared
from grader.collect.find_app import AppTarget, file_of_app, find_app
from grader.collect.meanings import Places
from grader.collect.other_kinds import other_kind
from grader.collect.questions import Question, ordinary, put_in_any_order, validation
from grader.collect.requests import Request
from grader.collect.routes import MAX_TOLD, document_places, heard
from grader.collect.scans import scan
from grader.collect.search import Search
from grader.collect.served import Served
from grader.collect.session import Session
from grader.collect.starting import StartPlan
from grader.collect.transport import Inward
from grader.errors import GraderError
from grader.evidence import AppStart, Evidence, Kind, Miss, Offer, Probe, Scans, StartVerdict, TestRun
from grader.evidence import Submission as SubmissionFacts
from grader.operations import Operation
from grader.sandbox import Job, Order, Sandbox, Tier
from grader.submission import OpensSandbox, Submission

START_SECONDS = 20.0
_STARTING_SECONDS = 3 * START_SECONDS  # after which no other way to start is tried
_MOST_START_SECONDS = 60.0  # of one start, on a machine that is busy with others
_ALIVE_SECONDS = 10.0
_BUCKET = "submission-files"
# more than ten times what a grading takes: 100 calls, 200 requests, a megabyte or two of each
_MOST_CALLS, _MOST_S3_REQUESTS, _MOST_BYTES = 5_000, 20_000, 48 * 1024 * 1024
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
Patience = Callable[[], AbstractContextManager[None]]


def collect(
    submission: Submission,
    progress: Progress = lambda phase: None,
    only: Sequence[str] = (),
    *,
    tier: Tier = "process",
    cold: bool = False,
    patience: Patience | None = None,
    open_sandbox: OpensSandbox | None = None,
) -> Evidence:
    """Start the submission's app between two stand-ins, put every question, run its tests.

    Args:
        submission: a copy of it.
        progress: told the name of each phase as it begins.
        only: leave out what no criterion whose identifier begins so needs; everything, if empty.
        tier: how well its code is kept apart.
        cold: start each of its programs in a fresh interpreter; slower, and the reference for what is quicker.
        patience: entered while the grader only waits for what the app does about a silent OpenAI. Without it, the
            tests run beside that; with it, before.
        open_sandbox: starts the sandbox for its code; this process does, if it is left out.

    Raises:
        GraderError: the sandbox or a stand-in failed.
    """
    began = time.monotonic()
    budget = PerRequest(_MOST_CALLS, _MOST_BYTES)
    # packages of the submission's choice are loaded behind the wall alone, never by the agent
    ours = submission.python == Path(sys.executable)
    with (
        (open_sandbox or partial(Sandbox, tier))(
            submission.python, submission.root, cold=cold or not ours
        ) as sandbox,
        OpenAIMock(legacy=True, any_deployment=True, listener=sandbox.listener(), allowance=budget) as openai,
        S3Mock(
            _BUCKET, listener=sandbox.listener(), allowance=Allowance(_MOST_S3_REQUESTS, _MOST_BYTES)
        ) as s3,
    ):
        grading = _Grading(submission, sandbox, openai, s3, progress, tuple(only), patience, budget=budget)
        grading.go()
        return grading.evidence(time.monotonic() - began)


def _wants(only: Sequence[str], family: str) -> bool:
    """Whether any criterion of a family, such as "errors.", was asked for."""
    return not only or any(family.startswith(prefix) or prefix.startswith(family) for prefix in only)


@dataclass
class _Grading:
    """One submission between its stand-ins; whatever later phase fails, what was found so far is kept."""

    submission: Submission
    sandbox: Sandbox
    openai: OpenAIMock
    s3: S3Mock
    progress: Progress
    only: tuple[str, ...]
    patience: Patience | None = None
    budget: PerRequest | None = None
    canary: str = field(default_factory=lambda: f"sk-canary-{secrets.token_urlsafe(24)}")
    app: AppStart = field(default_factory=AppStart)
    offers: list[Offer] = field(default_factory=list)
    misses: list[Miss] = field(default_factory=list)
    naming: dict[Kind, Offer] = field(
        default_factory=dict
    )  # a second operation that lets the caller name the file
    probes: list[Probe] = field(default_factory=list)
    phases: dict[str, float] = field(default_factory=dict)
    session: Session | None = None
    scans: Scans | None = None
    test_run: TestRun | None = None
    notebooks: tuple[Any, ...] = ()

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Times a phase, which may be gone through several times, and says that it began."""
        self.progress(name)
        began = time.monotonic()
        try:
            yield
        finally:
            self.phases[name] = round(self.phases.get(name, 0.0) + time.monotonic() - began, 3)

    def wants(self, family: str) -> bool:
        """Whether any criterion of a family was asked for."""
        return _wants(self.only, family)

    def go(self) -> None:
        """Everything, in order."""
        with self.phase("read the files"):
            target = find_app(self.submission.root, self.submission.manifest)
            self.scans = scan(self.submission, self.sandbox)
            self.sandbox.preload(imports.worth_loading(self.submission.root))
        beside = _TestsBeside(self.submission, self.sandbox, target, wanted=self.wants("tests."))
        if target is None:
            kind = other_kind(self.submission.root)
            self.app = AppStart(
                failure=kind or "No web application was found in the code.",
                verdict="not_run" if kind else "failed",
            )
        else:
            self._examine(target, beside)
        _check_alive(self.openai, self.s3, self.sandbox)
        with self.phase("run the tests"):
            self.test_run = beside.result()
        with self.phase("run the notebooks"):
            if self.wants("notebooks."):
                self.notebooks = tuple(notebooks.run(self.submission, self.sandbox))

    def evidence(self, seconds: float) -> Evidence:
        """What was seen."""
        session = self.session
        assert self.scans is not None
        assert self.test_run is not None
        return Evidence(
            submission=SubmissionFacts(name=self.submission.name, digest=self.submission.digest),
            isolation=self.sandbox.tier,
            bucket=_BUCKET,
            canary_fingerprint=fingerprint(self.canary),
            canary_seen=tuple(session.canary_seen) if session else (),
            app=self.app,
            exchanges=tuple(session.exchanges) if session else (),
            calls=tuple(session.linked_calls()) if session else (),
            objects=tuple(session.objects) if session else (),
            offers=tuple(self.offers),
            misses=tuple(self.misses),
            probes=tuple(self.probes),
            expected_kinds=self.submission.manifest.expect,
            only=self.only,
            test_run=self.test_run,
            notebooks=self.notebooks,
            scans=self.scans,
            uninstalled=self._uninstalled(),
            seconds=round(seconds, 3),
            phases=self.phases,
        ).with_blobs(session.blobs if session else {})

    def _uninstalled(self) -> tuple[str, ...]:
        """What its suite and its notebooks lacked, and the submission declares."""
        run = self.test_run
        said = [run.output, *(one.why for one in run.red)] if run else []
        said += [each.failure for each in self.notebooks if each.failure]
        app = file_of_app(self.submission.root, self.submission.manifest)
        return start_reasons.uninstalled(self.submission.root, app, "\n".join(said))

    def _examine(self, target: AppTarget, beside: "_TestsBeside") -> None:
        """Start the app and put every question to it."""
        manifest, root = self.submission.manifest, self.submission.root
        places, own = self._places(), self._environment()
        plan = starting.plan(root, target.target, target.pythonpath, target.file, manifest.cwd, places, own)
        leaked: list[str] = []
        for number in range(1, starting.MOST_STARTS + 1):
            facts: dict[str, Any] = {"found_by": target.found_by, "starts": number}
            with self._running(plan, own) as (session, job):
                session.canary_seen.extend(leaked)
                with self.phase("start the app"):
                    document = self._await_start(session, job, plan, facts)
                if self.app.started:
                    self._examine_running(session, job, document, beside)
                    return
                if job.printed_sought:
                    session.note_printed()
                leaked = session.canary_seen
            failure = start_failure.read_failure(self.app.log, self.sandbox.inside(root))
            if self.phases["start the app"] > _STARTING_SECONDS or not plan.revise(failure):
                break
        if self.app.verdict == "error" or (job.exit_code is None and failure is None):
            return  # the machine was slow, or it neither ended nor printed anything: the sentence says all
        reason = start_reasons.explain(
            failure, plan, self.submission.python, Path(sys.executable), target.file
        )
        self.app = self.app.model_copy(
            update={
                "failure": reason.text.replace(self.canary, "(the key)"),
                "verdict": reason.verdict,
                "advice": reason.advice,
                "log": self._readable(self.app.log),
            }
        )

    @contextmanager
    def _running(self, plan: StartPlan, own: Mapping[str, str]) -> Iterator[tuple[Session, Job]]:
        """The app, started as a plan says, and a session with it."""
        with self.sandbox.listener() as listener:
            port: int = listener.getsockname()[1]
            order = Order(
                do="serve",
                name=plan.target,
                pythonpath=tuple(self.sandbox.inside(folder) for folder in plan.pythonpath),
                cwd=self.sandbox.inside(plan.cwd),
                environment={**own, "PORT": str(port), **plan.environment},
                facts={
                    "target": plan.target,
                    "root": self.sandbox.inside(self.submission.root),
                    "hangs_after": START_SECONDS - 2,
                },
            )
            job = self.sandbox.start(order, [listener.fileno()], hears=MAX_TOLD)
        with job:
            headers = dict(self.submission.manifest.auth.headers)
            url = f"http://127.0.0.1:{port}"
            session = self.session = Session(
                url, self.openai, self.s3, self.canary, headers, self.sandbox, self.budget
            )
            job.seek_in_log(session.sought_in_log)
            session.printing = job
            try:
                yield session, job
            finally:
                session.close()

    def _readable(self, log: str) -> str:
        """What the app printed, with paths as the submission has them, and without the key."""
        return log.replace(f"{self.sandbox.root}/", "").replace(self.canary, "(the key)")

    def _examine_running(
        self, session: Session, job: Job, document: dict[str, Any], beside: "_TestsBeside"
    ) -> None:
        """Put every question to an app that has started."""
        served = Served(self.submission.root, session, document, job)
        found = served.documented()
        self.app = self.app.model_copy(update={"operations": len(found)})
        session.lookups = _lookups(found)
        self._ask(session, served, beside)
        self._ask_module(session, found)
        session.close()
        if job.printed_sought:
            session.note_printed()
        self.app = self.app.model_copy(update={"log": self._readable(job.log())})

    def _places(self) -> Places:
        """Where the stand-ins are."""
        s3 = self.s3.environment
        return Places(
            key=self.canary,
            openai=self.openai.base_url,
            s3=self.s3.endpoint_url,
            bucket=_BUCKET,
            region="us-east-1",
            access_key=s3["AWS_ACCESS_KEY_ID"],
            secret_key=s3["AWS_SECRET_ACCESS_KEY"],
            port="8000",
            database=f"sqlite:///{self.sandbox.temporary}/app.db",
        )

    def _environment(self) -> dict[str, str]:
        """The variables of the contract's section 2, and no others of the grader's own."""
        told = {
            "openai_key": self.canary,
            "openai_url": self.openai.base_url,
            "s3_url": self.s3.endpoint_url,
            "bucket": _BUCKET,
            "region": "us-east-1",
        }
        named = {
            **self.s3.environment,
            "OPENAI_API_KEY": self.canary,
            "OPENAI_KEY": self.canary,
            "OPENAI_BASE_URL": self.openai.base_url,
            "OPENAI_API_BASE": self.openai.base_url,
            "S3_BUCKET_NAME": _BUCKET,
            "S3_BUCKET": _BUCKET,
            "BUCKET_NAME": _BUCKET,
            "AWS_BUCKET_NAME": _BUCKET,
            **azure.environment(self.submission.root, self.openai.base_url, self.canary),
        }
        for name, template in self.submission.manifest.env.items():
            for word, value in told.items():
                template = template.replace(f"{{{word}}}", value)
            named[name] = template
        return {**self.sandbox.environment(), **named}

    def _await_start(
        self, session: Session, job: Job, plan: StartPlan, facts: dict[str, Any]
    ) -> dict[str, Any]:
        """Until the app answers HTTP, has ended, or the time is over; its OpenAPI document, if it serves one."""
        began = time.monotonic()
        folder = plan.cwd.relative_to(self.submission.root).as_posix()
        facts |= {"target": plan.target, "variables": tuple(sorted(plan.environment)), "folder": folder}
        waited = 0.0  # for a processor
        with httpx.Client(base_url=session.url, trust_env=False, transport=Inward(self.sandbox)) as client:
            while job.exit_code is None:
                left = _left(time.monotonic() - began, waited)
                if left <= 0:
                    waited = job.waited()
                    left = _left(time.monotonic() - began, waited)
                if left <= 0:
                    break
                try:
                    # one request, for as long as there is: a second beside it is more than a browser would send
                    with client.stream("GET", "/", timeout=left):
                        pass
                except httpx.TimeoutException:
                    continue
                except httpx.HTTPError:
                    time.sleep(0.02)
                    continue
                document, url = _document(session, document_places(heard(job.said_first())))
                seconds = time.monotonic() - began
                self.app = AppStart(**facts, started=True, seconds=seconds, openapi_url=url)
                return document
        log = job.log()
        seconds = time.monotonic() - began
        failure = (
            f"The app did not answer within {START_SECONDS:g} seconds." if job.exit_code is None else None
        )
        verdict: StartVerdict = "failed"
        if failure and seconds - waited < START_SECONDS:
            verdict = "error"
            failure = (
                f"The app did not answer within {seconds:.0f} seconds, of which the machine was busy with other work "
                f"for {waited:.0f}. Grade it again when the machine has less to do."
            )
        self.app = AppStart(
            **facts,
            seconds=seconds,
            failure=failure,
            verdict=verdict,
            log=log.replace(self.canary, "(the key)"),
        )
        return {}

    def _ask(self, session: Session, served: Served, beside: "_TestsBeside") -> None:
        found = [one for one in served.documented() if not openai_module.belongs(one.path)]
        with self.phase("find what generates"):
            self.offers = declared(session, self.submission.manifest.endpoint, found)
            if not self.offers:
                search = Search(session, found, served.undocumented, served.names)
                self.offers, self.misses = search.offers(), search.misses()
                self.naming = search.naming()
                self.app = self.app.model_copy(update={"needs": self._needed(session)})
            self.offers = locating.located(self.offers, self.submission.root)
        with self.phase("generate"):
            for offer in self.offers:
                made = probes.generate(session, offer)
                self.probes.append(made)
                self.probes.append(probes.served(session, offer, made, found))
        with self.phase("send bad input"):
            self.probes.extend(put_in_any_order(session, self._questions()))
        with self.phase("let OpenAI and S3 fail"):
            for offer in self.offers if self.wants("errors.") else ():
                self.probes.extend(probes.errors(session, offer))
        beside.start(self.offers)
        if self.patience:
            beside.result()
        with (
            self.phase("let OpenAI stay silent, and S3 take its time"),
            self.patience() if self.patience else nullcontext(),
        ):
            if self.offers and self.wants("errors.timeout"):
                self.probes.extend(probes.timeouts(session, self.offers))
            if self.offers and self.wants("errors.storage_down"):
                self.probes.extend(probes.slow_storage(session, self.offers))

    def _needed(self, session: Session) -> str:
        """The service that the app asked for in vain wherever it failed over words of ours; empty if it failed otherwise."""
        answers = {one.id: one for one in session.exchanges}
        near = [answers[miss.exchange] for miss in self.misses if miss.prompt]
        failing = [one for one in near if one.status is None or one.status >= 500]
        needed = [
            start_reasons.missing_service(one.log) or start_reasons.missing_service(one.body)
            for one in failing
        ]
        return needed[0] if needed and all(needed) else ""

    def _questions(self) -> list[Question | Probe]:
        """What is asked of every kind in any order: ordinary requests among those that are to be refused."""
        questions: list[Question | Probe] = []
        for offer in self.offers:
            if self.wants("validation."):
                questions.extend(validation(offer, self.naming.get(offer.kind)))
            if self.wants("endpoint."):
                questions.extend(ordinary(offer))
        return questions

    def _ask_module(self, session: Session, found: list[Operation]) -> None:
        paths = [one.path for one in found if openai_module.belongs(one.path)]
        if paths and self.wants("module."):
            with self.phase("ask the OpenAI module"):
                prefix = min(paths, key=len).partition(openai_module.BASE)[0]
                self.probes.extend(module_questions.ask(session, prefix))


class _TestsBeside:
    """The suite, run in a thread beside the slow probes: it has its own stand-ins, or none."""

    def __init__(
        self, submission: Submission, sandbox: Sandbox, target: AppTarget | None, *, wanted: bool
    ) -> None:
        self._wanted = wanted
        self._folders = target.pythonpath if target else (submission.root / "src", submission.root)
        self._target = target.target if target else None
        self._submission, self._sandbox = submission, sandbox
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._future: Future[TestRun] | None = None

    def start(self, offers: Sequence[Offer] = ()) -> None:
        """Begin; once is enough."""
        if self._future is None and self._wanted:
            self._future = self._pool.submit(
                suite.run, self._submission, self._sandbox, self._folders, offers, self._target
            )

    def result(self) -> TestRun:
        """What the run showed, waited for."""
        self.start()
        return self._future.result() if self._future else TestRun(failure="The tests were not asked for.")


def _left(seconds: float, waited: float) -> float:
    """How long an app may still take to answer for the first time.

    Args:
        seconds: since it was started.
        waited: of these, how long it was ready to run while the machine was busy with others.
    """
    return min(START_SECONDS - (seconds - waited), _MOST_START_SECONDS - seconds)


def _check_alive(openai: OpenAIMock, s3: S3Mock, sandbox: Sandbox) -> None:
    """What an app does while a stand-in is dead is not the app's doing.

    Raises:
        GraderError: one of them does not answer any more.
    """
    for name, url in (("OpenAI", openai.base_url), ("S3", s3.endpoint_url)):
        try:
            with httpx.Client(transport=Inward(sandbox), timeout=_ALIVE_SECONDS, trust_env=False) as client:
                client.get(url)
        except httpx.HTTPError as error:
            raise GraderError(
                f"The stand-in for {name} died while the submission was graded ({type(error).__name__}), "
                "so nothing that was seen can be trusted. Grade it again."
            ) from error


def _lookups(found: Sequence[Operation]) -> list[tuple[str, str]]:
    """GET operations with one input, in their path."""
    return [
        (operation.path, operation.shapes[0][0].name)
        for operation in found
        if operation.method == "GET"
        and len(operation.shapes[0]) == 1
        and operation.shapes[0][0].location == "path"
    ]


def _document(session: Session, places: Sequence[str]) -> tuple[dict[str, Any], str | None]:
    """The app's OpenAPI document and where it was, ({}, None) if it serves none. `places`: those that it has a route for."""
    for place in dict.fromkeys([*places, *_DOCUMENTS]):
        exchange = session.send("fetch the OpenAPI document", Request("GET", place))
        if exchange.status != 200 or exchange.body_sha256 is None:
            continue
        document = _parsed(session.blobs.get(exchange.body_sha256, b""))
        if "paths" in document:
            return document, place
    return {}, None


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        value = reading.parse_json(content)
    except reading.Unreadable:
        return {}
    return value if isinstance(value, dict) else {}
