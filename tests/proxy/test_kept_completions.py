"""Chat completions that a learner stores: theirs alone, and addresses of OpenAI's that are refused say why."""

import httpx
import openai
import pytest

from tests.proxy.conftest import an_event
from tests.proxy.test_stored import MODEL, ada, eve, learner

__all__ = ["ada", "eve"]  # fixtures


def stored(client, words, **more):
    messages = [{"role": "user", "content": words}]
    return client.chat.completions.create(model=MODEL, messages=messages, store=True, **more)


def test_a_learner_lists_reads_changes_and_deletes_stored_completions(ada):
    first, second = stored(ada, "one"), stored(ada, "two", metadata={"week": "2"})
    assert [each.id for each in ada.chat.completions.list()] == [first.id, second.id]  # the oldest first
    assert [each.id for each in ada.chat.completions.list(metadata={"week": "2"})] == [second.id]
    assert [each.id for each in ada.chat.completions.list(model="gpt-5.4")] == []
    assert len(ada.chat.completions.list(model=MODEL).data) == 2
    assert ada.chat.completions.retrieve(first.id).choices == first.choices
    assert ada.chat.completions.messages.list(first.id).data[0].content == "one"
    changed = ada.chat.completions.update(first.id, metadata={"week": "1"})
    assert changed.metadata == {"week": "1"}
    assert ada.chat.completions.delete(first.id).deleted
    with pytest.raises(openai.NotFoundError):
        ada.chat.completions.retrieve(first.id)
    assert [each.id for each in ada.chat.completions.list()] == [second.id]


def test_pages_go_on_where_one_ended(ada):
    made = [stored(ada, f"number {each}").id for each in range(3)]
    assert [each.id for each in ada.chat.completions.list(limit=1)] == made
    page = ada.chat.completions.list(limit=2, order="desc")
    assert [each.id for each in page.data] == made[:0:-1]
    assert page.has_more


def test_one_that_was_streamed_is_kept_too(ada):
    id = next(iter({chunk.id for chunk in stored(ada, "in pieces", stream=True)}))
    assert [each.id for each in ada.chat.completions.list()] == [id]


def test_one_that_was_not_to_be_stored_is_not_listed(ada):
    ada.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "hello"}])
    assert ada.chat.completions.list().data == []


def test_another_s_is_as_if_there_were_none(proxy, ada, eve):
    mine = stored(ada, "my secret")
    tries = (
        eve.chat.completions.retrieve,
        eve.chat.completions.delete,
        eve.chat.completions.messages.list,
        lambda id: eve.chat.completions.update(id, metadata={}),
    )
    before = len(proxy.openai.calls)
    for attempt in tries:
        with pytest.raises(openai.NotFoundError, match="No chat completion with the id"):
            attempt(mine.id)
    with pytest.raises(openai.BadRequestError, match="no item of this list"):
        eve.chat.completions.list(after=mine.id)
    assert eve.chat.completions.list().data == []
    assert len(proxy.openai.calls) == before  # the upstream was not even asked


def test_messages_of_one_completion_are_no_cursor_of_another(ada):
    first, second = stored(ada, "one"), stored(ada, "two")
    assert ada.chat.completions.messages.list(first.id, after=f"{first.id}-0").data == []
    with pytest.raises(openai.BadRequestError):
        ada.chat.completions.messages.list(first.id, after=f"{second.id}-0")


def test_each_counts_as_one_request_and_costs_nothing(proxy, ada):
    made = stored(ada, "hello")
    before = httpx.get(f"{proxy.url}/me", headers={"api-key": "lesson/ada"}).json()
    ada.chat.completions.retrieve(made.id)
    ada.chat.completions.list()
    after = httpx.get(f"{proxy.url}/me", headers={"api-key": "lesson/ada"}).json()
    assert after["requests_today"] == before["requests_today"] + 2
    assert after["spent_usd"] == before["spent_usd"]


def test_a_response_that_is_done_can_not_be_cancelled_and_another_s_is_not_found(ada, eve):
    made = ada.responses.create(model=MODEL, input="hello")
    with pytest.raises(openai.BadRequestError, match="background"):
        ada.responses.cancel(made.id)
    with pytest.raises(openai.NotFoundError):
        eve.responses.cancel(made.id)


@pytest.mark.parametrize(
    ("method", "path", "why"),
    [
        ("POST", "/v1/containers", "Run the code in your own notebook"),
        ("GET", "/v1/containers/cntr_1/files", "not known before"),
        ("POST", "/v1/uploads", "/v1/files in one piece"),
        ("POST", "/v1/uploads/upload_1/parts", "/v1/files in one piece"),
        ("POST", "/v1/responses/compact", "Send fewer turns"),
        ("POST", "/v1/threads", "OpenAI has ended it"),
        ("POST", "/v1/fine_tuning/jobs", "not known before"),
        ("POST", "/v1/realtime/client_secrets", "/v1/realtime with your own token"),
        ("GET", "/v1/organization/costs", "GET /me"),
        ("POST", "/openai/v1/videos", "not known before"),
    ],
)
def test_what_is_not_served_of_openai_s_says_why(proxy, method, path, why):
    answer = httpx.request(method, proxy.url + path, headers={"api-key": "lesson/ada"})
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_served"
    assert why in answer.json()["error"]["message"]
    assert proxy.openai.calls.made == 0


def test_a_learner_of_another_event_sees_none(proxy, ada):
    proxy.ledger.add(an_event("other"))
    made = stored(ada, "my secret")
    assert learner(proxy, "ada", "other").chat.completions.list().data == []
    with pytest.raises(openai.NotFoundError):
        learner(proxy, "ada", "other").chat.completions.retrieve(made.id)


def test_tokens_of_a_request_are_counted_and_cost_nothing(proxy, ada):
    counted = ada.responses.input_tokens.count(model=MODEL, input="one two three", instructions="be brief")
    assert counted.input_tokens > 5
    [call] = proxy.openai.calls
    assert call.body["model"] == MODEL
    standing = proxy.ledger.standing(proxy.ledger.event("lesson"), "ada")
    assert (standing.requests, standing.spent, standing.reserved) == (1, 0, 0)


def test_tokens_of_what_another_stored_are_not_counted(ada, eve):
    made = ada.responses.create(model=MODEL, input="my secret")
    assert ada.responses.input_tokens.count(model=MODEL, previous_response_id=made.id).input_tokens
    with pytest.raises(openai.BadRequestError):
        eve.responses.input_tokens.count(model=MODEL, previous_response_id=made.id)
    with pytest.raises(openai.PermissionDeniedError):
        eve.responses.input_tokens.count(model="gpt-5.4", input="hello")
