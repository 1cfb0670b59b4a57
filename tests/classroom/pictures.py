"""Pictures that tests send, and pictures in answers."""

import base64
import io

from PIL import Image


def make_picture(color: str = "red", size: tuple[int, int] = (200, 100), mode: str = "RGBA") -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, color).save(out, "PNG")
    return out.getvalue()


def read_picture(answer) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(answer.data[0].b64_json)))
