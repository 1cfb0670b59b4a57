"""Who owns what the upstream stores: attendees share one key there, and each may use only their own objects."""

import time
from collections.abc import Callable, Collection, Mapping

from sqlalchemy import BigInteger, Engine, case, cast, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from classroom.proxy.books.tables import identifiers

_MOST_TOKENS = 2**31 - 1  # what the column holds; no prompt is a thousandth as long
KEPT_SECONDS = 31 * 86_400.0  # an upstream forgets a response after thirty days


class Belongings:
    """Identifiers by attendee. Safe to use from several threads and processes."""

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.time) -> None:
        self._engine, self._clock = engine, clock

    def keep(self, code: str, attendee: str, made: Mapping[str, int], upstream: str = "") -> None:
        """Note what was stored for an attendee.

        Args:
            code: of the event.
            attendee: their name.
            made: identifier → tokens that it adds to a prompt which names it.
            upstream: the name of the one that stored it.
        """
        if not made:
            return
        now = self._clock()
        rows = [
            {
                "id": id,
                "event": code,
                "attendee": attendee,
                "tokens": min(tokens, _MOST_TOKENS),
                "at": now,
                "upstream": upstream,
            }
            for id, tokens in made.items()
        ]
        insert = postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert
        statement = insert(identifiers)
        # a stand-in may give one identifier twice: what it holds is the longer of the two
        later = statement.on_conflict_do_update(
            index_elements=["id", "event", "attendee"],
            set_={"at": now, "tokens": statement.excluded.tokens, "upstream": upstream},
        )
        with self._engine.begin() as connection:
            connection.execute(later, rows)

    def grow(self, id: str, code: str | None, attendee: str | None, more: int) -> None:
        """Count more tokens to something that is added to, or fewer; `code` and `attendee` as of `tokens_of`."""
        wide = cast(identifiers.c.tokens, BigInteger) + more
        bounded = case((wide > _MOST_TOKENS, _MOST_TOKENS), (wide < 0, 0), else_=wide)
        changed = update(identifiers).where(identifiers.c.id == id)
        if code is not None:
            changed = changed.where(identifiers.c.event == code)
        if attendee is not None:
            changed = changed.where(identifiers.c.attendee == attendee)
        with self._engine.begin() as connection:
            connection.execute(changed.values(tokens=bounded))

    def tokens_of(self, ids: Collection[str], code: str | None, attendee: str | None) -> dict[str, int]:
        """Those of the identifiers that are this attendee's → their tokens.

        Args:
            ids: that a request names.
            code: of the event; None: of any.
            attendee: their name; None: anybody's, where all attendees are one person.
        """
        if not ids:
            return {}
        chosen = select(identifiers.c.id, func.max(identifiers.c.tokens)).where(identifiers.c.id.in_(ids))
        if code is not None:
            chosen = chosen.where(identifiers.c.event == code)
        if attendee is not None:
            chosen = chosen.where(identifiers.c.attendee == attendee)
        with self._engine.begin() as connection:
            rows = connection.execute(chosen.group_by(identifiers.c.id)).all()
        return {str(row[0]): int(row[1]) for row in rows}

    def places_of(self, ids: Collection[str], code: str | None, attendee: str | None) -> set[str]:
        """The names of the upstreams that stored these for an attendee; `code` and `attendee` as above."""
        chosen = select(identifiers.c.upstream).where(identifiers.c.id.in_(ids))
        if code is not None:
            chosen = chosen.where(identifiers.c.event == code)
        if attendee is not None:
            chosen = chosen.where(identifiers.c.attendee == attendee)
        with self._engine.begin() as connection:
            return {str(name) for name in connection.execute(chosen).scalars().all()}

    def ids_of(self, prefix: str, code: str | None, attendee: str | None) -> list[str]:
        """What an attendee stored whose identifiers begin so, the newest first; `code` and `attendee` as above."""
        chosen = select(identifiers.c.id).where(identifiers.c.id.startswith(prefix, autoescape=True))
        if code is not None:
            chosen = chosen.where(identifiers.c.event == code)
        if attendee is not None:
            chosen = chosen.where(identifiers.c.attendee == attendee)
        with self._engine.begin() as connection:
            rows = connection.execute(chosen.order_by(identifiers.c.at.desc(), identifiers.c.id)).all()
        return list(dict.fromkeys(str(row[0]) for row in rows))

    def drop(self, id: str, code: str | None, attendee: str | None) -> None:
        """Forget what an attendee deleted; `code` and `attendee` as above."""
        gone = delete(identifiers).where(identifiers.c.id == id)
        if code is not None:
            gone = gone.where(identifiers.c.event == code)
        if attendee is not None:
            gone = gone.where(identifiers.c.attendee == attendee)
        with self._engine.begin() as connection:
            connection.execute(gone)

    def forget(self) -> None:
        """Delete what the upstream has forgotten by now."""
        with self._engine.begin() as connection:
            connection.execute(delete(identifiers).where(identifiers.c.at < self._clock() - KEPT_SECONDS))
