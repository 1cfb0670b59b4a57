"""Pictures that show their prompt: drawn, not generated, and the same for the same request."""

import io
import random
import textwrap
import warnings
from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont, ImageOps

_MODES = {"png": "RGBA", "webp": "RGBA", "jpeg": "RGB"}
READ = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")  # nothing that is run by another program, such as EPS
_HUES = ((16, 110, 190), (196, 74, 60), (38, 128, 92), (122, 78, 168), (188, 120, 24), (24, 128, 138))
# A picture's header says how large it is before anything of it is unpacked. The largest that the models draw has 8
# million pixels, a telephone's camera gives up to 50 million
_MOST_PIXELS = 50_000_000
_WORKED_AT = 4096  # pixels of a side, above which a picture is made smaller first
_DOT = 8  # pixels of a side of what a coarse picture is made of
_SHOWN = 220  # characters of the prompt that fit into the picture


class NotPicture(Exception):
    """The bytes are no picture that the library can read."""


@dataclass(frozen=True)
class Facts:
    """What a picture's bytes tell: "png", "jpeg" …; width and height; whether any of it is transparent."""

    format: str
    size: tuple[int, int]
    transparent: bool


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
    coarse: bool = False,
) -> bytes:
    """A landscape with the words written into it.

    Args:
        words: the prompt.
        seed: whatever else the picture depends on; the same seed and words give the same bytes.
        size: width and height in pixels.
        format: "png", "jpeg" or "webp".
        transparent: leave the sky clear (png and webp).
        quality: 0 to 100, for jpeg and webp.
        coarse: draw it of large dots, in half the time, where nobody looks at it.
    """
    chance = random.Random(f"{seed}:{words}")  # noqa: S311 - a drawing, not a secret
    hue = chance.choice(_HUES)
    bright = tuple(min(255, part + 90) for part in hue)
    drawn = (max(1, size[0] // _DOT), max(1, size[1] // _DOT)) if coarse else size
    image = _sky(drawn, bright, (250, 236, 214)).convert("RGBA")
    if transparent:
        image.putalpha(0)
    canvas = ImageDraw.Draw(image)
    _sun(canvas, drawn, chance)
    _hills(canvas, drawn, chance, hue)
    _caption(canvas, drawn, words)
    return _encode(image if drawn == size else image.resize(size, Image.Resampling.NEAREST), format, quality)


def preview(content: bytes, *, step: int, steps: int) -> bytes:
    """A blurred version of a finished picture, clearer with each step of `steps`."""
    with Image.open(io.BytesIO(content)) as image:
        format = (image.format or "PNG").lower()
        blurred = image.convert("RGB").filter(ImageFilter.GaussianBlur(4.0 * (steps - step)))
    return _encode(blurred, format, None)


def measure(content: bytes) -> Facts:
    """Format, size and transparency of a picture.

    Raises:
        NotPicture: the bytes can't be read as one.
    """
    image, size, format = open_picture(content)
    lowest = image.convert("RGBA").getchannel("A").getextrema()[0]
    return Facts(format, size, int(lowest) < 255)  # type: ignore[arg-type]


def open_picture(content: bytes) -> tuple[Image.Image, tuple[int, int], str]:
    """A picture, no larger than is needed to work at; its own size; its format."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of sizes that are within the bound here
            image = Image.open(io.BytesIO(content), formats=READ)
            size, format = image.size, (image.format or "").lower()
            if size[0] * size[1] > _MOST_PIXELS:
                raise NotPicture(f"it has {size[0]} x {size[1]} pixels, more than {_MOST_PIXELS}")
            if max(size) > _WORKED_AT:
                image.draft("RGB", (_WORKED_AT, _WORKED_AT))
            image.load()
            if max(image.size) > _WORKED_AT:
                image.thumbnail((_WORKED_AT, _WORKED_AT))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise NotPicture(str(error)) from error
    return image, size, format


def redraw(
    content: bytes,
    words: str,
    *,
    mask: bytes | None,
    seed: str,
    size: tuple[int, int],
    format: str,
    quality: int | None,
) -> bytes:
    """A picture changed: its colours turned and the words written into it, or, with a mask, a new scene drawn
    where the mask is transparent.

    Args:
        content: the picture; bytes that are none stand for an empty one.
        words: what was asked for; nothing is written if empty.
        mask: a picture of the same size.
        seed, size, format, quality: as for `draw`.
    """
    try:
        before = ImageOps.fit(ImageOps.exif_transpose(open_picture(content)[0]).convert("RGBA"), size)
    except NotPicture:
        before = Image.new("RGBA", size, (255, 255, 255, 255))
    chance = random.Random(f"{seed}:{words}")  # noqa: S311 - a drawing, not a secret
    kept = _kept(mask, size)
    if kept is None:
        tint = Image.new("RGBA", size, (*chance.choice(_HUES), 255))
        after = Image.blend(before, ImageChops.multiply(before, tint), 0.35 + 0.3 * chance.random())
        if words:
            _caption(ImageDraw.Draw(after), size, words)
    else:
        scene = open_picture(draw(words, seed=seed, size=size))[0].convert("RGBA")
        after = Image.composite(before, scene, kept)
    return _encode(after, format, quality)


def _kept(mask: bytes | None, size: tuple[int, int]) -> Image.Image | None:
    """How much of each pixel stays; None if there is no mask that can be read."""
    if mask is None:
        return None
    try:
        return ImageOps.fit(open_picture(mask)[0].convert("RGBA"), size).getchannel("A")
    except NotPicture:
        return None


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
