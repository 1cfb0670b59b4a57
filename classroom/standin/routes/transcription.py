"""`/audio/transcriptions` and `/audio/translations`: the words of the sounds that the stand-in made.

Nothing is heard: a sound made here carries its words (see `classroom.media.listening`), any other gets a
sentence that says so. English is not made of other languages: a translation is the words as they were spoken.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from classroom.media import listening
from classroom.standin.generation import text
from classroom.standin.incoming import errors
from classroom.standin.incoming.uploaded import Upload
from classroom.standin.models import tokenizer
from classroom.standin.models.catalogue import Model
from classroom.standin.models.costs import Usage
from classroom.standin.multimodal.hearing import hear
from classroom.standin.operations import Asked, Operation
from classroom.standin.outgoing.answers import Answer, frames
from classroom.standin.state import StandIn

# https://developers.openai.com/api/docs/guides/speech-to-text: file formats and the largest file
_EXTENSIONS = ("flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "wav", "webm")
_MAX_BYTES = 25 * 1024 * 1024
_MEDIA_TYPES = {"text": "text/plain", "srt": "text/plain", "vtt": "text/plain"}
_UNKNOWN_SECONDS = 1.0  # how long a lenient stand-in takes unreadable bytes to be
_TOKENS_PER_SECOND = 10  # of sound, for models that are billed by tokens


def transcribe(standin: StandIn, asked: Asked) -> Answer:
    """What a sound says.

    Raises:
        APIError: 400 for a file that is no sound, 413 for one that is too large, 400 for a format of the
            answer that the model doesn't give.
    """
    return _answer(standin, asked, "transcribe")


def translate(standin: StandIn, asked: Asked) -> Answer:
    """What a sound says, in English.

    Raises:
        APIError: as for `transcribe`, and 400 for another model than whisper-1.
    """
    return _answer(standin, asked, "translate")


def _answer(standin: StandIn, asked: Asked, task: str) -> Answer:
    body = asked.body
    model = standin.model(body.get("model"), "transcription")
    wanted = body.get("response_format") or "json"
    if not standin.lenient:
        _check_options(model, body, wanted, task)
    file = body["file"]
    heard = _hear(standin, file)
    route = f"audio/{'translations' if task == 'translate' else 'transcriptions'}"
    given = standin.scripted(route, model.id, {}, [{"role": "user", "content": heard.words}])
    if given is not None and given.text is not None:
        heard = _Heard(given.text, heard.seconds)
    mark = text.digest("transcription", {**body, "file": file.described()})
    if body.get("stream") and model.streams:
        usage = _usage(model, heard, body)
        events = frames(_events(heard, usage), named=True, done=False)
        return Answer(events=events, media_type="text/event-stream", usage=_bill(model, heard, usage))
    usage = _usage(model, heard, body)
    billed = _bill(model, heard, usage)
    if wanted in _MEDIA_TYPES:
        written = _WRITTEN[wanted](heard).encode()
        return Answer(content=written, media_type=_MEDIA_TYPES[wanted], usage=billed)
    if wanted == "verbose_json":
        return Answer(data=_verbose(body, heard, usage, task), usage=billed)
    if wanted == "diarized_json":
        return Answer(data=_diarized(heard, usage, mark), usage=billed)
    data: dict[str, Any] = {"text": heard.words, "usage": usage}
    if "logprobs" in (body.get("include") or []):
        data["logprobs"] = _logprobs(heard.words)
    if model.id == "gpt-transcribe":
        data["languages"] = [{"code": "en"}]
    return Answer(data=data, usage=billed)


class _Heard:
    """A sound's words and its length in seconds, cut into sentences."""

    def __init__(self, words: str, seconds: float) -> None:
        self.words, self.seconds = words, seconds
        sentences = re.findall(r"\S.*?(?:[.!?]+(?=\s|$)|$)", words, re.DOTALL) or [words]
        self.segments = list(self._spread(sentences, 0.0, seconds))

    @staticmethod
    def _spread(texts: list[str], start: float, seconds: float) -> Iterator[tuple[float, float, str]]:
        """Each text with its start and end, as long as its share of the letters."""
        letters = sum(len(each) for each in texts) or 1
        for each in texts:
            end = start + seconds * len(each) / letters
            yield round(start, 2), round(end, 2), each
            start = end

    def timed_words(self) -> list[tuple[float, float, str]]:
        return [
            word
            for start, end, sentence in self.segments
            for word in self._spread(sentence.split(), start, end - start)
        ]


def _check_options(model: Model, body: Mapping[str, Any], wanted: str, task: str) -> None:
    if task == "translate" and model.id != "whisper-1":
        raise errors.invalid(
            f"The model '{model.id}' does not translate; use 'whisper-1'.", "model", "invalid_value"
        )
    if wanted not in model.formats:
        listed = ", ".join(f"'{each}'" for each in model.formats)
        raise errors.invalid(
            f"response_format '{wanted}' is not compatible with model '{model.id}'. Use one of: {listed}.",
            "response_format",
            "unsupported_value",
        )
    if body.get("timestamp_granularities") and wanted != "verbose_json":
        raise errors.invalid(
            "'timestamp_granularities' needs 'response_format' to be 'verbose_json'.",
            "timestamp_granularities",
            "invalid_value",
        )
    if "logprobs" in (body.get("include") or []) and not model.id.startswith(
        ("gpt-4o-transcribe", "gpt-4o-mini")
    ):
        raise errors.invalid(
            f"'include' of 'logprobs' is not supported by the model '{model.id}'.",
            "include",
            "unsupported_value",
        )
    file = body["file"]
    if len(file.content) > _MAX_BYTES:
        raise errors.APIError(
            413, f"Maximum content size limit ({_MAX_BYTES}) exceeded ({len(file.content)} bytes read)."
        )
    extension = file.filename.rpartition(".")[2].lower()
    if extension not in _EXTENSIONS:
        raise errors.invalid(
            f"Unrecognized file format: '{file.filename}'. Supported formats: {', '.join(_EXTENSIONS)}.",
            "file",
            "invalid_value",
        )


def _hear(standin: StandIn, file: Upload) -> _Heard:
    transcript: str | None = None
    try:
        transcript, seconds = hear(standin, file.content)
    except listening.NotSound:
        if not standin.lenient:
            raise errors.invalid(
                "The audio file could not be decoded or its format is not supported.", "file", "invalid_value"
            ) from None
        seconds = _UNKNOWN_SECONDS
    return _Heard(transcript or _foreign(file, seconds), seconds)


def _foreign(file: Upload, seconds: float) -> str:
    mark = file.described()["sha256"][:8]
    return (
        f"This is a practice transcription of a sound of {seconds:.1f} seconds. The stand-in knows the words of the "
        f"sounds that it made itself; this one comes from elsewhere. (sound {mark})"
    )


def _usage(model: Model, heard: _Heard, body: Mapping[str, Any]) -> dict[str, Any]:
    if model.bills_seconds:
        return {"type": "duration", "seconds": float(max(1, round(heard.seconds)))}
    sound = max(1, round(heard.seconds * _TOKENS_PER_SECOND))
    prompt = text.count_tokens(body.get("prompt") or "")
    transcript_tokens = text.count_tokens(heard.words)
    return {
        "type": "tokens",
        "input_tokens": sound + prompt,
        "input_token_details": {"audio_tokens": sound, "text_tokens": prompt},
        "output_tokens": transcript_tokens,
        "total_tokens": sound + prompt + transcript_tokens,
    }


def _bill(model: Model, heard: _Heard, usage: Mapping[str, Any]) -> Usage:
    if usage["type"] == "duration":
        return Usage(model.id, {"audio_seconds": usage["seconds"], "input_audio_seconds": usage["seconds"]})
    return Usage(
        model.id,
        {
            "input_tokens": usage["input_tokens"],
            "input_audio_tokens": usage["input_token_details"]["audio_tokens"],
            "output_tokens": usage["output_tokens"],
        },
    )


def _clock(seconds: float, mark: str) -> str:
    milliseconds = round(seconds * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    whole, part = divmod(rest, 1000)
    return f"{hours:02}:{minutes:02}:{whole:02}{mark}{part:03}"


def _srt(heard: _Heard) -> str:
    """https://www.matroska.org/technical/subtitles.html (SRT)"""
    return "\n".join(
        f"{number}\n{_clock(start, ',')} --> {_clock(end, ',')}\n{words}\n"
        for number, (start, end, words) in enumerate(heard.segments, 1)
    )


def _vtt(heard: _Heard) -> str:
    """https://www.w3.org/TR/webvtt1/"""
    cues = [f"{_clock(start, '.')} --> {_clock(end, '.')}\n{words}\n" for start, end, words in heard.segments]
    return "\n".join(["WEBVTT\n", *cues])


_WRITTEN = {"text": lambda heard: heard.words + "\n", "srt": _srt, "vtt": _vtt}


def _verbose(body: Mapping[str, Any], heard: _Heard, usage: Mapping[str, Any], task: str) -> dict[str, Any]:
    granularities = body.get("timestamp_granularities") or ["segment"]
    out: dict[str, Any] = {
        "task": task,
        "language": "english",
        "duration": round(heard.seconds, 2),
        "text": heard.words,
        "usage": usage,
    }
    if "word" in granularities:
        out["words"] = [
            {"word": word.strip(".,!?;:"), "start": start, "end": end}
            for start, end, word in heard.timed_words()
        ]
    if "segment" in granularities:
        out["segments"] = [
            {
                "id": number,
                "seek": 0,
                "start": start,
                "end": end,
                "text": words,
                "tokens": tokenizer.encode(words),
                "temperature": float(body.get("temperature") or 0.0),
                "avg_logprob": -0.1,
                "compression_ratio": 1.0,
                "no_speech_prob": 0.01,
            }
            for number, (start, end, words) in enumerate(heard.segments)
        ]
    return out


def _diarized(heard: _Heard, usage: Mapping[str, Any], mark: str) -> dict[str, Any]:
    return {
        "task": "transcribe",
        "duration": round(heard.seconds, 2),
        "text": heard.words,
        "segments": [
            {
                "id": f"seg_{mark[:8]}_{number}",
                "type": "transcript.text.segment",
                "speaker": "A",
                "start": start,
                "end": end,
                "text": words,
            }
            for number, (start, end, words) in enumerate(heard.segments)
        ],
        "usage": usage,
    }


def _logprobs(words: str) -> list[dict[str, Any]]:
    return [
        {"token": token.decode("utf-8", "replace"), "logprob": -0.01, "bytes": list(token)}
        for token in tokenizer.split(words)
    ]


def _events(heard: _Heard, usage: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for piece in text.pieces(heard.words):
        yield {"type": "transcript.text.delta", "delta": piece}
    done = {"type": "transcript.text.done", "text": heard.words}
    yield {**done, "usage": usage} if usage["type"] == "tokens" else done


OPERATIONS = (
    Operation("POST", "audio/transcriptions", transcribe, "form", "audio/transcriptions", slow=True),
    Operation("POST", "audio/translations", translate, "form", "audio/translations", slow=True),
)
