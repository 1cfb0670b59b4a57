"""What the stand-in keeps: files, stored completions and responses, and their identifiers."""

import openai
import pytest

MODEL = "gpt-5.4-mini"


def test_a_file_is_kept_listed_read_and_deleted(client):
    kept = client.files.create(file=("notes.txt", b"my notes"), purpose="user_data")
    assert (kept.bytes, kept.filename, kept.status) == (8, "notes.txt", "processed")
    assert [file.id for file in client.files.list(purpose="user_data")] == [kept.id]
    assert client.files.content(kept.id).read() == b"my notes"
    assert client.files.delete(kept.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(kept.id)


def test_files_are_listed_by_pages(client):
    ids = [client.files.create(file=(f"{n}.txt", b"x"), purpose="user_data").id for n in range(5)]
    first = client.files.list(limit=2, order="asc")
    assert [file.id for file in first.data] == ids[:2]
    assert [file.id for file in client.files.list(limit=2, order="asc")] == ids  # the SDK turns the pages


@pytest.mark.parametrize(
    ("order", "param"),
    [
        ({"purpose": "fun"}, "purpose"),
        ({"purpose": "batch", "file": ("a.txt", b"{}")}, "file"),
        ({"purpose": "fine-tune", "file": ("a.jsonl", b'{"a": 1}\nnot json\n')}, "file"),
        ({"expires_after": {"anchor": "created_at", "seconds": 5}}, "expires_after.seconds"),
        ({"expires_after": {"anchor": "never", "seconds": 5000}}, "expires_after.anchor"),
    ],
)
def test_a_file_that_openai_refuses_is_refused(client, order, param):
    with pytest.raises(openai.BadRequestError) as caught:
        client.files.create(**{"file": ("a.txt", b"x"), "purpose": "user_data", **order})
    assert caught.value.param == param


def test_a_stored_completion_is_listed_changed_and_deleted(client):
    ask = [{"role": "user", "content": "hi"}]
    client.chat.completions.create(model=MODEL, messages=ask)
    kept = client.chat.completions.create(model=MODEL, messages=ask, store=True, metadata={"lesson": "3"})
    assert [each.id for each in client.chat.completions.list()] == [kept.id]
    assert [each.id for each in client.chat.completions.list(metadata={"lesson": "4"})] == []
    assert client.chat.completions.retrieve(kept.id).choices == kept.choices
    assert client.chat.completions.messages.list(kept.id).data[0].content == "hi"
    assert client.chat.completions.update(kept.id, metadata={"lesson": "4"}).metadata == {"lesson": "4"}
    assert client.chat.completions.delete(kept.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.retrieve(kept.id)


def test_a_response_is_kept_continued_and_deleted(client):
    first = client.responses.create(model=MODEL, input="My name is Ada.")
    assert client.responses.retrieve(first.id).output_text == first.output_text
    second = client.responses.create(model=MODEL, input="And now?", previous_response_id=first.id)
    assert second.usage.input_tokens > first.usage.input_tokens + first.usage.output_tokens
    [item] = client.responses.input_items.list(second.id)
    assert item.content[0].text == "And now?"
    client.responses.delete(first.id)
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(model=MODEL, input="And now?", previous_response_id=first.id)
    assert caught.value.code == "previous_response_not_found"


def test_a_response_that_must_not_be_stored_is_not(client):
    response = client.responses.create(model=MODEL, input="hi", store=False)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(response.id)


def test_a_response_in_the_background_is_fetched_later(client):
    queued = client.responses.create(model=MODEL, input="hi", background=True)
    assert (queued.status, queued.output) == ("queued", [])
    assert [client.responses.retrieve(queued.id).status for _ in range(2)] == ["in_progress", "completed"]


def test_a_kept_response_can_be_streamed_again_from_an_event_on(client):
    response = client.responses.create(model=MODEL, input="hi")
    with client.responses.retrieve(response.id, stream=True, starting_after=3) as stream:
        events = list(stream)
    assert events[0].sequence_number == 4
    assert events[-1].type == "response.completed"


def test_input_tokens_are_counted_as_they_are_billed(client):
    counted = client.responses.input_tokens.count(model=MODEL, input="hello there")
    assert (
        counted.input_tokens == client.responses.create(model=MODEL, input="hello there").usage.input_tokens
    )


def test_a_compacted_conversation_keeps_what_the_user_wrote(client):
    compacted = client.responses.with_raw_response.compact(model=MODEL, input="remember the fox")
    items = compacted.http_response.json()["output"]
    assert [item["type"] for item in items] == ["message", "compaction"]
    assert items[0]["content"][0]["text"] == "remember the fox"


@pytest.mark.parametrize(
    "kind", ["conversations", "vector_stores", "files"], ids=["a conversation", "a vector store", "a file"]
)
def test_a_new_thing_takes_no_identifier_of_another_that_is_kept(client, kind):
    """After something was deleted, too: as many are kept then as when the second one came."""
    things = getattr(client, kind)

    def made():
        if kind == "files":
            return things.create(file=("a.txt", b"the same"), purpose="user_data").id
        return things.create().id

    first, second = made(), made()
    things.delete(first)
    assert made() not in (first, second)
    assert things.retrieve(second).id == second
