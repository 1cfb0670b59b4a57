"""What the stand-in answers when all is well, as the SDK reads it."""

import base64

import pytest
from openai import AsyncOpenAI

MODEL = "gpt-5.4-mini"
HELLO = [{"role": "user", "content": "hello there"}]


def test_chat_shows_that_the_prompt_arrived_and_counts_tokens(client):
    completion = client.chat.completions.create(model=MODEL, messages=HELLO)
    assert "hello there" in completion.choices[0].message.content
    assert completion.choices[0].finish_reason == "stop"
    usage = completion.usage
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens > 10


def test_chat_gives_as_many_choices_as_asked_for_each_its_own(client):
    completion = client.chat.completions.create(model=MODEL, messages=HELLO, n=3)
    assert len({choice.message.content for choice in completion.choices}) == 3


def test_chat_stops_at_the_token_limit_and_says_so(client):
    completion = client.chat.completions.create(model=MODEL, messages=HELLO, max_completion_tokens=5)
    assert (completion.choices[0].finish_reason, completion.usage.completion_tokens) == ("length", 5)


def test_chat_stops_before_a_stop_sequence(client):
    completion = client.chat.completions.create(model=MODEL, messages=HELLO, stop="practice")
    assert "practice" not in completion.choices[0].message.content


def test_a_chat_stream_adds_up_to_the_whole_answer(client):
    with client.chat.completions.create(
        model=MODEL, messages=HELLO, stream=True, stream_options={"include_usage": True}
    ) as stream:
        chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert "hello there" in text
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert chunks[-1].usage.total_tokens > 0


def test_responses_take_a_string_or_messages(client):
    as_string = client.responses.create(model=MODEL, input="hello there")
    as_messages = client.responses.create(model=MODEL, input=HELLO)
    assert "hello there" in as_string.output_text
    assert "hello there" in as_messages.output_text
    assert as_string.status == "completed"


def test_a_cut_response_is_incomplete_and_says_why(client):
    response = client.responses.create(model=MODEL, input="hello", max_output_tokens=16)
    assert (response.status, response.incomplete_details.reason) == ("incomplete", "max_output_tokens")


def test_a_response_stream_sends_its_events_in_order(client):
    with client.responses.create(model=MODEL, input="hello there", stream=True) as stream:
        events = list(stream)
    kinds = list(dict.fromkeys(event.type for event in events))
    assert kinds == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    words = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert words == events[-1].response.output_text


def test_an_image_stream_shows_previews_and_then_the_picture(client):
    with client.images.generate(model="gpt-image-2", prompt="a fox", stream=True, partial_images=2) as stream:
        events = list(stream)
    assert [event.type for event in events] == ["image_generation.partial_image"] * 2 + [
        "image_generation.completed"
    ]
    assert len({event.b64_json for event in events}) == 3


def test_speech_events_add_up_to_the_sound(client):
    order = {"model": "gpt-4o-mini-tts", "voice": "nova", "input": "hello"}
    whole = client.audio.speech.create(**order).read()
    body = client.audio.speech.create(**order, stream_format="sse").read().decode()
    frames = [line.removeprefix("data: ") for line in body.splitlines() if line.startswith("data: ")]
    import json

    events = [json.loads(frame) for frame in frames]
    assert b"".join(base64.b64decode(event["audio"]) for event in events[:-1]) == whole
    assert events[-1]["type"] == "speech.audio.done"


def test_models_are_listed_with_their_end_of_life(client):
    listed = {model.id: model.shutdown_date for model in client.models.list()}
    assert listed["gpt-4o-mini"] == "2027-01-14"
    assert listed["gpt-5.4-mini"] is None
    assert "gpt-3.5-turbo" not in listed
    assert client.models.retrieve("gpt-5.4-mini").id == "gpt-5.4-mini"


@pytest.mark.anyio
async def test_the_async_client_works_too(openai_mock):
    async with AsyncOpenAI(max_retries=0) as client:
        completion = await client.chat.completions.create(model=MODEL, messages=HELLO)
    assert "hello there" in completion.choices[0].message.content


@pytest.fixture
def anyio_backend() -> str:
    """asyncio is what the SDK's users run."""
    return "asyncio"


def test_a_prepared_prompt_gets_its_prepared_answer_whatever_its_case(client):
    response = client.responses.create(model=MODEL, input="  WHAT is an API,   in one sentence? ")
    assert response.output_text.startswith("An API is a messenger")


def test_calls_are_recorded_without_the_key(client, openai_mock):
    client.chat.completions.create(
        model=MODEL, messages=HELLO, extra_headers={"OpenAI-Organization": "org-1"}
    )
    [call] = openai_mock.calls
    assert (call.route, call.status, call.organization) == ("chat/completions", 200, "org-1")
    assert call.mentions("hello there")
    assert openai_mock.environment["OPENAI_API_KEY"] not in repr(call)
    assert call.outputs[0].content.decode().startswith("You asked")


def test_nothing_that_steers_the_stand_in_is_reachable_over_http(raw, openai_mock):
    origin = openai_mock.base_url.removesuffix("/v1")
    for path in (
        "/",
        "/calls",
        "/journal",
        "/faults",
        "/reset",
        "/_control",
        "/admin",
        "/docs",
        "/openapi.json",
        "/v1/faults",
    ):
        for method in ("GET", "POST", "DELETE"):
            assert raw.request(method, origin + path).status_code == 404


@pytest.mark.parametrize(
    ("prompt", "temperature", "says"),
    [
        ("Create a tagline for a new hotdog stand", 2, "hot dogs"),
        (
            "Summarize in one sentence:\nAn API key is like a password: whoever has it can spend your money. "
            "Keep it in an environment variable or a .env file that git ignores, never in code, and make a new one "
            "as soon as it may have leaked.",
            0,
            "like a password",
        ),
        (
            "Update name to Maarten, pronouns to he/him and job title to Senior Content Developer in:\n"
            "Joanne is an AI developer. She likes playing with her kids",
            0.5,
            "Maarten is a Senior Content Developer. He likes",
        ),
    ],
)
def test_the_lesson_s_examples_read_like_real_answers(client, prompt, temperature, says):
    messages = [{"role": "user", "content": prompt}]
    completion = client.chat.completions.create(model=MODEL, messages=messages, temperature=temperature)
    assert says in completion.choices[0].message.content
    assert "practice answer" not in completion.choices[0].message.content
