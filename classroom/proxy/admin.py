"""The instructor's page and the metrics, behind a password with a limit on attempts.

Who signs in gets a cookie, which the browser sends to no other site's forms; what changes something wants a word of the
session's as well, and comes from a page of this proxy. Programs show the password in a Basic header, which lets them read.
"""

import asyncio
import base64
import hmac
import re
from dataclasses import dataclass
from functools import partial

from classroom.proxy import dashboard
from classroom.proxy.books import signed_in
from classroom.proxy.books.ledger import Ledger
from classroom.proxy.relay import Booked
from classroom.proxy.rules.throttle import Throttle
from classroom.proxy.web import exchange, rendering
from classroom.proxy.web.exchange import Answer, Asked, Refused
from classroom.proxy.web.instructor import Instructor
from classroom.standin.incoming.errors import APIError

COOKIE = "class-proxy"
_DELAY = 0.5  # seconds by which a wrong password is answered later
_MOST_WRONG = 10  # of one address, in a minute
_PATH = re.compile(
    r"/admin(?:/(?P<page>sign-in|sign-out|events)(?:/(?P<code>[A-Za-z0-9][A-Za-z0-9_.-]{0,63})(?:/(?P<rest>[a-z.-]{1,20}))?)?)?/?"
)


@dataclass(frozen=True)
class _Place:
    """Where a request goes below `/admin`: a page, the code of an event, and what of it."""

    page: str | None
    code: str | None = None
    rest: str = ""


@dataclass(frozen=True)
class _Visit:
    """Someone who was let in. `cookie`: of their session; `is_new`: it was made just now, from a Basic header."""

    cookie: str
    is_new: bool = False

    @property
    def word(self) -> str:
        return rendering.form_word(self.cookie, "admin")


class Admin:
    """Serves both.

    Args:
        ledger: the books.
        booked: runs what asks the database, beside the requests.
        password: None shows neither.
        refresh: brings what this process has counted into the books.
    """

    def __init__(self, ledger: Ledger, booked: Booked, password: str | None, refresh: Booked) -> None:
        self._ledger, self._booked, self._password = ledger, booked, password
        self._throttle = Throttle(limit=_MOST_WRONG)
        self._pages = Instructor(ledger, booked, refresh)

    async def answer(self, asked: Asked) -> Answer:
        """`/metrics`, or a page or a form below `/admin`.

        Raises:
            APIError: 429, too many passwords from that address were wrong.
            Refused: there is no such page, or the form may not be sent.
        """
        if asked.path == "/metrics":
            return await self._metrics(asked)
        match = _PATH.fullmatch(asked.path)
        if match is None or asked.method not in ("GET", "POST"):
            raise Refused(404, "There is no such page.")
        place = _Place(match["page"], match["code"], match["rest"] or "")
        if asked.method == "POST" and place == _Place("sign-in"):
            return await self._sign_in(asked)
        visit = await self._visit(asked)
        if visit is None:
            return _door(401)
        if asked.method == "POST":
            return await self._change(asked, visit, place)
        kept = self._kept(asked, visit) if visit.is_new else {}
        return (await self._show(asked, visit, place)).with_headers(kept)

    async def _show(self, asked: Asked, visit: _Visit, place: _Place) -> Answer:
        """A page for one who was let in."""
        if place.page == "events" and place.code:
            return await self._pages.show(asked, visit.word, place.code, place.rest)
        if place.page in (None, "sign-in") and not place.code:
            return await self._pages.overview(asked, visit.word)
        raise Refused(404, "There is no such page.")

    async def _change(self, asked: Asked, visit: _Visit, place: _Place) -> Answer:
        """What a form of one who was let in asks for."""
        asked.check_same_origin()
        form = await asked.form()
        if visit.is_new or not _same(form.get("word", ""), visit.word):
            raise Refused(403, "This form is not of your session. Load the page again.")
        if place.page == "sign-out" and not place.code:
            await self._booked(self._ledger.signed_in.end, visit.cookie)
            gone = exchange.cookie(COOKIE, "", "/", secure=asked.is_secure, seconds=0)
            return exchange.onward("/admin", gone)
        if place == _Place("events"):
            return await self._pages.create(asked, visit.word, form)
        if place.page == "events" and place.code and place.rest:
            return await self._pages.change(asked, visit.word, place.code, place.rest, form)
        raise Refused(404, "There is no such page.")

    async def _metrics(self, asked: Asked) -> Answer:
        if await self._visit(asked) is None:
            ask = {"www-authenticate": 'Basic realm="class proxy"'}
            return Answer(b"The instructor's password, please.\n", 401, "text/plain", ask)
        content, kind = await self._booked(dashboard.metrics, self._ledger)
        return Answer(content, kind=kind)

    # --- who it is -----------------------------------------------------------------------------------------------

    async def _visit(self, asked: Asked) -> _Visit | None:
        """Who was let in by their cookie, or shows the password; None shows neither.

        Raises:
            APIError: 429, too many passwords from that address were wrong. A cookie is never refused because of them.
        """
        if self._password is None:
            return None
        cookie = asked.cookie(COOKIE)
        if cookie and await self._booked(self._ledger.signed_in.knows, cookie, self._password):
            return _Visit(cookie)
        given = _password(asked.header("authorization"))
        if given is None:
            return None
        if not await self._is_right(asked, given):
            return None
        if asked.path == "/metrics":
            return _Visit("")
        return _Visit(await self._booked(self._ledger.signed_in.begin, self._password), is_new=True)

    async def _is_right(self, asked: Asked, given: str) -> bool:
        """A wrong one is counted, and answered late."""
        self._throttle.check(asked.address)
        if self._password is not None and _same(given, self._password):
            return True
        self._throttle.wrong(asked.address)
        await asyncio.sleep(_DELAY)
        return False

    async def _sign_in(self, asked: Asked) -> Answer:
        asked.check_same_origin()
        form = await asked.form()
        try:
            is_right = await self._is_right(asked, form.get("password", ""))
        except APIError as error:
            return _door(error.status, "Too many wrong passwords came from here. Try again in a minute.")
        if not is_right or self._password is None:
            return _door(401, "That is not the password.")
        visit = _Visit(await self._booked(self._ledger.signed_in.begin, self._password))
        return exchange.onward("/admin", self._kept(asked, visit))

    def _kept(self, asked: Asked, visit: _Visit) -> dict[str, str]:
        keep = partial(exchange.cookie, COOKIE, visit.cookie, "/", seconds=signed_in.SECONDS)
        return keep(secure=asked.is_secure)


def _door(status: int, trouble: str = "") -> Answer:
    return rendering.page("sign-in.jinja", status, trouble=trouble)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())


def _password(header: str) -> str | None:
    """The password of a Basic header; None if there is none."""
    scheme, _, encoded = header.partition(" ")
    try:
        _, _, given = base64.b64decode(encoded).decode().partition(":")
    except (ValueError, UnicodeDecodeError):
        return None
    return given if scheme.lower() == "basic" else None
