"""Sign-in by a code that is sent by e-mail: asks for an address, sends the code, and takes it for a token.

Nothing shows whether somebody has the address: page, status and time are the same. The message is sent after the answer.
"""

import asyncio
import logging

from classroom.proxy.books.ledger import Ledger
from classroom.proxy.books.mailed import SECONDS
from classroom.proxy.mail import Mail, MailError
from classroom.proxy.relay import Booked
from classroom.proxy.rules import rosters
from classroom.proxy.rules.events import Event
from classroom.proxy.rules.throttle import Throttle
from classroom.proxy.web import exchange
from classroom.proxy.web.exchange import Asked, Refused

COOKIE = "class-mail"
WAITS = (
    "If that address is on the roster of the event, a code is on its way. It is good for 15 minutes, in this browser. "
    "Nothing after some minutes? Look at the address again, or ask your instructor."
)
WRONG = "That code is wrong, was used, or is too old. After five wrong ones ask for another."
_MOST_OF_AN_ADDRESS = 600  # requests and tries of one network address in a minute: a class comes from one
_MOST_AT_ONCE = 8  # messages that are being sent
_MOST_WAITING = 500

_log = logging.getLogger("classroom.proxy")


class ByMail:
    """Sends codes, and takes them.

    Args:
        mail: by which server.
        ledger: the books.
        booked: runs what asks the database, beside the requests.
    """

    def __init__(self, mail: Mail, ledger: Ledger, booked: Booked) -> None:
        self._mail, self._ledger, self._booked = mail, ledger, booked
        self._throttle = Throttle(limit=_MOST_OF_AN_ADDRESS)
        self._sending: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(_MOST_AT_ONCE)

    async def send(self, asked: Asked, event: Event, address: str) -> dict[str, str]:
        """Send a code, if somebody of the event has that address; returns the headers of the answer.

        Raises:
            Refused: it can't be an address, or too many were asked for from there.
        """
        self._count(asked)
        if not rosters.is_address(address):
            raise Refused(400, "Write the address of your e-mail, such as ada@example.org.")
        code = await self._booked(self._ledger.mailed.begin, event.code, address)
        if code.address and len(self._sending) < _MOST_WAITING:
            task = asyncio.create_task(self._sent(event, code.address, code.text))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        return exchange.cookie(
            COOKIE, code.cookie, f"/join/{event.code}", secure=asked.is_secure, seconds=SECONDS
        )

    async def token(self, asked: Asked, event: Event, code: str) -> str:
        """A new token for a code; an earlier one of that learner is worth nothing from now on.

        Raises:
            Refused: the code is not good.
        """
        self._count(asked)
        name = await self._booked(self._ledger.mailed.redeem, event.code, asked.cookie(COOKIE), code)
        if not name:
            raise Refused(401, WRONG)
        handed: dict[str, str] = await self._booked(self._ledger.rotate, event.code, name)
        return handed[name]

    def _count(self, asked: Asked) -> None:
        left = self._throttle.left(asked.address)
        if left:
            raise Refused(429, f"Too many codes were asked for from here. Try again in {left} seconds.")
        self._throttle.wrong(asked.address)

    async def _sent(self, event: Event, address: str, code: str) -> None:
        text = (
            f"{code[:4]} {code[4:]}\n\nis your code for {event.code}. Type it into the page that asked for it. It is good once, "
            "for 15 minutes.\n\nYou did not ask for one? Then do nothing: without this code nobody gets in.\n"
        )
        try:
            async with self._room:
                await asyncio.to_thread(self._mail.send, address, f"Code for {event.code}", text)
        except MailError as error:
            _log.error("a code could not be sent: %s", error)  # the address is no log's business
