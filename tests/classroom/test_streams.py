"""How checks read a stream of events, and count the calls that are on their way at once."""

import asyncio

import pytest

from classroom.exercises.crowd import Crowd
from classroom.exercises.streams import Event, events_in


@pytest.mark.parametrize(
    ("text", "events"),
    [
        ("data: a\n\ndata: b\n\n", [Event("message", "a"), Event("message", "b")]),
        ("event: done\ndata: {}\n\n", [Event("done", "{}")]),
        ("data: one\ndata: two\n\n", [Event("message", "one\ntwo")]),
        ("data:a\r\n\r\ndata:  b\r\n\r\n", [Event("message", "a"), Event("message", " b")]),
        (": a comment\n\nid: 7\nretry: 10\ndata: a\n\n", [Event("message", "a")]),
        ("data:\n\n", [Event("message", "")]),
        ("event: done\n\n", []),
        ("data: not over", []),
        ("data: not over\n", []),
        ("", []),
    ],
)
def test_events_are_read_as_a_browser_reads_them(text, events):
    assert events_in(text) == events


def test_a_crowd_is_as_large_as_the_calls_that_wait_at_once():
    async def service(scope, receive, send):
        await asyncio.sleep(0.01)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def send(message):
        pass

    crowd = Crowd(service)

    async def ask(method="POST"):
        await crowd({"type": "http", "method": method}, None, send)

    async def scene():
        await asyncio.gather(ask(), ask(), ask(), ask("GET"))
        assert crowd.most == 3
        crowd.watch()
        await ask()
        await ask()
        assert crowd.most == 1

    asyncio.run(scene())


def test_a_call_that_is_answered_is_no_longer_on_its_way():
    answered = []
    crowd = Crowd(None)

    async def service(scope, receive, send):
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    crowd._inner = service

    async def send(message):
        if not answered:  # the caller sends the next one the moment it has its answer
            answered.append(message)
            await crowd({"type": "http", "method": "POST"}, None, send)

    asyncio.run(crowd({"type": "http", "method": "POST"}, None, send))
    assert crowd.most == 1
