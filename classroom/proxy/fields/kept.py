"""The fields of what is kept upstream: `conversations` and `vector_stores` (openai/types/conversations, …/vector_stores)."""

from collections.abc import Mapping

from classroom.proxy.fields.filters import ATTRIBUTES, FILTER
from classroom.proxy.fields.items import ITEM
from classroom.proxy.fields.kinds import Choice, Either, Flag, Integer, Items, Kind, Number, Text
from classroom.proxy.fields.parts import METADATA, UNPRICED
from classroom.proxy.fields.responses import RESPONSES
from classroom.proxy.fields.shapes import Shape, Stored, Tagged

MOST_DAYS = 7  # that a vector store lasts after it was last used: that long, each use pays for it
_MOST_ITEMS = 20  # at once
_MOST_FILES = 20
_FILE = Stored(read_again=False, holds="file")
_CHUNKING = Tagged(
    "type",
    {
        "auto": Shape({"type": Choice(("auto",))}),
        "static": Shape(
            {
                "type": Choice(("static",)),
                "static": Shape(
                    {
                        # the usual size is the largest here: by it, what a search finds is counted
                        "max_chunk_size_tokens": Integer(100, 800),
                        "chunk_overlap_tokens": Integer(0, 400),
                    },
                    ("max_chunk_size_tokens", "chunk_overlap_tokens"),
                ),
            },
            ("static",),
        ),
    },
)
_EXPIRY = Shape({"anchor": Choice(("last_active_at",)), "days": Integer(1, MOST_DAYS)}, ("anchor", "days"))
_ATTACHED: dict[str, Kind] = {"file_id": _FILE, "attributes": ATTRIBUTES, "chunking_strategy": _CHUNKING}

# what is posted where: the place's pattern → its fields
BODIES: Mapping[str, Shape] = {
    "conversations": Shape({"items": Items(ITEM, _MOST_ITEMS), "metadata": METADATA}),
    "conversations/{conversation}": Shape({"metadata": METADATA}, ("metadata",)),
    "chat/completions/{completion}": Shape({"metadata": METADATA}, ("metadata",)),
    "conversations/{conversation}/items": Shape({"items": Items(ITEM, _MOST_ITEMS)}, ("items",)),
    "batches": Shape(
        {
            "completion_window": Choice(("24h",)),
            "endpoint": Text(64),
            "input_file_id": Stored(read_again=False),
            "metadata": METADATA,
            "output_expires_after": Shape(
                {"anchor": Choice(("created_at",)), "seconds": Integer(3600, 2_592_000)},
                ("anchor", "seconds"),
            ),
        },
        ("completion_window", "endpoint", "input_file_id"),
    ),
    # https://developers.openai.com/api/docs/guides/token-counting: the body of a response, without what concerns the answer alone
    "responses/input_tokens": Shape(
        {
            name: kind
            for name, kind in RESPONSES.fields.items()
            if name
            in (
                "conversation",
                "input",
                "instructions",
                "model",
                "parallel_tool_calls",
                "previous_response_id",
                "reasoning",
                "text",
                "tool_choice",
                "tools",
                "truncation",
            )
        }
    ),
    "vector_stores": Shape(
        {
            "chunking_strategy": _CHUNKING,
            "description": Text(512),
            "expires_after": _EXPIRY,
            "file_ids": Items(_FILE, _MOST_FILES),
            "metadata": METADATA,
            "name": Text(256),
        }
    ),
    "vector_stores/{store}": Shape({"expires_after": _EXPIRY, "metadata": METADATA, "name": Text(256)}),
    "vector_stores/{store}/search": Shape(
        {
            "query": Either((Text(4096), Items(Text(4096), 8)), "a string or an array of strings"),
            "filters": FILTER,
            "max_num_results": Integer(1, 50),
            "ranking_options": Shape(
                {"ranker": Choice(("none", "auto", "default-2024-11-15")), "score_threshold": Number()}
            ),
            "rewrite_query": Flag((False, UNPRICED)),
        },
        ("query",),
    ),
    "vector_stores/{store}/files": Shape(_ATTACHED, ("file_id",)),
    "vector_stores/{store}/files/{file}": Shape({"attributes": ATTRIBUTES}, ("attributes",)),
    "vector_stores/{store}/file_batches": Shape(
        {
            "attributes": ATTRIBUTES,
            "chunking_strategy": _CHUNKING,
            "file_ids": Items(_FILE, _MOST_FILES),
            "files": Items(Shape(_ATTACHED, ("file_id",)), _MOST_FILES),
        }
    ),
}
