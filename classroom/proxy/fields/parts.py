"""Field declarations that several routes share: images, sounds and files in a message, tools, response formats."""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Any

from classroom.proxy.fields.kinds import Choice, Data, Flag, Integer, Kind, Table, Text
from classroom.proxy.fields.shapes import Refused, Shape, Stored
from classroom.proxy.fields.tally import Tally
from classroom.proxy.rules import refusals

_PICTURE = re.compile(r"data:image/(?:png|jpe?g|webp|gif);base64,", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_LONGEST_ADDRESS = 8192

OWNERS = "it names something in the account of this proxy's owner"
UNPRICED = "no price is known for it"
PATCHES = "it belongs to tools of the upstream that are not offered here"


@dataclass(frozen=True)
class Picture:
    """The address of a picture: base64 in a data URL, or https. Only here is a data URL a picture; elsewhere it is text."""

    takes = (str,)

    def read(self, value: Any, at: str, tally: Tally) -> str:
        """As it is; who shows it counts it, by its detail."""
        if not isinstance(value, str):
            raise refusals.wrong_type(at, "a string", value)
        inline = _PICTURE.match(value)
        if inline is not None:
            if not _BASE64.fullmatch(value, inline.end()):
                raise refusals.wrong_value(at, "it is no base64")
            return value
        if not value.startswith(("https://", "http://")) or len(value) > _LONGEST_ADDRESS:
            raise refusals.wrong_value(
                at, "send data:image/png;base64,… (or jpeg, webp, gif), or the https address of a picture"
            )
        return Text().read(value, at, tally)


@dataclass(frozen=True)
class Shown:
    """An object with a picture in it, counted as one."""

    of: Shape
    takes = (dict,)

    def read(self, value: Any, at: str, tally: Tally) -> dict[str, Any]:
        """By its shape."""
        made = self.of.read(value, at, tally)
        if made.get("detail") == "low":
            tally.small_pictures += 1
        else:
            tally.pictures += 1
        return made


@dataclass(frozen=True)
class Sound:
    """A recording in base64."""

    takes = (str,)

    def read(self, value: Any, at: str, tally: Tally) -> str:
        """As it is; how long it is, is measured before anything is asked."""
        if not isinstance(value, str):
            raise refusals.wrong_type(at, "a string", value)
        try:
            tally.sounds.append(base64.b64decode(value, validate=True))
        except (binascii.Error, ValueError):
            raise refusals.wrong_value(at, "it is no base64") from None
        return value


@dataclass(frozen=True)
class Document:
    """The content or the address of a file. It is as long as a model can read, at most."""

    takes = (str,)

    def read(self, value: Any, at: str, tally: Tally) -> str:
        """As it is; counted as a file."""
        if not isinstance(value, str):
            raise refusals.wrong_type(at, "a string", value)
        if not value.isascii():
            raise refusals.wrong_value(at, "send data:…;base64,… or the https address of a file")
        tally.files += 1
        return value


@dataclass(frozen=True)
class KeptDocument:
    """The identifier of a file that the attendee keeps upstream. It is as long as a model can read, at most."""

    takes = (str,)

    def read(self, value: Any, at: str, tally: Tally) -> str:
        """As it is; counted as a file."""
        found = Stored(read_again=False).read(value, at, tally)
        tally.files += 1
        return found


BREAKPOINT = Shape(
    {"mode": Choice(("explicit",)), "ttl": Choice(("30m",), {"12h": UNPRICED})}, ("mode",), counted=False
)
DETAIL = Choice(("auto", "low", "high", "original"))
METADATA = Table(Text(512), 16)
NAME = Text(128)
MODEL = Text(128, r"[^\x00-\x1f\x7f]+")  # deployments may be called anything that can be printed
LENGTH = Integer(1, 1_000_000)  # tokens of an answer: no model makes more
SEED = Integer(-(2**63), 2**63 - 1)
EFFORT = Choice(("none", "minimal", "low", "medium", "high", "xhigh", "max"))
VERBOSITY = Choice(("low", "medium", "high"))
STATUS = Choice(("in_progress", "completed", "incomplete"))
FORMAT_OF_SCHEMA: dict[str, Kind] = {
    "name": Text(64),
    "description": Text(),
    "schema": Data(),
    "strict": Flag(),
}
FUNCTION: dict[str, Kind] = {"name": NAME, "description": Text(), "parameters": Data(), "strict": Flag()}
USUAL_CACHE = Shape(
    {
        "mode": Choice(("implicit", "explicit")),
        "ttl": Choice(("30m",), {"12h": UNPRICED}),
        "prewarm": Refused(UNPRICED),
        "comparison_response_id": Refused(OWNERS),
    },
    counted=False,
)
TIER = Choice(
    ("auto", "default", "flex", "priority", "fast"),
    {"scale": "it is bought by the owner of this proxy, not by the request", "ultrafast": UNPRICED},
)


@dataclass(frozen=True)
class Tier:
    """How fast, and at which price. Other tiers than the usual one are the event's to allow."""

    takes = (str,)

    def read(self, value: Any, at: str, tally: Tally) -> str:
        """Refused unless the event allows it: "fast" is another name of "priority"."""
        asked = TIER.read(value, at, tally)
        needed = "priority" if asked == "fast" else asked
        if asked not in ("auto", "default") and needed not in tally.allows:
            raise refusals.not_offered(at, f"this event does not allow {needed}")
        return asked
