"""What was asked of a running app, and what it led to at OpenAI and in S3."""

from pydantic import Field

from grader.evidence.record import Kind, Record


class Exchange(Record):
    """One request of the grader's and what came back; `status` is None if nothing did, `failure` says why.

    `place`: the path as the app documents it, places in braces. `sent`: whether there was still time to send it.
    `log`: what the app printed meanwhile, its tracebacks cut down to its own files; kept of crashes and errors alone.
    `redirected_with`: the app's own status, if its answer led elsewhere; the others are then of what came from there.
    `withheld`: why the answer says nothing of the app, if the grader itself stood in its way.
    """

    id: str
    purpose: str
    method: str
    url: str
    place: str = ""
    sent: bool = True
    withheld: str = ""
    request_body: str = ""
    status: int | None = None
    redirected_with: int | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    content_type: str = ""
    body: str = ""
    body_sha256: str | None = None
    seconds: float = 0.0
    failure: str | None = None
    log: str = ""


class Output(Record):
    """One thing that OpenAI's stand-in generated."""

    kind: Kind
    media_type: str
    sha256: str
    size: int


class Call(Record):
    """One call that reached OpenAI's stand-in while an exchange was under way.

    `draws_on`: earlier calls of the exchange whose text, file or conversation it goes on from.
    """

    id: str
    exchange: str
    route: str
    kind: Kind | None
    key: str | None
    model: str
    request: str
    status: int
    error_code: str | None
    fault: str | None
    outputs: tuple[Output, ...] = ()
    draws_on: tuple[str, ...] = ()


class StoredObject(Record):
    """One object that an exchange left in S3.

    `holds`: of a file into which the app put a sound that OpenAI sent without a header, the hash of that sound.
    """

    id: str
    exchange: str
    bucket: str
    key: str
    content_type: str
    sha256: str
    size: int
    holds: str | None = None

    @property
    def origin(self) -> str:
        """The hash by which what OpenAI made is recognised in it."""
        return self.holds or self.sha256
