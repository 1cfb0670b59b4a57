"""What the stand-in remembers of a call, and what it must not."""

import dataclasses
import hashlib
import warnings

import pytest
from openai import OpenAI

from classroom import OpenAIMock
from classroom.allowance import Allowance
from classroom.standin.models.costs import Usage, cost_of
from classroom.standin.state import Shelf
from tests.classroom.pictures import make_picture

MODEL = "gpt-5.4-mini"
KEY = "sk-" + "proj-" + "very-secret-0123456789"  # in parts: this file itself holds nothing of a key's shape


@pytest.fixture
def secretive(openai_mock):
    return OpenAI(api_key=KEY, organization="org-1", project="proj-1", max_retries=0)


def test_a_call_is_remembered_with_who_asked_what_and_what_came_of_it(secretive, openai_mock):
    answer = secretive.chat.completions.with_raw_response.create(
        model=MODEL, messages=[{"role": "user", "content": "a fox"}]
    )
    [call] = openai_mock.calls
    assert (call.route, call.organization, call.project, call.status) == (
        "chat/completions",
        "org-1",
        "proj-1",
        200,
    )
    assert call.body["messages"][0]["content"] == "a fox"
    assert call.answer_sha256 == hashlib.sha256(answer.content).hexdigest()
    assert call.outputs[0].content.decode() == answer.parse().choices[0].message.content


def test_the_key_is_nowhere_in_the_record_even_where_a_prompt_holds_it(secretive, openai_mock):
    secretive.responses.create(model=MODEL, input=f"my key is {KEY}", metadata={"key": KEY})
    [call] = openai_mock.calls
    assert KEY not in repr(call.body)
    assert KEY not in repr((call.key, call.path, call.organization))
    assert "[key redacted]" in call.body["input"]
    assert openai_mock.calls.by(KEY) == [call]


def test_a_record_can_t_be_changed(secretive, openai_mock):
    secretive.models.list()
    with pytest.raises(dataclasses.FrozenInstanceError):
        openai_mock.calls[0].status = 500


def test_of_an_upload_everything_but_the_bytes_is_kept(secretive, openai_mock):
    content = make_picture()
    secretive.images.edit(model="gpt-image-2", image=("hat.png", content), prompt="a hat")
    kept = openai_mock.calls[0].body["image"]
    assert kept == {
        "filename": "hat.png",
        "media_type": "image/png",
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def test_calls_are_found_by_route_text_and_refusal(secretive, openai_mock):
    secretive.responses.create(model=MODEL, input="a fox")
    secretive.embeddings.create(model="text-embedding-3-small", input="a hen")
    openai_mock.fail(status=429, times=1)
    with pytest.raises(Exception, match="Rate limit"):
        secretive.responses.create(model=MODEL, input="a hen")
    calls = openai_mock.calls
    assert [call.id for call in calls.to("responses")] == ["call-1", "call-3"]
    assert [call.id for call in calls.mentioning("a hen")] == ["call-2", "call-3"]
    assert [call.id for call in calls.refused()] == ["call-3"]


def test_the_sdk_s_retries_are_counted_as_it_counts_them(openai_mock):
    openai_mock.fail(status=500, times=2)
    OpenAI(max_retries=2).responses.create(model=MODEL, input="hi")
    assert [call.retry_count for call in openai_mock.calls] == [0, 1, 2]


@pytest.mark.parametrize("words", ["\ud800", "日本", "\0", "a" * 100_000])
def test_any_text_is_taken_and_given_back(raw, words):
    import json

    body = json.dumps({"model": MODEL, "input": words}).encode()
    for stream in (False, True):
        sent = body if not stream else body[:-1] + b', "stream": true}'
        assert (
            raw.post("/responses", content=sent, headers={"content-type": "application/json"}).status_code
            == 200
        )


# --- what it takes --------------------------------------------------------------------------------------------------------


def test_the_oldest_calls_are_dropped_where_they_take_too_much_and_the_journal_says_so():
    with OpenAIMock(journal_bytes=500_000) as mock:
        client = OpenAI(base_url=mock.base_url, api_key="k", max_retries=0)
        for number in range(8):
            client.responses.create(model=MODEL, input=f"{number} " + "x" * 100_000, store=False)
        assert 3 <= mock.calls.dropped <= 6
        assert len(mock.calls) == 8 - mock.calls.dropped
        assert mock.calls.made == 8
        assert mock.calls[0].id == f"call-{mock.calls.dropped + 1}"
        assert mock.calls[-1].body["input"].startswith("7 ")
        assert mock.calls.cost > 7 * mock.calls[-1].cost  # of those that were dropped, too


def test_one_call_is_kept_however_large_it_is():
    with OpenAIMock(journal_bytes=1_000) as mock:
        OpenAI(base_url=mock.base_url, api_key="k").responses.create(model=MODEL, input="x" * 10_000)
        assert len(mock.calls) == 1


def test_where_an_allowance_bounds_what_comes_every_call_is_kept():
    with OpenAIMock(journal_bytes=1_000, allowance=Allowance(100, 10_000_000)) as mock:
        client = OpenAI(base_url=mock.base_url, api_key="k")
        for _ in range(3):
            client.responses.create(model=MODEL, input="x" * 10_000)
        assert (len(mock.calls), mock.calls.dropped) == (3, 0)


def test_what_is_stored_gives_way_to_what_comes_later(monkeypatch):
    monkeypatch.setattr("classroom.standin.state._MOST_BYTES", 1_000_000)
    shelf: Shelf[bytes] = Shelf()
    for number in range(8):
        shelf.put(str(number), bytes(300_000))
    assert (shelf.get("4"), len(shelf)) == (None, 3)
    shelf.take("7")
    shelf.put("8", bytes(300_000))
    assert len(shelf) == 3


def test_what_others_are_warned_of_while_a_price_is_looked_up_is_no_error(monkeypatch):
    import genai_prices

    real = genai_prices.calc_price

    def warned(*arguments, **named):
        warnings.warn("a socket that nobody closed", ResourceWarning, stacklevel=1)
        return real(*arguments, **named)

    monkeypatch.setattr(genai_prices, "calc_price", warned)
    assert cost_of(Usage("gpt-4o-mini", {"input_tokens": 1_000_000})) > 0
