"""Vector stores through the proxy, and the tool that searches them: one's own alone, and each use is paid for."""

import openai
import pytest

from classroom.proxy.prices import keeping
from classroom.proxy.rules.events import NANO
from tests.proxy.conftest import an_event
from tests.proxy.test_stored import MODEL, ada, eve, learner

__all__ = ["ada", "eve"]  # fixtures
TEXT = b"Kites fly when the wind blows. My secret is a red kite."


@pytest.fixture
def note(ada):
    return ada.files.create(file=("kites.txt", TEXT), purpose="assistants")


@pytest.fixture
def store(ada, note):
    return ada.vector_stores.create(name="kites", file_ids=[note.id])


def spent(proxy, name="ada"):
    return proxy.ledger.standing(proxy.ledger.event("lesson"), name).spent


def test_a_store_is_made_filled_searched_and_deleted(ada, note):
    store = ada.vector_stores.create(name="kites")
    assert ada.vector_stores.update(store.id, name="red kites").name == "red kites"
    made = ada.vector_stores.files.create_and_poll(
        note.id, vector_store_id=store.id, attributes={"colour": "red"}
    )
    assert made.status == "completed"
    wind = {"type": "eq", "key": "colour", "value": "red"}
    found = ada.vector_stores.search(store.id, query="wind", filters=wind).data
    assert found[0].file_id == note.id
    assert [each.id for each in ada.vector_stores.files.list(store.id)] == [note.id]
    changed = ada.vector_stores.files.update(note.id, vector_store_id=store.id, attributes={"colour": "blue"})
    assert changed.attributes == {"colour": "blue"}
    assert "kite" in ada.vector_stores.files.content(note.id, vector_store_id=store.id).to_json()
    batch = ada.vector_stores.file_batches.create_and_poll(store.id, file_ids=[note.id])
    assert batch.file_counts.completed == 1
    assert [each.id for each in ada.vector_stores.file_batches.list_files(batch.id, vector_store_id=store.id)]
    ada.vector_stores.files.delete(note.id, vector_store_id=store.id)
    assert ada.files.content(note.id).read() == TEXT  # the file itself stays
    assert ada.vector_stores.delete(store.id).deleted
    assert ada.vector_stores.list().data == []


def test_files_are_searched_for_an_answer(proxy, ada, store, note):
    tool = {"type": "file_search", "vector_store_ids": [store.id]}
    answer = ada.responses.create(
        model=MODEL,
        input="Why do kites fly?",
        tools=[tool],
        include=["file_search_call.results"],
        max_output_tokens=200,
    )
    [call] = [item for item in answer.output if item.type == "file_search_call"]
    assert call.results[0].file_id == note.id
    sent = proxy.openai.calls.to("responses")[-1].body
    assert (sent["max_tool_calls"], sent["tools"][0]["max_num_results"]) == (2, 10)
    assert spent(proxy) >= keeping.SEARCH
    items = [{"role": "user", "content": "x"}, *(item.to_dict() for item in answer.output)]
    assert ada.responses.create(model=MODEL, input=items, max_output_tokens=50).output_text


def test_a_file_of_one_s_own_is_read_in_a_prompt(ada, note):
    part = [{"type": "input_file", "file_id": note.id}, {"type": "input_text", "text": "What is in it?"}]
    assert ada.responses.create(
        model=MODEL, input=[{"role": "user", "content": part}], max_output_tokens=50
    ).id


ACTIONS = {
    "retrieve": lambda client, store, file: client.vector_stores.retrieve(store),
    "update": lambda client, store, file: client.vector_stores.update(store, name="x"),
    "delete": lambda client, store, file: client.vector_stores.delete(store),
    "search": lambda client, store, file: client.vector_stores.search(store, query="secret"),
    "files": lambda client, store, file: client.vector_stores.files.list(store),
    "file": lambda client, store, file: client.vector_stores.files.retrieve(file, vector_store_id=store),
    "content": lambda client, store, file: client.vector_stores.files.content(file, vector_store_id=store),
    "drop": lambda client, store, file: client.vector_stores.files.delete(file, vector_store_id=store),
    "add": lambda client, store, file: client.vector_stores.files.create(store, file_id=file),
    "several": lambda client, store, file: client.vector_stores.file_batches.create(store, file_ids=[file]),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_another_s_store_is_as_if_there_were_none(proxy, eve, store, note, action):
    before = len(proxy.openai.calls)
    with pytest.raises(openai.NotFoundError) as refused:
        ACTIONS[action](eve, store.id, note.id)
    with pytest.raises(openai.NotFoundError) as nobodys:
        ACTIONS[action](eve, "vs_of_nobody", note.id)
    assert refused.value.message.replace(store.id, "vs_of_nobody") == nobodys.value.message
    assert len(proxy.openai.calls) == before  # the upstream was not even asked


def test_another_s_stores_are_not_listed(eve, store):
    assert eve.vector_stores.list().data == []
    mine = eve.vector_stores.create(name="mine")
    assert [each.id for each in eve.vector_stores.list(limit=1)] == [mine.id]
    for cursor in ("after", "before"):
        with pytest.raises(openai.BadRequestError, match="no item of this list"):
            eve.vector_stores.list(**{cursor: store.id})


@pytest.mark.parametrize(
    "place",
    [
        lambda client, mine, file: client.vector_stores.create(file_ids=[file]),
        lambda client, mine, file: client.vector_stores.files.create(mine, file_id=file),
        lambda client, mine, file: client.vector_stores.file_batches.create(mine, file_ids=[file]),
        lambda client, mine, file: client.vector_stores.file_batches.create(mine, files=[{"file_id": file}]),
    ],
)
def test_another_s_file_can_not_be_put_into_one_s_own(proxy, eve, note, place):
    mine = eve.vector_stores.create()
    before = len(proxy.openai.calls)
    with pytest.raises(openai.BadRequestError) as refused:
        place(eve, mine.id, note.id)
    assert refused.value.code == "identifier_not_found"
    assert len(proxy.openai.calls) == before


def test_another_s_file_is_not_read_through_one_s_own_store(eve, note):
    mine = eve.vector_stores.create()
    for action in (
        eve.vector_stores.files.retrieve,
        eve.vector_stores.files.content,
        eve.vector_stores.files.delete,
    ):
        with pytest.raises(openai.NotFoundError):
            action(note.id, vector_store_id=mine.id)
    with pytest.raises(openai.BadRequestError):
        eve.vector_stores.files.list(mine.id, after=note.id)


def test_another_s_store_can_not_be_searched_for_an_answer(proxy, eve, store):
    mine = eve.vector_stores.create()
    before = len(proxy.openai.calls)
    tool = {"type": "file_search", "vector_store_ids": [mine.id, store.id]}
    with pytest.raises(openai.BadRequestError) as refused:
        eve.responses.create(model=MODEL, input="What is the secret?", tools=[tool])
    assert refused.value.param == "tools[0].vector_store_ids[1]"
    assert len(proxy.openai.calls) == before


def test_a_store_does_not_outlive_its_use_by_more_than_was_paid_for(proxy, ada, store):
    assert proxy.openai.calls.to("vector_stores")[-1].body["expires_after"]["days"] == 7
    with pytest.raises(openai.BadRequestError):
        ada.vector_stores.create(expires_after={"anchor": "last_active_at", "days": 30})
    with pytest.raises(openai.BadRequestError):
        ada.vector_stores.update(store.id, expires_after={"anchor": "last_active_at", "days": 8})


@pytest.mark.parametrize("query", ["wind", ["wind", "kites", "red"]])
def test_each_use_is_charged(proxy, ada, store, query):
    before = spent(proxy)
    ada.vector_stores.search(store.id, query=query)
    searches = len(query) if isinstance(query, list) else 1
    assert spent(proxy) - before == searches * keeping.SEARCH + keeping.cost(keeping.kilobytes(TEXT))


def test_looking_at_a_store_costs_nothing_and_a_refused_use_neither(proxy, ada, store):
    before = spent(proxy)
    ada.vector_stores.retrieve(store.id)
    ada.vector_stores.list()
    proxy.openai.fail(status=400, times=1)
    with pytest.raises(openai.BadRequestError):
        ada.vector_stores.search(store.id, query="wind")
    assert spent(proxy) == before


def test_a_budget_that_does_not_cover_a_search_holds(proxy):
    proxy.ledger.add(an_event("poor", learner_budget=NANO // 500))
    client = learner(proxy, "ada", "poor")
    store = client.vector_stores.create()
    before = len(proxy.openai.calls)
    with pytest.raises(openai.RateLimitError):
        client.vector_stores.search(store.id, query="wind")
    assert len(proxy.openai.calls) == before


@pytest.mark.parametrize(
    "more",
    [
        {
            "chunking_strategy": {
                "type": "static",
                "static": {"max_chunk_size_tokens": 4096, "chunk_overlap_tokens": 0},
            }
        },
        {"surprise": 1},
        {"metadata": {"a": 1}},
        {"file_ids": ["../x"]},
    ],
)
def test_what_can_not_be_counted_is_refused(proxy, ada, more):
    with pytest.raises(openai.BadRequestError):
        ada.vector_stores.create(extra_body=more)
    assert proxy.openai.calls.to("vector_stores") == []


def test_a_filter_that_is_nested_without_end_is_refused(ada, store):
    nested = {"type": "eq", "key": "a", "value": "b"}
    for _ in range(40):
        nested = {"type": "and", "filters": [nested]}
    with pytest.raises(openai.BadRequestError, match="nested"):
        ada.vector_stores.search(store.id, query="wind", filters=nested)
