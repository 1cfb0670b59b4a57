"""The instructor's page and the metrics, behind a password that can't be tried often."""

import asyncio
import base64
import hashlib
import hmac
import secrets
from http.cookies import CookieError, SimpleCookie

from starlette.types import Scope, Send

from classroom.proxy import dashboard, sending
from classroom.proxy.ledger import Ledger
from classroom.proxy.relay import Booked
from classroom.proxy.throttle import Throttle

_COOKIE = "class-proxy"
_DELAY = 0.5  # seconds by which a wrong password is answered later
_MOST_WRONG = 10  # of one address, in a minute


class Admin:
    """Serves both.

    Args:
        ledger: the books.
        booked: runs what asks the database, beside the requests.
        password: None shows neither.
    """

    def __init__(self, ledger: Ledger, booked: Booked, password: str | None) -> None:
        self._ledger, self._booked, self._password = ledger, booked, password
        self._throttle = Throttle(limit=_MOST_WRONG)
        # who was let in once is let in while others at the same address try passwords
        self._ticket = hmac.new(secrets.token_bytes(32), b"admin", hashlib.sha256).hexdigest()

    async def serve(self, scope: Scope, path: str, address: str, send: Send) -> None:
        """`/admin` or `/metrics`.

        Raises:
            APIError: 429, too many passwords from that address were wrong.
        """
        headers = dict(scope["headers"])
        if not self._has_ticket(headers.get(b"cookie", b"")):
            given = _password(headers.get(b"authorization", b""))
            if given is not None:
                self._throttle.check(address)
            if given is None or not self._is_right(given):
                if given is not None:
                    self._throttle.wrong(address)
                    await asyncio.sleep(_DELAY)
                ask = {"www-authenticate": 'Basic realm="class proxy"', "content-type": "text/plain"}
                await sending.send_whole(send, 401, b"The instructor's password, please.\n", ask)
                return
        if path == "/metrics":
            content, kind = await self._booked(dashboard.metrics, self._ledger)
        else:
            content, kind = await self._booked(dashboard.overview, self._ledger), "text/html; charset=utf-8"
        told = {"content-type": kind, "cache-control": "no-store"}
        told["set-cookie"] = f"{_COOKIE}={self._ticket}; HttpOnly; SameSite=Strict; Path=/; Max-Age=43200"
        await sending.send_whole(send, 200, content, told)

    def _is_right(self, given: bytes) -> bool:
        return self._password is not None and hmac.compare_digest(given, self._password.encode())

    def _has_ticket(self, header: bytes) -> bool:
        try:
            found = SimpleCookie(header.decode("latin-1")).get(_COOKIE)
        except CookieError:
            return False
        shown = found.value.encode() if found else b""
        return self._password is not None and hmac.compare_digest(shown, self._ticket.encode())


def _password(header: bytes) -> bytes | None:
    """The password of a Basic header; None if there is none."""
    scheme, _, encoded = header.decode("latin-1").partition(" ")
    try:
        _, _, given = base64.b64decode(encoded).decode().partition(":")
    except (ValueError, UnicodeDecodeError):
        return None
    return given.encode() if scheme.lower() == "basic" else None
