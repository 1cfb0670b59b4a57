"""What OpenAI refuses is refused, with the parameter and the code; what it takes is taken."""

import typing

import openai
import pytest
from openai.types import (
    audio_model,
    batch_create_params,
    container_create_params,
    embedding_create_params,
    embedding_model,
    file_create_params,
    image_create_variation_params,
    image_edit_params,
    image_generate_params,
    image_model,
    moderation_create_params,
    moderation_model,
    upload_complete_params,
    upload_create_params,
    vector_store_create_params,
    vector_store_search_params,
    vector_store_update_params,
)
from openai.types import completion_create_params as legacy_create_params
from openai.types.audio import (
    speech_create_params,
    speech_model,
    transcription_create_params,
    translation_create_params,
)
from openai.types.chat import completion_create_params, completion_update_params
from openai.types.containers import file_create_params as container_file_params
from openai.types.conversations import (
    conversation_create_params,
    conversation_update_params,
    item_create_params,
)
from openai.types.responses import input_token_count_params, response_compact_params, response_create_params
from openai.types.shared import all_models
from openai.types.uploads import part_create_params
from openai.types.vector_stores import file_batch_create_params
from openai.types.vector_stores import file_create_params as store_file_create_params
from openai.types.vector_stores import file_update_params as store_file_update_params
from openai.types.video_model import VideoModel

from classroom.standin.models import catalogue, sdk_models
from classroom.standin.routing import OPERATIONS
from tests.classroom.values import ACCEPTED, BODIES, CHAT, REFUSED


@pytest.mark.parametrize(("route", "change", "param", "code", "source"), REFUSED)
def test_it_refuses(raw, openai_mock, route, change, param, code, source):
    answer = raw.post(f"/{route}", json={**BODIES[route], **change})
    error = answer.json()["error"]
    assert (answer.status_code, error["param"], error["code"]) == (400, param, code)
    assert error["type"] == "invalid_request_error"
    assert error["message"].endswith("."), f"a sentence is wanted for the rule of {source}"
    named = param.partition("[")[0].partition(".")[0] in error["message"]
    assert named or code in (
        "invalid_value",
        "invalid_json_schema",
        "context_length_exceeded",
        "max_tokens_per_request",
    )
    assert openai_mock.calls[-1].outputs == ()


@pytest.mark.parametrize(("route", "change"), ACCEPTED)
def test_it_accepts(raw, route, change):
    assert raw.post(f"/{route}", json={**BODIES[route], **change}).status_code == 200


@pytest.mark.parametrize("content", [b"", b"not json", b'"text"', b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_a_400(raw, content):
    answer = raw.post("/chat/completions", content=content, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")


@pytest.mark.parametrize("header", [{}, {"authorization": "Bearer"}, {"authorization": "Basic abc"}])
def test_without_a_key_it_is_a_401(openai_mock, header):
    import httpx

    answer = httpx.post(
        f"{openai_mock.base_url}/chat/completions", json=CHAT, headers=header, trust_env=False
    )
    assert answer.status_code == 401
    assert "API key" in answer.json()["error"]["message"]


def test_an_unknown_model_is_a_404(client):
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(**{**CHAT, "model": "gpt-9"})
    assert caught.value.code == "model_not_found"


def test_a_retired_model_says_since_when_and_what_to_use(client):
    with pytest.raises(openai.NotFoundError, match=r"dall-e-3.*2026-05-12.*gpt-image"):
        client.images.generate(model="dall-e-3", prompt="a fox")


def test_an_unknown_route_is_a_404_in_openai_s_shape(raw):
    assert raw.post("/answers", json={}).json()["error"]["message"] == "Invalid URL (POST /v1/answers)"


PARAMS = {
    "chat/completions": completion_create_params.CompletionCreateParamsNonStreaming,
    "chat/completions/{id}": completion_update_params.CompletionUpdateParams,
    "responses": response_create_params.ResponseCreateParamsNonStreaming,
    "responses/compact": response_compact_params.ResponseCompactParams,
    "responses/input_tokens": input_token_count_params.InputTokenCountParams,
    "embeddings": embedding_create_params.EmbeddingCreateParams,
    "moderations": moderation_create_params.ModerationCreateParams,
    "images/generations": image_generate_params.ImageGenerateParamsNonStreaming,
    "images/edits": image_edit_params.ImageEditParamsNonStreaming,
    "images/variations": image_create_variation_params.ImageCreateVariationParams,
    "audio/speech": speech_create_params.SpeechCreateParams,
    "audio/transcriptions": transcription_create_params.TranscriptionCreateParamsNonStreaming,
    "audio/translations": translation_create_params.TranslationCreateParams,
    "files": file_create_params.FileCreateParams,
    "completions": legacy_create_params.CompletionCreateParamsNonStreaming,
    "uploads": upload_create_params.UploadCreateParams,
    "uploads/{id}/parts": part_create_params.PartCreateParams,
    "uploads/{id}/complete": upload_complete_params.UploadCompleteParams,
    "containers": container_create_params.ContainerCreateParams,
    "containers/{id}/files": container_file_params.FileCreateParams,
    "conversations": conversation_create_params.ConversationCreateParams,
    "conversations/{id}": conversation_update_params.ConversationUpdateParams,
    "conversations/{id}/items": item_create_params.ItemCreateParams,
    "batches": batch_create_params.BatchCreateParams,
    "vector_stores": vector_store_create_params.VectorStoreCreateParams,
    "vector_stores/{id}": vector_store_update_params.VectorStoreUpdateParams,
    "vector_stores/{id}/search": vector_store_search_params.VectorStoreSearchParams,
    "vector_stores/{id}/files": store_file_create_params.FileCreateParams,
    "vector_stores/{id}/files/{file_id}": store_file_update_params.FileUpdateParams,
    "vector_stores/{id}/file_batches": file_batch_create_params.FileBatchCreateParams,
}


def hints_of(route) -> dict[str, typing.Any]:
    """The parameters that the SDK sends in a body; of a union, those of every part."""
    parts = [part for part in typing.get_args(PARAMS[route]) if isinstance(part, type)] or [PARAMS[route]]
    found = {
        name: hint
        for part in parts
        for name, hint in typing.get_type_hints(part, include_extras=True).items()
    }
    elsewhere = {"vector_store_id"} if "{" in route else set()  # in the path
    elsewhere |= {"include"} if route == "conversations/{id}/items" else set()  # in the query
    return {name: hint for name, hint in found.items() if name not in elsewhere}


@pytest.mark.parametrize("route", PARAMS)
def test_the_table_knows_every_parameter_that_the_sdk_sends(route):
    assert set(catalogue.load().routes[route]) == set(hints_of(route))


@pytest.mark.parametrize("route", PARAMS)
def test_what_the_sdk_requires_is_required(route):
    required = {parameter.name for parameter in catalogue.load().routes[route].required}
    wanted = {name for name, hint in hints_of(route).items() if typing.get_origin(hint) is typing.Required}
    if len(typing.get_args(PARAMS[route])) > 1:
        return  # one of several is required, which is the route's own check
    assert wanted - {"prompt"} <= required


def test_every_operation_s_rules_are_a_block_of_the_table():
    assert {one.rules for one in OPERATIONS if one.rules} - set(catalogue.load().routes) == set()


def test_every_block_of_the_table_names_its_source():
    table = catalogue.load()
    assert set(table.sources) == set(table.routes)
    assert set(table.routes) - {"edits"} == set(PARAMS)  # /edits has left the SDK


@pytest.mark.parametrize(
    ("kind", "alias"),
    [
        ("image", image_model.ImageModel),
        ("speech", speech_model.SpeechModel),
        ("transcription", audio_model.AudioModel),
        ("embedding", embedding_model.EmbeddingModel),
        ("moderation", moderation_model.ModerationModel),
    ],
)
def test_the_catalogue_has_every_model_that_the_sdk_names(kind, alias):
    models = catalogue.load().models
    assert {id for id, model in models.items() if model.kind == kind} == set(typing.get_args(alias))


def test_no_chat_model_is_invented():
    models = catalogue.load().models.items()
    chat = {id for id, model in models if model.kind == "chat" and not model.ngrams}  # that one is our own
    assert chat <= set(sdk_models.known_models())


def test_the_table_of_models_is_that_of_the_installed_sdk():
    again = (
        "run `python -m classroom.standin.models.sdk_models` and give new models a family in catalogue.toml"
    )
    assert sdk_models.TABLE.read_text(encoding="utf-8") == sdk_models.render_table(), again


def test_every_model_that_the_sdk_names_exists(raw):
    """Those of types that the walk over the source could miss, too: imported, and asked for over HTTP."""
    unknown = []
    for id in {*sdk_models.known_models(), *_literals(all_models.AllModels), *_literals(VideoModel)}:
        answer = raw.get(f"/models/{id}").json()
        if "does not exist" in answer.get("error", {}).get("message", ""):
            unknown.append(id)
    assert not unknown


def _literals(alias) -> set[str]:
    """The texts in every literal of a union."""
    parts = typing.get_args(alias)
    nested = (_literals(part) for part in parts if not isinstance(part, str))
    return {part for part in parts if isinstance(part, str)}.union(*nested)


def test_models_end_on_the_day_that_the_sdk_announces():
    models = catalogue.load().models
    announced = sdk_models.announced_ends()
    assert len(announced) > 80
    assert {id: models[id].shutdown for id in announced} == announced


def test_every_model_that_ends_says_what_replaces_it():
    table = catalogue.load()
    ending = [model for model in table.models.values() if model.shutdown and not model.id.startswith("sora")]
    assert all(model.replacement for model in ending)
    replaced_by = {str(model.replacement).split()[0] for model in ending}
    assert all(not table.models[id].shutdown for id in replaced_by)


def test_a_model_for_responses_alone_is_refused_elsewhere_with_where_it_answers(client):
    assert client.responses.create(model="gpt-5.5-pro", input="hi").output_text
    with pytest.raises(openai.NotFoundError, match="only supported in v1/responses"):
        client.chat.completions.create(model="gpt-5.5-pro", messages=CHAT["messages"])


def test_a_name_that_the_sdk_keeps_for_compatibility_says_so(client):
    with pytest.raises(openai.NotFoundError, match="keeps the name"):
        client.responses.create(model="gpt-5.1-mini", input="hi")


@pytest.mark.parametrize(
    ("route", "body", "param"),
    [
        ("chat/completions", {**CHAT, "reasoning_effort": "none"}, "reasoning_effort"),
        ("responses", {"input": "hi", "reasoning": {"effort": "minimal"}}, "reasoning.effort"),
    ],
)
def test_an_effort_that_the_model_does_not_take_is_refused(raw, route, body, param):
    refused = raw.post(f"/{route}", json={**body, "model": "gpt-6.2-sol"})
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, param)
    assert raw.post(f"/{route}", json={**body, "model": "gpt-6.1-sol"}).status_code == 200
