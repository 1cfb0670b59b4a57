"""Random requests: whatever an upstream could charge for what arrives there, the books hold at least as much.

A hundred cases each, always the same ones; LAB_FUZZ_CASES=1000 tries more, and other ones. What Hypothesis finds it keeps in
`.hypothesis`, and tries first the next time.
"""

import base64
import json
import os
import random
import string

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classroom import OpenAIMock
from classroom.proxy import fields
from classroom.proxy.app import Proxy
from classroom.proxy.books.database import connect
from classroom.proxy.books.ledger import Ledger
from classroom.proxy.calling.upstream import Upstream
from classroom.proxy.rules.events import NANO
from tests.proxy.conftest import KEY, an_event, served
from tests.proxy.meter import Meter, metered
from tests.proxy.test_fields import MODELS
from tests.proxy.test_sounds import wav

CASES = int(os.environ.get("LAB_FUZZ_CASES", "100"))
fuzz = settings(
    max_examples=CASES,
    derandomize="LAB_FUZZ_CASES" not in os.environ,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
ANSWERED = {200, 400, 403}
# each answer is spoken: a quarter of the cases takes a minute's voice and finds the same
CASES_OF = {"audio/speech": max(10, CASES // 4)}

text = st.one_of(
    st.integers(1, 3000).map(lambda times: "kite " * times),
    st.text(max_size=200),
    st.sampled_from(["data:", "data:image/png;base64,", "", "kites ", "https://x/y"]).flatmap(
        lambda start: st.text(max_size=50).map(lambda rest: start + rest)
    ),
)
number = st.one_of(
    st.integers(-2, 200),
    st.sampled_from([1.0, 2.5, "3", "16000", True, None, 10**9, 10**30, "1e3", -1, [5], {"a": 1}]),
)
anything = st.recursive(
    st.one_of(st.none(), st.booleans(), number, text, st.just(chr(0xD83D))),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(text, inner, max_size=3)),
    max_leaves=8,
)


def either(right, wrong=anything):
    """Mostly what fits, so that requests get through; sometimes what does not."""
    return st.integers(0, 19).flatmap(lambda dice: wrong if dice == 0 else right)


picture = either(
    st.sampled_from(["data:image/png;base64,eA==", "https://example.org/x.png"]),
    st.sampled_from(["data:,x", "data:text/html,x", "file:///etc/passwd"]),
)
detail = st.sampled_from(["low", "high", "auto", "original"])
chat_part = st.one_of(
    st.builds(lambda words: {"type": "text", "text": words}, text),
    st.builds(
        lambda url, how: {"type": "image_url", "image_url": {"url": url, "detail": how}}, picture, detail
    ),
    either(st.just({"type": "text", "text": "x"}), st.just({"type": "file", "file": {"file_id": "file-1"}})),
    st.just({"type": "file", "file": {"file_data": "data:application/pdf;base64,eA==", "filename": "a.pdf"}}),
)
message = either(
    st.one_of(
        st.builds(
            lambda content: {"role": "user", "content": content},
            st.one_of(text, st.lists(chat_part, min_size=1, max_size=4)),
        ),
        st.builds(lambda content: {"role": "system", "content": content}, text),
        st.builds(lambda content: {"role": "assistant", "content": content}, text),
    )
)
function = st.builds(
    lambda words, schema: {
        "type": "function",
        "function": {"name": "f", "description": words, "parameters": schema},
    },
    text,
    st.dictionaries(text, anything, max_size=3),
)
hosted = st.sampled_from(
    ["web_search", "web_search_preview", "file_search", "code_interpreter", "image_generation", "mcp", "x"]
).map(lambda name: {"type": name})
tier = either(
    st.sampled_from(["auto", "default", "flex", "priority", "fast"]), st.sampled_from(["scale", "x"])
)
length = either(st.integers(1, 5000), number)


def optional(**strategies):
    return st.fixed_dictionaries({}, optional=strategies)


def request(required, **more):
    return st.builds(
        lambda first, rest, odd: {**first, **rest, **odd},
        st.fixed_dictionaries(required),
        optional(**more),
        st.one_of(
            st.just({}),
            st.just({}),
            st.just({}),
            st.dictionaries(st.sampled_from(NAMES), anything, max_size=1),
        ),
    )


NAMES = sorted({name for shape in fields.ROUTES.values() for name in shape.fields})
CHAT = request(
    {
        "model": st.sampled_from(["gpt-5.4-mini", "gpt-4o-mini"]),
        "messages": st.lists(message, min_size=1, max_size=3),
    },
    n=either(st.integers(1, 5), number),
    max_tokens=length,
    max_completion_tokens=either(st.none(), length),
    stream=st.booleans(),
    service_tier=tier,
    tools=st.lists(either(function, hosted), max_size=3),
    web_search_options=either(st.none(), st.just({})),
    prediction=st.builds(lambda words: {"type": "content", "content": words}, text),
    metadata=st.dictionaries(text, text, max_size=2),
    modalities=either(st.just(["text"]), st.just(["text", "audio"])),
    response_format=st.just({"type": "json_object"}),
    user=text,
)
RESPONSES = request(
    {
        "model": st.sampled_from(["gpt-5.4-mini", "gpt-4o-mini"]),
        "input": st.one_of(
            text,
            st.lists(
                st.builds(lambda words: {"role": "user", "content": words}, text), min_size=1, max_size=3
            ),
            st.lists(message, min_size=1, max_size=3),
        ),
    },
    max_output_tokens=length,
    max_tool_calls=either(st.integers(1, 5), number),
    stream=st.booleans(),
    service_tier=tier,
    tools=st.lists(either(st.just({"type": "web_search"}), hosted), max_size=2),
    background=either(st.just(False), st.just(True)),
    conversation=either(st.none(), text),
    previous_response_id=either(st.none(), st.sampled_from(["resp_1", "resp_2", "resp_3", "x"])),
    instructions=text,
    truncation=st.just("auto"),
)
COMPLETIONS = request(
    {
        "model": st.just("gpt-3.5-turbo-instruct"),
        "prompt": either(
            st.one_of(
                text,
                st.lists(text, max_size=5),
                st.lists(st.integers(0, 50_000), max_size=20),
                st.lists(st.lists(st.integers(0, 50_000), max_size=5), max_size=4),
            )
        ),
    },
    n=either(st.integers(1, 5), number),
    best_of=either(st.integers(1, 20), number),
    max_tokens=length,
    stream=st.booleans(),
    suffix=text,
    echo=st.booleans(),
)
EMBEDDINGS = request(
    {
        "model": st.just("text-embedding-3-small"),
        "input": either(st.one_of(text, st.lists(text, max_size=5), st.lists(st.integers(0, 9), max_size=9))),
    },
    dimensions=number,
    user=text,
)
PICTURES = request(
    {"model": st.just("gpt-image-1.5"), "prompt": text},
    n=either(st.integers(1, 10), number),
    size=st.sampled_from(["1024x1024", "1536x1024", "auto", "3840x2160", "x", "0x0"]),
    quality=st.sampled_from(["low", "high", "max"]),
    partial_images=number,
    output_format=st.sampled_from(["png", "gif", "svg"]),
    frame_count=number,
)
SPEECH = request(
    {"model": st.just("tts-1"), "voice": st.just("alloy"), "input": either(text)},
    speed=either(st.floats(0.25, 4.0), number),
    instructions=text,
)
ROUTES = {
    "chat/completions": CHAT,
    "responses": RESPONSES,
    "completions": COMPLETIONS,
    "embeddings": EMBEDDINGS,
    "images/generations": PICTURES,
    "audio/speech": SPEECH,
}
SOUND = wav(2.0)
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture(scope="module")
def sides(tmp_path_factory):
    """A proxy before a meter, and one before the stand-in; each with its books and one attendee who may do everything."""
    place = tmp_path_factory.mktemp("bills")
    ledgers = [Ledger(connect(str(place / f"{number}.sqlite"))) for number in range(2)]
    for ledger in ledgers:
        ledger.add(an_event(models=MODELS, allows=("web_search", "flex", "priority")))
    meter = Meter(seconds=lambda content: 2.0)
    with (
        metered(meter, served) as upstream,
        served(Proxy(ledgers[0], Upstream(upstream, KEY))) as metered_url,
        OpenAIMock(legacy=True) as openai,
        served(Proxy(ledgers[1], Upstream(openai.base_url, KEY))) as standing_in_url,
        httpx.Client(timeout=60, headers={"api-key": "lesson/ada"}) as client,
    ):
        yield client, (metered_url, ledgers[0], meter), (standing_in_url, ledgers[1], openai)
    for ledger in ledgers:
        ledger.close()


def spent(ledger):
    return next(money for event, money in ledger.events() if event.code == "lesson") / NANO


def check(sides, send, tells):
    client, (url, ledger, meter), (other, others, openai) = sides
    meter.tells = tells
    before = spent(ledger) - meter.dollars
    answer = send(client, url)
    assert answer.status_code in ANSWERED, answer.text
    assert spent(ledger) - meter.dollars >= before - 1e-9, answer.request.content[:2000]
    reckoned = spent(others) - float(openai.calls.cost)
    answer = send(client, other)
    assert answer.status_code < 500, answer.text
    assert spent(others) - float(openai.calls.cost) >= reckoned - 1e-9, answer.request.content[:2000]


@pytest.mark.parametrize("route", ROUTES)
def test_no_json_request_costs_more_than_is_booked(sides, route):
    cases = CASES_OF.get(route, CASES)

    @settings(parent=fuzz, max_examples=cases)
    @given(body=ROUTES[route], tells=st.booleans())
    def every(body, tells):
        content = json.dumps(body)

        def send(client, url):
            headers = {"content-type": "application/json"}
            return client.post(f"{url}/v1/{route}", content=content, headers=headers)

        check(sides, send, tells)

    before = len(sides[1][2].bodies)
    every()
    taken = len(sides[1][2].bodies) - before
    assert taken > cases // 5, "nearly everything was refused: this tries nothing"


field = st.sampled_from(
    ["n", "model", "prompt", "size", "user", "n[]", "model[]", "image", "mask", "stream", "x"]
)
value = st.sampled_from(
    [b"1", b"2", b"10", b"1.0", b" 3", b"gpt-image-1.5", b"true", b"", b"\xff", b"1024x1024", PNG]
)


@pytest.mark.parametrize("route", ["images/edits", "audio/transcriptions"])
def test_no_form_costs_more_than_is_booked(sides, route):
    usual = (
        [("model", None, b"gpt-image-1.5"), ("prompt", None, b"a kite"), ("image", "a.png", PNG)]
        if route == "images/edits"
        else [("model", None, b"whisper-1"), ("file", "a.wav", SOUND)]
    )
    part = st.tuples(field, st.sampled_from([None, None, "a.png"]), value)

    @settings(parent=fuzz, max_examples=max(10, CASES // 4))
    @given(more=st.lists(part, max_size=3), order=st.randoms(use_true_random=False), tells=st.booleans())
    def every(more, order, tells):
        parts = [*usual, *more]
        order.shuffle(parts)
        content = written(parts)

        def send(client, url):
            headers = {"content-type": "multipart/form-data; boundary=b0undary"}
            return client.post(f"{url}/v1/{route}", content=content, headers=headers)

        check(sides, send, tells)

    every()


def written(parts):
    out = b""
    for name, file, content in parts:
        named = f'; filename="{file}"' if file else ""
        out += f'--b0undary\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'.encode()
        out += content + b"\r\n"
    return out + b"--b0undary--\r\n"


@pytest.mark.parametrize("route", [*ROUTES, "images/edits", "audio/transcriptions", "register"])
def test_no_bytes_are_a_fault_of_the_proxy(sides, route):
    client, (url, _, _), _ = sides
    kinds = ["application/json", "multipart/form-data; boundary=b", "text/plain", ""]

    @settings(parent=fuzz, max_examples=max(10, CASES // 4))
    @given(
        content=st.one_of(st.binary(max_size=300), anything.map(lambda it: json.dumps(it).encode())),
        kind=st.sampled_from(kinds),
    )
    def every(content, kind):
        path = "/register" if route == "register" else f"/v1/{route}"
        answer = client.post(f"{url}{path}", content=content, headers={"content-type": kind})
        assert answer.status_code < 500, answer.text
        assert answer.status_code < 400 or answer.json()["error"]["message"]

    every()


def test_no_bytes_changed_in_a_request_are_a_fault_of_the_proxy(sides):
    client, (url, _, _), _ = sides
    dice = random.Random(7)
    content = json.dumps(
        {"model": "gpt-5.4-mini", "messages": [{"role": "user", "content": "é\ud83d\ude00 hi"}]}
    )
    for _ in range(CASES):
        changed = bytearray(content.encode())
        for _ in range(dice.randint(1, 4)):
            changed[dice.randrange(len(changed))] = dice.choice(string.printable.encode())
        headers = {"content-type": "application/json"}
        answer = client.post(f"{url}/v1/chat/completions", content=bytes(changed), headers=headers)
        assert answer.status_code in ANSWERED, answer.text
