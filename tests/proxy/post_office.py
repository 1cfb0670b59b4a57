"""A mail server for tests: takes messages on this machine, and keeps them."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class PostOffice:
    """`messages`: in the order in which they came. `refuses`: whether it takes none."""

    port: int = 0
    refuses: bool = False
    messages: list[EmailMessage] = field(default_factory=list)
    came: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def next(self, seconds: float = 10.0) -> EmailMessage:
        """The next message that comes."""
        assert self.came.acquire(timeout=seconds), "no message came"
        return self.messages[-1]


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        office: PostOffice = self.server.office
        self._say("220 here")
        while line := self.rfile.readline():
            verb = line[:4].upper().strip()
            if verb == b"DATA":
                self._say("354 go on")
                content = bytearray()
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    content += line.removeprefix(b".")
                office.messages.append(message_from_bytes(bytes(content), policy=policy.default))
                office.came.release()
            elif verb == b"QUIT":
                self._say("221 bye")
                return
            if verb == b"MAIL" and office.refuses:
                self._say("554 no")
            else:
                self._say("250 ok")

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextmanager
def post_office() -> Iterator[PostOffice]:
    """One that is open."""
    office = PostOffice()
    with _Server(("127.0.0.1", 0), _Session) as server:
        server.office = office
        office.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield office
        server.shutdown()
        thread.join()
