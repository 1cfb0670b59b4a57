"""What can be seen in a picture: its size, its colours and where they are, plain shapes.

Measured, not understood: it tells a red circle from a green square, and not a cat from a dog.
"""

from collections import Counter
from dataclasses import dataclass

from PIL import Image

from classroom.media.picture import open_picture

_SIDE = 96  # pixels: enough to see plain shapes
_COLOURS = {
    "black": (20, 20, 20),
    "white": (248, 248, 248),
    "grey": (128, 128, 128),
    "red": (205, 40, 40),
    "orange": (235, 140, 40),
    "yellow": (245, 215, 70),
    "green": (50, 150, 70),
    "blue": (40, 90, 200),
    "light blue": (140, 190, 240),
    "purple": (120, 60, 160),
    "pink": (240, 150, 185),
    "brown": (120, 75, 40),
    "beige": (240, 225, 195),
    "teal": (25, 130, 135),
}
_LEAST_SHARE = 0.03  # of the picture, for a colour to be named
_MOST_COLOURS, _MOST_SHAPES = 4, 4
_SHAPE_SHARE = (0.01, 0.6)  # of the picture: smaller is a detail, larger is the ground


@dataclass(frozen=True)
class Sight:
    """What is seen.

    Attributes:
        size: width and height in pixels.
        colours: their names, the most frequent first.
        shapes: such as "a red circle on the left".
        words: what is written into it; "" where nobody knows. Letters are not read.
    """

    size: tuple[int, int]
    colours: tuple[str, ...]
    shapes: tuple[str, ...]
    words: str = ""

    def __str__(self) -> str:
        """The description as sentences."""
        width, height = self.size
        form = "square" if width == height else "wide" if width > height else "tall"
        parts = [
            f"A {form} picture of {width} by {height} pixels.",
            f"Its main colours are {_listed(self.colours)}."
            if len(self.colours) > 1
            else f"It is {self.colours[0]}.",
        ]
        if self.shapes:
            parts.append(f"I see {_listed(self.shapes)}.")
        if self.words:
            parts.append(f"It says: “{self.words}”")
        return " ".join(parts)


def look(content: bytes, words: str = "") -> Sight:
    """What is seen in a picture.

    Args:
        content: its bytes.
        words: what is known to be written into it.

    Raises:
        NotPicture: the bytes are no picture, or one that is too large.
    """
    image, size, _ = open_picture(content)
    image = image.convert("RGBA")
    ground = Image.new("RGBA", image.size, (255, 255, 255, 255))
    small = Image.alpha_composite(ground, image).convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.BOX)
    samples = iter(small.tobytes())
    pixels = [_name(pixel) for pixel in zip(samples, samples, samples, strict=True)]
    counted = Counter(pixels).most_common()
    colours = [name for name, count in counted if count >= _LEAST_SHARE * len(pixels)][:_MOST_COLOURS]
    return Sight(size, tuple(colours or [counted[0][0]]), tuple(_shapes(pixels)), words)


def _name(pixel: tuple[int, ...]) -> str:
    return min(
        _COLOURS, key=lambda name: sum((a - b) ** 2 for a, b in zip(pixel, _COLOURS[name], strict=True))
    )


def _shapes(pixels: list[str]) -> list[str]:
    """The plain shapes among the areas of one colour, the largest first."""
    found = []
    left = set(range(len(pixels)))
    while left:
        area = _area(left.pop(), pixels, left)
        share = len(area) / len(pixels)
        named = _shape(area) if _SHAPE_SHARE[0] <= share <= _SHAPE_SHARE[1] else None
        if named:
            found.append((share, f"a {pixels[area[0]]} {named} {_place(area)}"))
    return [words for _, words in sorted(found, reverse=True)[:_MOST_SHAPES]]


def _area(start: int, pixels: list[str], left: set[int]) -> list[int]:
    """The pixels of one colour that hang together; they are taken out of those that are left."""
    area, waiting = [start], [start]
    while waiting:
        at = waiting.pop()
        beside = [at - _SIDE, at + _SIDE]
        beside += [at - 1] if at % _SIDE else []
        beside += [at + 1] if (at + 1) % _SIDE else []
        for other in beside:
            if other in left and pixels[other] == pixels[start]:
                left.discard(other)
                area.append(other)
                waiting.append(other)
    return area


def _box(area: list[int]) -> tuple[int, int, int, int]:
    columns, rows = [at % _SIDE for at in area], [at // _SIDE for at in area]
    return min(columns), min(rows), max(columns) + 1, max(rows) + 1


def _shape(area: list[int]) -> str | None:
    """By how much of its box an area fills; None for what is no plain shape, or touches the edge of the picture."""
    left, top, right, bottom = _box(area)
    if left == 0 or top == 0 or right == _SIDE or bottom == _SIDE:
        return None
    filled = len(area) / ((right - left) * (bottom - top))
    if filled > 0.93:
        return "rectangle"
    if 0.72 <= filled <= 0.85:
        return "circle"
    if 0.44 <= filled <= 0.58:
        return "triangle"
    return None


def _place(area: list[int]) -> str:
    left, top, right, bottom = _box(area)
    across, down = (left + right) / 2 / _SIDE, (top + bottom) / 2 / _SIDE
    side = "on the left" if across < 0.4 else "on the right" if across > 0.6 else ""
    level = "at the top" if down < 0.4 else "at the bottom" if down > 0.6 else ""
    return " ".join(filter(None, (level, side))) or "in the middle"


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
