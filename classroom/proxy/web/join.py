"""The page by which a learner joins an event: its text, their token, lines to copy, what is left, and a small playground.

Nothing of a learner is kept here: the cookie holds the token itself, which is checked at every request, so that it
counts no longer than the token does. It is sent to the pages of its event alone, and no call of the API is let in by it.
"""

import base64
import binascii
import json
import re
import secrets
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp

from classroom.proxy import sending
from classroom.proxy.auth import People
from classroom.proxy.books.ledger import Ledger
from classroom.proxy.relay import Booked
from classroom.proxy.rules import tokens
from classroom.proxy.rules.errors import EventError
from classroom.proxy.rules.events import Event
from classroom.proxy.web import exchange, inner, rendering, snippets
from classroom.proxy.web.by_mail import WAITS, ByMail
from classroom.proxy.web.exchange import Answer, Asked, Refused
from classroom.standin.incoming.errors import APIError

_PATH = re.compile(r"/join(?:/(?P<code>[A-Za-z0-9][A-Za-z0-9_.-]{0,63})(?P<rest>/play|/leave)?)?/?")
_COOKIE = "class-join"
_SECONDS = 12 * 3600
_LONGEST_PROMPT = 4000
_LONGEST_ANSWER = 500  # tokens of an answer in the playground
_PICTURE_STARTS = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"RIFF": "webp"}


@dataclass(frozen=True)
class _Learner:
    """Who has joined. `nonce`: of their cookie; nobody else makes their forms without it."""

    event: Event
    token: str
    nonce: str

    @property
    def word(self) -> str:
        return rendering.form_word(self.nonce, f"join {self.token}")


class Join:
    """Serves the page.

    Args:
        app: the proxy, which is called as learners call it.
        people: who is who.
        ledger: the books, for those who register.
        booked: runs what asks the database, beside the requests.
        hub: whether users of a JupyterHub may come by their token of it.
        by_mail: sends codes to learners of a roster; None sends none.
    """

    def __init__(
        self,
        app: ASGIApp,
        people: People,
        ledger: Ledger,
        booked: Booked,
        *,
        hub: bool,
        by_mail: ByMail | None = None,
    ) -> None:
        self._app, self._people, self._ledger, self._booked, self._hub = app, people, ledger, booked, hub
        self._by_mail = by_mail

    async def answer(self, asked: Asked) -> Answer:
        """The page of an address below `/join`, or the form of a code.

        Raises:
            Refused: there is no such page, or the form may not be sent.
        """
        match = _PATH.fullmatch("/join" if asked.path == "/" else asked.path)
        if match is None:
            raise Refused(404, "There is no such page.")
        code, rest = match["code"], match["rest"] or ""
        if code is None:
            if asked.method != "GET":
                raise Refused(405, "Open the page instead.")
            return await self._begin(asked)
        event = await self._event(code, asked)
        if event is None:
            return rendering.page("code.jinja", 404, code=code, trouble=f"There is no event {code}.")
        if asked.method == "GET" and not rest:
            return await self._show(asked, event)
        if asked.method != "POST":
            raise Refused(405, "Open the page of the event instead.")
        asked.check_same_origin()
        form = await asked.form()
        if not rest:
            return await self._sign_in(asked, event, form)
        learner = self._learner(asked, event)
        if learner is None or not secrets.compare_digest(
            form.get("word", "").encode(), learner.word.encode()
        ):
            raise Refused(403, "This form is not of your page. Load the page again.")
        if rest == "/leave":
            gone = exchange.cookie(_COOKIE, "", _base(event), secure=asked.is_secure, seconds=0)
            return exchange.onward(_base(event), gone)
        return await self._play(asked, learner, form)

    async def _event(self, code: str, asked: Asked) -> Event | None:
        try:
            return await self._people.find(code, asked.address)
        except APIError as error:
            raise Refused(error.status, error.message) from None

    async def _begin(self, asked: Asked) -> Answer:
        """Which event?"""
        code = asked.query.get("code", "").strip().partition("/")[0]
        if not code:
            return rendering.page("code.jinja", code="", trouble="")
        if not tokens.CODE.fullmatch(code) or await self._event(code, asked) is None:
            return rendering.page(
                "code.jinja", 404, code=code[:80], trouble="There is no event of that code. Look at it again."
            )
        return exchange.onward(f"/join/{code}")

    # --- who it is -----------------------------------------------------------------------------------------------

    def _learner(self, asked: Asked, event: Event) -> _Learner | None:
        """Whose cookie it is, if it is one of this event; whether the token holds is asked with every call."""
        nonce, _, encoded = asked.cookie(_COOKIE).partition(".")
        try:
            token = base64.b64decode(encoded, altchars=b"-_", validate=True).decode("ascii")
        except (binascii.Error, ValueError):
            return None
        return _Learner(event, token, nonce) if nonce and token.startswith(f"{event.code}/") else None

    async def _sign_in(self, asked: Asked, event: Event, form: dict[str, str]) -> Answer:
        """By a token, by a name where any is taken, or as a new attendee."""
        name, typed = form.get("name", "").strip(), form.get("token", "").strip()
        shown = f"{form['hub'].strip()}" if self._hub and form.get("hub", "").strip() else ""
        by_mail = None if event.open else self._by_mail
        try:
            if by_mail and "email" in form:
                kept = await by_mail.send(asked, event, form["email"].strip())
                return self._door(event, waits=True).with_headers(kept)
            if by_mail and "code" in form:
                token = await by_mail.token(asked, event, form["code"])
            elif shown:
                token = f"{event.code}/hub:{shown}"
            elif typed:
                token = typed if "/" in typed else f"{event.code}/{typed}"
            else:
                token = await self._by_name(asked, event, name)
            if not token.isascii() or not token.startswith(f"{event.code}/"):
                raise Refused(400, f"That is no token of {event.code}: one begins with {event.code}/.")
            parsed = tokens.read([(b"api-key", token.encode())])
            await self._people.admit(parsed, asked.address, started=False)
        except (Refused, EventError) as error:
            waits = "code" in form
            return self._door(event, str(error), name, getattr(error, "status", 400), waits=waits)
        except APIError as error:
            return self._door(event, error.message, name, error.status)
        value = base64.urlsafe_b64encode(token.encode()).decode()
        made = f"{secrets.token_urlsafe(24)}.{value}"
        kept = exchange.cookie(_COOKIE, made, _base(event), secure=asked.is_secure, seconds=_SECONDS)
        return exchange.onward(_base(event), kept)

    async def _by_name(self, asked: Asked, event: Event, name: str) -> str:
        if not (event.open or event.self_registration):
            raise Refused(400, "This event takes the token that your instructor gave you.")
        if not name.isascii() or not tokens.is_name(name):
            raise Refused(
                400,
                "A name has letters of English, digits and dashes: no spaces, slashes, or dots at its ends.",
            )
        await self._people.welcome(event, name, asked.address)
        if event.open:
            return f"{event.code}/{name}"
        token: str = await self._booked(self._ledger.register, event, name)
        return token

    def _door(
        self, event: Event, trouble: str = "", name: str = "", status: int = 200, *, waits: bool = False
    ) -> Answer:
        return rendering.page(
            "door.jinja",
            status,
            event=event,
            state=event.state(self._ledger.now()),
            base=_base(event),
            hub=self._hub,
            mail=self._by_mail is not None and not event.open,
            waits=WAITS if waits else "",
            trouble=trouble,
            name=name[:64],
        )

    # --- what they see -------------------------------------------------------------------------------------------

    async def _show(self, asked: Asked, event: Event, **shown: Any) -> Answer:
        learner = self._learner(asked, event)
        if learner is None:
            return self._door(event)
        standing = await self._standing(learner, asked)
        if standing.trouble:
            gone = exchange.cookie(_COOKIE, "", _base(event), secure=asked.is_secure, seconds=0)
            return self._door(event, standing.trouble, status=standing.status).with_headers(gone)
        chat, pictures = (snippets.model_for(event, way) for way in (snippets.CHAT, snippets.PICTURES))
        usual: dict[str, Any] = {"prompt": "", "text": "", "picture": "", "trouble": "", "way": "chat"}
        return rendering.page(
            "joined.jinja",
            event=event,
            state=event.state(self._ledger.now()),
            base=_base(event),
            standing=standing.body,
            snippets=snippets.snippets(event, asked.origin, learner.token),
            word=learner.word,
            chat=chat,
            pictures=pictures,
            longest=_LONGEST_PROMPT,
            **{**usual, **shown},
        ).with_headers(sending.about(event))

    async def _standing(self, learner: _Learner, asked: Asked) -> inner.Reply:
        return await inner.call(self._app, learner.token, "GET", "/v1/me", asked.address)

    async def _play(self, asked: Asked, learner: _Learner, form: dict[str, str]) -> Answer:
        """Ask for a text or a picture, within the learner's own cap."""
        prompt, way = form.get("prompt", "").strip(), form.get("way", "chat")
        made = await self._made(asked, learner, prompt, way)
        if asked.header("accept").startswith("application/json"):
            left = (await self._standing(learner, asked)).body
            content = json.dumps({**made, "left": left})
            return Answer(content.encode(), kind="application/json")
        return await self._show(asked, learner.event, prompt=prompt, way=way, **made)

    async def _made(self, asked: Asked, learner: _Learner, prompt: str, way: str) -> dict[str, str]:
        nothing = {"text": "", "picture": "", "trouble": ""}
        if not 0 < len(prompt) <= _LONGEST_PROMPT:
            return {**nothing, "trouble": f"Write a prompt of at most {_LONGEST_PROMPT} characters."}
        try:
            prompt.encode()
        except UnicodeEncodeError:
            return {**nothing, "trouble": "The prompt has half of a character in it."}
        event = learner.event
        route = snippets.PICTURES if way == "picture" else snippets.CHAT
        model = snippets.model_for(event, route)
        if model is None:
            return {**nothing, "trouble": "The event offers no model for that."}
        body: dict[str, Any] = {"model": model}
        if route == snippets.CHAT:
            length = min(_LONGEST_ANSWER, event.max_tokens or _LONGEST_ANSWER)
            body |= {
                "messages": [{"role": "user", "content": prompt}],
                "max_completion_tokens": length,
            }
        else:
            body |= {"prompt": prompt, "size": "1024x1024", "quality": "low"}
        reply = await inner.call(self._app, learner.token, "POST", f"/v1/{route}", asked.address, body)
        if reply.trouble:
            return {**nothing, "trouble": reply.trouble}
        text, picture = _text_in(reply.body), _picture_in(reply.body)
        if not text and not picture:
            return {**nothing, "trouble": "The answer is empty."}
        return {**nothing, "text": text, "picture": picture}


def _base(event: Event) -> str:
    return f"/join/{event.code}"


def _text_in(answer: Any) -> str:
    try:
        text = answer["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError):
        return ""
    return text if isinstance(text, str) else ""


def _picture_in(answer: Any) -> str:
    """The address of a picture's own bytes; empty if there is none of a type that a page shows."""
    try:
        encoded = answer["data"][0]["b64_json"]
        content = base64.b64decode(encoded, validate=True)
    except (KeyError, IndexError, TypeError, ValueError):
        return ""
    kind = next((kind for start, kind in _PICTURE_STARTS.items() if content.startswith(start)), None)
    return f"data:image/{kind};base64,{encoded}" if kind else ""
