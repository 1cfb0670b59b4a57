"""CORS: which web pages may call the stand-in (https://developer.mozilla.org/docs/Web/HTTP/Guides/CORS).

OpenAI's API lets every page call it, by the key that the page has. The stand-in takes any key, so by default only pages
of this computer may: those of a development server, such as http://localhost:5173.
"""

from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

_THIS_COMPUTER = r"https?://(localhost|[a-z0-9-]+\.localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?"
_METHODS = ("GET", "POST", "DELETE", "OPTIONS")
# what a page reads of an answer beside its body: https://developers.openai.com/api/reference/overview (debugging)
_READABLE = (
    "x-request-id",
    "openai-version",
    "retry-after",
    "retry-after-ms",
    "x-should-retry",
    *(
        f"x-ratelimit-{what}-{unit}"
        for what in ("limit", "remaining", "reset")
        for unit in ("requests", "tokens")
    ),
)


def share(application: ASGIApp, origins: Sequence[str] = ()) -> ASGIApp:
    """The application, with the headers that let pages of this computer call it, and those of `origins` ("*": all)."""
    return CORSMiddleware(
        application,
        allow_origins=origins,
        allow_origin_regex=_THIS_COMPUTER,
        allow_methods=_METHODS,
        allow_headers=["*"],
        expose_headers=_READABLE,
        allow_private_network=True,
    )
