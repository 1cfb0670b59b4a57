"""What a request brings so that an app's own guard lets it in: the value of a variable, where a caller would put it."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote_plus, urlencode

from grader.collect.code.brought import Place, is_name
from grader.collect.code.guards import Guard, secret_words
from grader.operations import BODIES, Field, Operation

_MOST_SCHEMES, _MOST_NAMED = 20, 20
_USUAL: tuple[Place, ...] = (("header", "X-API-Key"), ("header", "Authorization"))


@dataclass(frozen=True)
class Presented:
    """Values that go with every request, by their names."""

    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, str] = field(default_factory=dict)

    @property
    def places(self) -> tuple[str, ...]:
        """Where they go, in a report's words."""
        return tuple(
            f"{place} {name}"
            for place, values in (
                ("header", self.headers),
                ("query", self.query),
                ("cookie", self.cookies),
                ("body", self.body),
            )
            for name in values
        )

    def target(self, target: str) -> str:
        """A request's path and query with what goes into its query."""
        missing = {name: value for name, value in self.query.items() if f"{quote_plus(name)}=" not in target}
        return f"{target}{'&' if '?' in target else '?'}{urlencode(missing)}" if missing else target

    def without(self, operation: Operation) -> Operation:
        """An operation without the inputs that are settled by this: what asks for words does not write over them."""
        settled = {("header", name.lower()) for name in self.headers} | {
            ("query", name.lower()) for name in self.query
        }
        if not settled and not self.body:
            return operation
        shapes = tuple(
            tuple(self._in_body(one) for one in shape if (one.location, one.name.lower()) not in settled)
            for shape in operation.shapes
        )
        return replace(operation, shapes=shapes)

    def _in_body(self, one: Field) -> Field:
        """An input of a body, with the only value that the app's guard takes."""
        if one.location not in BODIES or one.name not in self.body:
            return one
        return replace(one, schema={"type": "string", "const": self.body[one.name]}, required=True)


def satisfy_guards(
    guards: Sequence[Guard], values: Mapping[str, str], document: Mapping[str, Any]
) -> Presented:
    """What satisfies the guards, as far as the code and the document show where it goes.

    Args:
        guards: the app's.
        values: of their variables; a guard without one is left out.
        document: its OpenAPI document; empty if there is none.
    """
    known = [guard for guard in guards if guard.variable in values and _can_be_sent(values[guard.variable])]
    if not known:
        return Presented()
    found: dict[Place, str] = {}
    for guard in known:
        for place in guard.places:
            found.setdefault(
                place,
                f"{guard.before if _is_authorization(place) or len(guard.places) == 1 else ''}{values[guard.variable]}",
            )
    for place, kind in schemes(document):
        guard = _fitting(known, place)
        value = values[guard.variable]
        if kind == "basic":
            found[place] = f"Basic {_credentials(known, values)}"
        elif kind == "bearer":
            found[place] = f"Bearer {value}"
        else:
            found.setdefault(place, value)
    if not found:
        for place in list(_inputs(document)) or _USUAL:
            guard = _fitting(known, place)
            value = values[guard.variable]
            found[place] = f"{guard.before or 'Bearer '}{value}" if _is_authorization(place) else value
    if not schemes(document) and any(guard.is_basic for guard in known):
        found["header", "Authorization"] = f"Basic {_credentials(known, values)}"
    return Presented(
        {name: value for (place, name), value in found.items() if place == "header"},
        {name: value for (place, name), value in found.items() if place == "query"},
        {name: value for (place, name), value in found.items() if place == "cookie"},
        {name: value for (place, name), value in found.items() if place == "body"},
    )


def _can_be_sent(value: str) -> bool:
    return bool(value) and value.isascii() and value.isprintable() and value == value.strip()


def _is_authorization(place: Place) -> bool:
    return place[0] == "header" and place[1].lower() == "authorization"


def _fitting(guards: Sequence[Guard], place: Place) -> Guard:
    """The guard that reads a place; the first one, if none is known to."""
    named = (place[0], place[1].lower())
    return next(
        (one for one in guards if any((kind, name.lower()) == named for kind, name in one.places)), guards[0]
    )


def _credentials(guards: Sequence[Guard], values: Mapping[str, str]) -> str:
    """A user's name and password as Basic authentication writes them (RFC 7617)."""
    user = next(
        (one for one in guards if "USER" in one.variable.upper() or "LOGIN" in one.variable.upper()), None
    )
    rest = [one for one in guards if one is not user]
    password = values[(rest[0] if rest else guards[0]).variable]
    name = values[user.variable] if user else "grading"
    return base64.b64encode(f"{name}:{password}".encode()).decode()


def schemes(document: Mapping[str, Any]) -> list[tuple[Place, str]]:
    """The document's security schemes: where each one's value goes, and how it is written there."""
    components = document.get("components")
    listed = components.get("securitySchemes") if isinstance(components, dict) else None
    listed = listed or document.get("securityDefinitions")
    found: list[tuple[Place, str]] = []
    for facts in list(listed.values())[:_MOST_SCHEMES] if isinstance(listed, dict) else ():
        match facts:
            case {"type": "apiKey", "in": "header" | "query" | "cookie" as place, "name": str(name)}:
                if is_name(name):
                    found.append(((place, name), "raw"))
            case {"type": "http", "scheme": str(scheme)} if scheme.lower() in ("bearer", "basic"):
                found.append((("header", "Authorization"), scheme.lower()))
            case {"type": "basic"}:
                found.append((("header", "Authorization"), "basic"))
            case {"type": "oauth2" | "openIdConnect"}:
                found.append((("header", "Authorization"), "bearer"))
    return found


def _inputs(document: Mapping[str, Any]) -> Iterator[Place]:
    """Documented inputs whose names have a word for a secret."""
    paths = document.get("paths")
    seen: set[Place] = set()
    for item in list(paths.values())[:500] if isinstance(paths, dict) else ():
        for facts in [item, *item.values()] if isinstance(item, dict) else ():
            listed = facts.get("parameters") if isinstance(facts, dict) else None
            for one in listed[:200] if isinstance(listed, list) else ():
                match one:
                    case {"in": "header" | "query" | "cookie" as place, "name": str(name)}:
                        if (
                            secret_words(name)
                            and is_name(name)
                            and len(seen) < _MOST_NAMED
                            and (place, name) not in seen
                        ):
                            seen.add((place, name))
                            yield place, name
