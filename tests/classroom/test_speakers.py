"""Texts are spoken by processes that are forked from one, or by an interpreter each: it sounds the same."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from classroom.media import speakers

espeakng_loader = pytest.importorskip("espeakng_loader")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each text has an interpreter")


def order(text: str, **more: object) -> dict[str, object]:
    return {
        "library": espeakng_loader.get_library_path(),
        "data": espeakng_loader.get_data_path(),
        "text": text,
        "voice": "en-us+m1",
        "rate": 165,
        "pitch": 40,
        "most": 1_000_000,
        **more,
    }


def test_a_forked_process_says_the_same_as_an_interpreter_of_its_own():
    speakers.samples(order("Something was said before."))
    assert speakers.samples(order("A red kite.")) == speakers._alone(order("A red kite."))


def test_texts_that_are_said_at_once_keep_apart():
    texts = [f"Number {number}." for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda text: speakers.samples(order(text)), texts))
    assert together == [speakers.samples(order(text)) for text in texts]


def test_a_server_that_was_killed_is_replaced():
    first = speakers.samples(order("Once."))
    server = speakers._server(os.getpid(), order("")["library"])
    server.process.kill()
    server.process.wait()
    assert speakers.samples(order("Once.")) == first
    assert speakers.samples(order("Once.")) == first
    assert speakers._server(os.getpid(), order("")["library"]).process.poll() is None


def test_a_voice_that_is_not_there_is_named():
    with pytest.raises(speakers.SpeechError, match="no voice 'nobody'"):
        speakers.samples(order("A red kite.", voice="nobody"))


def test_the_server_ends_with_the_process_that_started_it():
    speakers._server.cache_clear()
    speakers.samples(order("Once."))
    server = speakers._server(os.getpid(), order("")["library"])
    server.control.close()
    assert server.process.wait(10) == 0
    speakers._server.cache_clear()
