"""The second process, which runs the suite and asks a second app about a silent OpenAI: apart from the first, and dispensable."""

import os
import socket
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from grader import rubric
from grader.collect import aside, collector, second
from grader.collect.aside import Aside, begun
from grader.collect.seen_aside import RAN, SEEN, VIABLE, Given, SeenAside
from grader.errors import GraderError
from grader.evidence import AppStart, Call, Exchange, Offer, Probe, StoredObject, TestRun
from grader.inside import wire
from grader.sandbox import tiers
from grader.submission import opened
from grader.worker import Wanted, grade
from tests.grader.grading import SUBMISSIONS, Change, planted

TIERS = [
    tier
    for tier, works in (("bubblewrap", tiers.bubblewrap().works), ("landlock", tiers.has_landlock().works))
    if works
]
OFFER = Offer(kind="text", method="POST", path="/files", prompt_input=None, exchange="ex-1")


# --- where there is none -----------------------------------------------------------------------------------------


def refused(python: Path):
    raise GraderError("no sandbox")


@pytest.mark.parametrize(
    ("only", "claims"), [((), None), ((), refused), (("tests.",), pytest.fail), (("endpoint.",), pytest.fail)]
)
def test_there_is_none_where_no_sandbox_can_be_had_or_nothing_is_to_be_waited_for(only, claims):
    with opened(str(SUBMISSIONS / "one_json_body"), tier="process") as submission:
        given = Given(submission, "sk-canary", only)
        with begun(given, claims) as none:
            assert none is None


def test_a_process_with_threads_does_not_fork():
    done = threading.Event()
    waiting = threading.Thread(target=done.wait)
    waiting.start()
    try:
        with (
            opened(str(SUBMISSIONS / "one_json_body"), tier="process") as submission,
            begun(Given(submission, "sk-canary"), pytest.fail) as none,
        ):
            assert none is None
    finally:
        done.set()
        waiting.join()


def test_there_is_none_on_one_processor(monkeypatch):
    monkeypatch.setattr(aside, "_processors", lambda: 1)
    with (
        opened(str(SUBMISSIONS / "one_json_body"), tier="process") as submission,
        begun(Given(submission, "sk-canary"), pytest.fail) as none,
    ):
        assert none is None


def test_there_is_none_without_an_app(tmp_path):
    (tmp_path / "work.py").write_text("print('a program, and no app')")
    with (
        opened(str(tmp_path), tier="process") as submission,
        begun(Given(submission, "sk-canary"), pytest.fail) as none,
    ):
        assert none is None


# --- what is heard of it -----------------------------------------------------------------------------------------


def heard(*writes) -> Aside:
    """A second process that wrote this, and is gone."""
    ours, theirs = socket.socketpair()
    with theirs, theirs.makefile("wb") as out:
        for write in writes:
            write(out)
    process = os.fork()
    if process == 0:
        os._exit(0)
    return Aside(ours, process)


def said(viable: bool):
    return lambda out: wire.write_file(out, VIABLE, b"yes" if viable else b"no")


def test_one_that_ended_before_it_said_anything_is_done_without():
    with heard() as gone:
        gone.begin([OFFER])
        assert not gone.asks_in_silence()
        assert gone.seen(pytest.fail) is None


def test_one_that_ended_while_it_asked_the_app_is_the_grader_s_own_trouble():
    with heard(said(True)) as gone:
        assert gone.asks_in_silence()
        with pytest.raises(GraderError, match="second process"):
            gone.seen(pytest.fail)


def test_its_trouble_is_the_grading_s():
    with (
        heard(said(False), lambda out: wire.end_files(out, "The sandbox died.")) as failed,
        pytest.raises(GraderError, match="The sandbox died"),
    ):
        failed.seen(pytest.fail)


def test_what_it_saw_arrives_with_the_bytes():
    run, seen = TestRun(found=True, passed=3), SeenAside(canary_seen=("the app's log",))
    with heard(
        said(True),
        lambda out: wire.write_file(out, RAN, run.model_dump_json().encode()),
        lambda out: wire.write_file(out, SEEN, seen.model_dump_json().encode()),
        lambda out: wire.write_file(out, "0" * 64, b"\x00\xff"),
        wire.end_files,
    ) as done:
        ran = []
        assert done.seen(ran.append) == (seen, {"0" * 64: b"\x00\xff"})
        assert ran == [run]


# --- what is kept of it ------------------------------------------------------------------------------------------


def exchange(id: str, **more) -> Exchange:
    return Exchange(id=id, purpose="", method="POST", url="/files", **more)


def call(id: str, of: str, **more) -> Call:
    facts = {"route": "responses", "kind": "text", "key": None, "model": "", "request": "", "status": 200}
    return Call(id=id, exchange=of, error_code=None, fault=None, **facts, **more)


def stored(id: str, of: str) -> StoredObject:
    return StoredObject(id=id, exchange=of, bucket="b", key="k", content_type="", sha256="0" * 64, size=0)


def test_only_what_probes_refer_to_is_kept_under_names_of_its_own():
    session = SimpleNamespace(
        exchanges=[exchange("ex-1"), exchange("ex-2"), exchange("ex-3")],
        linked_calls=lambda: [call("call-1", "ex-1"), call("call-2", "ex-2", draws_on=("call-3",))],
        objects=[stored("obj-1", "ex-1"), stored("obj-2", "ex-3")],
        canary_seen=["an answer"],
    )
    probe = Probe(
        criterion="errors.timeout",
        kind="text",
        asked="",
        exchange="ex-2",
        after="ex-3",
        calls=("call-2",),
        carriers=("call-2",),
        astray=("responses: metadata",),
    )
    seen = second.seen_aside(session, [probe])
    [kept] = seen.probes
    assert (kept.exchange, kept.after, kept.outcome) == ("ex-2-aside", "ex-3-aside", None)
    assert (kept.calls, kept.carriers, kept.astray) == (
        ("call-2-aside",),
        ("call-2-aside",),
        ("responses: metadata",),
    )
    assert [each.id for each in seen.exchanges] == ["ex-2-aside", "ex-3-aside"]
    assert [(each.id, each.exchange, each.draws_on) for each in seen.calls] == [
        ("call-2-aside", "ex-2-aside", ("call-3-aside",))
    ]
    assert [(each.id, each.exchange) for each in seen.objects] == [("obj-2-aside", "ex-3-aside")]
    assert seen.canary_seen == ("an answer",)


@pytest.mark.parametrize(
    ("status", "calls", "serves"),
    [(201, ["call-1"], True), (201, [], False), (503, ["call-1"], False), (None, ["call-1"], False)],
)
def test_the_second_app_is_asked_only_if_it_serves_an_ordinary_request(monkeypatch, status, calls, serves):
    monkeypatch.setattr(second, "request_of", lambda offer: SimpleNamespace(request=None))
    session = SimpleNamespace(
        send=lambda purpose, request: exchange("ex-1", status=status), calls_of=lambda exchange: calls
    )
    assert second._serves(session, [OFFER]) is serves


def test_a_first_request_that_is_slow_is_sent_again(monkeypatch):
    monkeypatch.setattr(second, "request_of", lambda offer: SimpleNamespace(request=None))
    answers = iter([exchange("ex-1", status=504), exchange("ex-2", status=201)])
    session = SimpleNamespace(
        send=lambda purpose, request: next(answers), calls_of=lambda exchange: ["call-1"]
    )
    assert second._serves(session, [OFFER])


class SecondProcess:
    """One that says whether it asks."""

    def __init__(self, viable: bool) -> None:
        self.asks_in_silence = lambda: viable
        self.start_app = self.begin = lambda seen: None


@pytest.mark.parametrize(
    ("beside", "asked"),
    [
        (None, [("openai", "picture", "s3")]),
        (SecondProcess(viable=True), [("s3",)]),
        (SecondProcess(viable=False), [("s3",), ("openai",)]),
    ],
    ids=["none", "viable", "not viable"],
)
def test_the_first_app_is_asked_whatever_the_second_is_not(monkeypatch, beside, asked):
    found = []
    nothing = SimpleNamespace(
        documented=list, offers=(), misses=(), probes=(), needs="", start=list, log=str, printed_sought=False
    )
    monkeypatch.setattr(collector, "Served", lambda *given: nothing)
    monkeypatch.setattr(collector.openapi_document, "lookups", list)
    monkeypatch.setattr(collector.asking, "ask", lambda *given, **more: nothing)
    monkeypatch.setattr(collector.asking, "ask_module", lambda *given: ())
    monkeypatch.setattr(
        collector.asking, "ask_in_silence", lambda setting, session, offers, at: found.append(tuple(at)) or []
    )
    setting = SimpleNamespace(submission=SimpleNamespace(root=None), patience=None, readable=str)
    session = SimpleNamespace(close=list)
    launched = SimpleNamespace(
        session=session, job=nothing, facts=AppStart(), document={}, offered_database=False
    )
    tests = SimpleNamespace(start=lambda offers: None)
    collector._examine_running(setting, launched, tests, beside, lambda *given: None)
    assert found == asked


# --- what it may keep of the first -------------------------------------------------------------------------------


def forked(work) -> tuple[int, bytes]:
    """How a forked process ended, and what it wrote into the file that it was given."""
    reads, writes = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            work(writes)
        finally:
            os._exit(7)
    os.close(writes)
    with open(reads, "rb") as source:
        content = source.read()
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), content


def test_it_closes_whatever_the_first_has_open():
    mine, theirs = socket.socketpair()
    with mine, theirs, open(os.devnull):

        def work(out: int) -> None:
            second._close_others({out, mine.fileno()})
            os.write(out, " ".join(sorted(os.listdir("/proc/self/fd"), key=int)).encode())

        _, content = forked(work)
    # standard streams, the two that it was given, and the one by which the folder is listed
    assert len(content.split()) <= 3 + 2 + 1


def test_it_ends_with_the_first():
    ours, theirs = socket.socketpair()

    process = os.fork()
    if process == 0:
        try:
            ours.close()
            second._Heard(theirs).join()
        finally:
            os._exit(7)
    theirs.close()
    ours.close()
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0


# --- beside the first --------------------------------------------------------------------------------------------

# what no two copies of an app can have at once, where they share a folder or a network
_ALONE = """
import pathlib
import socket

open(pathlib.Path(__file__).with_name("running"), "x").close()
_alone = socket.socket()
_alone.bind(("127.0.0.1", 47113))
_alone.listen(1)

"""


@pytest.mark.skipif(not TIERS, reason="no wall can be had here")
@pytest.mark.parametrize("tier", TIERS)
def test_an_app_that_takes_no_second_one_beside_it_is_asked_all_the_same(tmp_path, tier):
    main = "from fastapi import FastAPI, HTTPException"
    place = planted(
        "one_json_body",
        tmp_path,
        Change("app/main.py", f"{main}\n", f"{_ALONE}{main}\n"),
        # patient enough for a machine that is busy with other tests
        Change("app/main.py", "AsyncOpenAI(timeout=2,", "AsyncOpenAI(timeout=6,"),
        Change("app/main.py", "connect_timeout=2, read_timeout=2", "connect_timeout=20, read_timeout=20"),
    )
    only = ("errors.timeout",)
    done = grade(str(place), Wanted(tier, only=only, rubric=rubric.only(rubric.read(), only)))
    [verdict] = [each for each in done.report.criteria if each.id == "errors.timeout"]
    assert verdict.status == "passed"
    if (
        tier == "bubblewrap"
    ):  # with a network of its own, the second app starts; behind Landlock the first is asked
        assert all(id.endswith("-aside") for id in verdict.evidence)
