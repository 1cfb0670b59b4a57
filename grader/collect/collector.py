"""The main flow: reads the files, starts the app, asks it, runs its tests and notebooks, and writes down what it saw."""

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from classroom.allowance import Allowance
from classroom.s3 import S3Mock
from classroom.standin.mock import OpenAIMock
from classroom.standin.records.journal import fingerprint
from grader.assignment.declaration import OwnQuestions
from grader.collect import notebooks
from grader.collect.code import imports
from grader.collect.code.find_app import AppTarget, file_of_app, find_app, unparsed_app
from grader.collect.code.later_python import absent_from_library, written_for_later
from grader.collect.exchange.alive import check_alive
from grader.collect.exchange.budget import PerRequest
from grader.collect.exchange.canary import new_key
from grader.collect.exchange.session import Session
from grader.collect.finding import openapi_document
from grader.collect.finding.served import Served
from grader.collect.notebooks_beside import NotebooksBeside, run_beside
from grader.collect.questioning import asking
from grader.collect.questioning.asking import NOTHING_ASKED, Asked
from grader.collect.scanning.scans import scan
from grader.collect.start import start_reasons
from grader.collect.start.launching import Launch, launch
from grader.collect.start.other_kinds import other_kind
from grader.collect.start.packages_there import absent
from grader.collect.start.setting import (
    BUCKET,
    MOST_BYTES,
    MOST_CALLS,
    MOST_S3_REQUESTS,
    Clock,
    Part,
    Patience,
    Progress,
    Setting,
    asks_for,
)
from grader.collect.suites.tests_beside import TestsBeside
from grader.evidence import AppStart, Evidence, NotebookRun, Scans, StartVerdict, TestRun
from grader.evidence import Submission as SubmissionFacts
from grader.sandbox import Sandbox, Tier
from grader.submission import OpensSandbox, Submission

_MOST_MODULES = 5  # that are named for one reason
Settled = Callable[[Part, Evidence], None]


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
    settled: Settled | None = None,
    processors: int = 1,
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
        settled: called with what was seen so far whenever a part of the criteria can be judged by it.
        processors: how many it may keep busy. With more than one, notebooks run beside the rest.

    Raises:
        GraderError: the sandbox or a stand-in failed.
    """
    began = time.monotonic()
    budget = PerRequest(MOST_CALLS, MOST_BYTES)
    # packages of the submission's choice are loaded behind the wall alone, never by the agent
    ours = submission.python == Path(sys.executable)
    cold = cold or not ours
    canary = new_key()
    opened = open_sandbox or partial(Sandbox, tier)
    opens = partial(opened, submission.python, submission.root, cold=cold)
    # behind the other walls, their servers could be the app's
    beside = processors if tier == "bubblewrap" and asks_for("notebooks.", only) else 1
    checks = assignment.exercises if assignment else None
    with (
        opens() as sandbox,
        run_beside(submission, partial(opened, cold=cold), beside, checks) as books,
        OpenAIMock(
            legacy=True, any_deployment=True, hurried=True, listener=sandbox.listener(), allowance=budget
        ) as openai,
        S3Mock(BUCKET, listener=sandbox.listener(), allowance=Allowance(MOST_S3_REQUESTS, MOST_BYTES)) as s3,
    ):
        clock = Clock(progress)
        setting = Setting(
            submission, sandbox, openai, s3, canary, clock, opens, tuple(only), patience, budget, assignment
        )
        seen = _see(setting, settled, books)
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


_Settle = Callable[[Part, _Examined], None]
_NOT_RUN = TestRun(failure="The tests have not run yet.")


@dataclass(frozen=True)
class _Seen:
    """Everything that the steps found."""

    found: _Found
    examined: _Examined
    test_run: TestRun
    notebooks: tuple[NotebookRun, ...]


def _see(setting: Setting, settled: Settled | None, beside: NotebooksBeside | None) -> _Seen:
    """Every step, in order. The only place that starts the suite and waits for it.

    `beside`: the notebooks, if they run already.
    """
    with setting.clock.phase("read the files"):
        found = _read_files(setting)
    tests = TestsBeside(setting, found.target)

    def settle(part: Part, examined: _Examined, run: TestRun = _NOT_RUN) -> None:
        if settled:
            settled(part, _assemble(setting, _Seen(found, examined, run, ()), 0.0))

    examined = _examine(setting, found.target, tests, settle)
    check_alive(setting.openai, setting.s3, setting.sandbox)
    with setting.clock.phase("run the tests"):
        run = tests.settled(beside.held if beside else nullcontext)
    settle("suite", examined, run)
    with setting.clock.phase("run the notebooks"):
        books = _run_notebooks(setting, beside)
    return _Seen(found, examined, run, books)


def _run_notebooks(setting: Setting, beside: NotebooksBeside | None) -> tuple[NotebookRun, ...]:
    """All of them from now on, or what is left of those that run already."""
    if beside:
        return beside.settled(
            lambda done, of: setting.clock.progress(f"run the notebooks ({done} of {of} have run)")
        )
    if not setting.wants("notebooks."):
        return ()
    checks = setting.assignment.exercises if setting.assignment else None
    return tuple(notebooks.run(setting.submission, setting.sandbox, checks))


def _read_files(setting: Setting) -> _Found:
    """Read them, and load what its code imports."""
    submission = setting.submission
    target = find_app(submission.root, submission.manifest)
    scans = scan(submission, setting.sandbox, target.file if target else None)
    setting.sandbox.preload(imports.worth_loading(submission.root))
    return _Found(target, scans)


def _examine(setting: Setting, target: AppTarget | None, tests: TestsBeside, settle: _Settle) -> _Examined:
    """Start the app, and put every question to it."""
    if target is None:
        return _Examined(_without_app(setting))
    with launch(setting, target) as launched:
        if not launched.facts.started and target.may_serve:
            # it does not serve: a bot, or a program for a terminal
            return _Examined(_without_app(setting), launched.session)
        if not launched.facts.started:
            return _Examined(launched.facts, launched.session)
        return _examine_running(setting, launched, tests, settle)


def _without_app(setting: Setting) -> AppStart:
    """Why there is nothing to start."""
    root = setting.submission.root
    if trouble := unparsed_app(root):
        verdict: StartVerdict = "error" if trouble.version else "failed"
        return AppStart(failure=trouble.sentence, verdict=verdict, advice=(trouble.advice,))
    if kind := other_kind(root):
        return AppStart(failure=kind, verdict="not_run")
    return AppStart(failure="No web application was found in the code.", verdict="failed")


def _examine_running(setting: Setting, launched: Launch, tests: TestsBeside, settle: _Settle) -> _Examined:
    """Put every question to an app that has started; its tests run beside the slow ones."""
    session, job = launched.session, launched.job
    served = Served(setting.submission.root, session, launched.document, job)
    found = served.documented()
    session.lookups = openapi_document.lookups(found)
    asked = asking.ask(
        setting,
        session,
        served,
        launched=launched,
        so_far=lambda part, asked: settle(part, _Examined(launched.facts, session, asked)),
    )
    tests.start(asked.offers)
    if setting.patience:
        tests.result()
    probes = [
        *asked.probes,
        *asking.ask_in_silence(setting, session, () if asked.is_stuck else asked.offers),
        *asking.ask_module(setting, session, found),
        *asking.ask_last(setting, session, asked.left),
    ]
    session.close()
    if job.printed_sought:
        session.note_printed()
    facts = {
        "operations": len(found),
        "log": setting.readable(job.log()),
        "needs": asked.needs,
        "login": asked.login,
        "presented": session.presented.places,
    }
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
        for_later_python=_for_later_python(setting, seen.test_run),
        seconds=round(seconds, 3),
        phases=setting.clock.seconds,
    ).with_blobs(session.blobs if session else {})


def _for_later_python(setting: Setting, run: TestRun) -> tuple[str, ...]:
    """What keeps the tests from running because a later Python is needed."""
    printed = [run.output, *(one.why for one in run.red)]
    found = [absent for each in printed if (absent := absent_from_library(each))]
    if any("SyntaxError" in each for each in printed):
        found += [one.sentence for one in islice(written_for_later(setting.submission.root), _MOST_MODULES)]
    return tuple(dict.fromkeys(found))


def _uninstalled(setting: Setting, seen: _Seen) -> tuple[str, ...]:
    """What its suite and its notebooks lacked, the submission declares, and is in fact not installed."""
    run, submission = seen.test_run, setting.submission
    printed = [run.output, *(one.why for one in run.red), *(each.failure or "" for each in seen.notebooks)]
    app = file_of_app(submission.root, submission.manifest)
    return absent(setting.sandbox, start_reasons.find_uninstalled(submission.root, app, "\n".join(printed)))
