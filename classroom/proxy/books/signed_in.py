"""The instructor's sign-ins: kept in the database, so that they hold at every proxy before it, and end with the password."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable

from sqlalchemy import Engine, delete, insert, select

from classroom.proxy.books.tables import sessions

SECONDS = 12 * 3600
_MOST = 1000


class SignedIn:
    """Sign-ins by their cookies, of which the database knows digests alone."""

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.time) -> None:
        self._engine, self._clock = engine, clock

    def begin(self, password: str) -> str:
        """Sign in; returns the cookie."""
        cookie = secrets.token_urlsafe(32)
        row = {
            "digest": _digest(cookie),
            "mark": _mark(cookie, password),
            "expires": self._clock() + SECONDS,
        }
        with self._engine.begin() as connection:
            connection.execute(delete(sessions).where(sessions.c.expires < self._clock()))
            oldest = (
                select(sessions.c.digest).order_by(sessions.c.expires.desc()).offset(_MOST).limit(1_000_000)
            )
            connection.execute(delete(sessions).where(sessions.c.digest.in_(oldest)))
            connection.execute(insert(sessions).values(**row))
        return cookie

    def knows(self, cookie: str, password: str) -> bool:
        """Whether a cookie is of a sign-in that holds, by the password of now."""
        with self._engine.begin() as connection:
            row = connection.execute(select(sessions).where(sessions.c.digest == _digest(cookie))).first()
        return (
            row is not None
            and row.expires > self._clock()
            and hmac.compare_digest(row.mark, _mark(cookie, password))
        )

    def end(self, cookie: str) -> None:
        """Sign out."""
        with self._engine.begin() as connection:
            connection.execute(delete(sessions).where(sessions.c.digest == _digest(cookie)))


def _digest(cookie: str) -> str:
    return hashlib.sha256(cookie.encode("utf-8", "replace")).hexdigest()


def _mark(cookie: str, password: str) -> str:
    return hmac.new(cookie.encode("utf-8", "replace"), password.encode(), hashlib.sha256).hexdigest()
