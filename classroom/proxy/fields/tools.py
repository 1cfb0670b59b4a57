"""The tools of `responses` (openai/types/responses/tool_param.py): the learner's own, and those of the upstream."""

from dataclasses import dataclass
from typing import Any

from classroom.proxy.fields.filters import FILTER
from classroom.proxy.fields.items import typed
from classroom.proxy.fields.kinds import Choice, Either, Flag, Integer, Items, Kind, Number, Text
from classroom.proxy.fields.parts import FUNCTION, NAME
from classroom.proxy.fields.shapes import Allowed, Refused, Shape, Stored, Tagged
from classroom.proxy.fields.tally import Tally

MOST_CALLS = 20
_HOSTED = "what it costs can't be counted before it is used"
_PLACE = Shape(
    {
        "type": Choice(("approximate",)),
        **{name: Text(128) for name in ("city", "country", "region", "timezone")},
    }
)


@dataclass(frozen=True)
class _Search:
    """The tool that searches the web: a price for each search, and what it finds is read as input."""

    takes = (dict,)

    def read(self, value: Any, at: str, tally: Tally) -> Any:
        """By its shape; from now on the calls of tools are counted."""
        tally.calls = tally.calls or 0
        tally.searches_web = True
        return _SEARCH.read(value, at, tally)


@dataclass(frozen=True)
class _SearchOfFiles:
    """The tool that searches the attendee's vector stores: a price for each search, and what it finds is read as input."""

    takes = (dict,)

    def read(self, value: Any, at: str, tally: Tally) -> Any:
        """By its shape; how much one search finds is bounded."""
        made = _IN_FILES.read(value, at, tally)
        made.setdefault("max_num_results", USUAL_RESULTS)
        tally.calls = tally.calls or 0
        tally.found = max(tally.found, made["max_num_results"] * LONGEST_PIECE)
        return made


USUAL_RESULTS = 10  # of a search of files, where a request does not say
LONGEST_PIECE = 2_000  # tokens of one result: 800 of the text, the rest for its attributes
MOST_STORES = 8
_IN_FILES = Shape(
    typed(
        "file_search",
        vector_store_ids=Items(Stored(read_again=False, holds="store"), MOST_STORES),
        filters=FILTER,
        max_num_results=Integer(1, 50),
        ranking_options=Shape(
            {
                "hybrid_search": Shape({"embedding_weight": Number(), "text_weight": Number()}),
                "ranker": Choice(("auto", "default-2024-11-15")),
                "score_threshold": Number(),
            }
        ),
    ),
    ("vector_store_ids",),
)
_SEARCH = Shape(
    {
        "type": Choice(("web_search", "web_search_2025_08_26")),
        "external_web_access": Flag(),
        "filters": Shape({"allowed_domains": Items(Text(256), 100)}),
        "search_context_size": Choice(("low", "medium", "high")),
        "user_location": _PLACE,
    },
    ("type",),
)
TOOLS: dict[str, Kind] = {
    "function": Shape(typed("function", **FUNCTION), ("name",)),
    "custom": Shape(
        typed(
            "custom",
            name=NAME,
            description=Text(),
            format=Shape(
                {
                    "type": Choice(("text", "grammar")),
                    "definition": Text(),
                    "syntax": Choice(("lark", "regex")),
                },
                ("type",),
            ),
        ),
        ("name",),
    ),
    "web_search": Allowed(_Search(), "web_search"),
    "web_search_2025_08_26": Allowed(_Search(), "web_search"),
    "file_search": _SearchOfFiles(),
    "mcp": Refused("it leads to other services"),
    **{
        name: Refused(_HOSTED)
        for name in (
            *("web_search_preview", "web_search_preview_2025_03_11", "code_interpreter", "image_generation"),
            *("computer", "computer_use_preview", "local_shell", "shell", "apply_patch", "namespace"),
            *("tool_search", "programmatic_tool_calling"),
        )
    },
}
_NAMED: dict[str, Kind] = {
    "function": Shape(typed("function", name=NAME), ("name",)),
    "custom": Shape(typed("custom", name=NAME), ("name",)),
}
CHOSEN = Either(
    (
        Choice(("none", "auto", "required")),
        Tagged(
            "type",
            {
                **_NAMED,
                "web_search": Allowed(Shape(typed("web_search")), "web_search"),
                "file_search": Shape(typed("file_search")),
                "allowed_tools": Shape(
                    typed(
                        "allowed_tools",
                        mode=Choice(("auto", "required")),
                        tools=Items(Tagged("type", _NAMED), 128),
                    ),
                    ("mode", "tools"),
                ),
            },
        ),
    ),
    "a string or an object",
)
