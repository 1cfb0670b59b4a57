"""What each route takes: one declaration a route. A field of the API that is not declared is refused, and named.

The declarations follow the typed parameters of the `openai` package; a test fails when that gains a field nobody decided on.
"""

from collections.abc import Mapping
from typing import Any

from classroom.proxy.fields.chat import CHAT
from classroom.proxy.fields.kinds import Kind
from classroom.proxy.fields.media import DRAWING, EDITING, SPEAKING, TRANSCRIBING, TRANSLATING
from classroom.proxy.fields.plain import COMPLETIONS, EMBEDDINGS, MODERATIONS
from classroom.proxy.fields.responses import RESPONSES
from classroom.proxy.fields.tally import Tally

ROUTES: Mapping[str, Kind] = {
    "chat/completions": CHAT,
    "completions": COMPLETIONS,
    "responses": RESPONSES,
    "embeddings": EMBEDDINGS,
    "moderations": MODERATIONS,
    "images/generations": DRAWING,
    "images/edits": EDITING,
    "audio/speech": SPEAKING,
    "audio/transcriptions": TRANSCRIBING,
    "audio/translations": TRANSLATING,
}
ALLOWANCES = ("web_search", "flex", "priority")


def read(route: str, body: Mapping[str, Any], tally: Tally) -> dict[str, Any]:
    """The request as it goes upstream.

    Args:
        route: one of `ROUTES`.
        body: as it was parsed.
        tally: counts what it holds.

    Raises:
        APIError: 400, naming the first field that is not understood or not offered.
    """
    made: dict[str, Any] = ROUTES[route].read(dict(body), "", tally)
    return made
