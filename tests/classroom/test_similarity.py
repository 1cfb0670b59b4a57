"""A sound is known again in any file that holds it, and no other one is."""

import io
import sys
import wave

import lameenc
import pytest
import soundfile

from classroom import voice
from classroom.media import listening, similarity, sound

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
    assert similarity.holds(as_file(samples, form, subtype), samples)


@pytest.mark.parametrize("kind", ["mp3", "wav"])
def test_samples_are_known_again_in_the_files_of_the_lab(samples, kind):
    assert similarity.holds(voice.as_file(samples, kind), samples)


@pytest.mark.parametrize("kilobits", [32, 64, 160])
@pytest.mark.parametrize("words", ["a robot under a tree", "Peter Piper picked a peck of pickled peppers."])
def test_an_mp3_that_begins_with_an_encoder_s_delay_is_well_above_the_bound(words, kilobits):
    """LAME's delay is 4.6 moments, and only a file with its tag says so: the courses lie between each other's moments."""
    samples = sound.speak(words, voice="marin", format="pcm")
    encoder = lameenc.Encoder()
    encoder.set_channels(1)
    encoder.set_in_sample_rate(24_000)
    encoder.set_bit_rate(kilobits)
    made = bytes(encoder.encode(samples) + encoder.flush())
    assert similarity.closeness(similarity.course(made), similarity.course(samples, "audio/pcm")) > 0.97


def test_a_sound_is_known_again_where_numpy_is_not_installed(samples, monkeypatch):
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert similarity.holds(voice.as_file(samples, "mp3"), samples)


def test_a_voice_has_no_file_of_another_kind(samples):
    with pytest.raises(ValueError, match="mp3 or a wav"):
        voice.as_file(samples, "flac")


def test_samples_without_a_header_are_themselves(samples):
    assert similarity.holds(samples, samples)


def test_silence_before_the_words_does_not_matter(samples):
    assert similarity.holds(as_file(bytes(24_000) + samples, "WAV"), samples)


def test_telephone_sound_is_known_again(samples):
    assert similarity.holds(
        as_file(samples, "WAV"), sound.speak(WORDS, voice="marin", format="pcmu"), "audio/pcmu"
    )


@pytest.mark.parametrize(
    ("words", "name"),
    [("The tide goes out at a quarter to nine.", "marin"), (WORDS, "cedar")],
    ids=["other words", "another voice"],
)
def test_another_sound_is_another_one(samples, words, name):
    assert not similarity.holds(as_file(sound.speak(words, voice=name, format="pcm"), "WAV"), samples)


def test_half_of_a_sound_is_not_the_sound(samples):
    assert not similarity.holds(as_file(samples[: len(samples) // 4 * 2], "WAV"), samples)


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
    assert not similarity.holds(content, samples)


def test_silence_holds_no_voice(samples):
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, 24_000, 0, "NONE", ""))
        file.writeframes(bytes(len(samples)))
    assert not similarity.holds(out.getvalue(), samples)


def test_a_course_is_bounded_however_long_the_sound():
    course = similarity.course(as_file(bytes(24_000 * 2 * 150), "FLAC"))
    assert len(course) == 120 * 100


def test_no_sound_has_no_course():
    with pytest.raises(listening.NotSound):
        similarity.course(b"words")
