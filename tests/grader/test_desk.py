"""The grader's end of a suite's sockets: what a hostile process sends there hurts its own run at most."""

import json
import os
import socket
import sys
import time

import pytest

from grader.collect.suites.deciding import Decider
from grader.collect.suites.desk import Desk
from grader.inside import channel, leftovers
from grader.inside.leftovers import Leftovers

CALL = {
    "at": "s3",
    "test": "test_one",
    "number": 1,
    "by": "main.py",
    "bare": True,
    "serving": False,
    "call": {"key": "a.txt", "content_type": "text/plain", "body": "asked", "then": "go on"},
}


def connected(desk: Desk) -> socket.socket:
    """A process's own connection, announced on the shared socket."""
    ours, theirs = socket.socketpair()
    with socket.socket(fileno=desk.far) as shared:
        socket.send_fds(shared, [b"+"], [theirs.fileno()])
        shared.detach()
    theirs.close()
    ours.settimeout(5)
    return ours


def listened(desk: Desk) -> None:
    for _ in range(5):
        desk._listen(0.0)


@pytest.mark.parametrize(
    "junk",
    [
        b"\xff\xff\xff\xff" + b"x" * 100,
        channel.pack({"at": "s3", "call": [1]}),
        channel.pack({"at": "s3", "number": 1, "go": "on"}),
        channel.pack({name: value for name, value in CALL.items() if name != "number"}),
        channel.pack({"counts": {"passed": "many"}}),
        b"\0\0\x10\0" + b"[" * 4096,
        b"\0\0\0\4null",
    ],
    ids=["too long", "no call", "a turn too many", "no number", "no counts", "too deep", "no object"],
)
def test_a_connection_that_says_what_can_not_be_is_ended_alone(junk):
    decider = Decider(None)
    with Desk(decider) as desk, connected(desk) as hostile, connected(desk) as honest:
        hostile.sendall(junk)
        listened(desk)
        honest.sendall(channel.pack(CALL))
        listened(desk)
        assert channel.take_message(bytearray(honest.recv(4096)))
        assert hostile.recv(1) == b""


def test_calls_of_several_threads_are_decided_side_by_side():
    """An app that stores a file and asks OpenAI at once gets each call back, and not the other's."""
    openai = {"prompt": "asked", "model": "gpt-5.4-mini", "then": "go on"}
    begun = {
        1: CALL,
        2: {**CALL, "at": "openai", "number": 2, "call": openai, "url": "/responses"},
    }
    with Desk(Decider(None)) as desk, connected(desk) as process:

        def asked(message):
            process.sendall(channel.pack(message))
            listened(desk)
            return channel.take_message(bytearray(process.recv(4096)))

        answers = {number: asked(call) for number, call in begun.items()}
        while any(answer["again"] for answer in answers.values()):
            for number, answer in answers.items():
                if answer["again"]:
                    answers[number] = asked({"at": begun[number]["at"], "number": number, "go": "on"})
    assert {number: answer["call"] for number, answer in answers.items()} == {1: CALL["call"], 2: openai}


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="json is written in C in CPython")
def test_no_method_that_a_suite_can_replace_sees_a_message(monkeypatch):
    seen = []
    places = {
        json.JSONDecoder: ("decode", "raw_decode"),
        json.JSONEncoder: ("encode", "iterencode", "default"),
        json.decoder: ("JSONDecoder", "scanstring"),
        json.scanner: ("make_scanner", "py_make_scanner"),
    }
    for place, names in places.items():
        for name in names:
            monkeypatch.setattr(place, name, lambda *_, name=name, **__: seen.append(name))
    message = {
        "at": "s3",
        "call": {"body": "asked", "status": 200},
        "again": False,
        "test": None,
        "letter": "\u00e9",
    }
    assert channel.take_message(bytearray(channel.pack(message))) == message
    assert not seen


def test_half_a_message_holds_nobody_up():
    decider = Decider(None)
    with Desk(decider) as desk, connected(desk) as hostile, connected(desk) as honest:
        hostile.sendall(b"\0\0\1\0{")
        honest.sendall(channel.pack({"test": "test_one", "began": True}))
        listened(desk)
        assert list(decider.notes.began) == ["test_one"]


def test_a_suite_that_says_nothing_is_waited_for_no_longer_than_allowed():
    with Desk(Decider(None)) as desk:
        began = time.monotonic()
        assert not desk.hear_suite(lambda: True, 0.2)
        assert time.monotonic() - began < 3


def test_what_a_run_leaves_behind_is_undone_before_the_next(tmp_path):
    kept, gone = tmp_path / "kept.txt", tmp_path / "gone.txt"
    kept.write_text("as it was")
    gone.write_text("here")
    before = Leftovers([str(tmp_path)])
    kept.write_text("changed by a run")
    gone.unlink()
    (tmp_path / "new" / "deep").mkdir(parents=True)
    (tmp_path / "new" / "deep" / "count").write_text("1")
    before.undo()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "kept.txt": "as it was",
        "gone.txt": "here",
    }


def _time(path, nanoseconds):
    os.utime(path, ns=(nanoseconds, nanoseconds))


@pytest.mark.parametrize(
    "leave",
    [
        lambda place: (place / "kept.txt").write_text("like this") and _time(place / "kept.txt", 10**9),
        lambda place: (place / "kept.txt").chmod(0o600),
        lambda place: _time(place / "folder", 12345),
        lambda place: (place / "folder").chmod(0o711),
        lambda place: ((place / "link").unlink(), (place / "link").symlink_to("a message")),
        lambda place: ((place / "kept.txt").unlink(), (place / "kept.txt").mkdir()),
        lambda place: _time(place, 12345),
    ],
    ids=[
        "same size and time",
        "mode",
        "folder's time",
        "folder's mode",
        "link",
        "folder for a file",
        "itself",
    ],
)
def test_no_run_can_leave_the_next_a_message_in_its_files(leave, tmp_path):
    place = tmp_path / "work"
    (place / "folder").mkdir(parents=True)
    (place / "kept.txt").write_text("as it was")
    (place / "kept.txt").chmod(0o644)
    (place / "link").symlink_to("kept.txt")
    _time(place / "kept.txt", 10**9)

    def seen():
        facts = {path: path.lstat() for path in [place, *place.rglob("*")]}
        texts = [
            (place / "kept.txt").is_file() and (place / "kept.txt").read_text(),
            os.readlink(place / "link"),
        ]
        return texts, {
            path.name: (one.st_mode, 0 if path.is_symlink() else one.st_mtime_ns)
            for path, one in facts.items()
        }

    before, left = seen(), Leftovers([str(place)])
    for _ in range(2):
        leave(place)
        left.undo()
        assert seen() == before


def test_what_can_not_be_undone_ends_the_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(leftovers, "_LARGEST", 10)
    (tmp_path / "large").write_bytes(b"x" * 11)
    left = Leftovers([str(tmp_path)])
    left.undo()
    (tmp_path / "large").write_bytes(b"y" * 11)
    with pytest.raises(leftovers.CantUndoError):
        left.undo()
    monkeypatch.setattr(leftovers, "_MOST_FILES", 2)
    for number in range(4):
        (tmp_path / str(number)).touch()
    with pytest.raises(leftovers.CantUndoError):
        Leftovers([str(tmp_path)]).undo()
