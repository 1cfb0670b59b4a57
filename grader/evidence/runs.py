"""How the programs of a submission ran: its app, its tests, and its notebooks."""

from typing import Annotated, Literal

from pydantic import Field

from grader.evidence.record import Kind, Record

StartVerdict = Literal["failed", "not_run", "error"]


class AppStart(Record):
    """How the app was started, and whether it came up.

    `verdict`: whose matter it is that it did not, with `failure` and `advice` on it. `variables`: the names of those
    that the grader set because the code reads them. `folder`: where it ran, relative to the submission. `starts`: how
    often it was tried. `needs`: the service that it asked for in vain when it was asked for a file, such as "Redis".
    `presented`: where the grader sends what the app's own guard asks for, such as "header X-API-Key".
    `login`: the requests by which the grader tried to register and log in, each with its answer.
    `mentions_openai`: whether a module that it leads to mentions OpenAI, or what asks it.
    """

    target: str | None = None
    found_by: str = ""
    started: bool = False
    seconds: float = 0.0
    failure: str | None = None
    verdict: StartVerdict = "failed"
    advice: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    folder: str = "."
    starts: int = 0
    log: str = ""
    openapi_url: str | None = None
    operations: int = 0
    needs: str = ""
    presented: tuple[str, ...] = ()
    login: str = ""
    mentions_openai: bool = True


class PlantedFault(Record):
    """One fault that was planted while the suite ran again.

    `tests`: how many tests came near it. `caught`: whether one of them notices it; None if it was not planted, or, with the
    reason as `why`, if what the tests notice could not be distinguished from chance. `nearest`: the test that was likeliest to
    notice it, by its name in pytest; empty if none came near.
    """

    name: str
    kind: Kind | Literal["any"]
    tests: int = Field(ge=0)
    caught: bool | None
    why: str = ""
    nearest: str = ""


class RedTest(Record):
    """A test that does not pass, or a file of tests that can't be imported.

    `why` and `where`: as pytest sums it up. `hosts`: those outside this computer that it asked for. `needs`: what is not
    here, such as "Docker", "PostgreSQL", or "a download from example.com" of a package that keeps what it loads.
    """

    name: str
    why: str = ""
    where: str = ""
    hosts: tuple[str, ...] = ()
    needs: str = ""


class TestRun(Record):
    """One run of the learner's suite: what it says of itself, and how it ended.

    `generating`: how many passing tests are about the operation that generates. `served`: whether the app answered requests
    where the grader sees it. `watched`: whether it imports a framework whose requests are all seen. `replaced`: the boundaries, such as "s3:text", that a test had replaced while the app made that
    kind. `red`: the tests that do not pass. `programs`: what the tests started. `null_runs`: how often its tests ran again with nothing planted, and passed. `boundaries`: which of them its tests came to. `asked_for`: the kinds that tests had the app make. `outside`: real hosts of OpenAI's or AWS' that it asked for.
    `waited`: of its time, how long it was ready to run while the machine was busy with others.
    `looked`: where its code looked for what the grader has put into its process, and how.
    """

    __test__ = False  # not a test, whatever pytest thinks of the name

    found: bool = False
    command: str = ""
    exit_code: int | None = None
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    output: str = ""
    failure: str | None = None
    faults: tuple[PlantedFault, ...] = ()
    null_runs: int = 0
    boundaries: dict[Literal["s3", "openai", "app"], bool] = Field(default_factory=dict)
    asked_for: tuple[Kind, ...] = ()
    generating: int = 0
    served: bool = False
    watched: bool = False
    replaced: tuple[str, ...] = ()
    red: tuple[RedTest, ...] = ()
    programs: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    waited: Annotated[float, Field(ge=0)] = 0.0
    looked: tuple[str, ...] = ()


class CheckedExercise(Record):
    """What the check of one exercise saw. `state`: "unclear" if the check itself failed."""

    state: Literal["done", "open", "unclear"]
    sentence: str


class NotebookRun(Record):
    """One notebook, run from top to bottom.

    `cells`: how many code cells were run. `failure`: the first error, and where; None if there was none. `needs`: the host
    whose name nobody knew when it came to that, such as "the host example.com"; empty if the error is of another kind.
    `exercises`: what the check of each of the notebook's exercises saw, by its identifier; the course decides which there
    are, and the checks run outside the learner's kernel.
    """

    path: str
    cells: int = 0
    seconds: float = 0.0
    failure: str | None = None
    needs: str = ""
    exercises: dict[str, CheckedExercise] = Field(default_factory=dict)
