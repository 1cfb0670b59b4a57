"""Addresses of what the upstream stores for an attendee: which there are, what a query may ask for, and what is posted."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl

from classroom.proxy.rules import refusals

COUNTING = "responses/input_tokens"  # counts what a request would hold: nothing is made, stored or charged
_START = r"(?:/api)?(?:/v1)?(?:/openai)?(?:/v1)?/"
_ID = r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}"
_PAGES = frozenset({"after", "before", "limit", "order"})
_LARGEST_PAGE = 100
_USUAL_PAGE = 20
_MOST_PARAMETERS = 64
_METADATA = re.compile(r"metadata\[([^\[\]]{1,64})\]")
_WORD = re.compile(r"[a-z_.]{1,64}")
_STORE = "vector_stores/{store}"
_COMPLETION = "chat/completions/{completion}"
_CONVERSATION = "conversations/{conversation}"

# method and pattern → what its query may ask for; nothing else of what is stored can be reached
_SERVED: Mapping[tuple[str, str], frozenset[str]] = {
    ("POST", "files"): frozenset(),
    ("GET", "files"): _PAGES | {"purpose"},
    ("GET", "files/{file}"): frozenset(),
    ("DELETE", "files/{file}"): frozenset(),
    ("GET", "files/{file}/content"): frozenset(),
    ("GET", "responses/{response}"): frozenset({"include"}),
    ("DELETE", "responses/{response}"): frozenset(),
    ("GET", "responses/{response}/input_items"): _PAGES | {"include"},
    ("POST", "responses/{response}/cancel"): frozenset(),
    ("POST", COUNTING): frozenset(),
    ("GET", "chat/completions"): _PAGES | {"model", "metadata"},
    ("GET", _COMPLETION): frozenset(),
    ("POST", _COMPLETION): frozenset(),
    ("DELETE", _COMPLETION): frozenset(),
    ("GET", f"{_COMPLETION}/messages"): _PAGES,
    ("POST", "conversations"): frozenset(),
    ("GET", _CONVERSATION): frozenset(),
    ("POST", _CONVERSATION): frozenset(),
    ("DELETE", _CONVERSATION): frozenset(),
    ("POST", f"{_CONVERSATION}/items"): frozenset({"include"}),
    ("GET", f"{_CONVERSATION}/items"): _PAGES | {"include"},
    ("GET", f"{_CONVERSATION}/items/{{item}}"): frozenset({"include"}),
    ("DELETE", f"{_CONVERSATION}/items/{{item}}"): frozenset(),
    ("POST", "vector_stores"): frozenset(),
    ("POST", "batches"): frozenset(),
    ("GET", "batches"): _PAGES,
    ("GET", "batches/{batch}"): frozenset(),
    ("POST", "batches/{batch}/cancel"): frozenset(),
    ("GET", "vector_stores"): _PAGES,
    ("GET", _STORE): frozenset(),
    ("POST", _STORE): frozenset(),
    ("DELETE", _STORE): frozenset(),
    ("POST", f"{_STORE}/search"): frozenset(),
    ("POST", f"{_STORE}/files"): frozenset(),
    ("GET", f"{_STORE}/files"): _PAGES | {"filter"},
    ("GET", f"{_STORE}/files/{{file}}"): frozenset(),
    ("POST", f"{_STORE}/files/{{file}}"): frozenset(),
    ("DELETE", f"{_STORE}/files/{{file}}"): frozenset(),
    ("GET", f"{_STORE}/files/{{file}}/content"): frozenset(),
    ("POST", f"{_STORE}/file_batches"): frozenset(),
    ("GET", f"{_STORE}/file_batches/{{batch}}"): frozenset(),
    ("POST", f"{_STORE}/file_batches/{{batch}}/cancel"): frozenset(),
    ("GET", f"{_STORE}/file_batches/{{batch}}/files"): _PAGES | {"filter"},
}
_OBJECTS = {
    "file": "file",
    "response": "response",
    "completion": "chat completion",
    "conversation": "conversation",
    "item": "item",
    "store": "vector store",
    "batch": "batch",
}


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(_START + re.sub(r"\{(\w+)\}", rf"(?P<\1>{_ID})", pattern) + "/?")


_ADDRESSES = [
    (method, pattern, _compiled(pattern), allowed) for (method, pattern), allowed in _SERVED.items()
]


@dataclass(frozen=True)
class Page:
    """Which part of a list is asked for; cursors are identifiers."""

    limit: int | None = None
    order: str | None = None
    after: str | None = None
    before: str | None = None

    def of(self, ids: list[str]) -> tuple[list[str], bool]:
        """The identifiers of the page, and whether there are more.

        Args:
            ids: all, the newest first.

        Raises:
            APIError: 400, a cursor is none of them.
        """
        listed = ids[::-1] if self.order == "asc" else ids
        for name, cursor in (("after", self.after), ("before", self.before)):
            if cursor is not None and cursor not in listed:
                raise refusals.unknown_cursor(name, cursor)
        if self.after is not None:
            listed = listed[listed.index(self.after) + 1 :]
        size = self.limit or _USUAL_PAGE
        if self.before is not None:
            listed = listed[: listed.index(self.before)] if self.before in listed else []
            return listed[-size:], len(listed) > size
        return listed[:size], len(listed) > size


@dataclass(frozen=True)
class Place:
    """What of a learner's a request is for.

    Attributes:
        method: of HTTP.
        pattern: of the address, such as "vector_stores/{store}/files".
        ids: the identifiers in it: what each is → the identifier.
        page: of a list.
        asked: further parameters of the query, as they go upstream, or as an attendee's own things are chosen by.
    """

    method: str
    pattern: str
    ids: Mapping[str, str] = field(default_factory=dict)
    page: Page = field(default_factory=Page)
    asked: tuple[tuple[str, str], ...] = ()

    @property
    def kind(self) -> str:
        """Its address before any identifier."""
        return self.pattern.partition("/{")[0]

    @property
    def path(self) -> str:
        """The address at the upstream."""
        return self.pattern.format(**self.ids)

    @property
    def last(self) -> str | None:
        """The innermost identifier."""
        return list(self.ids.values())[-1] if self.ids else None

    @property
    def object(self) -> str:
        """What the innermost identifier names, in words."""
        return _OBJECTS[list(self.ids)[-1]] if self.ids else self.kind

    def names(self, cursors: Collection[str]) -> bool:
        """Whether all cursors are messages of the chat completion that the address names: the API numbers them."""
        return self.pattern.endswith("/messages") and all(
            each.startswith(f"{self.last}-") for each in cursors
        )

    @property
    def is_deleted_whole(self) -> bool:
        """Whether the request deletes the thing itself; a file that is taken out of a vector store stays."""
        return self.method == "DELETE" and not self.pattern.endswith("/files/{file}")

    @property
    def query(self) -> list[tuple[str, str]]:
        """What goes upstream of the query."""
        page = {name: value for name, value in self.page.__dict__.items() if value is not None}
        return [*((name, str(value)) for name, value in page.items()), *self.asked]


def find(method: str, path: str, query: str = "") -> Place | None:
    """The stored thing that an address names; None if it is none of these.

    Raises:
        APIError: 400, the query asks for what is not served.
    """
    if "/v1/v1" in path:
        return None
    for served, pattern, address, allowed in _ADDRESSES:
        match = address.fullmatch(path) if served == method else None
        if match is not None:
            page, asked = _read(query, allowed)
            if pattern == "chat/completions" and page.order is None:
                page = replace(page, order="asc")  # alone of all lists, this one begins with the oldest
            return Place(method, pattern, match.groupdict(), page, asked)
    return None


def _read(query: str, allowed: frozenset[str]) -> tuple[Page, tuple[tuple[str, str], ...]]:
    """A query; Azure's clients always name a version, which says nothing here."""
    if query.count("&") >= _MOST_PARAMETERS:
        raise refusals.unreadable(f"its address has more than {_MOST_PARAMETERS} parameters")
    found: dict[str, str] = {}
    asked: list[tuple[str, str]] = []
    for written, value in parse_qsl(query, keep_blank_values=True):
        name = written.removesuffix("[]")
        if name == "api-version":
            continue
        key = _METADATA.fullmatch(name)
        if key is not None and "metadata" in allowed:
            asked.append((name, value))
            continue
        if name not in allowed or name == "metadata":
            raise refusals.unknown_field(name[:64])
        if name == "include":
            asked.append(("include[]", _word(name, value)))
        elif name in found:
            raise refusals.wrong_value(name, "it is there twice", "duplicate_parameter")
        else:
            found[name] = value
    asked += [(name, _word(name, found[name])) for name in ("filter", "purpose") if name in found]
    asked += [("model", found["model"])] if "model" in found else []
    limit = found.get("limit")
    if limit is not None and not (re.fullmatch(r"[0-9]{1,5}", limit) and int(limit) >= 1):
        raise refusals.wrong_value("limit", f"it must be from 1 to {_LARGEST_PAGE}")
    if found.get("order", "asc") not in ("asc", "desc"):
        raise refusals.wrong_value("order", "supported values are asc, desc")
    for name in ("after", "before"):
        if name in found and not re.fullmatch(_ID, found[name]):
            raise refusals.unknown_cursor(name, found[name])
    size = min(int(limit), _LARGEST_PAGE) if limit is not None else None
    return Page(size, found.get("order"), found.get("after"), found.get("before")), tuple(asked)


def _word(name: str, value: str) -> str:
    if not _WORD.fullmatch(value):
        raise refusals.wrong_value(name, "it is no word of the API")
    return value
