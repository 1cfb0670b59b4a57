"""Examples as OpenAPI 3.0 and 3.1 write them: `example`, maps of named `examples` with a `value`, JSON Schema's lists.

https://spec.openapis.org/oas/v3.1.1#example-object
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

_MOST = 20  # examples of one place


def list_examples(facts: Mapping[str, Any], schema: Mapping[str, Any], follow: Any = None) -> dict[str, Any]:
    """The examples of a parameter, a body or a schema, by name; those without one by their number.

    Args:
        facts: of the parameter or the media type.
        schema: its schema, whose own examples come after.
        follow: resolves a reference to an example.
    """
    found: dict[str, Any] = {}
    for place in (facts, schema):
        if "example" in place and place["example"] is not None:
            found.setdefault("0", place["example"])
        examples = place.get("examples")
        if isinstance(examples, list):
            for number, value in enumerate(examples[:_MOST]):
                found.setdefault(str(number), value)
        elif isinstance(examples, dict):
            for name, each in islice(examples.items(), _MOST):
                if isinstance(each, dict) and "$ref" in each and follow is not None:
                    each = follow(each)
                if isinstance(each, dict) and "value" in each:
                    found.setdefault(str(name), each["value"])
                elif not isinstance(each, dict):
                    found.setdefault(str(name), each)  # not as the specification says, and often seen
    return found


def inside(whole: Any, dotted: str) -> Any:
    """The part of an example at a dotted path, such as `messages.0.content`; None if it has no such part."""
    for part in dotted.split(".") if dotted else ():
        if isinstance(whole, Mapping):
            whole = whole.get(part)
        elif isinstance(whole, list) and part.isdigit() and int(part) < len(whole):
            whole = whole[int(part)]
        else:
            return None
    return whole


def whole_requests(inputs: Iterable[tuple[Any, Mapping[str, Any]]]) -> tuple[dict[Any, Any], ...]:
    """Requests as the examples of their inputs show them: those of one name belong together.

    Args:
        inputs: each input's key, and its examples by name. One without an example of a name lends its first.
    """
    listed: Sequence[tuple[Any, Mapping[str, Any]]] = [(key, named) for key, named in inputs if named]
    names = dict.fromkeys(name for _, named in listed for name in named)
    return tuple(
        {key: named.get(name, next(iter(named.values()))) for key, named in listed}
        for name in islice(names, _MOST)
    )
