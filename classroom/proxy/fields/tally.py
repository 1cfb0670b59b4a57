"""Counts, while a request's fields are read, everything that an upstream could charge for."""

from collections.abc import Collection
from dataclasses import dataclass, field

PER_OBJECT = 32  # tokens by which an upstream may wrap a message, a tool, a part
PER_NUMBER = 8


@dataclass
class Tally:
    """Filled by the kinds of `classroom.proxy.fields.kinds`; priced by `classroom.proxy.prices.pricing`.

    Attributes:
        allows: what the event offers beyond the usual, such as "web_search".
        text: bytes of text in UTF-8; a token is a byte at least.
        pictures, small_pictures: pictures that are shown to a model; small ones were asked for with detail "low".
        files: documents, whose length nobody knows.
        predicted: bytes of a predicted answer; what a model rejects of it is charged as its output.
        prompts: texts that are answered one by one in a single request.
        calls: the most calls of the upstream's own tools; None: there is no such tool in the request.
        searches_web: whether one of them searches the web.
        found: tokens that one search of files puts into the prompt, at most; 0 where none is searched.
        sounds: recordings, encoded, in order.
        identifiers: where in the request → what was stored upstream before, and whether it is read again, and charged.
        kept: those of them that are vector stores, or files for one → "store" or "file".
    """

    allows: Collection[str] = ()
    text: int = 0
    pictures: int = 0
    small_pictures: int = 0
    files: int = 0
    predicted: int = 0
    prompts: int = 1
    calls: int | None = None
    searches_web: bool = False
    found: int = 0
    sounds: list[bytes] = field(default_factory=list)
    identifiers: dict[str, tuple[str, bool]] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)

    def take_text(self, value: str) -> None:
        """Count a text, whatever it begins with."""
        self.text += len(value.encode())
