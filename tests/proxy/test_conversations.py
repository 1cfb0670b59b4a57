"""Conversations through the proxy: what is in one is its attendee's alone, and is counted whenever it is read again."""

import openai
import pytest

from classroom.proxy.rules.events import NANO
from tests.proxy.conftest import an_event
from tests.proxy.test_stored import MODEL, ada, eve, learner

__all__ = ["ada", "eve"]  # fixtures
SECRET = {"type": "message", "role": "user", "content": "my secret is a kite"}


@pytest.fixture
def talk(ada):
    return ada.conversations.create(items=[SECRET], metadata={"lesson": "7"})


def held(proxy, id, name="ada"):
    return proxy.ledger.belongings.tokens_of({id}, "lesson", name)[id]


def booked(proxy, name="ada"):
    return proxy.ledger.standing(proxy.ledger.event("lesson"), name).spent / NANO


def test_a_conversation_is_made_read_changed_gone_on_with_and_deleted(ada, talk):
    assert ada.conversations.retrieve(talk.id).metadata == {"lesson": "7"}
    assert ada.conversations.update(talk.id, metadata={"lesson": "8"}).metadata == {"lesson": "8"}
    answer = ada.responses.create(model=MODEL, input="and?", conversation=talk.id, max_output_tokens=50)
    assert answer.conversation.id == talk.id
    ada.responses.create(model=MODEL, input="go on", conversation={"id": talk.id}, max_output_tokens=50)
    items = list(ada.conversations.items.list(talk.id, order="asc"))
    assert len(items) == 5
    assert ada.conversations.items.retrieve(items[0].id, conversation_id=talk.id).id == items[0].id
    [more] = ada.conversations.items.create(talk.id, items=[{**SECRET, "content": "more"}]).data
    ada.conversations.items.delete(more.id, conversation_id=talk.id)
    with pytest.raises(openai.NotFoundError):
        ada.conversations.items.retrieve(more.id, conversation_id=talk.id)
    assert ada.conversations.delete(talk.id).deleted
    with pytest.raises(openai.NotFoundError):
        ada.conversations.retrieve(talk.id)


def test_items_come_by_pages(ada, talk):
    for number in range(5):
        ada.conversations.items.create(talk.id, items=[{**SECRET, "content": f"number {number}"}])
    assert len(list(ada.conversations.items.list(talk.id, limit=2))) == 6


ACTIONS = {
    "retrieve": lambda client, talk, item: client.conversations.retrieve(talk),
    "update": lambda client, talk, item: client.conversations.update(talk, metadata={"a": "b"}),
    "delete": lambda client, talk, item: client.conversations.delete(talk),
    "list": lambda client, talk, item: client.conversations.items.list(talk),
    "add": lambda client, talk, item: client.conversations.items.create(talk, items=[SECRET]),
    "item": lambda client, talk, item: client.conversations.items.retrieve(item, conversation_id=talk),
    "drop": lambda client, talk, item: client.conversations.items.delete(item, conversation_id=talk),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_another_s_conversation_is_as_if_there_were_none(proxy, ada, eve, talk, action):
    item = ada.conversations.items.list(talk.id).data[0].id
    before = len(proxy.openai.calls)
    with pytest.raises(openai.NotFoundError) as refused:
        ACTIONS[action](eve, talk.id, item)
    with pytest.raises(openai.NotFoundError) as nobodys:
        ACTIONS[action](eve, "conv_of_nobody", item)
    assert refused.value.message.replace(talk.id, "conv_of_nobody") == nobodys.value.message
    assert len(proxy.openai.calls) == before  # the upstream was not even asked


def test_another_s_item_is_not_read_through_one_s_own_conversation(proxy, ada, eve, talk):
    item = ada.conversations.items.list(talk.id).data[0].id
    mine = eve.conversations.create()
    for action in (eve.conversations.items.retrieve, eve.conversations.items.delete):
        with pytest.raises(openai.NotFoundError):
            action(item, conversation_id=mine.id)
    for cursor in (item, "msg_of_nobody"):
        with pytest.raises(openai.BadRequestError, match="no item of this list"):
            eve.conversations.items.list(mine.id, after=cursor)


@pytest.mark.parametrize("shape", [lambda id: id, lambda id: {"id": id}])
def test_another_s_conversation_can_not_be_gone_on_with(proxy, eve, talk, shape):
    before = len(proxy.openai.calls)
    with pytest.raises(openai.BadRequestError) as refused:
        eve.responses.create(model=MODEL, input="and?", conversation=shape(talk.id))
    assert refused.value.code == "identifier_not_found"
    assert len(proxy.openai.calls) == before


def test_another_s_items_can_not_be_put_into_one_s_own(ada, eve, talk):
    item = ada.conversations.items.list(talk.id).data[0].id
    for named in (
        {"type": "item_reference", "id": item},
        {**SECRET, "role": "assistant", "id": item},
    ):
        with pytest.raises(openai.BadRequestError):
            eve.conversations.create(items=[named])


def test_what_is_in_it_is_counted_when_it_is_read_again(proxy, ada):
    long = ada.conversations.create(items=[{**SECRET, "content": "kite " * 2000}])
    assert held(proxy, long.id) >= 10_000
    ada.responses.create(model=MODEL, input="and?", conversation=long.id, max_output_tokens=16)
    assert booked(proxy) >= float(proxy.openai.calls.cost)


def test_a_budget_that_does_not_cover_what_is_in_it_holds(proxy):
    proxy.ledger.add(an_event("poor", learner_budget=NANO // 100))
    poor = learner(proxy, "ada", "poor")
    mine = poor.conversations.create(items=[{**SECRET, "content": "kite " * 3000}])
    with pytest.raises(openai.RateLimitError, match="does not cover"):
        poor.responses.create(model=MODEL, input="and?", conversation=mine.id, max_output_tokens=16)


def test_a_refused_call_leaves_the_conversation_as_long_as_it_was(proxy, ada, talk):
    before = held(proxy, talk.id)
    with pytest.raises(openai.BadRequestError):
        ada.responses.create(model=MODEL, input="kite " * 500_000, conversation=talk.id, max_output_tokens=16)
    assert held(proxy, talk.id) == before


def test_answers_grow_it_by_what_they_answered(proxy, ada, talk):
    before = held(proxy, talk.id)
    answer = ada.responses.create(model=MODEL, input="and?", conversation=talk.id)
    assert before + answer.usage.output_tokens <= held(proxy, talk.id) < before + 1000


def test_conversations_are_bounded(ada, monkeypatch):
    from classroom.proxy.storing import stored

    monkeypatch.setitem(stored._MOST, "conversations", 1)
    ada.conversations.create()
    with pytest.raises(openai.BadRequestError, match="Delete one first"):
        ada.conversations.create()
