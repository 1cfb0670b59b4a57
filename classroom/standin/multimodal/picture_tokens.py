"""How many text tokens a picture in a message counts as: the squares of 32 pixels that cover it, times a factor of the model.

https://developers.openai.com/api/docs/guides/images-vision
"""

import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image

from classroom.media.picture import READ
from classroom.standin.multimodal import vision
from classroom.standin.state import StandIn

_SIDE, _MOST = 32, 1_536  # pixels of a patch's side; patches of one picture, above which it is made smaller
_LOW = 512  # pixels of the longer side with detail "low"
_FACTORS = {"nano": 2.46, "mini": 1.62}


def of_messages(standin: StandIn, messages: Sequence[Mapping[str, Any]], model: str) -> int:
    """The tokens of all pictures in a conversation. One that is elsewhere, or can't be read, counts nothing."""
    counted = 0
    for message in messages:
        for part in vision.parts(message):
            size = _size(vision.content_of(standin, part))
            if size is not None:
                counted += of_size(size, model, low=vision.detail_of(part) == "low")
    return counted


def of_size(size: tuple[int, int], model: str, *, low: bool = False) -> int:
    """The tokens of one picture.

    Args:
        size: width and height in pixels.
        model: its identifier; "mini" and "nano" in it count more tokens for a patch.
        low: whether its detail is "low".
    """
    width, height = size
    if low and max(size) > _LOW:
        width, height = (max(1, round(side * _LOW / max(size))) for side in size)
    factor = next((each for name, each in _FACTORS.items() if name in model), 1.0)
    return math.ceil(min(_patches(width, height), _MOST) * factor)


def _patches(width: int, height: int) -> int:
    """The patches that cover a picture; of one that needs too many, those of the smaller one that it is made into."""
    across, down = math.ceil(width / _SIDE), math.ceil(height / _SIDE)
    if across * down <= _MOST:
        return across * down
    shrunk = math.sqrt(_MOST * _SIDE**2 / (width * height))
    wide, high = width * shrunk / _SIDE, height * shrunk / _SIDE
    # once more, so that a whole number of patches fits in one direction
    fit = min(math.floor(wide) / wide if wide >= 1 else 1.0, math.floor(high) / high if high >= 1 else 1.0)
    return math.ceil(wide * fit - 1e-9) * math.ceil(high * fit - 1e-9)


def _size(content: bytes | None) -> tuple[int, int] | None:
    """Width and height by a picture's first bytes; nothing is unpacked."""
    if content is None:
        return None
    try:
        with Image.open(io.BytesIO(content), formats=READ) as image:
            return image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
