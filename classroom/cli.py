"""The command `classroom`: the stand-ins, for notebooks and for terminals."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from datetime import date, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from classroom import materials
from classroom.errors import LessonError
from classroom.proxy.cli.commands import app as proxy
from classroom.version import version_option

LOOPBACK = "127.0.0.1"

# each command imports what it needs: --help and mistakes are answered at once
app = typer.Typer(
    help="What stands behind the lesson: OpenAI and S3 on this computer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(proxy, name="proxy")


@app.callback()
def main(_: Annotated[bool, version_option("classroom")] = False) -> None:
    """OpenAI and S3 on this computer, for lessons and tests."""


_JUPYTER_CONFIG = Path(__file__).with_name("jupyter")


def _fail(message: str) -> NoReturn:
    typer.echo(f"classroom: {message}", err=True)
    raise typer.Exit(2)


def _wait() -> None:
    """Until Ctrl-C, or a polite request to end; also where a shell has set the first to be ignored."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()


def _assignments(environment: Mapping[str, str]) -> str:
    form = "$env:{} = '{}'" if os.name == "nt" else "export {}={}"
    return "\n".join(form.format(name, value) for name, value in environment.items())


@app.command()
def mock(
    port: Annotated[int, typer.Option(help="Where to listen; 0 lets the system choose.")] = 4010,
    lenient: Annotated[bool, typer.Option("--lenient", help="Check shapes alone, take any model.")] = False,
    legacy: Annotated[bool, typer.Option("--legacy", help="Serve what OpenAI has retired.")] = False,
    faults: Annotated[
        Path | None,
        typer.Option(
            "--faults", "--script", help="A file (TOML or JSON) of faults, replies, rate limits and the pace."
        ),
    ] = None,
    strict_replies: Annotated[
        bool, typer.Option("--strict-replies", help="Refuse what no reply of the file answers.")
    ] = False,
    host: Annotated[
        str, typer.Option(help="The address to listen on; 0.0.0.0 lets other computers in.")
    ] = LOOPBACK,
    cors: Annotated[
        list[str] | None,
        typer.Option(
            help="A page's origin that may call as well, such as https://app.example; * for every page."
        ),
    ] = None,
    control: Annotated[
        int | None,
        typer.Option(
            "--control-port", help="Opens a port to read calls and script replies; 0 lets the system choose."
        ),
    ] = None,
    control_host: Annotated[
        str, typer.Option(help="The address of the control port. Who reaches it reads and steers everything.")
    ] = LOOPBACK,
    first: Annotated[float, typer.Option("--first-token", help="Seconds until the first token.")] = 0.0,
    tokens_per_second: Annotated[
        float | None, typer.Option(help="Tokens that follow in a second; all at once if left out.")
    ] = None,
) -> None:
    """Serve the OpenAI stand-in alone, until Ctrl-C."""
    from classroom.loopback import PortTaken
    from classroom.standin.mock import OpenAIMock
    from classroom.standin.scripting.scripts import ScriptError

    try:
        server = OpenAIMock(
            port=port,
            lenient=lenient,
            legacy=legacy,
            strict_replies=strict_replies,
            host=host,
            cors=cors or (),
            control=control,
            control_host=control_host,
        )
        server.pace(first, tokens_per_second)
        if faults is not None:
            server.load(faults)
    except (PortTaken, ScriptError, ValueError) as error:
        _fail(str(error))
    with server:
        typer.echo(f"The OpenAI stand-in listens. Ctrl-C ends it.\n\n{_assignments(server.environment)}\n")
        if server.control_url:
            typer.echo(f"Calls, replies and faults: {server.control_url}\n")
        sys.stdout.flush()
        _wait()


@app.command()
def record(
    cassette: Annotated[Path, typer.Argument(help="The file to write, such as weather.json.")],
    upstream: Annotated[
        str, typer.Option(help="The base URL to ask: of the real API, or of a stand-in.")
    ] = "https://api.openai.com/v1",
    port: Annotated[int, typer.Option(help="Where to listen; 0 lets the system choose.")] = 4010,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = LOOPBACK,
) -> None:
    """Pass requests on to a real API and write down its answers, without keys and identifiers, until Ctrl-C."""
    _serve_recorded(cassette, upstream, 1.0, port, host)


@app.command()
def replay(
    cassette: Annotated[Path, typer.Argument(help="The file that was recorded.")],
    pace: Annotated[
        float, typer.Option(help="1 keeps the recorded times, 0.5 halves them, 0 waits for nothing.")
    ] = 1.0,
    port: Annotated[int, typer.Option(help="Where to listen; 0 lets the system choose.")] = 4010,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = LOOPBACK,
) -> None:
    """Answer as a recording does, and refuse what it doesn't know with the difference, until Ctrl-C."""
    _serve_recorded(cassette, None, pace, port, host)


def _serve_recorded(cassette: Path, upstream: str | None, pace: float, port: int, host: str) -> None:
    from classroom.loopback import PortTaken
    from classroom.standin.cassettes.server import CassetteError, Recorded

    try:
        server = Recorded(cassette, upstream=upstream, pace=pace, port=port, host=host)
    except (PortTaken, CassetteError) as error:
        _fail(str(error))
    with server:
        does = f"{upstream} is recorded in {cassette}" if upstream else f"{cassette} is replayed"
        typer.echo(f"{does}. Ctrl-C ends it.\n\n{_assignments(server.environment)}\n")
        sys.stdout.flush()
        _wait()


@app.command()
def models(
    folder: Annotated[
        Path | None, typer.Argument(help="A folder or file of yours to search as well.", exists=True)
    ] = None,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day to reckon from; today if left out.")
    ] = None,
) -> None:
    """List the models that the course, the answer key and a folder use: when each ends and what replaces it.

    Exit code 1 if one has ended or ends within sixty days.
    """
    from classroom.lifetimes import PARTS, SOON, describe, find_uses

    today = on.date() if on else date.today()
    parts = {name: [place for place in places if place.exists()] for name, places in PARTS.items()}
    if folder is not None:
        parts[str(folder)] = [folder]
    urgent = False
    for name, places in parts.items():
        if not places:
            continue  # an installed package has no course beside it
        uses = find_uses(places)
        urgent |= any(use.is_urgent(today) for use in uses)
        typer.echo(f"{name}:")
        for line in describe(uses, today) or ["no model is named"]:
            typer.echo(f"  {line}".rstrip())
    if urgent:
        typer.echo(f"\nModels end within {SOON} days, or have ended.", err=True)
        raise typer.Exit(1)


@app.command()
def up(
    port: Annotated[int, typer.Option(help="Of OpenAI's stand-in; 0 lets the system choose.")] = 0,
    s3_port: Annotated[int, typer.Option(help="Of S3's stand-in; 0 lets the system choose.")] = 0,
) -> None:
    """Start both stand-ins and print the environment that points an app at them, until Ctrl-C."""
    from classroom.lesson import SHARED_S3
    from classroom.loopback import PortTaken
    from classroom.s3 import S3Mock
    from classroom.standin.mock import OpenAIMock

    try:
        openai, s3 = OpenAIMock(port=port), S3Mock(port=s3_port)
    except PortTaken as error:
        _fail(str(error))
    with openai, s3:
        environment = openai.environment | s3.environment | {SHARED_S3: s3.endpoint_url}
        typer.echo(
            "# OpenAI and S3 are up on this computer. Paste these lines into another terminal; Ctrl-C here ends both."
        )
        typer.echo(_assignments(environment))
        sys.stdout.flush()
        _wait()


@app.command()
def lab(
    port: Annotated[int, typer.Option(help="Of JupyterLab; it takes the next free one.")] = 8888,
    host: Annotated[
        str, typer.Option(help="Where JupyterLab listens; 0.0.0.0 in a container.")
    ] = "127.0.0.1",
    browser: Annotated[bool, typer.Option(help="Open a browser window.")] = True,
) -> None:
    """Open JupyterLab on the first notebook; notebooks and terminals in it find the stand-ins.

    In an empty folder, the notebooks and the lab are put there first.
    """
    from classroom.lesson import SHARED_S3, mode_of
    from classroom.s3 import S3Mock
    from classroom.standin.mock import OpenAIMock

    try:
        first = _first_notebook()
        live = mode_of(dict(os.environ)) == "live"
    except LessonError as error:
        _fail(str(error))
    if live:
        typer.echo("LIVE: notebooks will call OpenAI with your own key, up to a cap a day (LAB_BUDGET_USD).")
        raise typer.Exit(_jupyter(first, {}, host, port, browser))
    with OpenAIMock() as openai, S3Mock() as s3:
        typer.echo("The stand-ins for OpenAI and S3 are up. JupyterLab opens next; Ctrl-C ends all of it.")
        environment = openai.environment | s3.environment | {SHARED_S3: s3.endpoint_url}
        code = _jupyter(first, environment, host, port, browser)
    raise typer.Exit(code)


def _first_notebook() -> Path:
    """The first notebook here; the course is laid out first where the folder is empty.

    Raises:
        LessonError: it is not here and the folder is not empty, or JupyterLab is not installed.
    """
    here = Path.cwd()
    if find_spec("jupyterlab") is None:
        raise LessonError("JupyterLab is not installed: pip install 'openai-files-lab[lab]'.")
    if not (here / "notebooks").is_dir():
        written = materials.lay_out(here)
        typer.echo(f"The notebooks and the lab are now in {here} ({written} files).")
    found = sorted((here / "notebooks").glob("*.ipynb"))
    if not found:
        raise LessonError(f"There is no notebook in {here / 'notebooks'}.")
    return found[0].relative_to(here)


def _jupyter(first: Path, environment: Mapping[str, str], host: str, port: int, browser: bool) -> int:
    from classroom.redaction.kernels import profile

    bin = Path(sys.executable).parent
    config_path = os.pathsep.join(filter(None, [str(_JUPYTER_CONFIG), os.environ.get("JUPYTER_CONFIG_PATH")]))
    # the environment's programs first, so that a terminal in JupyterLab finds `grader` and `uvicorn`
    path = os.pathsep.join([str(bin), os.environ.get("PATH", "")])
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.port={port}"]
    command.append(f"--ServerApp.ip={host}")
    command.append(f"--LabApp.default_url=/lab/tree/{first.as_posix()}")
    if not browser:
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # in a container; on a desktop nobody is root
    with profile() as of_lessons:
        child = {**os.environ, **environment, **of_lessons, "JUPYTER_CONFIG_PATH": config_path, "PATH": path}
        process = subprocess.Popen(command, env=child)  # noqa: S603 - our own command line
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        try:
            return process.wait()
        except KeyboardInterrupt:
            return process.wait()
