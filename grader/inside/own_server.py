"""Runs a script as its author does, and has it listen where the grader asks, whatever server it brings.

Where it hands an application to a server that is known here, the application is served as any other. Otherwise the socket
that it binds becomes the grader's, however it makes one: a server of the standard library, or one of a framework's.
"""

import importlib
import os
import socket
from collections.abc import Callable
from typing import Any

_SERVERS = (  # where an application is handed over: module, class, name, and which argument it is
    ("flask", "Flask", "run", 0),
    ("quart", "Quart", "run", 0),
    ("sanic", "Sanic", "run", 0),  # starts processes of its own
    ("flask_socketio", "SocketIO", "run", 1),
    ("uvicorn", "", "run", 0),
    ("waitress", "", "serve", 0),
    ("werkzeug.serving", "", "run_simple", 2),
)
_INTERNET = (socket.AF_INET, socket.AF_INET6)


class _Handed(BaseException):
    """Ends a script where it hands its application to a server."""

    def __init__(self, app: Any) -> None:
        self.app = app


def run(module_name: str, listening: int, begins: Callable[[], None]) -> Any:
    """Run a module as a script.

    Args:
        module_name: the module.
        listening: the number of a socket that listens already.
        begins: called when the script is about to listen.

    Returns:
        The application, or its name, that the script hands to a server. A script that listens by itself does not come back.

    Raises:
        RuntimeError: the script ended, and served nothing.
    """
    import runpy

    bind = socket.socket.bind
    socket.socket.bind = _taking_over(bind, listening, begins)  # type: ignore[method-assign]
    before = _kept_from_serving()
    try:
        runpy.run_module(module_name, run_name="__main__", alter_sys=True)
    except _Handed as handed:
        return handed.app
    finally:
        socket.socket.bind = bind  # type: ignore[method-assign]
        for place, name, kept in before:
            setattr(place, name, kept)
    raise RuntimeError(f"{module_name} ended without serving an application.")


def _kept_from_serving() -> list[tuple[Any, str, Any]]:
    """Have the servers that are installed hand over what they are given; what was there before is returned."""

    def keeping(position: int) -> Callable[..., None]:
        def keep(*given: Any, **more: Any) -> None:
            raise _Handed(given[position] if len(given) > position else more.get("app"))

        return keep

    before = []
    for library, owner, name, position in _SERVERS:
        try:
            place = importlib.import_module(library)
        except ImportError:
            continue
        place = getattr(place, owner) if owner else place
        before.append((place, name, getattr(place, name)))
        setattr(place, name, keeping(position))
    return before


def _taking_over(bind: Any, listening: int, begins: Callable[[], None]) -> Any:
    """What a script's sockets do in the place of `bind`: the first port that it wants is the grader's."""
    wanted: list[int] = []

    def take(self: Any, address: Any) -> None:
        if self.family not in _INTERNET or not self.type & socket.SOCK_STREAM or not address[1]:
            bind(self, address)
            return
        if not wanted:
            wanted.append(address[1])
            begins()
        if address[1] != wanted[0]:  # another server beside it, of figures, say
            bind(self, address)
            return
        patience = self.gettimeout()
        os.dup2(listening, self.fileno(), inheritable=False)
        self.settimeout(patience)  # whether it waits goes with what was taken over

    return take
