"""The fields of `completions`, `embeddings` and `moderations`."""

from dataclasses import dataclass
from typing import Any

from classroom.proxy.fields.chat import STREAM_OPTIONS
from classroom.proxy.fields.kinds import Choice, Either, Flag, Integer, Items, Number, Table, Text
from classroom.proxy.fields.parts import MODEL, SEED, Picture, Shown
from classroom.proxy.fields.shapes import Shape, Tagged
from classroom.proxy.fields.tally import Tally
from classroom.proxy.rules import refusals

_MOST_PROMPTS = 2048
_TOKEN = Integer(0)


@dataclass(frozen=True)
class _Texts:
    """A text, several, or either as tokens. Several are answered one by one."""

    takes = (str, list)

    def read(self, value: Any, at: str, tally: Tally) -> Any:
        """Each; counted as so many prompts."""
        if isinstance(value, list) and not value:
            raise refusals.wrong_value(at, "it is empty", "empty_array")
        made = _TEXTS.read(value, at, tally)
        if isinstance(made, list):
            kinds = {type(item) for item in made}
            if len(kinds) > 1:
                raise refusals.wrong_value(at, "its items are of several kinds")
            if kinds != {int}:
                tally.prompts = max(1, len(made))
                if len(made) > _MOST_PROMPTS:
                    raise refusals.wrong_value(at, f"it has more than {_MOST_PROMPTS} items")
        return made


_TEXTS = Either(
    (
        Text(),
        Items(
            Either((Text(), _TOKEN, Items(_TOKEN, 300_000)), "a string, a token or an array of tokens"),
            300_000,
        ),
    ),
    "a string, an array of strings, or tokens",
)

COMPLETIONS = Shape(
    {
        "model": MODEL,
        "prompt": _Texts(),
        "best_of": Integer(1, 128),
        "echo": Flag(),
        "frequency_penalty": Number(),
        "logit_bias": Table(Integer(-100, 100)),
        "logprobs": Integer(0, 5),
        "max_tokens": Integer(0, 1_000_000),
        "n": Integer(1, 128),
        "presence_penalty": Number(),
        "seed": SEED,
        "stop": Either((Text(), Items(Text(), 16)), "a string or an array of strings"),
        "stream": Flag(),
        "stream_options": STREAM_OPTIONS,
        "suffix": Text(),
        "temperature": Number(),
        "top_p": Number(),
        "user": Text(256),
    }
)

EMBEDDINGS = Shape(
    {
        "model": MODEL,
        "input": _Texts(),
        "dimensions": Integer(1, 65_536),
        "encoding_format": Choice(("float", "base64")),
        "user": Text(256),
    },
    ("input",),
)

MODERATIONS = Shape(
    {
        "model": MODEL,
        "input": Either(
            (
                Text(),
                Items(
                    Either(
                        (
                            Text(),
                            Tagged(
                                "type",
                                {
                                    "text": Shape({"type": Choice(("text",)), "text": Text()}, ("text",)),
                                    "image_url": Shape(
                                        {
                                            "type": Choice(("image_url",)),
                                            "image_url": Shown(Shape({"url": Picture()}, ("url",))),
                                        },
                                        ("image_url",),
                                    ),
                                },
                            ),
                        ),
                        "a string or a content part",
                    )
                ),
            ),
            "a string or an array",
        ),
    },
    ("input",),
)
