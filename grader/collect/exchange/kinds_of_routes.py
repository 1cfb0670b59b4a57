"""Which kind of file each route of OpenAI's makes: the one place that says so."""

from collections.abc import Mapping

from grader.evidence import Kind

KIND_OF_ROUTE: Mapping[str, Kind] = {
    "chat/completions": "text",
    "responses": "text",
    "completions": "text",
    "engines/{model}/completions": "text",  # what openai before 1 asks where its caller names an engine
    "images/generations": "image",
    "images/edits": "image",
    "images/variations": "image",
    "audio/speech": "audio",
    "realtime": "audio",  # unless its call asks for text alone: see `grader.collect.exchange.voices`
}


def kind_of_address(address: str) -> Kind | None:
    """The kind that a request to an address asks for, whatever host and version stand before the route."""
    return next((kind for route, kind in KIND_OF_ROUTE.items() if route in address), None)
