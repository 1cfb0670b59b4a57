"""Transcription and translation of sound, and what of it is refused."""

import io
import re

import av
import openai
import pytest

from classroom.media import sound

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
