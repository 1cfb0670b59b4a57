"""Starts a submission's app, in one way after another until it answers HTTP."""

import re
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from grader.collect.code.accounts import Account
from grader.collect.code.find_app import AppTarget
from grader.collect.exchange.canary import CanarySearch
from grader.collect.exchange.presenting import Presented
from grader.collect.exchange.session import Session
from grader.collect.exchange.transport import MOST_HEARD, Inward
from grader.collect.finding import openapi_document
from grader.collect.finding.routes import MAX_TABLES, document_places, read_tables
from grader.collect.start import app_environment, redis, start_failure, start_reasons, starting
from grader.collect.start.setting import Setting
from grader.collect.start.start_failure import StartFailure
from grader.collect.start.starting import StartPlan
from grader.evidence import AppStart, StartVerdict
from grader.sandbox import Job, Order

START_SECONDS = 20.0
_STARTING_SECONDS = 3 * START_SECONDS  # after which no other way to start is tried
_MOST_START_SECONDS = 60.0  # of one start, on a machine that is busy with others
PHASE = "start the app"
_SECRET = re.compile(r"/run/secrets/[A-Za-z0-9_.-]{1,100}")


@dataclass(frozen=True)
class Launch:
    """How starting an app ended: `facts.started` says whether it runs; `job` has ended otherwise.

    `document`: its OpenAPI document; empty if it serves none. `offered_database`: whether a file was offered in the
    place of its database server. `accounts`: names and passwords that its code and its variables show. `files`: the
    modules that it leads to. `secret`: the file of a container's secret that they read; empty if they read none.
    """

    facts: AppStart
    session: Session
    job: Job
    document: Mapping[str, Any]
    offered_database: bool = False
    accounts: tuple[Account, ...] = ()
    files: frozenset[str] = frozenset()
    secret: str = ""


@contextmanager
def launch(setting: Setting, target: AppTarget) -> Iterator[Launch]:
    """The app, which runs until the context ends, or the last try to start it."""
    root = setting.submission.root
    own = app_environment.variables(setting)
    plan = starting.plan(
        root,
        target.target,
        target.pythonpath,
        target.file,
        setting.submission.manifest.cwd,
        app_environment.places(setting),
        own,
        guarded=not setting.submission.manifest.auth.headers,
    )
    leaked: list[str] = []
    with redis.beside(setting, plan):
        for number in range(1, starting.MOST_STARTS + 1):
            with _run(setting, plan, own) as (session, job):
                session.canary_seen.extend(leaked)
                with setting.clock.phase(PHASE):
                    attempt = _await_start(setting, session, job, plan, target.found_by, number)
                if attempt.facts.started:
                    yield _with_its_modules(attempt, plan, target)
                    return
                if job.printed_sought:
                    session.note_printed()
                leaked = session.canary_seen
            failure = start_failure.read_failure(attempt.facts.log, setting.sandbox.inside(root))
            if setting.clock.seconds[PHASE] > _STARTING_SECONDS or not plan.revise(failure):
                break
    yield _explain(setting, attempt, failure, plan, target)


def _with_its_modules(started: Launch, plan: StartPlan, target: AppTarget) -> Launch:
    """What an app leads to, and whether any of it mentions OpenAI; where its file is not known, it may."""
    mentions = target.file is None or plan.reach.asks_openai(plan.root / target.file)
    return replace(
        started,
        files=plan.files,
        secret=plan.reach.quoted(plan.files, _SECRET),
        facts=started.facts.model_copy(update={"mentions_openai": mentions}),
    )


def _explain(
    setting: Setting, last: Launch, failure: StartFailure | None, plan: StartPlan, target: AppTarget
) -> Launch:
    """The last try, with the reason why the app did not start."""
    if last.facts.verdict == "error" or (last.job.exit_code is None and failure is None):
        return last  # the machine was slow, or it neither ended nor printed anything: the sentence says all
    reason = start_reasons.explain(
        failure, plan, setting.submission.python, Path(sys.executable), target.file
    )
    facts = last.facts.model_copy(
        update={
            "failure": setting.without_key(reason.text),
            "verdict": reason.verdict,
            "advice": reason.advice,
            "log": setting.readable(last.facts.log),
        }
    )
    return Launch(facts, last.session, last.job, {})


@contextmanager
def _run(setting: Setting, plan: StartPlan, own: Mapping[str, str]) -> Iterator[tuple[Session, Job]]:
    """The app, started as a plan says, and a session with it."""
    sandbox = setting.sandbox
    with sandbox.listener() as listener:
        port: int = listener.getsockname()[1]
        environment = {**own, "PORT": str(port), **plan.environment}
        order = Order(
            do="serve",
            name=plan.target,
            pythonpath=tuple(sandbox.inside(folder) for folder in plan.pythonpath),
            cwd=sandbox.inside(plan.cwd),
            environment=environment,
            facts={
                "target": plan.target,
                "root": sandbox.inside(setting.submission.root),
                "hangs_after": START_SECONDS - 2,
                "folders": [sandbox.inside(folder) for folder in plan.folders],
                "env_files": {
                    sandbox.inside(file): app_environment.as_file(setting, environment)
                    for file in plan.env_files.places(setting.submission.root, plan.cwd)
                },
                "database": app_environment.places(setting).database if plan.has_other_database else "",
            },
        )
        # looked for from the first byte on: what is printed first may be gone before a session is open
        is_sought = CanarySearch(setting.canary).is_in
        job = sandbox.start(order, [listener.fileno()], hears=MAX_TABLES, seeks=is_sought)
    with job:
        headers = dict(setting.submission.manifest.auth.headers)
        url = f"http://127.0.0.1:{port}"
        session = Session(url, setting.openai, setting.s3, setting.canary, headers, sandbox, setting.budget)
        session.presented = _presented(plan, headers, {})
        session.printing = job
        setting.s3.overhear(session.overhear_s3)
        try:
            yield session, job
        finally:
            session.close()


def _presented(plan: StartPlan, declared: Mapping[str, str], document: Mapping[str, Any]) -> Presented:
    """What goes with every request: what the manifest declares, or else what the app's own guards ask for."""
    return Presented(headers=declared) if declared else plan.presented(document)


def _await_start(
    setting: Setting, session: Session, job: Job, plan: StartPlan, found_by: str, number: int
) -> Launch:
    """Until the app answers HTTP, has ended, or the time is over."""
    began = time.monotonic()
    facts: dict[str, Any] = {
        "found_by": found_by,
        "starts": number,
        "target": plan.target,
        "variables": tuple(sorted(plan.environment)),
        "folder": plan.cwd.relative_to(setting.submission.root).as_posix(),
    }
    transport = Inward(setting.sandbox)
    with httpx.Client(base_url=session.url, trust_env=False, transport=transport) as client:
        waited = 0.0  # for a processor
        while job.exit_code is None:
            left = _time_left(time.monotonic() - began, waited)
            if left <= 0:
                waited = job.waited()
                left = _time_left(time.monotonic() - began, waited)
            if left <= 0:
                break
            try:
                # one request, for as long as there is: a second beside it is more than a browser would send
                came = bytearray()
                with client.stream("GET", "/", timeout=left, extensions={"heard": came}) as answer:
                    length = answer.headers.get("content-length", "")
                    if length.isdecimal() and len(length) < len(str(MOST_HEARD)):
                        with suppress(httpx.HTTPError):
                            for _ in answer.iter_raw():
                                pass
                session.overhear("GET", "/", bytes(came))
            except httpx.TimeoutException:
                continue
            except httpx.HTTPError:
                time.sleep(0.02)
                continue
            places = document_places(read_tables(job.read_partial_report()))
            document, url = openapi_document.fetch(session, places)
            description = document or read_tables(job.read_partial_report()).document or {}
            declared = setting.submission.manifest.auth.headers
            session.presented = _presented(plan, declared, description)
            facts["presented"] = session.presented.places
            seconds = time.monotonic() - began
            started = AppStart(**facts, started=True, seconds=seconds, openapi_url=url)
            return Launch(
                started, session, job, document, plan.has_other_database, tuple(plan.shown_accounts())
            )
    log = job.log()
    seconds = time.monotonic() - began
    failure = f"The app did not answer within {START_SECONDS:g} seconds." if job.exit_code is None else None
    verdict: StartVerdict = "failed"
    if failure and seconds - waited < START_SECONDS:
        verdict = "error"
        failure = (
            f"The app did not answer within {seconds:.0f} seconds, of which the machine was busy with other work "
            f"for {waited:.0f}. Grade it again when the machine has less to do."
        )
    failed = AppStart(
        **facts, seconds=seconds, failure=failure, verdict=verdict, log=setting.without_key(log)
    )
    return Launch(failed, session, job, {})


def _time_left(seconds: float, waited: float) -> float:
    """How long an app may still take to answer for the first time.

    Args:
        seconds: since it was started.
        waited: of these, how long it was ready to run while the machine was busy with others.
    """
    return min(START_SECONDS - (seconds - waited), _MOST_START_SECONDS - seconds)
