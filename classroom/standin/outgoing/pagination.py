"""Paginated lists as the API returns them: `limit`, `order`, `after`, `has_more`.

https://developers.openai.com/api/reference (the parameters that all lists share).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from classroom.standin.incoming import errors
from classroom.standin.outgoing.answers import Answer


def page(
    items: Sequence[Mapping[str, Any]],
    query: Mapping[str, str],
    *,
    newest_first: bool,
    most: int = 100,
    usual: int = 20,
    lenient: bool = False,
) -> Answer:
    """One page of a list.

    Args:
        items: everything, the oldest first; each has an "id".
        query: of the request.
        newest_first: the order where the query names none.
        most: the largest limit.
        usual: the limit where the query names none.
        lenient: whether a limit out of bounds and an unknown cursor are let pass.

    Raises:
        APIError: 400 for a limit, an order or a cursor that makes no sense.
    """
    order = query.get("order") or ("desc" if newest_first else "asc")
    if order not in ("asc", "desc"):
        raise errors.invalid(
            f"Invalid value: '{order}'. Supported values are: 'asc' and 'desc'.", "order", "invalid_value"
        )
    listed = list(items) if order == "asc" else list(reversed(items))
    after = query.get("after")
    if after:
        places = [index for index, item in enumerate(listed) if item["id"] == after]
        if not places and not lenient:
            raise errors.invalid(f"No item of this list has the id '{after}'.", "after", "invalid_value")
        listed = listed[places[0] + 1 :] if places else listed
    limit = _limit(query.get("limit"), most, usual, lenient=lenient)
    shown = listed[:limit]
    return Answer(
        data={
            "object": "list",
            "data": shown,
            "first_id": shown[0]["id"] if shown else None,
            "last_id": shown[-1]["id"] if shown else None,
            "has_more": len(listed) > limit,
        }
    )


def _limit(given: str | None, most: int, usual: int, *, lenient: bool) -> int:
    if given is None:
        return usual
    if given.isascii() and given.isdigit() and 1 <= int(given) <= most:
        return int(given)
    if lenient:
        return usual
    raise errors.invalid(
        f"Invalid 'limit': expected an integer from 1 to {most}, but got '{given}' instead.",
        "limit",
        "invalid_value",
    )
