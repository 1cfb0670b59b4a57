"""Random Realtime sessions: whatever an upstream could charge for what arrives there, the books hold at least as much."""

import base64
import contextlib
import json
import time

import pytest
import websockets.sync.client
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from classroom.proxy.app import Proxy
from classroom.proxy.books.database import connect
from classroom.proxy.books.ledger import Ledger
from classroom.proxy.calling.upstream import Upstream
from classroom.proxy.rules.events import NANO
from tests.proxy.conftest import KEY, an_event, served
from tests.proxy.meter import metered
from tests.proxy.talking_meter import TalkingMeter
from tests.proxy.test_bills import anything, either, fuzz, text

MODEL = "gpt-realtime-2.1-mini"
sound = st.integers(0, 40_000).map(lambda size: base64.b64encode(bytes(size)).decode())
part = st.one_of(
    text.map(lambda words: {"type": "input_text", "text": words}),
    sound.map(lambda heard: {"type": "input_audio", "audio": heard}),
    text.map(lambda words: {"type": "input_audio", "transcript": words}),
    st.just({"type": "input_image", "image_url": "data:image/png;base64,eA=="}),
)
item = either(
    st.one_of(
        st.builds(
            lambda role, parts: {"type": "message", "role": role, "content": parts},
            st.sampled_from(["user", "system", "assistant"]),
            st.lists(part, min_size=1, max_size=3),
        ),
        text.map(lambda words: {"type": "function_call_output", "call_id": "c", "output": words}),
        st.just({"type": "item_reference", "id": "item_1"}),
    )
)
tool = st.builds(
    lambda words, schema: {"type": "function", "name": "f", "description": words, "parameters": schema},
    text,
    st.dictionaries(text, anything, max_size=3),
)
length = st.one_of(st.integers(1, 4096), st.sampled_from(["inf", 0, 5000, 10**9, "100", 1.5, True, None]))
shared = {
    "instructions": either(text),
    "max_output_tokens": length,
    "output_modalities": st.sampled_from([["audio"], ["text"], ["audio", "text"], []]),
    "tools": st.lists(either(tool, st.just({"type": "mcp", "server_url": "https://x"})), max_size=2),
}
session = st.fixed_dictionaries(
    {"type": st.just("realtime")},
    optional={
        **shared,
        "audio": st.sampled_from(
            [
                {"input": {"turn_detection": None}},
                {"input": {"turn_detection": {"type": "server_vad"}}},
                {"input": {"transcription": {"model": "gpt-transcribe"}}},
                {"output": {"voice": "cedar", "speed": 1.2}},
                {"input": {"format": {"type": "audio/pcmu"}}},
            ]
        ),
        "prompt": st.just({"id": "pmpt_1"}),
    },
)
response = st.fixed_dictionaries(
    {},
    optional={
        **shared,
        "conversation": st.sampled_from(["auto", "none"]),
        "input": st.lists(item, max_size=3),
        "metadata": st.dictionaries(text, text, max_size=2),
    },
)
event = st.one_of(
    session.map(lambda change: {"type": "session.update", "session": change}),
    item.map(lambda made: {"type": "conversation.item.create", "item": made}),
    sound.map(lambda heard: {"type": "input_audio_buffer.append", "audio": heard}),
    st.just({"type": "input_audio_buffer.commit"}),
    st.just({"type": "input_audio_buffer.clear"}),
    response.map(lambda asked: {"type": "response.create", "response": asked}),
    response.map(lambda asked: {"type": "response.create", "response": asked}),
    st.just({"type": "response.create"}),
    st.just({"type": "response.cancel"}),
    st.dictionaries(st.sampled_from(["type", "event_id", "session", "response"]), anything, max_size=3),
)


def talked(url, events):
    """Send them one after the other, each after the answer to the one before."""
    address = url.replace("http", "ws") + f"/v1/realtime?model={MODEL}"
    with websockets.sync.client.connect(address, additional_headers={"api-key": "talk/ada"}) as socket:
        socket.recv()
        for one in events:
            with contextlib.suppress(ConnectionClosed, TimeoutError):
                socket.send(json.dumps(one))
                asked = one.get("type") == "response.create"
                while asked and json.loads(socket.recv(timeout=5))["type"] not in ("response.done", "error"):
                    pass


@pytest.mark.parametrize("tells", [True, False], ids=["usage reported", "usage not reported"])
@pytest.mark.parametrize("breaks", [None, 2], ids=["to its end", "broken off"])
def test_what_is_charged_is_never_less_than_what_it_costs(tmp_path, tells, breaks):
    ledger = Ledger(connect(str(tmp_path / "bills.sqlite")))
    meter = TalkingMeter()
    with (
        metered(meter, served) as upstream,
        served(Proxy(ledger, Upstream(upstream, KEY))) as url,
    ):

        @fuzz
        @given(st.lists(event, min_size=1, max_size=6))
        def check(events):
            meter.tells, meter.breaks, meter.dollars = tells, breaks, 0.0
            meter.events.clear()
            before = meter.ended
            ledger.delete("talk")
            ledger.add(an_event("talk", models={MODEL: MODEL}))
            talked(url, events)
            deadline = time.monotonic() + 15
            while time.monotonic() < deadline and (
                meter.ended == before or ledger.standing(ledger.event("talk"), "ada").reserved
            ):
                time.sleep(0.01)
            standing = ledger.standing(ledger.event("talk"), "ada")
            assert standing.reserved == 0
            assert standing.spent / NANO >= meter.dollars - 1e-9

        check()
