"""`POST /embeddings`: vectors that are near where texts share words, and, with the extra `semantics`, where they mean alike.

The lexical part: each word (and each run of three letters, at a fifth of the weight) points to places of its own, and a
text's vector is the sum. "dog" and "dogs" are near, "dog" and "hound" are not. With the extra, a small model's vector comes first and
weighs most; the lexical part follows it, so that "hound" is near, and two texts are still never the same.
"""

import array
import base64
import hashlib
import math
import re
import sys
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from classroom.standin.generation import text
from classroom.standin.incoming import checks, errors
from classroom.standin.meanings import semantics
from classroom.standin.models.catalogue import Model
from classroom.standin.models.costs import Usage
from classroom.standin.operations import Asked, Operation
from classroom.standin.outgoing.answers import Answer
from classroom.standin.state import StandIn

# https://developers.openai.com/api/reference/resources/embeddings (input)
_MAX_TOKENS = 8192
_MAX_TOKENS_TOGETHER = 300_000
_PLACES = 96  # that each word points to
_PART_WEIGHT = 0.2
_WORDS_BESIDE_MEANING = (
    0.3  # the length of the lexical part where there is a part for the meaning, of length 1
)


def create(standin: StandIn, asked: Asked) -> Answer:
    """One unit vector for each input.

    Raises:
        APIError: 400 for an empty or too long input, or dimensions that the model doesn't have.
    """
    body = asked.body
    model = standin.model(body.get("model"), "embedding")
    dimensions = body.get("dimensions")
    if not standin.lenient:
        _check_dimensions(model, dimensions)
    inputs = _inputs(body["input"], model)
    tokens = 0
    data = []
    for index, words in enumerate(inputs):
        vector = embed(words, model.dimensions, dimensions)
        wanted: Any = list(vector)
        # the SDK asks for base64 by itself, and refuses it under its own strict validation: a generic stub sends numbers
        if body.get("encoding_format") == "base64" and not standin.lenient:
            wanted = base64.b64encode(_little_endian(vector)).decode()
        data.append({"object": "embedding", "index": index, "embedding": wanted})
        tokens += text.count_tokens(words)
    return Answer(
        data={
            "object": "list",
            "data": data,
            "model": model.id,
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        },
        usage=Usage(model.id, {"input_tokens": tokens}),
    )


def _check_dimensions(model: Model, dimensions: int | None) -> None:
    if dimensions is None:
        return
    if not model.resizable:
        raise errors.invalid(
            "This model does not support specifying dimensions.", "dimensions", "unsupported_parameter"
        )
    if dimensions > model.dimensions:
        raise errors.invalid(
            f"Invalid value for 'dimensions': {dimensions}. Must be at most {model.dimensions}.",
            "dimensions",
            "integer_above_max_value",
        )


def _inputs(given: Any, model: Model) -> list[str]:
    """The inputs as texts; arrays of tokens are turned back into the words they stand for."""
    several = isinstance(given, list) and not all(checks.json_type(each) == "integer" for each in given)
    inputs = given if several else [given]
    out: list[str] = []
    counted = 0
    for index, each in enumerate(inputs):
        param = f"input[{index}]" if several else "input"
        words = _words(each, param)
        tokens = text.count_tokens(words)
        counted += tokens
        if tokens > _MAX_TOKENS:
            raise errors.invalid(
                f"This model's maximum context length is {_MAX_TOKENS} tokens, but {param} has {tokens}. "
                "Shorten it, or cut it into pieces.",
                param,
                "context_length_exceeded",
            )
        out.append(words)
    if counted > _MAX_TOKENS_TOGETHER:
        raise errors.invalid(
            f"The inputs have {counted} tokens together; at most {_MAX_TOKENS_TOGETHER} are allowed.",
            "input",
            "max_tokens_per_request",
        )
    return out


def _words(each: Any, param: str) -> str:
    if isinstance(each, str):
        words: str | None = each
    elif isinstance(each, list) and all(checks.json_type(token) == "integer" for token in each):
        words = text.decode_tokens(each)
    else:
        raise errors.invalid(
            f"Invalid type for '{param}': expected a string or an array of tokens.", param, "invalid_type"
        )
    if words is None:
        raise errors.invalid(
            f"Invalid '{param}': it holds numbers that are no tokens.", param, "invalid_value"
        )
    if not words:
        raise errors.invalid(f"Invalid '{param}': input cannot be an empty string.", param, "empty_string")
    return words


def embed(words: str, size: int, dimensions: int | None = None) -> "array.array[float]":
    """A unit vector of 32-bit numbers.

    Args:
        words: the text.
        size: of the model's own vectors.
        dimensions: how many of them to keep; the rest is scaled to length 1 again, as the API does.
    """
    known = semantics.meaning(words)
    vector = _lexical(words, size) if known is None else _beside(known, words, size)
    kept = vector[:dimensions]
    length = math.sqrt(sum(value * value for value in kept))
    if length == 0:  # no word points to what was kept
        kept = [1.0] + [0.0] * (len(kept) - 1)
        length = 1.0
    return array.array("f", [value / length for value in kept])


def _lexical(words: str, size: int) -> list[float]:
    """The sum of the places of its words."""
    vector = [0.0] * size
    for feature, weight in _features(words):
        for place, sign in _places(feature, size):
            vector[place] += weight * sign
    return vector


def _beside(known: Sequence[float], words: str, size: int) -> list[float]:
    """What is known of the meaning, then the words, which weigh less."""
    lexical = _lexical(words, size - len(known))
    length = math.sqrt(sum(value * value for value in lexical)) or 1.0
    return [*known, *(_WORDS_BESIDE_MEANING * value / length for value in lexical)]


def _features(words: str) -> Iterator[tuple[str, float]]:
    found = re.findall(r"\w+", words.casefold())
    for word in found or [words]:
        yield word, 1.0
        for start in range(len(word) - 2):
            yield "part:" + word[start : start + 3], _PART_WEIGHT


@lru_cache(maxsize=20_000)
def _places(feature: str, size: int) -> tuple[tuple[int, float], ...]:
    stream = hashlib.shake_256(feature.encode("utf-8", "replace")).digest(_PLACES * 3)
    places = []
    for start in range(0, len(stream), 3):
        number = int.from_bytes(stream[start : start + 2], "big")
        places.append((number % size, 1.0 if stream[start + 2] & 1 else -1.0))
    return tuple(places)


def _little_endian(vector: "array.array[float]") -> bytes:
    if sys.byteorder == "big":
        vector = array.array("f", vector)
        vector.byteswap()
    return vector.tobytes()


OPERATIONS = (Operation("POST", "embeddings", create, "json", "embeddings", slow=True),)
