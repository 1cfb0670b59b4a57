"""Conversations, uploads, batches, vector stores, and responses in the background."""

import hashlib
import json
from decimal import Decimal

import openai
import pytest
from openai import AzureOpenAI

MODEL = "gpt-5.4-mini"


# --- conversations --------------------------------------------------------------------------------------------------------


def test_a_conversation_remembers_what_was_asked_and_answered(client, openai_mock):
    openai_mock.reply("my name is Ada", text="Hello Ada.")
    kept = client.conversations.create(
        items=[{"role": "developer", "content": "Be brief."}], metadata={"a": "b"}
    )
    client.responses.create(model=MODEL, input="my name is Ada", conversation=kept.id)
    openai_mock.reply(lambda request: "Hello Ada." in json.dumps(request.body) or True, text="Ada.")
    second = client.responses.create(model=MODEL, input="who am I?", conversation={"id": kept.id})
    assert second.conversation.id == kept.id
    items = client.conversations.items.list(kept.id, order="asc").data
    messages = [(item.role, item.content[0].text) for item in items]
    assert messages == [
        ("developer", "Be brief."),
        ("user", "my name is Ada"),
        ("assistant", "Hello Ada."),
        ("user", "who am I?"),
        ("assistant", "Ada."),
    ]
    assert second.usage.input_tokens > 12  # with the earlier turns


def test_items_are_added_found_and_taken_away(client):
    kept = client.conversations.create()
    made = client.conversations.items.create(kept.id, items=[{"role": "user", "content": "one"}]).data[0]
    assert client.conversations.items.retrieve(made.id, conversation_id=kept.id).content[0].text == "one"
    client.conversations.items.delete(made.id, conversation_id=kept.id)
    assert client.conversations.items.list(kept.id).data == []
    again = client.conversations.items.create(kept.id, items=[{"role": "user", "content": "one"}]).data[0]
    assert again.id != made.id
    assert client.conversations.update(kept.id, metadata={"x": "y"}).metadata == {"x": "y"}
    assert client.conversations.delete(kept.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.responses.create(model=MODEL, input="hi", conversation=kept.id)


def test_a_conversation_and_a_previous_response_exclude_each_other(client):
    kept = client.conversations.create()
    first = client.responses.create(model=MODEL, input="hi")
    with pytest.raises(openai.BadRequestError, match="Mutually exclusive"):
        client.responses.create(model=MODEL, input="hi", conversation=kept.id, previous_response_id=first.id)


# --- responses in the background --------------------------------------------------------------------------------------------


def test_a_response_in_the_background_is_asked_for_until_it_is_done(client):
    response = client.responses.create(model=MODEL, input="hello there", background=True)
    states = [response.status]
    while response.status in ("queued", "in_progress"):
        response = client.responses.retrieve(response.id)
        states.append(response.status)
    assert states == ["queued", "in_progress", "completed"]
    assert "hello there" in response.output_text


def test_a_response_in_the_background_is_cancelled_before_it_is_done_and_not_after(client):
    made = client.responses.create(model=MODEL, input="hello there", background=True)
    assert client.responses.cancel(made.id).status == "cancelled"
    assert client.responses.retrieve(made.id).status == "cancelled"
    done = client.responses.create(model=MODEL, input="something else", background=True)
    assert [client.responses.retrieve(done.id).status for _ in range(2)] == ["in_progress", "completed"]
    assert client.responses.cancel(done.id).status == "completed"


# --- containers -----------------------------------------------------------------------------------------------------------


def test_a_container_keeps_files_and_is_billed_by_its_size(client, openai_mock):
    letter = client.files.create(file=("letter.txt", b"dear diary"), purpose="user_data")
    made = client.containers.create(name="mine", memory_limit="4g", file_ids=[letter.id])
    assert openai_mock.calls[-1].cost == Decimal("0.03")
    assert (made.status, made.expires_after.minutes) == ("running", 20)
    mine = client.containers.files.create(made.id, file=("table.csv", b"1,2"))
    copy = client.containers.files.create(made.id, file_id=letter.id)
    assert [each.path.rpartition("/")[2] for each in client.containers.files.list(made.id)] == [
        "letter.txt",
        "table.csv",
        "letter.txt",
    ]
    assert client.containers.files.content.retrieve(mine.id, container_id=made.id).read() == b"1,2"
    client.containers.files.delete(copy.id, container_id=made.id)
    with pytest.raises(openai.NotFoundError):
        client.containers.files.retrieve(copy.id, container_id=made.id)
    assert [each.id for each in client.containers.list(name="mine")] == [made.id]
    assert list(client.containers.list(name="other")) == []
    client.containers.delete(made.id)
    with pytest.raises(openai.NotFoundError):
        client.containers.retrieve(made.id)


@pytest.mark.parametrize(
    "wrong",
    [
        {"memory_limit": "2g"},
        {"expires_after": {"anchor": "created_at", "minutes": 5}},
        {"expires_after": {"anchor": "last_active_at", "minutes": 21}},
    ],
)
def test_a_container_out_of_bounds_is_refused(client, wrong):
    with pytest.raises(openai.BadRequestError):
        client.containers.create(name="mine", **wrong)


def test_a_container_s_file_needs_bytes_or_a_file_that_is_kept(client):
    made = client.containers.create(name="mine")
    with pytest.raises(openai.BadRequestError, match="One of 'file' and 'file_id'"):
        client.containers.files.create(made.id)
    with pytest.raises(openai.NotFoundError):
        client.containers.files.create(made.id, file_id="file-of-nobody")


# --- uploads --------------------------------------------------------------------------------------------------------------


def test_an_upload_is_put_together_in_the_order_that_is_asked_for(client):
    upload = client.uploads.create(bytes=11, filename="a.txt", mime_type="text/plain", purpose="user_data")
    parts = [client.uploads.parts.create(upload.id, data=content).id for content in (b"world", b"hello ")]
    md5 = hashlib.md5(b"hello world").hexdigest()
    done = client.uploads.complete(upload.id, part_ids=parts[::-1], md5=md5)
    assert client.files.content(done.file.id).read() == b"hello world"


def test_an_upload_of_another_size_or_sum_or_one_that_is_over_is_refused(client):
    upload = client.uploads.create(bytes=4, filename="a.txt", mime_type="text/plain", purpose="user_data")
    part = client.uploads.parts.create(upload.id, data=b"hello").id
    for wanted in ({"part_ids": [part]}, {"part_ids": ["part_none"]}, {"part_ids": [], "md5": "0"}):
        with pytest.raises(openai.BadRequestError):
            client.uploads.complete(upload.id, **wanted)
    assert client.uploads.cancel(upload.id).status == "cancelled"
    with pytest.raises(openai.BadRequestError, match="cancelled"):
        client.uploads.parts.create(upload.id, data=b"hello")


# --- batches ----------------------------------------------------------------------------------------------------------------


def line(number, **changes):
    body = {"model": MODEL, "input": f"question {number}"}
    return {"custom_id": f"q{number}", "method": "POST", "url": "/v1/responses", "body": body, **changes}


def begun(client, *lines):
    content = "\n".join(map(json.dumps, lines)).encode()
    file = client.files.create(file=("a.jsonl", content), purpose="batch")
    return client.batches.create(input_file_id=file.id, endpoint="/v1/responses", completion_window="24h")


def ended(client, batch):
    states = [batch.status]
    while batch.status in ("validating", "in_progress"):
        batch = client.batches.retrieve(batch.id)
        states.append(batch.status)
    return batch, states


def lines_of(client, file_id):
    return [json.loads(each) for each in client.files.content(file_id).text.splitlines()]


def test_a_batch_answers_each_line_and_keeps_those_that_failed_apart(client, openai_mock):
    batch, states = ended(
        client, begun(client, line(1), line(2, body={"model": "gpt-none", "input": "x"}), line(3))
    )
    assert states == ["validating", "in_progress", "completed"]
    assert batch.request_counts.model_dump() == {"total": 3, "completed": 2, "failed": 1}
    good, [bad] = lines_of(client, batch.output_file_id), lines_of(client, batch.error_file_id)
    answers = {each["custom_id"]: json.dumps(each["response"]["body"]["output"]) for each in good}
    assert sorted(answers) == ["q1", "q3"]
    assert "question 3" in answers["q3"]
    assert (bad["custom_id"], bad["response"]["status_code"]) == ("q2", 404)
    assert client.batches.list().data[0].id == batch.id


def test_the_answers_of_a_batch_are_in_another_order_than_its_requests(client):
    batch, _ = ended(client, begun(client, *map(line, range(12))))
    asked = [f"q{number}" for number in range(12)]
    found = [each["custom_id"] for each in lines_of(client, batch.output_file_id)]
    assert sorted(found) == sorted(asked)
    assert found != asked


def test_a_batch_costs_half(client, openai_mock):
    begun(client, line(1))
    client.responses.create(model=MODEL, input="question 1")
    batch, alone = openai_mock.calls.to("batches")[0], openai_mock.calls.to("responses")[0]
    assert batch.cost * 2 == alone.cost > 0


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ((line(1), line(1)), "duplicate_custom_id"),
        ((line(1, url="/v1/embeddings"),), "mismatched_endpoint"),
        (({"custom_id": "a"},), "invalid_json_line"),
        ((), "empty_file"),
    ],
)
def test_a_file_that_is_no_batch_fails_and_says_where(client, lines, code):
    batch, states = ended(client, begun(client, *lines))
    assert states == ["validating", "failed"]
    assert batch.errors.data[0].code == code
    assert batch.output_file_id is None


def test_a_batch_is_cancelled_before_its_end(client):
    batch = begun(client, line(1))
    assert client.batches.cancel(batch.id).status == "cancelling"
    assert client.batches.retrieve(batch.id).status == "cancelled"
    done, _ = ended(client, begun(client, line(2)))
    with pytest.raises(openai.ConflictError):
        client.batches.cancel(done.id)


def test_a_batch_of_a_file_for_something_else_or_another_endpoint_is_refused(client):
    file = client.files.create(file=("a.txt", b"hi"), purpose="user_data")
    for wanted in (
        {"input_file_id": file.id, "endpoint": "/v1/responses"},
        {"input_file_id": file.id, "endpoint": "/v1/files"},
    ):
        with pytest.raises(openai.BadRequestError):
            client.batches.create(**wanted, completion_window="24h")


# --- vector stores ----------------------------------------------------------------------------------------------------------

TEXTS = {
    "foxes.txt": "Foxes are red and hunt mice at night.",
    "moon.txt": "The moon goes around the earth in a month.",
}


@pytest.fixture
def store(client):
    store = client.vector_stores.create(name="animals and planets")
    for year, (name, words) in enumerate(TEXTS.items(), 2020):
        file = client.files.create(file=(name, words.encode()), purpose="assistants")
        client.vector_stores.files.create(
            store.id, file_id=file.id, attributes={"year": year, "kind": name[:3]}
        )
    return client.vector_stores.retrieve(store.id)


def found(client, store, query, **options):
    return [each.filename for each in client.vector_stores.search(store.id, query=query, **options).data]


def test_what_is_near_is_found_first(client, store):
    assert (store.file_counts.total, store.file_counts.completed, store.status) == (2, 2, "completed")
    assert found(client, store, "which animal hunts mice?")[0] == "foxes.txt"
    assert found(client, store, "how long does the moon take around the earth?", max_num_results=1) == [
        "moon.txt"
    ]
    assert (
        found(client, store, ["moon earth month", "foxes mice"], ranking_options={"score_threshold": 0.99})
        == []
    )


def test_filters_choose_by_attributes(client, store):
    newer = {"type": "gte", "key": "year", "value": 2021}
    assert found(client, store, "foxes and the moon", filters=newer) == ["moon.txt"]
    both = {"type": "and", "filters": [newer, {"type": "eq", "key": "kind", "value": "fox"}]}
    assert found(client, store, "foxes and the moon", filters=both) == []
    either = {"type": "or", "filters": [newer, {"type": "in", "key": "kind", "value": ["fox"]}]}
    assert len(found(client, store, "foxes and the moon", filters=either)) == 2
    assert found(client, store, "foxes", filters={"type": "gt", "key": "kind", "value": 3}) == []
    with pytest.raises(openai.BadRequestError):
        found(client, store, "foxes", filters={"type": "like", "key": "kind", "value": "fox"})


def test_file_search_looks_in_the_stores_that_it_names(client, store):
    tool = {"type": "file_search", "vector_store_ids": [store.id], "max_num_results": 1}
    answer = client.responses.create(
        model=MODEL, input="Which animals hunt mice?", tools=[tool], include=["file_search_call.results"]
    )
    [result] = answer.output[0].results
    assert (result.filename, result.text) == ("foxes.txt", TEXTS["foxes.txt"])
    assert result.attributes["year"] == 2020


def test_files_are_listed_changed_read_and_taken_out(client, store):
    [newest, oldest] = client.vector_stores.files.list(store.id).data
    assert (
        client.vector_stores.files.content(oldest.id, vector_store_id=store.id).data[0].text
        == TEXTS["foxes.txt"]
    )
    changed = client.vector_stores.files.update(oldest.id, vector_store_id=store.id, attributes={"year": 1})
    assert changed.attributes == {"year": 1}
    assert client.vector_stores.files.delete(newest.id, vector_store_id=store.id).deleted
    assert found(client, store, "the moon and foxes") == ["foxes.txt"]
    assert client.files.retrieve(newest.id).filename == "moon.txt"
    assert client.vector_stores.delete(store.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.vector_stores.retrieve(store.id)


def test_several_files_come_at_once_and_one_that_is_no_text_fails(client):
    store = client.vector_stores.create()
    ids = [
        client.files.create(file=(name, content), purpose="assistants").id
        for name, content in (("a.txt", b"hi"), ("b.bin", b"\0\xff"))
    ]
    batch = client.vector_stores.file_batches.create(store.id, file_ids=ids)
    assert (batch.file_counts.completed, batch.file_counts.failed) == (1, 1)
    [failed] = client.vector_stores.file_batches.list_files(
        batch.id, vector_store_id=store.id, filter="failed"
    ).data
    assert failed.last_error.code == "unsupported_file"


# --- addresses and bodies -----------------------------------------------------------------------------------------------------


def test_azure_s_client_reaches_what_no_deployment_answers(openai_mock):
    endpoint = openai_mock.base_url.removesuffix("/v1")
    azure = AzureOpenAI(azure_endpoint=endpoint, api_key="k", api_version="2025-04-01-preview", max_retries=0)
    assert azure.responses.create(model=MODEL, input="hi").output_text
    assert any(model.id == MODEL for model in azure.models.list())
    assert azure.files.create(file=("a.txt", b"hi"), purpose="user_data").id
    assert openai_mock.calls.to("responses")


def test_azure_s_address_needs_a_version_there_too(raw, openai_mock):
    origin = openai_mock.base_url.removesuffix("/v1")
    assert raw.get(f"{origin}/openai/models").status_code == 404
    assert raw.get(f"{origin}/openai/v1/models").status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"])
def test_json_under_another_type_is_refused(raw, kind):
    body = json.dumps({"model": MODEL, "input": "hi"})
    refused = raw.post("/responses", content=body, headers={"content-type": kind})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "unsupported_content_type")
    assert (
        raw.post(
            "/responses", content=body, headers={"content-type": "Application/JSON; charset=utf-8"}
        ).status_code
        == 200
    )
    assert raw.post("/responses", content=body).status_code == 200


def test_a_retired_model_is_named_before_what_else_is_wrong(client):
    with pytest.raises(openai.NotFoundError, match="retired"):
        client.images.generate(model="dall-e-3", prompt="a fox", quality="hd", n=3, size="9x9")
