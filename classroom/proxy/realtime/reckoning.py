"""The highest price of a Realtime response, and its actual price:
https://developers.openai.com/api/docs/guides/realtime-costs.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from classroom.proxy.fields.tally import Tally
from classroom.proxy.prices import pricing

LONGEST_ANSWER = 4096  # tokens: the most that a client can ask for
_WINDOW = 128_000  # tokens: what a model reads at most
_OVERHEAD = 512  # what the upstream may put before a conversation: its own instructions among them
_BYTES_OF_A_TOKEN = 800  # a token of sound is a tenth of a second; no format has fewer bytes in it


@dataclass
class Context:
    """What the next response will read, at most. `text`: bytes, of which a token has one at least; `sound`: tokens."""

    text: int = 0
    sound: int = 0

    def take(self, tally: Tally) -> None:
        """More that the model reads."""
        self.text += tally.text
        self.sound += sum(map(tokens_of_sound, tally.sounds))

    def with_(self, tally: Tally) -> "Context":
        """The same, with what one response reads besides."""
        made = Context(self.text, self.sound)
        made.take(tally)
        return made


def tokens_of_sound(content: bytes | int) -> int:
    """Tokens of a recording, by its bytes or their number."""
    size = content if isinstance(content, int) else len(content)
    return math.ceil(size / _BYTES_OF_A_TOKEN)


def most(model: str, context: Context, answer: int = LONGEST_ANSWER) -> int:
    """What a response may cost at most, in billionths of a dollar: all that it says is sound, which is dearer than text.

    Raises:
        Unpriced: the model has no known price.
    """
    text, sound = min(context.text + _OVERHEAD, _WINDOW), min(context.sound, _WINDOW)
    given = pricing.cost(model, {"input_tokens": text})
    if sound:
        given += pricing.cost(model, {"input_tokens": sound, "input_audio_tokens": sound})
    return given + pricing.cost(model, {"output_tokens": answer, "output_audio_tokens": answer})


def of_words(model: str, words: Sequence[str], answer: int = LONGEST_ANSWER) -> int:
    """The same, of a response that reads some texts."""
    return most(model, Context(sum(len(each.encode("utf-8", "replace")) for each in words)), answer)


def units(usage: Any) -> dict[str, int | float] | None:
    """What a response's usage tells, by the price list's names; None if it can't be read."""
    if not isinstance(usage, Mapping):
        return None
    given, made = _details(usage, "input_token_details"), _details(usage, "output_token_details")
    cached = _details(given, "cached_tokens_details")
    counts: dict[str, Any] = {
        "input_tokens": usage.get("input_tokens"),
        "input_audio_tokens": given.get("audio_tokens") or 0,
        "cache_read_tokens": given.get("cached_tokens") or 0,
        "cache_audio_read_tokens": cached.get("audio_tokens") or 0,
        "output_tokens": usage.get("output_tokens"),
        "output_audio_tokens": made.get("audio_tokens") or 0,
    }
    if any(type(value) is not int or value < 0 for value in counts.values()):
        return None
    if (
        counts["input_audio_tokens"] > counts["input_tokens"]
        or counts["output_audio_tokens"] > counts["output_tokens"]
    ):
        return None
    return {name: value for name, value in counts.items() if value}


def _details(usage: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = usage.get(name)
    return found if isinstance(found, Mapping) else {}
