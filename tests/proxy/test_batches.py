"""Batches through the proxy: priced line by line before they begin, settled by what came out, seen by their attendee alone."""

import json
import time

import openai
import pytest

from classroom.proxy.app import Proxy
from classroom.proxy.books.database import connect
from classroom.proxy.books.ledger import Ledger, Settlement
from classroom.proxy.calling.upstream import Upstream
from classroom.proxy.rules.events import NANO
from classroom.proxy.storing import batch_lines
from tests.proxy.conftest import KEY, an_event, served
from tests.proxy.keeping_meter import KeepingMeter
from tests.proxy.meter import metered
from tests.proxy.test_fields import MODELS
from tests.proxy.test_stored import MODEL, ada, eve, learner

__all__ = ["ada", "eve"]  # fixtures
BODY = {"model": MODEL, "input": "hello there", "max_output_tokens": 100}
URL = "/v1/responses"


def line(id, body=BODY, url=URL, **more):
    return {"custom_id": id, "method": "POST", "url": url, "body": body, **more}


def upload(client, *lines):
    content = "".join(json.dumps(each) + "\n" for each in lines).encode()
    return client.files.create(file=("requests.jsonl", content), purpose="batch")


def begin(client, *lines, url=URL, **more):
    file = upload(client, *(lines or (line("a"), line("b"))))
    return client.batches.create(input_file_id=file.id, endpoint=url, completion_window="24h", **more)


def finished(client, id):
    for _ in range(5):
        batch = client.batches.retrieve(id)
        if batch.status in ("completed", "failed", "cancelled", "expired"):
            return batch
    raise AssertionError(batch.status)


def standing(proxy, name="ada", code="lesson"):
    return proxy.ledger.standing(proxy.ledger.event(code), name)


def test_a_batch_is_made_looked_at_and_its_answers_read(proxy, ada):
    batch = begin(ada, metadata={"lesson": "9"})
    assert standing(proxy).reserved > 0
    assert standing(proxy).spent == 0
    batch = finished(ada, batch.id)
    assert batch.metadata == {"lesson": "9"}
    answers = [json.loads(each) for each in ada.files.content(batch.output_file_id).text.splitlines()]
    assert sorted(each["custom_id"] for each in answers) == ["a", "b"]
    assert [each.id for each in ada.batches.list()] == [batch.id]
    assert standing(proxy).reserved == 0
    assert standing(proxy).spent / NANO == pytest.approx(float(proxy.openai.calls.cost), abs=1e-8)
    made = answers[0]["response"]["body"]["id"]
    assert made in proxy.ledger.belongings.tokens_of({made}, "lesson", "ada")
    assert made not in proxy.ledger.belongings.tokens_of({made}, "lesson", "eve")


def test_what_goes_upstream_is_written_again(proxy, ada):
    file = upload(ada, line("a", {**BODY, "user": "the president", "safety_identifier": "x"}))
    sent = json.loads(ada.files.content(file.id).text)  # which the upstream has
    assert sent["body"]["safety_identifier"].startswith("attendee-")
    assert sent["body"]["service_tier"] == "default"


def test_it_costs_half(proxy, ada):
    finished(ada, begin(ada, line("a")).id)
    half = standing(proxy).spent
    ada.responses.create(**BODY)
    assert standing(proxy).spent - half == pytest.approx(2 * half, rel=0.01)


def test_each_line_counts_as_a_request(proxy):
    proxy.ledger.add(an_event("small", daily_requests=4))
    client = learner(proxy, "ada", "small")
    file = upload(client, *(line(str(number)) for number in range(4)))
    with pytest.raises(openai.RateLimitError, match="4 requests, and 3 are left"):
        client.batches.create(input_file_id=file.id, endpoint=URL, completion_window="24h")


def test_the_cost_of_the_whole_file_is_reserved_before_it_begins(proxy):
    proxy.ledger.add(an_event("poor", learner_budget=NANO // 100))
    client = learner(proxy, "ada", "poor")
    client.responses.create(**BODY)
    file = upload(client, *(line(str(number)) for number in range(100)))
    with pytest.raises(openai.RateLimitError, match="does not cover"):
        client.batches.create(input_file_id=file.id, endpoint=URL, completion_window="24h")
    assert proxy.openai.calls.to("batches") == []


def test_batches_at_once_can_not_pass_a_budget_together(proxy):
    proxy.ledger.add(an_event("poor", learner_budget=NANO // 500))
    client = learner(proxy, "ada", "poor")
    file = upload(client, *(line(str(number)) for number in range(5)))
    asked = {"input_file_id": file.id, "endpoint": URL, "completion_window": "24h"}
    client.batches.create(**asked)
    with pytest.raises(openai.RateLimitError):
        client.batches.create(**asked)
    assert standing(proxy, code="poor").reserved <= NANO // 500


ACTIONS = {
    "retrieve": lambda client, batch: client.batches.retrieve(batch.id),
    "cancel": lambda client, batch: client.batches.cancel(batch.id),
    "output": lambda client, batch: client.files.content(batch.output_file_id),
    "described": lambda client, batch: client.files.retrieve(batch.output_file_id),
    "delete": lambda client, batch: client.files.delete(batch.output_file_id),
    "input": lambda client, batch: client.files.content(batch.input_file_id),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_another_s_batch_is_as_if_there_were_none(proxy, ada, eve, action):
    batch = finished(ada, begin(ada).id)
    before = len(proxy.openai.calls)
    with pytest.raises(openai.NotFoundError):
        ACTIONS[action](eve, batch)
    assert len(proxy.openai.calls) == before  # the upstream was not even asked
    assert ada.files.content(batch.output_file_id).text


def test_another_s_batches_are_not_listed(ada, eve):
    batch = begin(ada)
    assert eve.batches.list().data == []
    mine = begin(eve)
    assert [each.id for each in eve.batches.list()] == [mine.id]
    for cursor in (batch.id, "batch_of_nobody"):
        with pytest.raises(openai.BadRequestError, match="no item of this list"):
            eve.batches.list(after=cursor)


def test_batches_come_by_pages(ada):
    made = [begin(ada, line(str(number))).id for number in range(3)]
    first = ada.batches.list(limit=2)
    assert (len(first.data), first.has_more) == (2, True)
    assert {each.id for each in ada.batches.list(limit=1)} == set(made)


def test_another_s_file_can_not_be_run(proxy, ada, eve):
    file = upload(ada, line("a"))
    with pytest.raises(openai.BadRequestError, match="not made by you"):
        eve.batches.create(input_file_id=file.id, endpoint=URL, completion_window="24h")
    assert proxy.openai.calls.to("batches") == []


def test_a_file_that_was_not_read_as_requests_can_not_be_run(ada):
    file = ada.files.create(file=("a.jsonl", json.dumps(line("a")).encode()), purpose="user_data")
    with pytest.raises(openai.BadRequestError, match='purpose "batch"'):
        ada.batches.create(input_file_id=file.id, endpoint=URL, completion_window="24h")


def test_the_endpoint_is_that_of_the_lines(ada):
    file = upload(ada, line("a"))
    with pytest.raises(openai.BadRequestError, match="the lines of the file ask"):
        ada.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h")


def test_a_file_that_was_read_by_other_terms_has_to_be_uploaded_again(proxy):
    proxy.ledger.add(an_event("other"))
    client = learner(proxy, "ada", "other")
    file = upload(client, line("a"))
    event = proxy.ledger.event("other")
    proxy.ledger.change(type(event)(**{**vars(event), "max_tokens": 50}))
    time.sleep(1.2)  # proxies know events for a second
    with pytest.raises(openai.BadRequestError, match="other terms"):
        client.batches.create(input_file_id=file.id, endpoint=URL, completion_window="24h")


CHAT = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}]}


@pytest.mark.parametrize(
    ("why", "lines"),
    [
        ("offers", [line("a", {**BODY, "model": "gpt-6-astra"})]),
        ("one model", [line("a"), line("b", {"model": MODEL, "messages": []}, "/v1/chat/completions")]),
        ("supported values", [line("a", {}, "/v1/images/generations")]),
        ("supported values", [line("a", {}, "/v1/responses/../files")]),
        ("supported values", [line("a", method="GET")]),
        ("tools", [line("a", {**BODY, "tools": [{"type": "web_search"}]})]),
        ("not offered", [line("a", {**BODY, "tools": [{"type": "code_interpreter"}]})]),
        ("apart", [line("a", {**BODY, "previous_response_id": "resp_1"})]),
        ("apart", [line("a", {**BODY, "conversation": "conv_1"})]),
        ("apart", [line("a", {**BODY, "stream": True})]),
        ("background", [line("a", {**BODY, "background": True})]),
        ("invalid_type|expected an integer", [line("a", {**CHAT, "n": "100"}, "/v1/chat/completions")]),
        ("service_tier|priority", [line("a", {**BODY, "service_tier": "priority"})]),
        ("Unknown parameter", [line("a", {**BODY, "surprise": 1})]),
        ("Unknown parameter", [line("a", priority=1)]),
        ("the same", [line("a"), line("a")]),
        ("Missing", [{"custom_id": "a", "url": URL}]),
        ("no requests", []),
    ],
)
def test_a_line_that_batches_don_t_have_here_is_named(proxy, ada, why, lines):
    with pytest.raises(openai.BadRequestError, match=why) as refused:
        upload(ada, *lines)
    assert refused.value.param in ("file", None)
    assert proxy.openai.calls.to("files") == []


@pytest.mark.parametrize(
    "content",
    [
        b'{"custom_id": "a", "custom_id": "b", "url": "/v1/responses", "body": {}}',
        b'{"custom_id": "a", "url": "/v1/responses", "body": {"model": "gpt-5.4-mini", "model": "x", "input": "x"}}',
        b"[1]",
        b"\xff",
        b"{",
        json.dumps(line("a")).encode() + b"\r" + json.dumps(line("b")).encode(),
    ],
)
def test_lines_that_two_readers_could_read_differently_are_refused(proxy, ada, content):
    with pytest.raises(openai.BadRequestError, match="Line 1"):
        ada.files.create(file=("a.jsonl", content), purpose="batch")


def test_too_many_lines_are_refused(ada, monkeypatch):
    monkeypatch.setattr(batch_lines, "MOST_LINES", 3)
    with pytest.raises(openai.BadRequestError, match="more than 3 requests"):
        upload(ada, *(line(str(number)) for number in range(4)))


def test_a_batch_that_is_cancelled_costs_what_was_done(proxy, ada):
    batch = begin(ada)
    ada.batches.cancel(batch.id)
    assert finished(ada, batch.id).status == "cancelled"
    assert (standing(proxy).reserved, standing(proxy).spent) == (0, 0)


def test_a_batch_that_the_upstream_refuses_costs_nothing(proxy, ada):
    proxy.openai.fail(status=400, route="batches", times=1)
    with pytest.raises(openai.BadRequestError):
        begin(ada)
    assert (standing(proxy).reserved, standing(proxy).spent) == (0, 0)


def test_a_batch_that_nobody_asks_for_is_settled_too(proxy, ada, monkeypatch):
    from classroom.proxy import app
    from classroom.proxy.storing import batches

    begin(ada)
    monkeypatch.setattr(batches, "_ASKED_AGAIN", 0.0)
    monkeypatch.setattr(app, "LEASE_SECONDS", 0.3)
    second = Proxy(proxy.ledger, Upstream(proxy.openai.base_url, KEY))
    with served(second):
        deadline = time.monotonic() + 20
        while standing(proxy).reserved and time.monotonic() < deadline:
            time.sleep(0.05)
    assert standing(proxy).reserved == 0
    assert standing(proxy).spent / NANO == pytest.approx(float(proxy.openai.calls.cost), abs=1e-8)


def test_a_call_of_a_batch_is_not_reclaimed_when_its_process_is_gone(books):
    now = [1_800_000_000.0]
    ledger = books(clock=lambda: now[0])
    ledger.add(an_event())
    event = ledger.event("lesson")
    made = ledger.reserve(event, "ada", "batches", MODEL, 500, 3, 3 * 86_400.0)
    now[0] += 86_400
    ledger.renew()
    assert ledger.reclaim() == 0
    assert ledger.standing(event, "ada").reserved == 500
    now[0] += 3 * 86_400
    assert ledger.reclaim() == 1
    assert ledger.standing(event, "ada").spent == 500
    assert not ledger.settle(made, Settlement(cost=1))


@pytest.fixture
def costly(tmp_path):
    ledger = Ledger(connect(str(tmp_path / "proxy.sqlite")))
    ledger.add(an_event(models=MODELS))
    meter = KeepingMeter()
    with metered(meter, served) as upstream, served(Proxy(ledger, Upstream(upstream, KEY))) as url:
        yield openai.OpenAI(base_url=f"{url}/v1", api_key="lesson/ada", max_retries=0), meter, ledger
    ledger.close()


@pytest.mark.parametrize("tells", [True, False])
@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize(
    ("ends", "does", "shows"),
    [
        ("completed", 10, True),
        ("completed", 10, False),
        ("completed", 2, True),
        ("cancelled", 2, True),
        ("expired", 2, True),
        ("failed", 0, True),
    ],
)
def test_however_it_ends_no_less_is_booked_than_it_costs(costly, tells, counts, ends, does, shows):
    client, meter, ledger = costly
    meter.tells, meter.counts, meter.ends, meter.does, meter.shows = tells, counts, ends, does, shows
    lines = [
        line(str(at), {**BODY, "input": "kite " * 100 * at, "max_output_tokens": 50 * at + 16})
        for at in range(4)
    ]
    batch = begin(client, *lines)
    assert client.batches.retrieve(batch.id).status == ends
    standing = ledger.standing(ledger.event("lesson"), "ada")
    assert standing.reserved == 0
    assert meter.dollars <= standing.spent / NANO + 1e-9
    if ends == "failed":
        assert standing.spent == 0


def test_answers_that_can_not_be_had_this_time_are_asked_for_again(costly):
    client, meter, ledger = costly
    batch = begin(client)
    meter.refuses = 1
    with pytest.raises(openai.InternalServerError):
        client.batches.retrieve(batch.id)
    assert [each.id for each in ledger.batches.waiting()] == [batch.id]
    assert client.batches.retrieve(batch.id).status == "completed"
    assert ledger.batches.waiting() == []
    standing = ledger.standing(ledger.event("lesson"), "ada")
    assert (standing.reserved, standing.spent > 0) == (0, True)
