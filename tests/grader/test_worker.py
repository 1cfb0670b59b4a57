"""The worker that reads a submission: what it can't reach, what is taken from it, and what happens when it is lost."""

import json
import os
import socket
import subprocess
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from grader import rubric
from grader.collect import collect
from grader.errors import GraderError, SubmissionError
from grader.evidence import Evidence, Submission
from grader.inside import wire
from grader.sandbox import Sandbox, tiers
from grader.submission import open_submission as opened_here
from grader.worker import Record, Wanted, grade, judge_again, orders, packing, parent, records, standby
from tests.grader.walls import run

ROOT = Path(__file__).resolve().parents[2]
TIERS = [
    tier
    for tier, works in (("bubblewrap", tiers.bubblewrap().works), ("landlock", tiers.has_landlock().works))
    if works
]


@pytest.fixture(params=TIERS)
def place(request):
    with Sandbox(request.param, purpose="worker", ceilings=orders.CEILINGS) as sandbox:
        yield sandbox


# --- what a worker can't reach -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        ROOT / "answer-key" / "README.md",
        ROOT / "tests" / "grader" / "corpus.py",
        Path("/etc/shadow"),
        Path("/root/.bashrc"),
    ],
    ids=lambda path: path.name,
)
def test_a_worker_reads_no_file_of_the_machine(place, path):
    done = run(place, f"print(open({str(path)!r}, 'rb').read(10))")
    assert done.code == 1
    assert "PermissionError" in done.printed or "FileNotFoundError" in done.printed


@pytest.mark.parametrize("address", [("169.254.169.254", 80), ("1.1.1.1", 443)])
def test_a_worker_has_no_network(place, address):
    done = run(place, f"import socket; socket.create_connection({address!r}, 3); print('r' 'eached')")
    assert (done.code, "reached" in done.printed) == (1, False)


def test_a_worker_finds_no_key_of_the_instructor_s(place, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-" + "instructor")
    with Sandbox(place.tier, purpose="worker") as fresh:
        done = run(fresh, "import os; print(os.environ)")
    assert "PATH" in done.printed
    assert "of-the-" + "instructor" not in done.printed


def test_a_worker_can_not_take_more_memory_than_its_ceiling(place):
    done = run(
        place,
        "taken = bytearray(4000 * 1024 * 1024)\nfor at in range(0, len(taken), 4096): taken[at] = 1\nprint('took it')",
    )
    assert "took it" not in done.printed


# --- what is taken from a worker ---------------------------------------------------------------------------------


def received(write, code=0):
    kept = {}
    with tempfile.TemporaryFile() as out:
        write(out)
        return orders.receive(out, code, lambda: "the last line", kept.__setitem__), kept


def framed(*files: tuple[str, bytes]):
    def write(out):
        for name, content in files:
            wire.write_file(out, name, content)
        wire.end_files(out)

    return write


RECORD = ("record.json", Record(state="ungradable", message="why").model_dump_json().encode())


def test_a_record_and_what_lies_beside_it_are_taken():
    record, kept = received(framed(RECORD, ("page.html", b"<p>"), (f"blobs/{'0' * 64}", b"x")))
    assert (record.state, record.message) == ("ungradable", "why")
    assert set(kept) == {"page.html", f"blobs/{'0' * 64}"}


@pytest.mark.parametrize(
    "write",
    [
        lambda out: None,
        lambda out: out.write(b"[" * 200_000),
        lambda out: out.write(b'{"name": "record.json", "size": 99999999999}\n'),
        lambda out: out.write(b'{"name": "record.json", "size": -1}\n'),
        lambda out: out.write(b'{"name": "record.json", "size": true}\n'),
        lambda out: out.write(b'{"name": 1, "size": 1}\nx'),
        framed(("page.html", b"no record before")),
        framed(("record.json", b"[" * 100_000)),
        framed(("record.json", b'{"state": "graded", "score": 100}')),
        framed(("record.json", b'{"state": "perfect"}')),
        framed(("record.json", json.dumps({"state": "error", "message": "x" * 10_000}).encode())),
        framed(("record.json", json.dumps({"state": "graded", "cpu_seconds": -1}).encode())),
        framed(("record.json", b'{"state": "graded", "message": "\\ud800"}')),
        framed(RECORD, ("../../evil", b"x")),
        framed(RECORD, ("blobs/../../evil", b"x")),
        framed(RECORD, ("page.html.exe", b"x")),
        framed(*[RECORD] + [("page.html", b"")] * (records.MOST_FILES + 1)),
    ],
)
def test_what_is_no_record_is_a_lost_worker_and_nothing_more(write):
    record, kept = received(write, 1)
    assert (record.state, record.lost) == ("error", True)
    assert not set(kept) - {"page.html"}


@pytest.mark.parametrize(
    ("code", "words"),
    [(-9, "MB of memory"), (-24, "processor time"), (3, "the last line")],
)
def test_how_a_worker_was_lost_is_reported(code, words):
    record, _ = received(lambda out: None, code)
    assert words in record.message


# --- what a worker may ask for -----------------------------------------------------------------------------------


def served(*messages: object) -> list[dict]:
    """What the parent answers to messages that a worker may send, good or bad."""
    ours, theirs = socket.socketpair()
    grading = parent._Grading(Wanted("process"), lambda phase: None, None, lambda: False)
    server = threading.Thread(target=grading._serve, args=(ours,))
    server.start()
    answers = []
    try:
        for message in messages:
            if isinstance(message, bytes):
                theirs.sendall(message)
            else:
                wire.send(theirs, message)
                answers.append(wire.receive(theirs)[0])
    finally:
        theirs.close()
        server.join(20)
        for enclosure in grading._enclosures:
            enclosure.close()
    assert not server.is_alive()
    return answers


def test_a_worker_gets_no_sandbox_with_another_program_as_its_python():
    [answer] = served({"is_": "sandbox", "python": "/bin/sh"})
    assert "can't have" in answer["trouble"]


def test_a_worker_gets_so_many_sandboxes_and_no_more():
    import sys

    asked = {"is_": "sandbox", "python": str(Path(sys.executable))}
    answers = served(*[asked] * 7)
    assert ["trouble" in answer for answer in answers] == [False] * 5 + [True] * 2


def test_a_sandbox_that_is_left_makes_room_for_another_up_to_a_number(monkeypatch):
    import sys

    monkeypatch.setattr(parent, "_MOST_IN_ALL", 6)
    ours, theirs = socket.socketpair()
    grading = parent._Grading(Wanted("process"), lambda phase: None, None, lambda: False)
    server = threading.Thread(target=grading._serve, args=(ours,))
    server.start()
    troubles = []
    for _ in range(7):
        wire.send(theirs, {"is_": "sandbox", "python": str(Path(sys.executable))})
        answer, files = wire.receive(theirs)
        troubles.append("trouble" in answer)
        for file in files:
            with socket.socket(fileno=file) as control:
                control.shutdown(socket.SHUT_RDWR)
    theirs.close()
    server.join(20)
    grading._close(grading._enclosures)
    assert troubles == [False] * 6 + [True]


@pytest.mark.parametrize(
    "message",
    [
        b"\xff\xff\xff\xff",
        b"\x00\x00\x00\x05hello",
        b"\x00\x01\x00\x00" + b"[" * 65_536,
        b"\x00\x00\x00\x02[]",
        b'\x00\x00\x00\x10{"is_": "shell"}',
    ],
)
def test_what_is_no_message_ends_the_worker_and_not_its_parent(message):
    assert served(message) == []


# --- whole gradings ----------------------------------------------------------------------------------------------


def plain(place: Path, **files: str) -> Path:
    place.mkdir()
    for name, content in files.items():
        (place / name.replace("__", ".")).write_text(content)
    return place


def test_a_worker_that_dies_is_an_error_with_the_reason(tmp_path, monkeypatch):
    monkeypatch.setattr(standby, "_COLLECTING", ())
    monkeypatch.setattr(parent, "order_for", lambda sandbox, do, instructions: _dies(sandbox))
    with pytest.raises(GraderError, match="ended early"):
        grade(str(plain(tmp_path / "ada", main__py="")), Wanted("process", rubric=rubric.read()))


def _dies(sandbox):
    from grader.sandbox import Order

    facts = {"command": [str(sandbox.python), "-c", "raise SystemExit(7)"]}
    return Order(do="run", name="x", cwd=sandbox.root, environment=sandbox.environment(), facts=facts)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda place: os.truncate(os.open(place / "big", os.O_CREAT | os.O_RDWR), 60 * 1024**3),
            "larger than",
        ),
        (lambda place: open(os.fsencode(place) + b"/\xff.py", "w").close(), "not valid text"),
        (lambda place: deep(place, 1_500), "deep"),
        (lambda place: [(place / f"{number}").touch() for number in range(5_001)], "more than 5000 files"),
        (lambda place: (place / "main.py").unlink(), "empty"),
    ],
    ids=["sparse", "name", "deep", "many", "empty"],
)
def test_an_odd_folder_is_ungradable_with_one_sentence(tmp_path, make, words):
    work = plain(tmp_path / "ada", main__py="")
    make(work)
    try:
        with pytest.raises(SubmissionError, match=words) as refused:
            grade(str(work), Wanted("process", only=("secrets",), rubric=rubric.read()))
        assert "\n" not in str(refused.value)
    finally:  # Python's own way of removing a folder gives up on deep ones
        subprocess.run(["rm", "-rf", str(work)], check=True)


def deep(place: Path, levels: int) -> None:
    here = os.open(place, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)


def test_links_of_a_folder_are_left_out(tmp_path):
    work = plain(tmp_path / "ada", main__py="")
    (work / "passwd.py").symlink_to("/etc/passwd")
    (work / "etc").symlink_to("/etc")
    wanted = Wanted("process", only=("secrets.",), rubric=rubric.read(), evidence="files")
    seen = Evidence.model_validate_json(grade(str(work), wanted).files["evidence.json"])
    assert seen.scans.files == 1


def git(place: Path, *arguments: str, given: str = "") -> str:
    who = ["-c", "user.name=ada", "-c", "user.email=ada@example.org"]
    done = subprocess.run(
        ["git", *who, *arguments], cwd=place, input=given, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def bundled(place: Path, tree: str) -> Path:
    commit = git(place, "commit-tree", "-m", "work", tree)
    git(place, "update-ref", "refs/heads/main", commit)
    git(place, "bundle", "create", "-q", "work.bundle", "main")
    return place / "work.bundle"


def test_links_and_submodules_of_a_repository_are_left_out(tmp_path):
    git(tmp_path, "init", "-q")
    text = git(tmp_path, "hash-object", "-w", "--stdin", given="print(1)")
    link = git(tmp_path, "hash-object", "-w", "--stdin", given="/etc/passwd")
    entries = f"100644 blob {text}\tmain.py\n120000 blob {link}\tpasswd.py\n160000 commit {'1' * 40}\tother\n"
    bundle = bundled(tmp_path, git(tmp_path, "mktree", "--missing", given=entries))
    wanted = Wanted("process", only=("secrets.",), rubric=rubric.read(), evidence="files")
    graded = grade(str(bundle), wanted)
    assert Evidence.model_validate_json(graded.files["evidence.json"]).scans.files == 1
    assert b"root:x" not in graded.files["evidence.json"]


def test_a_hostile_repository_is_read_within_bounds(tmp_path):
    git(tmp_path, "init", "-q")
    inner = git(tmp_path, "hash-object", "-w", "--stdin", given="x")
    kind = "100644 blob"
    for _ in range(6):  # ten files in ten folders in ten folders …: a million of them in a few hundred bytes
        entries = "".join(f"{kind} {inner}\t{number}\n" for number in range(10))
        inner, kind = git(tmp_path, "mktree", given=entries), "040000 tree"
    bundle = bundled(tmp_path, inner)
    assert bundle.stat().st_size < 2_000
    with pytest.raises(SubmissionError, match="more than 5000 files"):
        grade(str(bundle), Wanted("process", only=("secrets.",), rubric=rubric.read()))


def test_packages_of_the_submission_s_choice_are_not_loaded_by_the_agent(tmp_path):
    """Loaded by the agent they would run outside the wall: each program starts by itself, behind it."""
    started = []

    class Stop(Exception):
        pass

    def note(python, work, *, cold):
        started.append((python, cold))
        raise Stop

    with opened_here(str(plain(tmp_path / "ada", main__py="")), tier="process") as submission:
        for python in (submission.python, Path("/elsewhere/bin/python")):
            with pytest.raises(Stop):
                collect(replace(submission, python=python), tier="process", open_sandbox=note)
    assert [cold for _, cold in started] == [False, True]


def test_behind_landlock_submissions_are_graded_one_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    waiting, inside = threading.Event(), threading.Event()

    def second() -> None:
        with parent._alone("landlock", lambda phase: waiting.set()):
            inside.set()

    thread = threading.Thread(target=second)
    with parent._alone("landlock", lambda phase: None):
        thread.start()
        assert waiting.wait(10)
        assert not inside.is_set()
    thread.join(10)
    assert inside.is_set()


# --- judging again -----------------------------------------------------------------------------------------------


def packed(name: str) -> bytes:
    facts = Submission(name=name, digest="sha256:0")
    return packing.pack(Evidence(submission=facts, isolation="process", bucket="b", canary_fingerprint="f"))


def opened(*records: tuple[str, bytes]):
    for name, content in records:
        with tempfile.TemporaryFile() as file:
            file.write(content)
            file.seek(0)
            yield name, file


def test_one_record_that_can_not_be_read_costs_no_other_its_verdict():
    pages = {}
    wanted = Wanted("process", rubric=rubric.read(), pages=("html",))
    sources = opened(("ada", packed("x")), ("bob", b"PK no zip"), ("eve", packed("y")))
    found = dict(
        judge_again(sources, wanted, lambda name, file, content: pages.setdefault(name, content), packed=True)
    )
    assert [found[name].state for name in ("ada", "bob", "eve")] == ["graded", "error", "graded"]
    assert found["ada"].report.submission.name == "ada"
    assert set(pages) == {"ada", "eve"}
