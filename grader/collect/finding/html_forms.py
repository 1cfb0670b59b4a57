"""Forms on an app's pages, as operations: what a person would fill in and send."""

import contextlib
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

from grader.collect.exchange.requests import Request
from grader.collect.exchange.session import Session
from grader.operations import Field, Location, Operation

_MOST_FORMS, _MOST_FIELDS, _MOST_CHOICES = 20, 60, 60
_LARGEST = 100_000  # characters of a page: the standard library's reader is slow with what is no HTML
_NO_INPUT = frozenset({"reset", "button", "image"})
_BOUNDS = {"minlength": "minLength", "maxlength": "maxLength", "min": "minimum", "max": "maximum"}


class _Reader(HTMLParser):
    """The forms of one page: each a set of attributes, and its inputs by name."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[tuple[dict[str, str], dict[str, dict[str, Any]]]] = []
        self._select: dict[str, Any] | None = None
        self._option: str | None = None
        self._area: dict[str, Any] | None = None
        self._is_open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A form begins, or one of its inputs."""
        facts = {name: value or "" for name, value in attrs}
        if tag == "form" and len(self.forms) < _MOST_FORMS:
            self.forms.append((facts, {}))
            self._is_open = True
        if not self._is_open or not self.forms:
            return
        inputs = self.forms[-1][1]
        name = facts.get("name", "")
        if tag in ("input", "textarea", "select", "button") and name and len(inputs) < _MOST_FIELDS:
            known = inputs.setdefault(name, {"tag": tag, "options": [], **facts})
            if facts.get("type") in ("radio", "checkbox") and len(known["options"]) < _MOST_CHOICES:
                known["options"].append(facts.get("value", "on"))
            self._select = known if tag == "select" else self._select
        elif tag == "option" and self._select is not None:
            self._option = facts.get("value")
            if self._option is not None:
                self._add_option(self._option)

    def _add_option(self, value: str) -> None:
        if self._select is not None and value and len(self._select["options"]) < _MOST_CHOICES:
            self._select["options"].append(value)

    def handle_data(self, data: str) -> None:
        """The words of an option that has no value of its own."""
        if self._select is not None and self._option is None and self.lasttag == "option":
            self._add_option(data.strip())

    def handle_endtag(self, tag: str) -> None:
        """A form or a choice ends."""
        if tag == "form":
            self._is_open = False
        if tag == "select":
            self._select = None


def forms(session: Session, place: str) -> list[Operation]:
    """The forms of a page; none if it is no page."""
    exchange = session.send("look for forms", Request("GET", place))
    if exchange.status != 200 or "html" not in exchange.content_type or exchange.body_sha256 is None:
        return []
    reader = _Reader()
    with contextlib.suppress(AssertionError, ValueError):  # as far as it can be read
        reader.feed(session.blobs.get(exchange.body_sha256, b"").decode("utf-8", "replace")[:_LARGEST])
    return [found for each in reader.forms if (found := _operation(session.url, place, *each))]


def _operation(
    url: str, place: str, form: dict[str, str], inputs: dict[str, dict[str, Any]]
) -> Operation | None:
    try:
        parts = urlsplit(urljoin(url + place, form.get("action", "")))
    except ValueError:
        return None
    if f"{parts.scheme}://{parts.netloc}" != url:
        return None
    method = "POST" if form.get("method", "get").lower() == "post" else "GET"
    location: Location = "query" if method == "GET" else "form"
    if "multipart" in form.get("enctype", ""):
        location = "multipart"
    fields = tuple(
        field for name, facts in inputs.items() if (field := _field(location, name, facts)) is not None
    )
    words = " ".join([place, parts.path, *(each.name for each in fields)])
    return (
        Operation(method, parts.path or "/", words, (fields,), is_open=True, is_read=True) if fields else None
    )


def _field(location: Location, name: str, facts: dict[str, Any]) -> Field | None:
    kind = facts.get("type", "text").lower()
    if kind in _NO_INPUT or len(name) > 200:
        return None
    schema: dict[str, Any] = {"type": "string"}
    if facts["tag"] == "button" or kind in ("hidden", "submit"):
        schema["const"] = facts.get("value", "")  # sent as it is
    elif facts["options"]:
        schema["enum"] = list(facts["options"])
    elif kind == "file":
        schema["format"] = "binary"
        if "required" not in facts:
            return None
    elif kind in ("number", "range"):
        schema["type"] = "integer"
    elif kind in ("email", "url", "date"):
        schema["format"] = {"email": "email", "url": "uri", "date": "date"}[kind]
    for attribute, bound in _BOUNDS.items():
        if facts.get(attribute, "").isdigit() and len(facts[attribute]) < 8:
            schema[bound] = int(facts[attribute])
    if facts.get("value") and "const" not in schema and "enum" not in schema:
        schema["default"] = facts["value"]
    return Field(location, name, schema, True, facts.get("placeholder", "")[:500])
