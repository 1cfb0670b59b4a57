"""Prompt caching: how much of a prompt was sent before and costs less.

https://developers.openai.com/api/docs/guides/prompt-caching: prompts of 1024 tokens and more; what they begin with alike, in
steps of 128 tokens.
"""

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from classroom.standin.models import tokenizer
from classroom.standin.models.costs import Unpriced, Usage, cost_of

_LEAST, _STEP = 1024, 128  # tokens
_READ = 150_000  # characters of a prompt that are looked at
_KEPT = 20_000  # beginnings; the oldest is forgotten first


class PromptCache:
    """The beginnings of the prompts that were asked. Safe across threads."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, None] = OrderedDict()
        self._lock = threading.Lock()

    def cached_tokens(
        self, model: str, messages: Sequence[Mapping[str, Any]], body: Mapping[str, Any], tokens: int
    ) -> int:
        """How many of a prompt's tokens are cached; the prompt itself is from now on.

        Args:
            model: its identifier; each has a cache of its own.
            messages: the prompt.
            body: of the request, with its tools and its `prompt_cache_key`.
            tokens: how many the prompt has.
        """
        if tokens < _LEAST or not _is_billed_less(model):
            return 0
        beginning = json.dumps(
            [body.get("tools") or [], [_shown(message) for message in messages]], default=str
        )
        key = f"{model}\n{body.get('prompt_cache_key') or ''}\n"
        found = 0
        with self._lock:
            for size, mark in _marks(key, tokenizer.encode(beginning[:_READ])):
                if mark in self._known:
                    found = size
                    self._known.move_to_end(mark)
                self._known[mark] = None
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return min(found, tokens // _STEP * _STEP)

    def clear(self) -> None:
        """Nothing was asked before."""
        with self._lock:
            self._known.clear()


def _shown(message: Mapping[str, Any]) -> list[Any]:
    return [message.get("role"), message.get("content"), message.get("tool_calls")]


def _marks(key: str, tokens: list[int]) -> Iterator[tuple[int, bytes]]:
    """The digests of a prompt's beginnings, with their sizes."""
    running = hashlib.sha256(key.encode("utf-8", "replace"))
    for start in range(0, len(tokens) - _STEP + 1, _STEP):
        running.update(",".join(map(str, tokens[start : start + _STEP])).encode())
        if start + _STEP >= _LEAST:
            yield start + _STEP, running.digest()


def _is_billed_less(model: str) -> bool:
    """Whether the price list has a price for what is cached."""
    try:
        whole = cost_of(Usage(model, {"input_tokens": _LEAST}))
        return cost_of(Usage(model, {"input_tokens": _LEAST, "cache_read_tokens": _LEAST})) < whole
    except Unpriced:
        return False
