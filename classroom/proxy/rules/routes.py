"""Maps a request's path, as any generation of client writes it, to one of OpenAI's routes."""

import re
from dataclasses import dataclass
from typing import Literal

Reads = Literal["json", "form", "nothing"]

# route → how its body comes; nothing else of the upstream can be reached
ROUTES: dict[str, Reads] = {
    "chat/completions": "json",
    "completions": "json",
    "responses": "json",
    "embeddings": "json",
    "moderations": "json",
    "images/generations": "json",
    "images/edits": "form",
    "audio/speech": "json",
    "audio/transcriptions": "form",
    "audio/translations": "form",
    "models": "nothing",
}
_ADDRESS = re.compile(
    r"(?:/api)?(?:/v1)?(?:/openai)?(?:/v1)?(?:/(?:deployments|engines)/(?P<deployment>[A-Za-z0-9][A-Za-z0-9._:-]{0,127}))?"
    r"(?:/extensions(?=/chat/))?"  # Azure's address of 2023 for vision and data
    rf"/(?P<route>{'|'.join(ROUTES)})(?:/(?P<model>[A-Za-z0-9][A-Za-z0-9._:-]{{0,127}}))?/?"
)


@dataclass(frozen=True)
class Route:
    """One of `ROUTES`, and the model or deployment that the address names."""

    name: str
    reads: Reads
    named: str | None = None


def find(method: str, path: str) -> Route | None:
    """The route of an address; None if it is none of ours.

    Args:
        method: of the request.
        path: as it was sent: an address with percent signs, dots that climb, or doubled slashes fits nothing.
    """
    match = _ADDRESS.fullmatch(path)
    if match is None or "/v1/v1" in path:
        return None
    name = match["route"]
    reads = ROUTES[name]
    if method != ("GET" if reads == "nothing" else "POST") or (match["model"] and name != "models"):
        return None
    return Route(name, reads, match["deployment"] or match["model"])
