"""The routes beside text, pictures and speech: embeddings, moderations, transcription, edits, files, what is stored."""

import io
import math
import re

import av
import openai
import pytest
from openai import OpenAI
from PIL import Image

from classroom import OpenAIMock
from classroom.media import sound

MODEL = "gpt-5.4-mini"


def picture(color: str = "red", size: tuple[int, int] = (200, 100), mode: str = "RGBA") -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, color).save(out, "PNG")
    return out.getvalue()


# --- embeddings


def near(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def embed(client, *texts: str, **options) -> list[list[float]]:
    order = {"model": "text-embedding-3-small", "input": list(texts), **options}
    return [each.embedding for each in client.embeddings.create(**order).data]


@pytest.mark.parametrize(
    ("model", "dimensions", "size"),
    [
        ("text-embedding-3-small", None, 1536),
        ("text-embedding-3-large", None, 3072),
        ("text-embedding-ada-002", None, 1536),
        ("text-embedding-3-large", 256, 256),
        ("text-embedding-3-small", 1, 1),
    ],
)
def test_an_embedding_has_its_size_and_length_one(client, model, dimensions, size):
    options = {"dimensions": dimensions} if dimensions else {}
    [vector] = embed(client, "a fox in the snow", model=model, **options)
    assert len(vector) == size
    assert math.isclose(near(vector, vector), 1, rel_tol=1e-5)


def test_texts_that_share_words_are_nearer(client):
    fox, foxes, invoice = embed(client, "a fox in the snow", "two foxes in snow", "your invoice is overdue")
    assert near(fox, foxes) > near(fox, invoice) + 0.2


def test_base64_holds_the_same_numbers_as_floats(client):
    [as_base64] = embed(client, "hello")  # the SDK asks for base64 and decodes it
    [as_floats] = embed(client, "hello", encoding_format="float")
    assert as_base64 == as_floats


def test_tokens_are_embedded_as_the_words_they_stand_for(client):
    from classroom.standin.tokenizer import encode

    [by_words] = embed(client, "hello world")
    as_tokens = client.embeddings.create(model="text-embedding-3-small", input=encode("hello world"))
    assert as_tokens.data[0].embedding == by_words


# --- moderations


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("I will kill you", "harassment_threatening"),
        ("i want to hurt myself", "self_harm_intent"),
        ("Tell me how to make a bomb.", "illicit_violent"),
        ("how to shoplift", "illicit"),
    ],
)
def test_words_of_the_list_are_flagged_by_their_category(client, text, category):
    [result] = client.moderations.create(input=text).results
    assert result.flagged
    assert getattr(result.categories, category)
    assert getattr(result.category_scores, category) > 0.9


@pytest.mark.parametrize("text", ["a fox in the snow", "the skilled worker", "The skill of killing time", ""])
def test_words_that_only_look_alike_are_not(client, text):
    [result] = client.moderations.create(input=text).results
    assert not result.flagged
    assert max(dict(result.category_scores).values()) < 0.01


def test_each_text_has_its_own_result_and_parts_are_one_input(client):
    assert [r.flagged for r in client.moderations.create(input=["a fox", "murder"]).results] == [False, True]
    parts = [
        {"type": "text", "text": "murder"},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
    ]
    [result] = client.moderations.create(model="omni-moderation-latest", input=parts).results
    assert result.category_applied_input_types.violence == ["text", "image"]
    assert result.category_applied_input_types.hate == ["text"]


# --- transcription and translation

WORDS = "Good morning. This is a test of the round trip! It has three sentences."


@pytest.mark.parametrize("format", ["mp3", "wav", "flac", "opus", "aac"])
def test_a_sound_of_its_own_gives_back_its_words(client, format):
    spoken = client.audio.speech.create(
        model="tts-1", voice="nova", input=WORDS, response_format=format
    ).read()
    name = {"opus": "speech.ogg", "aac": "speech.m4a"}.get(format, f"speech.{format}")
    heard = client.audio.transcriptions.create(model="gpt-transcribe", file=(name, spoken))
    assert heard.text == WORDS
    assert heard.usage.seconds >= 1


@pytest.mark.parametrize("format", ["mp3", "wav", "flac", "opus"])
def test_another_stand_in_knows_the_words_from_the_file_itself(client, format):
    spoken = sound.speak(WORDS, format=format)
    heard = client.audio.transcriptions.create(
        model="whisper-1", file=("speech.ogg" if format == "opus" else f"speech.{format}", spoken)
    )
    assert heard.text == WORDS


def test_a_sound_from_elsewhere_gets_a_plain_sentence_that_says_so(client):
    out = io.BytesIO()
    with av.open(out, "w", format="wav") as file:
        stream = file.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame(format="s16", layout="mono", samples=8000)
        frame.planes[0].update(b"\0\0" * 8000)
        frame.sample_rate = 8000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            file.mux(packet)
    heard = client.audio.transcriptions.create(model="whisper-1", file=("silence.wav", out.getvalue()))
    assert "1.0 seconds" in heard.text
    assert "comes from elsewhere" in heard.text


def test_subtitles_cover_the_sound_in_order(client):
    spoken = ("speech.mp3", sound.speak(WORDS))
    srt = client.audio.transcriptions.create(model="whisper-1", file=spoken, response_format="srt")
    vtt = client.audio.transcriptions.create(model="whisper-1", file=spoken, response_format="vtt")
    assert (
        len(re.findall(r"^\d+\n\d\d:\d\d:\d\d,\d{3} --> \d\d:\d\d:\d\d,\d{3}\n.+\n", srt, re.MULTILINE)) == 3
    )
    assert vtt.startswith("WEBVTT\n\n00:00:00.000 --> ")
    assert (
        client.audio.transcriptions.create(model="whisper-1", file=spoken, response_format="text")
        == WORDS + "\n"
    )


def test_a_verbose_transcription_times_segments_and_words(client):
    heard = client.audio.transcriptions.create(
        model="whisper-1",
        file=("speech.mp3", sound.speak(WORDS)),
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )
    assert heard.segments[0].text == "Good morning."
    assert [word.word for word in heard.words] == re.findall(r"\w+", WORDS)
    ends = [0.0, *(word.end for word in heard.words)]
    assert ends == sorted(ends)
    assert abs(heard.duration - ends[-1]) < 0.05


def test_a_streamed_transcription_adds_up(client):
    with client.audio.transcriptions.create(
        model="gpt-4o-transcribe", file=("speech.mp3", sound.speak(WORDS)), stream=True
    ) as stream:
        events = list(stream)
    assert "".join(event.delta for event in events[:-1]) == events[-1].text == WORDS


def test_speakers_are_kept_apart_by_letters(client):
    heard = client.audio.transcriptions.create(
        model="gpt-4o-transcribe-diarize",
        file=("speech.mp3", sound.speak(WORDS)),
        response_format="diarized_json",
    )
    assert (heard.segments[0].speaker, heard.segments[0].text) == ("A", "Good morning.")


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
def test_a_translation_says_the_words(client):
    assert (
        client.audio.translations.create(model="whisper-1", file=("a.mp3", sound.speak(WORDS))).text == WORDS
    )


@pytest.mark.parametrize(
    ("order", "param"),
    [
        ({"file": ("speech.mp3", b"no sound at all")}, "file"),
        ({"file": ("speech.txt", b"words")}, "file"),
        ({"response_format": "srt"}, "response_format"),
        ({"model": "whisper-1", "timestamp_granularities": ["word"]}, "timestamp_granularities"),
        ({"temperature": 1.5}, "temperature"),
        ({"model": "tts-1"}, "model"),
    ],
)
def test_what_can_t_be_transcribed_is_refused(client, order, param):
    good = {"model": "gpt-4o-transcribe", "file": ("speech.mp3", sound.speak("hi"))}
    with pytest.raises(openai.BadRequestError) as caught:
        client.audio.transcriptions.create(**{**good, **order})
    assert caught.value.param == param


# --- edits of pictures


def opened(answer) -> Image.Image:
    import base64

    return Image.open(io.BytesIO(base64.b64decode(answer.data[0].b64_json)))


def test_an_edit_keeps_the_picture_and_writes_the_prompt_into_it(client):
    order = {"model": "gpt-image-2", "size": "1024x1024"}
    one = client.images.edit(image=("a.png", picture("red")), prompt="add a hat", **order)
    other = client.images.edit(image=("a.png", picture("red")), prompt="add a boat", **order)
    assert opened(one).size == (1024, 1024)
    red, _, blue = opened(one).convert("RGB").getpixel((5, 5))
    assert red > 2 * blue
    assert one.data[0].b64_json != other.data[0].b64_json


def test_with_a_mask_only_its_transparent_part_changes(client):
    image = picture("red", (1024, 1024))
    mask = Image.new("RGBA", (1024, 1024), (0, 0, 0, 255))
    mask.paste((0, 0, 0, 0), (0, 0, 512, 1024))
    out = io.BytesIO()
    mask.save(out, "PNG")
    edited = opened(
        client.images.edit(
            model="gpt-image-2",
            image=("a.png", image),
            mask=("m.png", out.getvalue()),
            prompt="a lake",
            size="1024x1024",
        )
    ).convert("RGB")
    assert edited.getpixel((1000, 500)) == (255, 0, 0)
    assert edited.getpixel((20, 20)) != (255, 0, 0)


def test_an_edit_takes_several_pictures_and_streams(client):
    files = [("a.png", picture("red")), ("b.png", picture("blue"))]
    with client.images.edit(
        model="gpt-image-2", image=files, prompt="join them", stream=True, partial_images=1
    ) as stream:
        events = list(stream)
    assert [event.type for event in events] == ["image_edit.partial_image", "image_edit.completed"]
    assert events[-1].usage.input_tokens_details.image_tokens > 0


@pytest.mark.parametrize(
    ("order", "param", "code"),
    [
        ({"image": ("a.png", b"no picture")}, "image", "invalid_image_file"),
        ({"mask": ("m.png", picture("red"))}, "mask", "invalid_image_file"),
        ({"mask": ("m.png", picture("#00000000", (10, 10)))}, "mask", "invalid_image_file"),
        ({"prompt": ""}, "prompt", "string_below_min_length"),
        ({"n": 11}, "n", "integer_above_max_value"),
        ({"image": [("a.png", picture())] * 17}, "image", "array_above_max_length"),
    ],
)
def test_what_can_t_be_edited_is_refused(client, order, param, code):
    good = {"model": "gpt-image-2", "image": ("a.png", picture()), "prompt": "a hat"}
    with pytest.raises(openai.BadRequestError) as caught:
        client.images.edit(**{**good, **order})
    assert (caught.value.param, caught.value.code) == (param, code)


def test_a_form_where_json_belongs_and_the_other_way_round_are_refused(raw):
    as_json = raw.post("/images/edits", json={"model": "gpt-image-2", "prompt": "a hat"})
    assert (as_json.status_code, as_json.json()["error"]["code"]) == (400, "unsupported_content_type")
    as_form = raw.post("/chat/completions", data={"model": MODEL})
    assert (as_form.status_code, as_form.json()["error"]["type"]) == (400, "invalid_request_error")


def test_a_broken_form_is_a_400(raw):
    answer = raw.post(
        "/files", content=b"--x\r\nnonsense", headers={"content-type": "multipart/form-data; boundary=x"}
    )
    assert answer.status_code == 400


# --- files


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


# --- stored completions and responses


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
    with pytest.raises(openai.NotFoundError) as caught:
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


# --- what is retired, what Azure calls it


@pytest.mark.parametrize(
    ("method", "path", "advice"),
    [
        ("POST", "/edits", "/v1/chat/completions"),
        ("POST", "/images/variations", "/v1/images/edits"),
        ("GET", "/engines", "/v1/models"),
        ("GET", "/engines/davinci", "/v1/models"),
        ("POST", "/engines/davinci/completions", "/v1/chat/completions"),
    ],
)
def test_a_retired_endpoint_says_so_and_what_to_use(raw, method, path, advice):
    error = raw.request(method, path, json={} if method == "POST" else None)
    assert (error.status_code, error.json()["error"]["code"]) == (404, "endpoint_retired")
    assert advice in error.json()["error"]["message"]


def test_every_model_for_completions_is_retired(client):
    with pytest.raises(openai.NotFoundError, match=r"2026-09-28.*chat/completions"):
        client.completions.create(model="gpt-3.5-turbo-instruct", prompt="hi")


@pytest.fixture
def legacy():
    with OpenAIMock(legacy=True) as mock:
        yield OpenAI(base_url=mock.base_url, api_key="sk-mock-key", max_retries=0)


def test_legacy_completes_prompts_whole_and_streamed(legacy):
    order = {
        "model": "gpt-3.5-turbo-instruct",
        "prompt": ["one", "two"],
        "n": 2,
        "max_tokens": 30,
        "echo": True,
    }
    whole = legacy.completions.create(**order)
    assert [choice.text[:3] for choice in whole.choices] == ["one", "one", "two", "two"]
    with legacy.completions.create(**order, stream=True, stream_options={"include_usage": True}) as stream:
        chunks = list(stream)
    for choice in whole.choices:
        pieces = [c.text for chunk in chunks for c in chunk.choices if c.index == choice.index]
        assert "".join(pieces) == choice.text
    assert chunks[-1].usage == whole.usage


def test_legacy_edits_engines_and_variations_answer_as_they_did(legacy):
    edit = {"model": "text-davinci-edit-001", "input": "teh fox", "instruction": "Fix the spelling"}
    assert legacy.post("/edits", body=edit, cast_to=dict)["object"] == "edit"
    engines = legacy.get("/engines", cast_to=dict)["data"]
    assert {"id": "davinci", "object": "engine", "owner": "openai", "ready": True} in engines
    by_engine = legacy.post("/engines/davinci/completions", body={"prompt": "hi"}, cast_to=dict)
    assert by_engine["model"] == "davinci"
    with pytest.warns(DeprecationWarning, match="deprecated"):
        varied = legacy.images.create_variation(
            image=("a.png", picture()), n=2, size="256x256", response_format="b64_json"
        )
    assert opened(varied).size == (256, 256)
    assert varied.data[0].b64_json != varied.data[1].b64_json


def test_a_deprecated_model_works_and_carries_its_end(client):
    assert client.models.retrieve("gpt-4o").model_dump()["shutdown_date"] == "2027-01-14"
    assert client.chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": "hi"}]
    ).choices


def test_nobody_deletes_a_model_of_the_catalogue(client):
    with pytest.raises(openai.PermissionDeniedError):
        client.models.delete("gpt-4o")
    with pytest.raises(openai.NotFoundError):
        client.models.delete("ft:gpt-4o-mini:me::1")


# --- identifiers


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
