"""The main flow: reads the files, starts the app, asks it, runs its tests and notebooks, and writes down what it saw."""

import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx

from classroom.allowance import Allowance
from classroom.s3 import S3Mock
from classroom.standin.journal import fingerprint
from classroom.standin.mock import OpenAIMock
from grader.assignment.declaration import OwnQuestions
from grader.collect import asking, imports, notebooks, openapi_document, start_reasons, suite
from grader.collect.asking import NOTHING_ASKED, Asked
from grader.collect.budget import PerRequest
from grader.collect.canary import new_key
from grader.collect.find_app import AppTarget, file_of_app, find_app
from grader.collect.launching import Launch, launch
from grader.collect.other_kinds import other_kind
from grader.collect.packages_there import absent
from grader.collect.scans import scan
from grader.collect.served import Served
from grader.collect.session import Session
from grader.collect.setting import BUCKET, Clock, Patience, Progress, Setting
from grader.collect.transport import Inward
from grader.errors import GraderError
from grader.evidence import AppStart, Evidence, NotebookRun, Offer, Scans, TestRun
from grader.evidence import Submission as SubmissionFacts
from grader.sandbox import Sandbox, Tier
from grader.submission import OpensSandbox, Submission

_ALIVE_SECONDS = 10.0
# more than ten times what a grading takes: 100 calls, 200 requests, a megabyte or two of each
_MOST_CALLS, _MOST_S3_REQUESTS, _MOST_BYTES = 5_000, 20_000, 48 * 1024 * 1024


def collect(
    submission: Submission,
    progress: Progress = lambda phase: None,
    only: Sequence[str] = (),
    *,
    tier: Tier,
    cold: bool = False,
    patience: Patience | None = None,
    open_sandbox: OpensSandbox | None = None,
    assignment: OwnQuestions | None = None,
) -> Evidence:
    """Start the submission's app between two stand-ins, put every question, run its tests.

    Args:
        submission: a copy of it.
        progress: called with the name of each phase as it begins.
        only: leave out what no criterion whose identifier begins so needs; everything, if empty.
        tier: how well its code is kept apart.
        cold: start each of its programs in a fresh interpreter; slower, and the reference for what is quicker.
        patience: entered while the grader only waits for what the app does about a silent OpenAI. Without it, the
            tests run beside that; with it, before.
        open_sandbox: starts the sandbox for its code; this process does, if it is left out.
        assignment: another one than the lab's, with questions of its own.

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
            BUCKET, listener=sandbox.listener(), allowance=Allowance(_MOST_S3_REQUESTS, _MOST_BYTES)
        ) as s3,
    ):
        canary = new_key()
        clock = Clock(progress)
        setting = Setting(
            submission, sandbox, openai, s3, canary, clock, tuple(only), patience, budget, assignment
        )
        seen = _see(setting)
        return _assemble(setting, seen, time.monotonic() - began)


@dataclass(frozen=True)
class _Found:
    """What the files show: the app, if there is one."""

    target: AppTarget | None
    scans: Scans


@dataclass(frozen=True)
class _Examined:
    """What the app showed: how it started, and what it answered. `session`: with the app, if one was started."""

    app: AppStart
    session: Session | None = None
    asked: Asked = NOTHING_ASKED


@dataclass(frozen=True)
class _Seen:
    """Everything that the steps found."""

    found: _Found
    examined: _Examined
    test_run: TestRun
    notebooks: tuple[NotebookRun, ...]


def _see(setting: Setting) -> _Seen:
    """Every step, in order. The only place that starts the suite and waits for it."""
    with setting.clock.phase("read the files"):
        found = _read_files(setting)
    tests = _TestsBeside(setting, found.target)
    examined = _examine(setting, found.target, tests)
    _check_alive(setting.openai, setting.s3, setting.sandbox)
    with setting.clock.phase("run the tests"):
        test_run = tests.settled()
    with setting.clock.phase("run the notebooks"):
        wanted = setting.wants("notebooks.")
        checks = setting.assignment.exercises if setting.assignment else None
        ran = tuple(notebooks.run(setting.submission, setting.sandbox, checks)) if wanted else ()
    return _Seen(found, examined, test_run, ran)


def _read_files(setting: Setting) -> _Found:
    submission = setting.submission
    target = find_app(submission.root, submission.manifest)
    scans = scan(submission, setting.sandbox)
    setting.sandbox.preload(imports.worth_loading(submission.root))
    return _Found(target, scans)


def _examine(setting: Setting, target: AppTarget | None, tests: "_TestsBeside") -> _Examined:
    """Start the app, and put every question to it."""
    if target is None:
        kind = other_kind(setting.submission.root)
        return _Examined(
            AppStart(
                failure=kind or "No web application was found in the code.",
                verdict="not_run" if kind else "failed",
            )
        )
    with launch(setting, target) as launched:
        if not launched.facts.started:
            return _Examined(launched.facts, launched.session)
        return _examine_running(setting, launched, tests)


def _examine_running(setting: Setting, launched: Launch, tests: "_TestsBeside") -> _Examined:
    """Put every question to an app that has started; its tests run beside the slow ones."""
    session, job = launched.session, launched.job
    served = Served(setting.submission.root, session, launched.document, job)
    found = served.documented()
    session.lookups = openapi_document.lookups(found)
    asked = asking.ask(setting, session, served, offered_database=launched.offered_database)
    tests.start(asked.offers)
    if setting.patience:
        tests.result()
    probes = [
        *asked.probes,
        *asking.ask_in_silence(setting, session, asked.offers),
        *asking.ask_module(setting, session, found),
    ]
    session.close()
    if job.printed_sought:
        session.note_printed()
    facts = {"operations": len(found), "log": setting.readable(job.log()), "needs": asked.needs}
    app = launched.facts.model_copy(update=facts)
    return _Examined(app, session, Asked(asked.offers, asked.misses, probes))


def _assemble(setting: Setting, seen: _Seen, seconds: float) -> Evidence:
    """What was seen, as one record."""
    session, asked = seen.examined.session, seen.examined.asked
    submission = setting.submission
    return Evidence(
        submission=SubmissionFacts(name=submission.name, digest=submission.digest),
        isolation=setting.sandbox.tier,
        bucket=BUCKET,
        canary_fingerprint=fingerprint(setting.canary),
        canary_seen=tuple(session.canary_seen) if session else (),
        app=seen.examined.app,
        exchanges=tuple(session.exchanges) if session else (),
        calls=tuple(session.linked_calls()) if session else (),
        objects=tuple(session.objects) if session else (),
        offers=tuple(asked.offers),
        misses=tuple(asked.misses),
        probes=tuple(asked.probes),
        expected_kinds=submission.manifest.expect,
        only=setting.only,
        test_run=seen.test_run,
        notebooks=seen.notebooks,
        scans=seen.found.scans,
        uninstalled=_uninstalled(setting, seen),
        seconds=round(seconds, 3),
        phases=setting.clock.seconds,
    ).with_blobs(session.blobs if session else {})


def _uninstalled(setting: Setting, seen: _Seen) -> tuple[str, ...]:
    """What its suite and its notebooks lacked, the submission declares, and is in fact not installed."""
    run, submission = seen.test_run, setting.submission
    printed = [run.output, *(one.why for one in run.red), *(each.failure or "" for each in seen.notebooks)]
    app = file_of_app(submission.root, submission.manifest)
    return absent(setting.sandbox, start_reasons.uninstalled(submission.root, app, "\n".join(printed)))


class _TestsBeside:
    """The suite, run in a thread beside the slow probes: it has its own stand-ins, or none."""

    def __init__(self, setting: Setting, target: AppTarget | None) -> None:
        root = setting.submission.root
        self._setting = setting
        self._folders = target.pythonpath if target else (root / "src", root)
        self._target = target.target if target else None
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._future: Future[TestRun] | None = None
        self._again: Callable[[], TestRun] | None = None

    def start(self, offers: Sequence[Offer] = ()) -> None:
        """Begin; once is enough."""
        if self._future is None and self._setting.wants("tests."):
            submission, sandbox = self._setting.submission, self._setting.sandbox
            self._again = partial(suite.run, submission, sandbox, self._folders, offers, self._target)
            self._future = self._pool.submit(self._again)

    def result(self) -> TestRun:
        """What the run showed, waited for."""
        self.start()
        return self._future.result() if self._future else TestRun(failure="The tests were not asked for.")

    def settled(self) -> TestRun:
        """What the run showed, or another one without anything beside it."""
        beside = self._future is not None
        first = self.result()
        return suite.in_peace(first, self._again) if beside and self._again else first


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
