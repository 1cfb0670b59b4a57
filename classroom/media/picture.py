"""Pictures that show their prompt: drawn, not generated, and the same for the same request."""

import io
import random
import textwrap
from functools import cache

from PIL import Image, ImageDraw, ImageFilter, ImageFont

_MODES = {"png": "RGBA", "webp": "RGBA", "jpeg": "RGB"}
_HUES = ((16, 110, 190), (196, 74, 60), (38, 128, 92), (122, 78, 168), (188, 120, 24), (24, 128, 138))
_SHOWN = 220  # characters of the prompt that fit into the picture


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _sky(size: tuple[int, int], top: tuple[int, ...], bottom: tuple[int, ...]) -> Image.Image:
    """A vertical gradient, drawn two pixels high and stretched."""
    strip = Image.new("RGB", (1, 2))
    strip.putpixel((0, 0), top)
    strip.putpixel((0, 1), bottom)
    return strip.resize(size, Image.Resampling.BILINEAR)


def _hills(
    canvas: ImageDraw.ImageDraw, size: tuple[int, int], chance: random.Random, hue: tuple[int, ...]
) -> None:
    width, height = size
    for layer in range(3):
        shade = tuple(int(part * (0.75 - 0.18 * layer)) for part in hue)
        base = height * (0.52 + 0.12 * layer)
        points = [(0.0, float(height))]
        for step in range(9):
            points.append((width * step / 8, base + chance.uniform(-0.09, 0.09) * height))
        points.append((float(width), float(height)))
        canvas.polygon(points, fill=(*shade, 255))


def _sun(canvas: ImageDraw.ImageDraw, size: tuple[int, int], chance: random.Random) -> None:
    width, height = size
    radius = min(size) * chance.uniform(0.06, 0.12)
    x, y = chance.uniform(0.12, 0.88) * width, chance.uniform(0.1, 0.32) * height
    canvas.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(255, 236, 170, 255))


def _caption(canvas: ImageDraw.ImageDraw, size: tuple[int, int], words: str) -> None:
    width, height = size
    points = max(10, min(width, height) // 22)
    shown = textwrap.shorten(" ".join(words.split()) or "(no words)", _SHOWN, placeholder=" …")
    lines = textwrap.wrap(shown, max(8, int(width * 0.84 / (points * 0.55)))) or [shown]
    tall = int(points * 1.35)
    top = height - tall * len(lines) - int(height * 0.07)
    margin = int(width * 0.06)
    canvas.rounded_rectangle(
        (margin, top - tall // 2, width - margin, top + tall * len(lines) + tall // 2),
        radius=tall // 2,
        fill=(20, 24, 32, 255),
    )
    for number, line in enumerate(lines):
        canvas.text((margin * 2, top + number * tall), line, font=_font(points), fill=(255, 255, 255, 255))


def draw(
    words: str,
    *,
    seed: str,
    size: tuple[int, int],
    format: str = "png",
    transparent: bool = False,
    quality: int | None = None,
) -> bytes:
    """A landscape with the words written into it.

    Args:
        words: the prompt.
        seed: whatever else the picture depends on; the same seed and words give the same bytes.
        size: width and height in pixels.
        format: "png", "jpeg" or "webp".
        transparent: leave the sky clear (png and webp).
        quality: 0 to 100, for jpeg and webp.
    """
    chance = random.Random(f"{seed}:{words}")  # noqa: S311 - a drawing, not a secret
    hue = chance.choice(_HUES)
    bright = tuple(min(255, part + 90) for part in hue)
    image = _sky(size, bright, (250, 236, 214)).convert("RGBA")
    if transparent:
        image.putalpha(0)
    canvas = ImageDraw.Draw(image)
    _sun(canvas, size, chance)
    _hills(canvas, size, chance, hue)
    _caption(canvas, size, words)
    return _encode(image, format, quality)


def preview(content: bytes, *, step: int, steps: int) -> bytes:
    """A blurred version of a finished picture, clearer with each step of `steps`."""
    with Image.open(io.BytesIO(content)) as image:
        format = (image.format or "PNG").lower()
        blurred = image.convert("RGB").filter(ImageFilter.GaussianBlur(4.0 * (steps - step)))
    return _encode(blurred, format, None)


def _encode(image: Image.Image, format: str, quality: int | None) -> bytes:
    out = io.BytesIO()
    picture = image.convert(_MODES[format])
    if format == "png":
        picture.save(out, "PNG", compress_level=3)
    elif format == "webp":
        picture.save(out, "WEBP", quality=80 if quality is None else quality, method=0)
    else:
        picture.save(out, "JPEG", quality=90 if quality is None else quality)
    return out.getvalue()
