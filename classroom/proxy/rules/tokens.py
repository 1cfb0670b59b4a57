"""A learner's token: `event-code/user`, in one of three headers. A user of a closed event is `name.secret`."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from classroom.proxy.rules import refusals

HEADERS = (b"openai-event-code", b"api-key", b"authorization")
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_USER = re.compile(r"[^\s/\x00-\x1f\x7f]{1,128}")
NAME = re.compile(r"[^\s/.\x00-\x1f\x7f](?:[^\s/\x00-\x1f\x7f]{0,61}[^\s/.\x00-\x1f\x7f])?")


@dataclass(frozen=True)
class Token:
    """Parsed, not checked."""

    code: str
    user: str

    @property
    def name(self) -> str:
        """The part of the user that is not secret."""
        return self.user.rpartition(".")[0]

    @property
    def secret(self) -> str:
        """The part of the user that is secret."""
        return self.user.rpartition(".")[2]


def read(headers: Iterable[tuple[bytes, bytes]]) -> Token:
    """The token of a request.

    Raises:
        APIError: 401 if there is none, if it is none, or if two headers say different things.
    """
    found = set()
    for name, value in headers:
        if name in HEADERS:
            text = value.decode("latin-1").strip()
            if name == b"authorization":
                scheme, _, text = text.partition(" ")
                if scheme.lower() != "bearer":
                    raise refusals.no_token()
            found.add(text.strip())
    found.discard("")
    if len(found) > 1:
        raise refusals.two_tokens()
    code, slash, user = next(iter(found), "").partition("/")
    if not slash or not CODE.fullmatch(code) or not _USER.fullmatch(user):
        raise refusals.no_token()
    return Token(code, user)


def is_name(text: str) -> bool:
    """Whether an attendee can be called so: no spaces, slashes, dots at its ends, or halves of surrogate pairs."""
    return NAME.fullmatch(text) is not None and not any(0xD800 <= ord(sign) < 0xE000 for sign in text)


def new_secret() -> str:
    """130 bits, in letters and digits."""
    return secrets.token_hex(16)


def digest(secret: str) -> str:
    """What is stored of a secret. It is random and long: a slow hash would protect nothing more."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same(secret: str, stored: str | None) -> bool:
    """Whether a secret is the one that was stored; takes as long when nothing was."""
    return hmac.compare_digest(digest(secret), stored or digest("nobody's")) and stored is not None
