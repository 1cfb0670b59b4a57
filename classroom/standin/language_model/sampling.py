"""The dice on top of the probabilities: temperature, top_p, seed, penalties, limits and log probabilities.

What each parameter means: `openai/types/chat/completion_create_params.py`.
"""

import bisect
import itertools
import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from classroom.standin.generation import text
from classroom.standin.generation.turns import Turn
from classroom.standin.language_model import ngrams
from classroom.standin.models import catalogue, tokenizer

MOST_TOKENS = 128  # of one answer
_MOST_TOGETHER = 2048  # of all answers to one request
_ENDED = b"<|endoftext|>"
_LOWEST = -9999.0  # what the API writes for a token that is as good as impossible


@dataclass(frozen=True)
class Sampling:
    """How tokens are drawn.

    Attributes:
        temperature: what the logits are divided by; 0 takes the most probable token.
        top_p: only the most probable tokens that together reach this probability can be drawn.
        seed: what the dice start from; None: the request itself.
        frequency_penalty: taken from a token's logit for each time that it was drawn.
        presence_penalty: taken once from the logit of each token that was drawn.
        bias: added to the logits, by the tokenizer's number.
        stop: words before which a text stops.
        max_tokens: of one answer.
        top_logprobs: how many alternatives to list for each token; None lists nothing.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    seed: int | None = None
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    bias: Mapping[int, float] = field(default_factory=dict)
    stop: tuple[str, ...] = ()
    max_tokens: int = MOST_TOKENS
    top_logprobs: int | None = None


def of_chat(body: Mapping[str, Any]) -> Sampling:
    """What a chat completion asks for."""
    stop = body.get("stop") or ()
    answers = body.get("n") or 1
    limit = body.get("max_completion_tokens") or body.get("max_tokens") or MOST_TOKENS
    return Sampling(
        temperature=_number(body, "temperature", 1.0),
        top_p=_number(body, "top_p", 1.0),
        seed=body.get("seed"),
        frequency_penalty=_number(body, "frequency_penalty", 0.0),
        presence_penalty=_number(body, "presence_penalty", 0.0),
        bias=_bias(body.get("logit_bias") or {}),
        stop=(stop,) if isinstance(stop, str) else tuple(stop),
        max_tokens=min(limit, MOST_TOKENS, max(1, _MOST_TOGETHER // answers)),
        top_logprobs=(body.get("top_logprobs") or 0) if body.get("logprobs") else None,
    )


def of_response(body: Mapping[str, Any]) -> Sampling:
    """What a response asks for; Responses have no seed, no stop and no penalties."""
    listed = "message.output_text.logprobs" in (body.get("include") or [])
    return Sampling(
        temperature=_number(body, "temperature", 1.0),
        top_p=_number(body, "top_p", 1.0),
        max_tokens=min(body.get("max_output_tokens") or MOST_TOKENS, MOST_TOKENS),
        top_logprobs=(body.get("top_logprobs") or 0) if listed else None,
    )


def _number(body: Mapping[str, Any], name: str, default: float) -> float:
    return default if body.get(name) is None else float(body[name])


def _bias(given: Mapping[str, Any]) -> dict[int, float]:
    """The biases, kept within the API's bounds."""
    return {
        int(number): max(-100.0, min(100.0, float(value)))
        for number, value in given.items()
        if number.isdecimal() and isinstance(value, (int, float))
    }


def is_slow(body: Mapping[str, Any]) -> bool:
    """Whether the n-gram model is asked: it computes for some milliseconds a token."""
    model = catalogue.load().models.get(str(body.get("model")))
    return model is not None and model.ngrams


def write(messages: Sequence[Mapping[str, Any]], mark: str, sampling: Sampling, choice: int = 0) -> Turn:
    """How the model goes on after the last message.

    Args:
        messages: the conversation; the model sees the end of the last one.
        mark: of the whole request, for the dice of a request without a seed.
        sampling: how to draw.
        choice: which of `n` answers.
    """
    model = ngrams.load()
    prompt = text.text_of(messages[-1].get("content")) if messages else ""
    context = model.context(tokenizer.encode(prepare(prompt)))
    dice = random.Random(f"{mark if sampling.seed is None else sampling.seed}:{choice}")  # noqa: S311 - no secret
    written, drawn = b"", Counter[int]()
    listed: list[dict[str, Any]] = []
    reason, tokens = "length", 0
    for _ in range(sampling.max_tokens):
        place = _draw(model, context, drawn, sampling, dice.random())
        if place == model.end:
            reason = "stop"
            break
        if sampling.top_logprobs is not None:
            listed.append(_listed(model, context, place, sampling.top_logprobs))
        written += _bytes_of(model, place)
        drawn[place] += 1
        tokens += 1
        answer = written.decode("utf-8", "ignore")
        found = [at for each in sampling.stop if each and (at := answer.find(each)) >= 0]
        if found:
            return _stopped(answer[: min(found)], listed, tokens)
        context = model.following(context, place)
    return Turn(written.decode("utf-8", "replace"), (), reason, tokens, tuple(listed))


def prepare(prompt: str) -> str:
    """A text as the model was trained on it: each word with one space before it, and nothing after the last."""
    words = " ".join(prompt.split())
    return f" {words}" if words else ""


def _stopped(answer: str, listed: list[dict[str, Any]], tokens: int) -> Turn:
    """An answer that met a stop sequence: what comes before it, and the tokens that lie wholly before it."""
    room, kept = len(answer.encode()), []
    for entry in listed:
        room -= len(entry["bytes"])
        if room < 0:
            break
        kept.append(entry)
    return Turn(answer, (), "stop", tokens, tuple(kept))


def _draw(
    model: ngrams.NgramModel, context: ngrams.Context, drawn: Counter[int], sampling: Sampling, chance: float
) -> int:
    """The place of the next token. `chance`: where the dice fell, from 0 to 1."""
    if not sampling.bias and not (sampling.frequency_penalty or sampling.presence_penalty):
        places, sums = _wheel(context, sampling.temperature, sampling.top_p)
    else:
        shifts = {
            place: -sampling.frequency_penalty * count - sampling.presence_penalty
            for place, count in drawn.items()
        }
        for number, value in sampling.bias.items():
            place = model.place(number)
            if place is not None:
                shifts[place] = shifts.get(place, 0.0) + value
        logits = [math.log(each) for each in model.distribution(context)]
        for place, shift in shifts.items():
            logits[place] += shift
        places, sums = _spread(logits, sampling.temperature, sampling.top_p)
    return places[min(bisect.bisect_right(sums, chance * sums[-1]), len(places) - 1)]


@lru_cache(maxsize=128)
def _wheel(
    context: ngrams.Context, temperature: float, top_p: float
) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """What can be drawn without penalties: places, and the sums of their shares."""
    logits = [math.log(each) for each in ngrams.load().distribution(context)]
    return _spread(logits, temperature, top_p)


def _spread(
    logits: Sequence[float], temperature: float, top_p: float
) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """The places that can be drawn, the most probable first, and the running sums of their shares."""
    order = sorted(range(len(logits)), key=lambda place: -logits[place])
    if temperature == 0:
        return (order[0],), (1.0,)
    highest = logits[order[0]]
    shares = [math.exp((logits[place] - highest) / temperature) for place in order]
    sums = tuple(itertools.accumulate(shares))
    if top_p < 1:
        kept = min(bisect.bisect_left(sums, top_p * sums[-1]) + 1, len(sums))
        return tuple(order[:kept]), sums[:kept]
    return tuple(order), sums


def _listed(model: ngrams.NgramModel, context: ngrams.Context, place: int, top: int) -> dict[str, Any]:
    """A token with its log probability and the most probable ones, as the model counted them: before the dice's settings."""
    probabilities = model.distribution(context)
    best = sorted(range(len(probabilities)), key=lambda each: -probabilities[each])[:top] if top else []
    return {
        **_entry(model, place, probabilities[place]),
        "top_logprobs": [_entry(model, each, probabilities[each]) for each in best],
    }


def _entry(model: ngrams.NgramModel, place: int, probability: float) -> dict[str, Any]:
    token = _bytes_of(model, place)
    logprob = round(math.log(probability), 6) if probability > 0 else _LOWEST
    return {"token": token.decode("utf-8", "replace"), "logprob": logprob, "bytes": list(token)}


def _bytes_of(model: ngrams.NgramModel, place: int) -> bytes:
    return _ENDED if place == model.end else tokenizer.join([model.vocabulary[place]])
