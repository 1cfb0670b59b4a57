"""What tests of the sandbox need: a program run inside, and what it printed."""

import textwrap
from dataclasses import dataclass

from grader.sandbox import Job, Order, Sandbox

MOST = 1024 * 1024


@dataclass(frozen=True)
class Ran:
    """How a program ended: `code` is None if it had to be stopped."""

    code: int | None
    printed: str


def program(sandbox: Sandbox, source: str) -> Job:
    """Start Python source inside."""
    order = Order(
        do="run",
        name="attack",
        cwd=sandbox.root,
        environment=sandbox.environment(),
        facts={"command": [str(sandbox.python), "-c", textwrap.dedent(source)]},
    )
    return sandbox.start(order, hears=MOST)


def run(sandbox: Sandbox, source: str, seconds: float = 20.0) -> Ran:
    """Run Python source inside; what it prints comes back."""
    with program(sandbox, source) as job:
        code = job.wait(seconds)
    return Ran(code, job.read_partial_report().decode("utf-8", "replace") + job.log())
