"""What one learner stores, no other can see, list, use or delete, although they share one key upstream."""

import json

import httpx
import openai
import pytest

from classroom.proxy.storing import stored
from tests.proxy.conftest import an_event

MODEL = "gpt-5.4-mini"


def learner(proxy, name, event="lesson"):
    return openai.OpenAI(base_url=f"{proxy.url}/v1", api_key=f"{event}/{name}", max_retries=0)


@pytest.fixture
def ada(proxy):
    return learner(proxy, "ada")


@pytest.fixture
def eve(proxy):
    return learner(proxy, "eve")


@pytest.fixture
def letter(ada):
    return ada.files.create(file=("letter.txt", b"dear diary"), purpose="user_data")


def test_a_learner_keeps_lists_reads_and_deletes_files(ada, letter):
    assert [each.id for each in ada.files.list()] == [letter.id]
    assert ada.files.retrieve(letter.id).filename == "letter.txt"
    assert ada.files.content(letter.id).read() == b"dear diary"
    assert ada.files.delete(letter.id).deleted
    assert ada.files.list().data == []
    with pytest.raises(openai.NotFoundError):
        ada.files.retrieve(letter.id)


@pytest.mark.parametrize("action", ["retrieve", "content", "delete"])
def test_another_s_file_is_as_if_there_were_none(proxy, eve, letter, action):
    with pytest.raises(openai.NotFoundError) as caught:
        getattr(eve.files, action)(letter.id)
    with pytest.raises(openai.NotFoundError) as nobodys:
        getattr(eve.files, action)("file-of-nobody")
    assert caught.value.message.replace(letter.id, "file-of-nobody") == nobodys.value.message
    assert proxy.openai.calls.to("files/{id}") == []  # the upstream was not even asked
    assert learner(proxy, "ada").files.content(letter.id).read() == b"dear diary"


def test_another_s_files_are_not_listed(eve, letter):
    mine = eve.files.create(file=("mine.txt", b"x"), purpose="user_data")
    assert [each.id for each in eve.files.list()] == [mine.id]
    for cursor in (letter.id, "file-of-nobody"):
        with pytest.raises(openai.BadRequestError, match="no item of this list"):
            eve.files.list(limit=100, after=cursor, purpose="user_data")


def test_a_namesake_in_another_event_is_somebody_else(proxy, letter):
    proxy.ledger.add(an_event("other"))
    with pytest.raises(openai.NotFoundError):
        learner(proxy, "ada", "other").files.retrieve(letter.id)


def test_another_s_response_can_be_neither_read_nor_deleted(proxy, ada, eve):
    made = ada.responses.create(model=MODEL, input="my secret")
    assert ada.responses.retrieve(made.id).id == made.id
    assert "my secret" in ada.responses.input_items.list(made.id).to_json()
    for action in (eve.responses.retrieve, eve.responses.delete, eve.responses.input_items.list):
        with pytest.raises(openai.NotFoundError):
            action(made.id)
    ada.responses.delete(made.id)
    with pytest.raises(openai.NotFoundError):
        ada.responses.retrieve(made.id)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/files/{}%2Fcontent",
        "/v1/files/{}/../{}",
        "/v1//files/{}",
        "/v1/files/{}/content/x",
        "/v1/responses/{}",
        "/v1/files/%66ile-1",
        "/v1/conversations",
        "/v1/conversations/{}",
        "/v1/vector_stores/{}",
        "/v1/vector_stores/{}/files/{}",
        "/v1/uploads",
        "/v1/chat/completions/{}",
    ],
)
def test_no_other_address_leads_to_it(proxy, letter, path):
    answer = httpx.get(proxy.url + path.replace("{}", letter.id), headers={"api-key": "lesson/eve"})
    assert answer.status_code == 404
    assert "diary" not in answer.text


def test_a_file_of_another_can_not_be_named_in_a_prompt(eve, letter):
    part = {"type": "input_file", "file_id": letter.id}
    with pytest.raises(openai.BadRequestError):
        eve.responses.create(model=MODEL, input=[{"role": "user", "content": [part]}])


def test_files_for_what_is_not_offered_or_too_many_or_too_large_are_refused(ada, monkeypatch):
    monkeypatch.setitem(stored._MOST, "files", 2)
    monkeypatch.setattr(stored, "_LARGEST", 100)
    with pytest.raises(openai.BadRequestError):
        ada.files.create(file=("a.jsonl", b"{}"), purpose="batch")
    with pytest.raises(openai.BadRequestError, match="100 bytes"):
        ada.files.create(file=("a.txt", bytes(101)), purpose="user_data")
    for _ in range(2):
        ada.files.create(file=("a.txt", b"x"), purpose="user_data")
    with pytest.raises(openai.BadRequestError, match="Delete one first"):
        ada.files.create(file=("a.txt", b"x"), purpose="user_data")


def test_the_file_s_name_can_not_break_out_of_the_form(proxy, ada):
    made = ada.files.create(file=('../../a"; name="purpose\r\n.txt', b"x"), purpose="user_data")
    assert "/" not in made.filename
    assert '"' not in made.filename
    assert proxy.openai.calls[-1].body["purpose"] == "user_data"


def test_each_counts_as_a_request_and_costs_nothing(proxy, ada, letter):
    ada.files.retrieve(letter.id)
    standing = httpx.get(f"{proxy.url}/me", headers={"api-key": "lesson/ada"}).json()
    assert (standing["requests_today"], standing["spent_usd"]) == (2, 0)


def test_a_cap_on_requests_holds_for_files(proxy):
    proxy.ledger.add(an_event("small", daily_requests=1))
    client = learner(proxy, "ada", "small")
    client.files.list()
    with pytest.raises(openai.RateLimitError):
        client.files.list()


# --- the predecessor's addresses ---------------------------------------------------------------------------------------------

VISION = {
    "messages": [{"role": "user", "content": "What do you see?"}],
    "max_tokens": 100,
    "enhancements": {"ocr": {"enabled": True}, "grounding": {"enabled": True}},
    "dataSources": [
        {"type": "AzureComputerVision", "parameters": {"endpoint": "https://vision", "key": "k"}}
    ],
}


def extension(proxy, body):
    path = f"/api/v1/openai/deployments/{MODEL}/extensions/chat/completions?api-version=2023-12-01-preview"
    return httpx.post(proxy.url + path, json=body, headers={"api-key": "lesson/ada"})


def test_the_vision_preview_s_request_is_answered_without_its_service(proxy):
    answer = extension(proxy, VISION)
    assert answer.status_code == 200
    sent = json.dumps(proxy.openai.calls[-1].body)
    assert "dataSources" not in sent
    assert "enhancements" not in sent


def test_data_of_the_owner_s_is_refused_there_as_everywhere(proxy):
    search = {"type": "AzureCognitiveSearch", "parameters": {"endpoint": "https://search", "key": "k"}}
    refused = extension(proxy, {**VISION, "dataSources": [search]})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "parameter_not_offered")
    assert refused.json()["error"]["param"] == "dataSources[0]"


@pytest.mark.parametrize(
    "path", ["/v1/extensions/images/generations", "/v1/extensions/extensions/chat/completions"]
)
def test_there_is_no_other_extension(proxy, path):
    assert httpx.post(proxy.url + path, json={}, headers={"api-key": "lesson/ada"}).status_code == 404
