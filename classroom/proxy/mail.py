"""Sends a code by e-mail, by the SMTP server that the environment names."""

import ipaddress
import os
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from urllib.parse import unquote, urlsplit

from classroom.proxy.rules.errors import ProxyError
from classroom.proxy.rules.rosters import is_address

ADDRESS, SENDER, PASSWORD = (
    "CLASSROOM_PROXY_SMTP",
    "CLASSROOM_PROXY_SMTP_FROM",
    "CLASSROOM_PROXY_SMTP_PASSWORD",
)
_SECONDS = 20.0


class MailError(ProxyError):
    """Mail can't be sent."""


@dataclass(frozen=True)
class Mail:
    """Where mail is given, and by whom. `is_tls`: from the first byte; otherwise STARTTLS, but on this machine."""

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)
    is_tls: bool = False

    def send(self, to: str, subject: str, text: str) -> None:
        """Give one message to the server. Blocks, at most for some twenty seconds at each step.

        Raises:
            MailError: the server can't be reached, is not to be trusted, or does not take it.
        """
        message = EmailMessage(policy=SMTP)
        message["From"], message["To"], message["Subject"] = self.sender, to, subject
        message["Auto-Submitted"] = "auto-generated"  # nobody's absence note answers it
        message.set_content(text)
        try:
            with self._connect() as server:
                if self.user:
                    server.login(self.user, self.password)
                server.send_message(message)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise MailError(f"{self.host}:{self.port} rejected a message: {type(error).__name__}.") from error

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self.is_tls:
            return smtplib.SMTP_SSL(self.host, self.port, timeout=_SECONDS, context=context)
        server = smtplib.SMTP(self.host, self.port, timeout=_SECONDS)
        try:
            if not _is_this_machine(self.host):
                server.starttls(
                    context=context
                )  # a server without it raises: a code is sent to nobody in clear
        except BaseException:
            server.close()
            raise
        return server


def from_environment(environment: Mapping[str, str] = os.environ) -> Mail | None:
    """The server that the environment names; None if it names none.

    `CLASSROOM_PROXY_SMTP` is `smtps://user@host:465`, or `smtp://user@host:587` for STARTTLS.

    Raises:
        MailError: what it says makes no sense.
    """
    address = environment.get(ADDRESS, "").strip()
    if not address:
        return None
    wanted = f"{ADDRESS} is written smtps://user@host:465, or smtp://user@host:587"
    try:
        parts = urlsplit(address)
        port = parts.port or (465 if parts.scheme == "smtps" else 587)
    except ValueError as error:
        raise MailError(f"{wanted}: {error}.") from error
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path.strip("/"):
        raise MailError(f"{wanted}.")
    if parts.password:
        raise MailError(f"{wanted}. The password goes into {PASSWORD}, where no list of processes shows it.")
    user = unquote(parts.username or "")
    sender = environment.get(SENDER, "").strip() or user
    if not is_address(sender):
        raise MailError(f"{SENDER} must be the address that codes are sent from.")
    return Mail(
        parts.hostname, port, sender, user, environment.get(PASSWORD, ""), is_tls=parts.scheme == "smtps"
    )


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
