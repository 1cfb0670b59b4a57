"""Random requests that keep and use things upstream, one after the other: the books never hold less than an upstream could charge.

Conversations, vector stores, searches of files, and batches; see `tests.proxy.test_bills`.
"""

import json

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classroom.proxy.app import Proxy
from classroom.proxy.books.database import connect
from classroom.proxy.books.ledger import Ledger
from classroom.proxy.calling.upstream import Upstream
from classroom.proxy.rules.events import NANO
from tests.proxy.conftest import KEY, an_event, served
from tests.proxy.keeping_meter import KeepingMeter
from tests.proxy.meter import metered
from tests.proxy.test_bills import (
    ANSWERED,
    CASES,
    CHAT,
    COMPLETIONS,
    EMBEDDINGS,
    RESPONSES,
    either,
    fuzz,
    message,
    text,
)
from tests.proxy.test_fields import MODELS

some = settings(parent=fuzz, max_examples=max(10, CASES // 4))
place = st.integers(0, 3)
item = st.one_of(
    st.builds(lambda words: {"role": "user", "content": words}, text),
    st.just({"role": "user", "content": [{"type": "input_image", "image_url": "https://x/y.png"}]}),
    message,
)
items = st.lists(item, max_size=3)
query = st.one_of(text, st.lists(text, min_size=1, max_size=3))
STEPS = st.one_of(
    st.tuples(st.just("talk"), items),
    st.tuples(st.just("add"), place, items),
    st.tuples(st.just("say"), place, RESPONSES),
    st.tuples(st.just("store"), st.integers(0, 60_000)),
    st.tuples(st.just("fill"), place, place),
    st.tuples(st.just("search"), place, query),
    st.tuples(st.just("ask"), place, RESPONSES, either(st.integers(1, 50))),
)
LINES = st.one_of(
    *(
        st.tuples(st.just(f"/v1/{route}"), st.lists(body, min_size=1, max_size=4))
        for route, body in (
            ("responses", RESPONSES),
            ("chat/completions", CHAT),
            ("completions", COMPLETIONS),
            ("embeddings", EMBEDDINGS),
        )
    )
)


@pytest.fixture(scope="module")
def side(tmp_path_factory):
    ledger = Ledger(connect(str(tmp_path_factory.mktemp("kept") / "proxy.sqlite")))
    ledger.add(an_event(models=MODELS, allows=("web_search",)))
    meter = KeepingMeter()
    with (
        metered(meter, served) as upstream,
        served(Proxy(ledger, Upstream(upstream, KEY))) as url,
        httpx.Client(timeout=60, base_url=f"{url}/v1/", headers={"api-key": "lesson/ada"}) as client,
    ):
        yield client, ledger, meter
    ledger.close()


def spent(ledger):
    return next(money for event, money in ledger.events() if event.code == "lesson") / NANO


def post(client, path, body):
    """The identifier of what was made; None if it was refused, or came as a stream."""
    answer = client.post(path, content=json.dumps(body), headers={"content-type": "application/json"})
    assert answer.status_code in ANSWERED, answer.text
    whole = answer.headers["content-type"].startswith("application/json")
    return answer.json().get("id") if answer.status_code == 200 and whole else None


def take(client, kept, step):
    """One request of an attendee's; what it made is kept for those that follow."""
    what, *rest = step
    talks, stores = kept["conv"], kept["vs"]
    if what == "talk":
        kept["conv"] += [post(client, "conversations", {"items": rest[0]})]
    elif what == "store":
        content = b"k" * max(1, rest[0])
        form = {"files": {"file": ("a.txt", content)}, "data": {"purpose": "assistants"}}
        made = client.post("files", **form)
        if made.status_code == 200:
            kept["file"] += [made.json()["id"]]
            kept["vs"] += [post(client, "vector_stores", {"file_ids": [made.json()["id"]]})]
    elif what == "add" and talks:
        post(client, f"conversations/{talks[rest[0] % len(talks)]}/items", {"items": rest[1]})
    elif what == "say" and talks:
        post(client, "responses", {**rest[1], "conversation": talks[rest[0] % len(talks)]})
    elif what == "fill" and stores:
        post(
            client,
            f"vector_stores/{stores[rest[0] % len(stores)]}/files",
            {"file_id": kept["file"][rest[1] % len(kept["file"])]},
        )
    elif what == "search" and stores:
        post(client, f"vector_stores/{stores[rest[0] % len(stores)]}/search", {"query": rest[1]})
    elif what == "ask" and stores:
        tool = {
            "type": "file_search",
            "vector_store_ids": [stores[rest[0] % len(stores)]],
            "max_num_results": rest[2],
        }
        post(client, "responses", {**rest[1], "tools": [tool]})
    for name in kept:
        kept[name] = [id for id in kept[name] if id]


def test_nothing_that_is_kept_and_used_costs_more_than_is_booked(side, monkeypatch):
    from classroom.proxy.storing import stored

    client, ledger, meter = side
    monkeypatch.setattr(stored, "_MOST", dict.fromkeys(stored._MOST, 10_000))
    taken = []

    @some
    @given(steps=st.lists(STEPS, min_size=2, max_size=8), tells=st.booleans())
    def every(steps, tells):
        meter.tells = tells
        before = spent(ledger) - meter.dollars
        kept = {"conv": [], "vs": [], "file": []}
        for step in steps:
            take(client, kept, step)
            assert spent(ledger) - meter.dollars >= before - 1e-9, step
        taken.extend(kept["conv"] + kept["vs"])

    every()
    assert len(taken) > CASES // 10, "nearly everything was refused: this tries nothing"


def test_no_batch_costs_more_than_is_booked(side, monkeypatch):
    from classroom.proxy.storing import stored

    client, ledger, meter = side
    monkeypatch.setattr(stored, "_MOST", dict.fromkeys(stored._MOST, 10_000))
    begun = []

    @some
    @given(
        lines=LINES,
        ends=st.sampled_from(["completed", "completed", "cancelled", "expired"]),
        does=st.integers(0, 4),
        flags=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    )
    def every(lines, ends, does, flags):
        endpoint, requests = lines
        meter.tells, meter.shows, meter.counts = flags
        # what is neither shown nor counted is reported nowhere
        meter.counts = meter.counts or not meter.shows
        meter.ends, meter.does = ends, does
        before = spent(ledger) - meter.dollars
        content = "".join(
            json.dumps({"custom_id": f"{number}", "method": "POST", "url": endpoint, "body": body}) + "\n"
            for number, body in enumerate(requests)
        )
        form = {"files": {"file": ("a.jsonl", content.encode())}, "data": {"purpose": "batch"}}
        file = client.post("files", **form)
        assert file.status_code in ANSWERED, file.text
        if file.status_code == 200:
            asked = {"input_file_id": file.json()["id"], "endpoint": endpoint, "completion_window": "24h"}
            id = post(client, "batches", asked)
            if id:
                assert client.get(f"batches/{id}").json()["status"] == ends
                begun.append(id)
        assert spent(ledger) - meter.dollars >= before - 1e-9, content[:2000]

    every()
    assert ledger.batches.waiting() == []
    assert len(begun) > CASES // 30, "nearly everything was refused: this tries nothing"
