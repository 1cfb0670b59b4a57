"""A proxy in front of the stand-in, on a SQLite file or on a PostgreSQL that is started for the tests."""

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn
from sqlalchemy import Engine

from classroom import OpenAIMock
from classroom.http_protocol import LONGEST_IDLE
from classroom.loopback import bind
from classroom.proxy.app import Proxy
from classroom.proxy.books import database as databases
from classroom.proxy.books.database import connect
from classroom.proxy.books.ledger import Ledger
from classroom.proxy.calling.upstream import Upstream
from classroom.proxy.rules.events import Event
from tests.certificates import certificates_read_once

__all__ = ["certificates_read_once"]

PASSWORD = "for-the-tests"
KEY = "sk-" + "of-the-instructor-1234"
_NOBODY = 65534


@pytest.fixture(scope="session", autouse=True)
def tables_made_once(tmp_path_factory) -> Iterator[None]:
    """The migrations run once in this process: a new SQLite file begins as a copy of what they made."""
    made = tmp_path_factory.mktemp("tables") / "made.sqlite"
    connect(str(made)).dispose()
    migrate = databases._migrate

    def copied(engine: Engine) -> None:
        file = Path(engine.url.database or "") if engine.dialect.name == "sqlite" else None
        if (
            file is None
            or not file.parent.is_dir()
            or file.is_dir()
            or (file.exists() and file.stat().st_size)
        ):
            migrate(engine)
        else:
            shutil.copyfile(made, file)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(databases, "_migrate", copied)
        yield


def programs_of_postgres() -> Path | None:
    """The folder with initdb and postgres."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    return next((path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")), None)


def _as_nobody(command: list[str]) -> list[str]:
    """PostgreSQL refuses to be run by root."""
    if os.geteuid() != 0:
        return command
    return ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups", *command]


@pytest.fixture(scope="session")
def postgres(tmp_path_factory) -> Iterator[str]:
    """The URL of a server of its own."""
    programs = programs_of_postgres()
    if programs is None:
        if os.environ.get("CI"):
            pytest.fail("CI has to install postgresql")
        pytest.skip("PostgreSQL is not installed")
    place = Path("/tmp") / f"lab-postgres-{os.getpid()}-{time.monotonic_ns()}"
    place.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(place, _NOBODY, _NOBODY)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = place / "data"
    options = ["-D", str(data), "-A", "trust", "-U", "lab", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}
    subprocess.run(_as_nobody([str(programs / "initdb"), *options]), check=True, **quiet)
    arguments = ["-D", str(data), "-p", str(port), "-k", str(place), "-c", "listen_addresses=127.0.0.1"]
    arguments += ["-c", "fsync=off", "-c", "max_connections=100"]
    server = subprocess.Popen(_as_nobody([str(programs / "postgres"), *arguments]), **quiet)
    try:
        deadline = time.monotonic() + 30
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield f"postgresql://lab@127.0.0.1:{port}/postgres"
    finally:
        server.send_signal(signal.SIGINT)  # do not wait for who is still connected
        server.wait(20)
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path) -> str:
    """Each of the two, with nothing in it."""
    if request.param == "sqlite":
        return str(tmp_path / "proxy.sqlite")
    url = request.getfixturevalue("postgres")
    ledger = Ledger(connect(url))
    for event, _ in ledger.events():
        ledger.delete(event.code)
    ledger.close()
    return url


@pytest.fixture
def books(database) -> Iterator[Callable[..., Ledger]]:
    """Makes ledgers on it, with the clock that one likes."""
    made: list[Ledger] = []

    def books(**named) -> Ledger:
        made.append(Ledger(connect(database), **named))
        return made[-1]

    yield books
    for ledger in made:
        ledger.close()


def an_event(code: str = "lesson", **facts) -> Event:
    """An open event that is on."""
    now = datetime.now(UTC)
    usual = {
        "starts": now - timedelta(hours=1),
        "ends": now + timedelta(hours=8),
        "open": True,
        "models": {"gpt-5.4-mini": "gpt-5.4-mini", "text-embedding-3-small": "text-embedding-3-small"},
    }
    return Event(code, **{**usual, **facts})


@dataclass
class Running:
    """A proxy that serves, its books, and what is behind it."""

    url: str
    ledger: Ledger
    openai: OpenAIMock


@contextmanager
def served(app: Proxy) -> Iterator[str]:
    """An application on a port of its own; yields its address."""
    listener = bind()
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="error",
            access_log=False,
            timeout_graceful_shutdown=10,
            timeout_keep_alive=LONGEST_IDLE,
            ws="websockets-sansio",
        )
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()


@pytest.fixture(scope="session")
def _openai_behind() -> Iterator[OpenAIMock]:
    with OpenAIMock(legacy=True) as openai:
        yield openai


@pytest.fixture
def proxy(tmp_path, _openai_behind) -> Iterator[Running]:
    """On SQLite, with an open event `lesson`."""
    ledger = Ledger(connect(str(tmp_path / "proxy.sqlite")))
    ledger.add(an_event())
    _openai_behind.reset()
    with served(Proxy(ledger, Upstream(_openai_behind.base_url, KEY), admin=PASSWORD)) as url:
        yield Running(url, ledger, _openai_behind)
    _openai_behind.reset()
