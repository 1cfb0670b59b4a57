"""What the files of a submission show, and the packages that it declares."""

from grader.evidence.record import Record


class Secret(Record):
    """A credential that was found: never itself, only where and what it looks like."""

    kind: str
    where: str
    shown: str


class Source(Record):
    """A text that was handed in, its credentials masked."""

    path: str
    text: str


class Scans(Record):
    """What the files alone show. `ci`: configurations that run tests. `live_markers`: registered, and used by tests.

    `history_trouble`: why not all of the commits could be read. `env_is_ignored` is None where git could not be asked; `tracked_env`: files named `.env` that a commit holds. `fingerprints`: of the code's shape, see `grader.collect.code.fingerprints`. `odd`: places in the tests that
    do what tests seldom do, such as ending the process or changing what pytest reports; a question, not a verdict.
    `untouched`: files of the lab's skeleton in which nothing has been written yet, the endpoint's own first.
    """

    files: int = 0
    history: bool = False
    history_trouble: str = ""
    secrets: tuple[Secret, ...] = ()
    env_is_ignored: bool | None = None
    tracked_env: tuple[str, ...] = ()
    ci: tuple[str, ...] = ()
    live_markers: tuple[str, ...] = ()
    fingerprints: tuple[int, ...] = ()
    odd: tuple[str, ...] = ()
    untouched: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()


class Submission(Record):
    """Whose work it is: a name, and a digest of every file."""

    name: str
    digest: str


class Environment(Record):
    """The packages that a submission ran with, built from what it declares.

    `packages`: each as `name==version`. `ignored`: what its files ask for beside names and versions, a sentence each.
    `missing`: the grader's own runners that could not be had beside its packages.
    """

    packages: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
