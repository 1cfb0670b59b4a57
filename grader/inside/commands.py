"""What the grader asks of its agent in a sandbox: one record for each command, sent by `wire`.

Open files travel beside a command: what `Receive` reads from; what `Start` gives to the job, the file that it prints into
first. `MakeSockets`, `Listen` and `OpenLine` hand some out. Imports the standard library alone, since it is loaded inside, too.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from grader.inside.wire import WireError


@dataclass(frozen=True)
class MakeSockets:
    """Make so many TCP sockets that reach the inside's loopback when they are connected."""

    count: int


@dataclass(frozen=True)
class Listen:
    """Make a socket that listens on the inside's loopback."""


@dataclass(frozen=True)
class OpenLine:
    """Open a further line to the agent, for another process of the grader's. What it starts is its own."""


@dataclass(frozen=True)
class Receive:
    """Write a stream of files below a folder, within bounds."""

    root: str
    most_files: int
    most_bytes: int


@dataclass(frozen=True)
class Preload:
    """Load modules that jobs will need, once for all of them."""

    modules: list[str]


@dataclass(frozen=True)
class Start:
    """Start a job.

    Args:
        job: its number.
        do: what it does: see `grader.sandbox.job.Order`.
        name: of the app, suite or program.
        cold: in a fresh interpreter, rather than forking the loaded one.
        pythonpath: where modules are looked for first.
        facts: what that kind of job needs to know besides.
    """

    job: int
    do: str
    name: str
    cold: bool
    cwd: str
    environment: dict[str, str]
    pythonpath: list[str]
    facts: dict[str, Any] = field(default_factory=dict)

    def order(self) -> dict[str, Any]:
        """What `grader.inside.work` takes, but for the open files."""
        return {
            **self.facts,
            "do": self.do,
            "name": self.name,
            "cwd": self.cwd,
            "pythonpath": self.pythonpath,
        }


@dataclass(frozen=True)
class End:
    """Kill a job and its process group."""

    job: int


@dataclass(frozen=True)
class MeasureWaiting:
    """Measure how long a job was ready to run while other programs had the processors."""

    job: int


Command = MakeSockets | Listen | OpenLine | Receive | Preload | Start | End | MeasureWaiting

# what the agent was asked to do, in words for a message
WORDS: Mapping[type, str] = {
    MakeSockets: "make sockets",
    Listen: "listen",
    OpenLine: "open a line",
    Receive: "receive the files",
    Preload: "load modules",
    Start: "start a job",
    End: "end a job",
    MeasureWaiting: "measure a job",
}
_KINDS: Mapping[str, type[Command]] = {kind.__name__: kind for kind in WORDS}


def encode(number: int, command: Command) -> dict[str, Any]:
    """A command as a message; the answer names its number."""
    return {"id": number, "command": type(command).__name__, **asdict(command)}


def decode(message: dict[str, Any]) -> tuple[int, Command]:
    """The number and the command of a message.

    Raises:
        WireError: it is none.
    """
    kind = _KINDS.get(message.get("command", ""))
    number = message.get("id")
    if kind is None or type(number) is not int:
        raise WireError("no command")
    names = {each.name for each in fields(kind)}
    if message.keys() - {"id", "command"} != names:
        raise WireError(f"no {kind.__name__}: {sorted(message)}")
    return number, kind(**{name: message[name] for name in names})
