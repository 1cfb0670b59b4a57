"""`grader review`: the page on this machine, until Ctrl-C."""

import contextlib
import socket
from collections.abc import Callable
from pathlib import Path

import uvicorn

from classroom.http_protocol import LONGEST_HEAD, bounded_http
from grader.errors import GraderError
from grader.report.language import Language, language
from grader.review import record, store
from grader.review.guard import Session
from grader.review.server import application
from grader.review.views import Views
from grader.sandbox import Tier


def serve(
    results: Path, tier: Tier, port: int, announce: Callable[[str], None], code: str | None = None
) -> None:
    """Serve the review of a folder of results on the loopback interface, until it is interrupted.

    Args:
        tier: how evidence is kept apart while it is read.
        port: 0 for a free one.
        announce: given each line for the person who started it; one has the address.
        code: the language of the pages; the class's own, if it is left out.

    Raises:
        GraderError: there is nothing to review, another review is open, or the port is taken.
    """
    if not results.is_dir():
        raise GraderError(
            f"There is no folder {results}. Make it with: grader batch SUBMISSIONS --out {results}"
        )
    session = Session(_language(results, code))
    with store.Writer(results) as writer, _listening(port) as listener:
        views = Views(tier)
        app = application(results, writer, views, session)
        here = listener.getsockname()[1]
        announce(f"Review of {results}: open this address. It is good once, on this machine only.")
        announce(f"    http://127.0.0.1:{here}{session.path}")
        announce(f"Everything that you type is kept in {results / store.NAME}. Ctrl-C ends the review.")
        # no log of requests: the first one has the ticket
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="off",
            ws="none",
            http=bounded_http(),
            timeout_graceful_shutdown=3,
            h11_max_incomplete_event_size=LONGEST_HEAD,
        )
        try:
            with contextlib.suppress(KeyboardInterrupt):  # the way to end it
                uvicorn.Server(config).run(sockets=[listener])
        finally:
            views.close()
    announce("The review has ended. What you decided is kept.")


def _language(results: Path, code: str | None) -> Language:
    """By the grader's catalogue, and by that of the assignment which the class was judged with."""
    known = record.read(results)
    wanted = code or known.language
    own = known.assignment.files.get(f"locale/{wanted}.po") if known.assignment else None
    return language(wanted, own)


def _listening(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise GraderError(
            f"Port {port} of this machine is taken: {error.strerror}. Leave --port out for a free one."
        ) from error
    return listener
