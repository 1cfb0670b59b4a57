"""A sound is known again in any file that holds it, and no other one is."""

import io
import wave

import pytest
import soundfile

from classroom.media import likeness, listening, sound

WORDS = "The tide comes in at half past four."


@pytest.fixture(scope="module")
def samples():
    return sound.speak(WORDS, voice="marin", format="pcm")


def as_file(samples, form, subtype=None, rate=24_000):
    out = io.BytesIO()
    with soundfile.SoundFile(out, "w", samplerate=rate, channels=1, format=form, subtype=subtype) as file:
        file.buffer_write(samples, "int16")
    return out.getvalue()


@pytest.mark.parametrize(
    ("form", "subtype"),
    [("WAV", None), ("MP3", None), ("FLAC", None), ("OGG", "OPUS"), ("OGG", "VORBIS")],
)
def test_samples_are_known_again_in_a_file_of_any_format(samples, form, subtype):
    assert likeness.holds(as_file(samples, form, subtype), samples)


def test_samples_without_a_header_are_themselves(samples):
    assert likeness.holds(samples, samples)


def test_silence_before_the_words_does_not_matter(samples):
    assert likeness.holds(as_file(bytes(24_000) + samples, "WAV"), samples)


def test_telephone_sound_is_known_again(samples):
    assert likeness.holds(
        as_file(samples, "WAV"), sound.speak(WORDS, voice="marin", format="pcmu"), "audio/pcmu"
    )


@pytest.mark.parametrize(
    ("words", "voice"),
    [("The tide goes out at a quarter to nine.", "marin"), (WORDS, "cedar")],
    ids=["other words", "another voice"],
)
def test_another_sound_is_another_one(samples, words, voice):
    assert not likeness.holds(as_file(sound.speak(words, voice=voice, format="pcm"), "WAV"), samples)


def test_half_of_a_sound_is_not_the_sound(samples):
    assert not likeness.holds(as_file(samples[: len(samples) // 4 * 2], "WAV"), samples)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 100,
        b"RIFF\x24\x08\x00\x00WAVEfmt ",
        b"ID3" + b"\xff" * 2000,
        b"#EXTM3U\nfile:///etc/passwd",
    ],
)
def test_what_is_no_sound_holds_none(samples, content):
    assert not likeness.holds(content, samples)


def test_silence_holds_no_voice(samples):
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, 24_000, 0, "NONE", ""))
        file.writeframes(bytes(len(samples)))
    assert not likeness.holds(out.getvalue(), samples)


def test_a_course_is_bounded_however_long_the_sound():
    course = likeness.course(as_file(bytes(24_000 * 2 * 150), "FLAC"))
    assert len(course) == 120 * 100


def test_no_sound_has_no_course():
    with pytest.raises(listening.NotSound):
        likeness.course(b"words")
