"""What words mean, as far as a small model in a wheel knows: the extra `semantics` (wordllama, with numpy).

Without the extra, embeddings know of shared words alone. The model's 256 dimensions were trained so that the first of them say the most, which
is what the parameter `dimensions` of OpenAI's API relies on, too.
"""

import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

SIZE = 256  # dimensions of the model
_loading = threading.Lock()


@cache
def _load() -> Any:
    """The model; None if the extra is not installed. Nothing is fetched from anywhere."""
    try:
        import wordllama
    except ImportError:
        return None
    # its tokenizer is in the wheel as well, in a folder that it only looks into when it is named
    place = Path(wordllama.__file__).parent
    return wordllama.WordLlama.load(dim=SIZE, cache_dir=place, disable_download=True)


def available() -> bool:
    """Whether the extra is installed."""
    with _loading:
        return _load() is not None


def meaning(words: str) -> Sequence[float] | None:
    """A unit vector of 256 numbers; None without the extra, or for a text of which the model knows nothing."""
    with _loading:
        model = _load()
        if model is None:
            return None
        [vector] = model.embed([words.encode("utf-8", "replace").decode()]).tolist()
    length = float(sum(value * value for value in vector)) ** 0.5
    return (
        [value / length for value in vector] if length > 0 else None
    )  # a text without tokens is not a number
