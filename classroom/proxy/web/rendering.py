"""How pages are made: templates that escape whatever they print, charts, and the files that pages load."""

import hmac
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classroom.proxy.rules.events import NANO
from classroom.proxy.web.exchange import Answer

if TYPE_CHECKING:
    from jinja2 import Environment

_PLACE = Path(__file__).with_name("templates")
_MEDIA = {
    "pages.css": "text/css; charset=utf-8",
    "join.js": "text/javascript; charset=utf-8",
    "admin.js": "text/javascript; charset=utf-8",
}


@cache
def _environment() -> "Environment":
    # loaded here: a proxy that only keeps to a cap shows no page
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(_PLACE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["dollars"] = dollars
    return made


def dollars(amount: int | None) -> str:
    """Billionths of a dollar as a person reads them: cents, or as many places as show something."""
    if amount is None:
        return "no bound"
    value = amount / NANO
    return f"${value:,.2f}" if value >= 0.1 or not amount else f"${value:.6f}"


def page(template: str, status: int = 200, **facts: Any) -> Answer:
    """A page of a template. Halves of surrogate pairs, which no page can hold, are shown by their numbers."""
    text = _environment().get_template(template).render(**facts)
    return Answer(text.encode("utf-8", "backslashreplace"), status)


def media(name: str) -> Answer | None:
    """A style sheet or a script; None if there is none of that name."""
    if name not in _MEDIA:
        return None
    return Answer((_PLACE / name).read_bytes(), kind=_MEDIA[name], headers={"cache-control": "max-age=300"})


def form_word(secret: str, purpose: str) -> str:
    """What every form of a session brings: nobody makes it who does not know the session's cookie."""
    return hmac.new(secret.encode("utf-8", "replace"), purpose.encode(), "sha256").hexdigest()
