"""Codes that learners get by e-mail: kept as digests, good once, for a quarter of an hour, in the browser that asked.

Each request for a code is a row, whether anybody has that address or not: by what it does, and by how long it takes, it says
nothing of who is on the roster.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine, delete, func, insert, select, update

from classroom.proxy.books.register import NO_SECRET
from classroom.proxy.books.tables import attendees, mailed

SECONDS = 15 * 60
MOST_TRIES = 5  # of one code
MOST_AN_HOUR = 5  # codes for one learner
_HOUR = 3600
_DIGITS = 8
_MOST_ROWS = 50_000


@dataclass(frozen=True)
class Code:
    """A code to send. `cookie`: keeps it to the browser that asked; `name`, `address`: empty where nothing is to be sent."""

    cookie: str
    text: str
    name: str = ""
    address: str = ""


class Mailed:
    """Makes and checks codes. Safe to use from several threads, and from several processes on one database."""

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.time) -> None:
        self._engine, self._clock = engine, clock

    def begin(self, event: str, address: str) -> Code:
        """A code for the person who reads an address's mail. One that is sent to nobody looks the same."""
        cookie, number = secrets.token_urlsafe(24), f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
        now = self._clock()
        mine = (attendees.c.event == event, attendees.c.email == address.casefold(), attendees.c.email != "")
        with self._engine.begin() as connection:
            connection.execute(delete(mailed).where(mailed.c.at < now - _HOUR))
            found = connection.execute(select(attendees.c.name, attendees.c.secret).where(*mine)).all()
            # nothing distinguishes two of one address, and who was kept out stays out
            name = found[0].name if len(found) == 1 and found[0].secret not in (None, NO_SECRET) else ""
            of_name = (mailed.c.event == event, mailed.c.name == name)
            sent = connection.execute(select(func.count()).select_from(mailed).where(*of_name)).scalar_one()
            rows = connection.execute(select(func.count()).select_from(mailed)).scalar_one()
            if name and sent >= MOST_AN_HOUR:
                name = ""
            if rows < _MOST_ROWS or name:
                row = {"asker": _hidden(cookie), "event": event, "name": name, "at": now}
                row["digest"] = _digest(cookie, number) if name else secrets.token_hex(32)
                connection.execute(insert(mailed).values(**row))
        return Code(cookie, number, name, address if name else "")

    def redeem(self, event: str, cookie: str, text: str) -> str:
        """Use up a code; returns whose it is, or an empty text if it is wrong, used, too old, or was tried too often."""
        row = (mailed.c.asker == _hidden(cookie), mailed.c.event == event)
        with self._engine.begin() as connection:
            # counted before it is looked at: of many tries at once, no more than these see the answer
            connection.execute(update(mailed).where(*row).values(tries=mailed.c.tries + 1))
            found = connection.execute(select(mailed).where(*row)).first()
            right = hmac.compare_digest(_digest(cookie, text), found.digest if found else "0" * 64)
            if (
                found is None
                or not right
                or found.tries > MOST_TRIES
                or found.at < self._clock() - SECONDS
                or not found.name
            ):
                return ""
            # who was kept out meanwhile stays out
            held = select(attendees.c.secret).where(
                attendees.c.event == event, attendees.c.name == found.name
            )
            if connection.execute(held).scalar() in (None, NO_SECRET):
                return ""
            # the row stays until its hour is over, since it counts; of two at once, one is first
            used = update(mailed).where(*row, mailed.c.digest == found.digest)
            done = connection.execute(used.values(digest=secrets.token_hex(32)))
            return str(found.name) if done.rowcount == 1 else ""


def _hidden(cookie: str) -> str:
    return hashlib.sha256(cookie.encode("utf-8", "replace")).hexdigest()


def _digest(cookie: str, text: str) -> str:
    """Of the digits alone: people write them with blanks."""
    digits = "".join(sign for sign in text[:40] if sign in "0123456789")
    return hmac.new(cookie.encode("utf-8", "replace"), digits.encode(), hashlib.sha256).hexdigest()
