"""What the tool `file_search` finds: in the vector stores that it names, or among the uploaded files."""

from collections.abc import Mapping
from typing import Any

from classroom.standin.meanings.words import meanings, words_of
from classroom.standin.responses import searching
from classroom.standin.routes import vector_stores
from classroom.standin.state import StandIn, StoredStore

_MOST_RESULTS, _EXCERPT = 5, 300


def search_files(standin: StandIn, tool: Mapping[str, Any], prompt: str) -> list[dict[str, Any]]:
    """The results of a search, the best first."""
    stores = [
        store
        for id in tool.get("vector_store_ids") or []
        if (store := standin.vector_stores.get(str(id))) is not None
    ]
    return _in_stores(standin, stores, tool, prompt) if stores else _by_shared_words(standin, prompt)


def _in_stores(
    standin: StandIn, stores: list[StoredStore], tool: Mapping[str, Any], prompt: str
) -> list[dict[str, Any]]:
    """What the vector stores that the tool names hold near the prompt."""
    most = tool.get("max_num_results")
    least = (tool.get("ranking_options") or {}).get("score_threshold") or 0.0
    found = searching.search(
        [prompt],
        vector_stores.texts_of(standin, stores, tool.get("filters")),
        most=most if isinstance(most, int) else _MOST_RESULTS,
        least_score=float(least),
    )
    return [
        {
            "file_id": each.file_id,
            "filename": each.filename,
            "score": each.score,
            "attributes": dict(each.attributes),
            "text": each.words,
        }
        for each in found
    ]


def _by_shared_words(standin: StandIn, prompt: str) -> list[dict[str, Any]]:
    """What the uploaded files share with the prompt, where the tool names no store that is kept."""
    heard = meanings(words_of(prompt))
    found: list[dict[str, Any]] = []
    for file in standin.files.all():
        words = file.content[:100_000].decode("utf-8", "ignore")
        shared = heard & meanings(words_of(words[:5_000]))
        if shared:
            score = round(len(shared) / max(1, len(heard)), 4)
            found.append(
                {
                    "file_id": file.described["id"],
                    "filename": file.described["filename"],
                    "score": score,
                    "attributes": {},
                    "text": words[:_EXCERPT],
                }
            )
    return sorted(found, key=lambda each: -each["score"])[:_MOST_RESULTS]
