"""Requests to an app: built from an operation and values for its inputs."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from grader.operations import BODIES, Location

Key = tuple[Location, str]


@dataclass(frozen=True)
class Request:
    """One request, ready to send.

    `text` is a body that is nothing but words; `shown` the body as a person reads it; `place` the path, places in braces.
    """

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    form: Mapping[str, Any] | None = None
    files: Mapping[str, Any] | None = None
    has_json: bool = False
    text: str | None = None
    place: str = ""

    @property
    def shown(self) -> str:
        """The body, for the report."""
        if self.has_json:
            return json.dumps(self.json, ensure_ascii=False)
        if self.text is not None:
            return self.text
        if self.files:
            parts = [f"{name}={value}" for name, value in (self.form or {}).items()]
            return "\n".join([*parts, *(f"{name}={_described(file)}" for name, file in self.files.items())])
        return urlencode(self.form or {})


def _described(file: tuple[str, bytes, str]) -> str:
    """An upload for the report: a text's words, too, which may be the prompt."""
    name, content, media_type = file
    words = f": {content.decode('utf-8', 'replace')}" if media_type.startswith("text/") else ""
    return f"(file {name}, {media_type}, {len(content)} bytes{words})"


def build(method: str, path: str, values: Mapping[Key, Any]) -> Request:
    """A request with each value at its place; an input without a value is left out."""
    place: dict[str, dict[str, Any]] = {location: {} for location in ("path", "query", "header", *BODIES)}
    template = path
    for (location, name), value in values.items():
        place[location][name] = value
    for name, value in place["path"].items():
        path = path.replace(f"{{{name}}}", _segment(str(value)))
    path = re.sub(r"\{[^{}]*\}", "", path)  # what was left out is nothing, not its name in braces
    query = f"?{urlencode(place['query'], doseq=True)}" if place["query"] else ""
    body: Any = None
    if place["json"]:
        body = place["json"][""] if "" in place["json"] else _nest(place["json"].items())
    files = {name: value for name, value in place["multipart"].items() if isinstance(value, tuple)}
    form = {
        **place["form"],
        **{name: value for name, value in place["multipart"].items() if name not in files},
    }
    return Request(
        method,
        path + query,
        headers={name: str(value) for name, value in place["header"].items()},
        json=body,
        form=form or None,
        files=files or None,
        has_json=bool(place["json"]),
        text=next((str(value) for value in place["text"].values()), None),
        place=template,
    )


def _segment(value: str) -> str:
    """Percent-encoded, but for the slashes of a path such as `pictures/a.png`; dots too where they mean "up"."""
    if ".." in value or value.startswith("/"):
        return quote(value, safe="").replace(".", "%2E")
    return quote(value, safe="/")


def _nest(items: Iterable[tuple[str, Any]]) -> Any:
    """An object from dotted paths; a part that is a number is a place in a list."""
    out: dict[str, Any] = {}
    for dotted, value in items:
        at = out
        *parents, last = dotted.split(".")
        for parent in parents:
            at = at.setdefault(parent, {})
            if not isinstance(at, dict):
                break
        else:
            at[last] = value
    return _with_lists(out)


def _with_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _with_lists(each) for name, each in value.items()}
    if inner and all(name.isdigit() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner
