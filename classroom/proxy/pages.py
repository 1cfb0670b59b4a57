"""Which addresses are pages for people, and who answers them: the join page, the instructor's, and what they load."""

import json
from functools import partial

from starlette.types import ASGIApp, Receive, Scope, Send

from classroom.proxy.admin import Admin
from classroom.proxy.auth import People
from classroom.proxy.books.ledger import Ledger
from classroom.proxy.books.refused import Refusals
from classroom.proxy.mail import Mail
from classroom.proxy.relay import Booked
from classroom.proxy.sending import send_whole
from classroom.proxy.web import rendering
from classroom.proxy.web.by_mail import ByMail
from classroom.proxy.web.exchange import Answer, Asked, Refused
from classroom.proxy.web.join import Join
from classroom.standin.incoming.errors import APIError

_BELOW = ("/join/", "/admin/", "/pages/")
_AT = ("/", "/join", "/admin", "/metrics")


class Pages:
    """Serves them.

    Args:
        app: the proxy, which the join page calls as learners call it.
        people: who is who.
        ledger: the books.
        booked: runs what asks the database, beside the requests.
        refusals: that this process has counted.
        admin: the instructor's password; None shows none of their pages.
        hub: whether users of a JupyterHub may join by their token of it.
        mail: sends the codes by which learners of a roster may join.
    """

    def __init__(
        self,
        app: ASGIApp,
        people: People,
        ledger: Ledger,
        booked: Booked,
        refusals: Refusals,
        *,
        admin: str | None,
        hub: bool,
        mail: Mail | None = None,
    ) -> None:
        by_mail = ByMail(mail, ledger, booked) if mail else None
        self._join = Join(app, people, ledger, booked, hub=hub, by_mail=by_mail)
        self._admin = Admin(ledger, booked, admin, partial(booked, refusals.write))

    def has(self, path: str) -> bool:
        """Whether an address is one of a page, or below one."""
        return path in _AT or path.startswith(_BELOW)

    async def serve(self, scope: Scope, receive: Receive, send: Send, path: str, address: str) -> None:
        """Answer one request.

        Raises:
            APIError: 429, too many passwords or codes were wrong.
        """
        asked = Asked.of(scope, receive, path, address)
        try:
            answer = await self._answer(asked)
        except Refused as error:
            back = "/admin" if path.startswith("/admin") else "/join"
            answer = rendering.page(
                "trouble.jinja", error.status, title="That did not work", message=str(error), back=back
            )
        except APIError as error:
            if path == "/metrics":
                await send_whole(send, error.status, json.dumps(error.body()).encode(), error.headers)
                return
            answer = rendering.page(
                "trouble.jinja", error.status, title="Not now", message=error.message, back=path
            )
        await answer.send(send)

    async def _answer(self, asked: Asked) -> Answer:
        if asked.path.startswith("/pages/"):
            found = rendering.media(asked.path.removeprefix("/pages/"))
            if found is None or asked.method != "GET":
                raise Refused(404, "There is no such file.")
            return found
        if asked.path == "/metrics" or asked.path.startswith("/admin"):
            return await self._admin.answer(asked)
        return await self._join.answer(asked)
