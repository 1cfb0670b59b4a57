"""What was seen of a submission: data, and nothing but data.

Collected once, by running; judged as often as one likes, by reading. Texts are capped where they come in.
Bytes lie beside, by their hash.
"""

import hashlib
import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator

from grader.errors import EvidenceError
from grader.escaping import for_json, whole_characters

Kind = Literal["text", "image", "audio"]
KINDS: tuple[Kind, ...] = ("text", "image", "audio")

MAX_TEXT = 20_000  # characters of a body, a log, a test run's output
MAX_BLOB = 32 * 1024 * 1024  # bytes of one object or body


class Writable(BaseModel):
    """A record that can always be written down: half a surrogate pair, which no encoding knows, becomes text."""

    @model_validator(mode="before")
    @classmethod
    def _written_out(cls, data: Any) -> Any:
        return whole_characters(data)


class _Record(Writable):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Exchange(_Record):
    """One request of the grader's and what came back; `status` is None if nothing did, `failure` says why.

    `place`: the path as the app documents it, places in braces. `sent`: whether there was still time to send it.
    `log`: what the app printed meanwhile, its tracebacks cut down to its own files; kept of crashes and errors alone.
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
    headers: dict[str, str] = {}
    content_type: str = ""
    body: str = ""
    body_sha256: str | None = None
    seconds: float = 0.0
    failure: str | None = None
    log: str = ""


class Output(_Record):
    """One thing that OpenAI's stand-in generated."""

    kind: Kind
    media_type: str
    sha256: str
    size: int


class Call(_Record):
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


class StoredObject(_Record):
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


class Input(_Record):
    """One input of an operation: where it goes, what its documentation says, and what its schema lets through."""

    location: Literal["path", "query", "header", "json", "form", "multipart"]
    name: str
    required: bool = False
    description: str = ""
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    example: str | None = None
    choices: tuple[str, ...] = ()

    @property
    def bounds(self) -> dict[str, Any]:
        """The bounds, by JSON Schema's names."""
        named = {"minLength": self.min_length, "maxLength": self.max_length, "pattern": self.pattern}
        return {name: bound for name, bound in named.items() if bound is not None}


class Offer(_Record):
    """A kind of file that the app generates, and how to ask for it.

    `values`: the inputs of a request that works, without the prompt's words. `type_input`: the one that selects
    the kind. `path_input`: the one that names the file; `extension_given`: whether its extension is the file's own,
    rather than one that the app puts behind it. `code`: where its function is, such as "app.py, line 12, make".
    """

    kind: Kind
    method: str
    path: str
    prompt_input: Input | None
    type_input: Input | None = None
    path_input: Input | None = None
    extension_given: bool = True
    kind_by_extension: bool = False
    values: dict[str, Any] = {}
    exchange: str
    code: str = ""


class Miss(_Record):
    """A request that came near to what generates, and did not reach OpenAI; the nearest are kept.

    `prompt`: the likeliest input for the prompt, as `location:name`. `values`: the others, by the same names.
    """

    exchange: str
    prompt: str | None = None
    values: dict[str, Any] = {}


class Probe(_Record):
    """One question put to the app, for one criterion and one kind.

    `not_applicable`: why it could not be asked of this design. `calls` and `objects`: what the exchange led to.
    `mark`: the words in the prompt by which it is recognised; `carriers`: the calls whose model reads them; `astray`:
    fields of other calls that hold them, where the model does not read. `name`: the file name that was sent. `met`: whether an injected fault came into play;
    `may_succeed`: whether a good answer is right in spite of it.
    `after`: the exchange that asked whether the app still serves. `outcome`: of an answer that promised a job, the
    exchange that told how it ended.
    """

    criterion: str
    kind: Kind | None
    asked: str
    exchange: str | None = None
    calls: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    mark: str | None = None
    carriers: tuple[str, ...] = ()
    astray: tuple[str, ...] = ()
    name: str | None = None
    met: bool = True
    after: str | None = None
    outcome: str | None = None
    may_succeed: bool = False
    not_applicable: str | None = None


StartVerdict = Literal["failed", "not_run", "error"]


class AppStart(_Record):
    """How the app was started, and whether it came up.

    `verdict`: whose matter it is that it did not, with `failure` and `advice` on it. `variables`: the names of those
    that the grader set because the code reads them. `folder`: where it ran, relative to the submission. `starts`: how
    often it was tried. `needs`: the service that it asked for in vain when it was asked for a file, such as "Redis".
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


class PlantedFault(_Record):
    """One fault that was planted while the suite ran again.

    `tests`: how many tests came near it. `caught`: whether one of them notices it; None if it was not planted, or, with the
    reason as `why`, if what the tests notice could not be distinguished from chance.
    """

    name: str
    kind: Kind | Literal["any"]
    tests: int = Field(ge=0)
    caught: bool | None
    why: str = ""


class RedTest(_Record):
    """A test that does not pass, or a file of tests that can't be imported.

    `why` and `where`: as pytest sums it up. `hosts`: those outside this computer that it asked for. `needs`: what is not
    here, such as "Docker".
    """

    name: str
    why: str = ""
    where: str = ""
    hosts: tuple[str, ...] = ()
    needs: str = ""


class TestRun(_Record):
    """One run of the learner's suite: what it says of itself, and how it ended.

    `generating`: how many passing tests are about the operation that generates. `served`: whether the app answered requests
    where the grader sees it. `replaced`: the boundaries, such as "s3:text", that a test had replaced while the app made that
    kind. `red`: the tests that do not pass. `programs`: what the tests started. `null_runs`: how often its tests ran again with nothing planted, and passed. `boundaries`: which of them its tests came to. `asked_for`: the kinds that tests had the app make. `outside`: real hosts of OpenAI's or AWS' that it asked for.
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
    boundaries: dict[Literal["s3", "openai", "app"], bool] = {}
    asked_for: tuple[Kind, ...] = ()
    generating: int = 0
    served: bool = False
    replaced: tuple[str, ...] = ()
    red: tuple[RedTest, ...] = ()
    programs: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()


class CheckedExercise(_Record):
    """What the check of one exercise saw. `state`: "unclear" if the check itself failed."""

    state: Literal["done", "open", "unclear"]
    sentence: str


class NotebookRun(_Record):
    """One notebook, run from top to bottom.

    `cells`: how many code cells were run. `failure`: the first error, and where; None if there was none.
    `exercises`: what the check of each of the notebook's exercises saw, by its identifier; the course decides which there
    are, and the checks run outside the learner's kernel.
    """

    path: str
    cells: int = 0
    seconds: float = 0.0
    failure: str | None = None
    exercises: dict[str, CheckedExercise] = {}


class Secret(_Record):
    """A credential that was found: never itself, only where and what it looks like."""

    kind: str
    where: str
    shown: str


class Source(_Record):
    """A text that was handed in, its credentials masked."""

    path: str
    text: str


class Scans(_Record):
    """What was told by reading. `ci`: configurations that run tests. `live_markers`: registered, and borne by tests.

    `env_is_ignored` is None where git could not be asked; `tracked_env`: files named `.env` that a commit holds. `fingerprints`: of the code's shape, see `grader.collect.fingerprints`. `odd`: places in the tests that
    do what tests seldom do, such as ending the process or changing what pytest reports; a question, not a verdict.
    `untouched`: files of the lab's skeleton in which nothing has been written yet, the endpoint's own first.
    """

    files: int = 0
    history: bool = False
    secrets: tuple[Secret, ...] = ()
    env_is_ignored: bool | None = None
    tracked_env: tuple[str, ...] = ()
    ci: tuple[str, ...] = ()
    live_markers: tuple[str, ...] = ()
    fingerprints: tuple[int, ...] = ()
    odd: tuple[str, ...] = ()
    untouched: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()


class Submission(_Record):
    """Whose work it is: a name, and a digest of every file."""

    name: str
    digest: str


class Environment(_Record):
    """The packages that a submission ran with, built from what it declares.

    `packages`: each as `name==version`. `ignored`: what its files ask for beside names and versions, a sentence each.
    `missing`: the grader's own runners that could not be had beside its packages.
    """

    packages: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


class Evidence(_Record):
    """Everything that was seen of one submission.

    `only`: what was asked for, by the beginnings of identifiers; empty if everything was. `uninstalled`: modules that its
    suite or its notebooks lacked, and whose packages it declares.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    submission: Submission
    isolation: str
    bucket: str
    canary_fingerprint: str
    canary_seen: tuple[str, ...] = ()
    app: AppStart = AppStart()
    exchanges: tuple[Exchange, ...] = ()
    calls: tuple[Call, ...] = ()
    objects: tuple[StoredObject, ...] = ()
    offers: tuple[Offer, ...] = ()
    misses: tuple[Miss, ...] = ()
    probes: tuple[Probe, ...] = ()
    expected_kinds: tuple[Kind, ...] = ()
    only: tuple[str, ...] = ()
    test_run: TestRun = TestRun()
    notebooks: tuple[NotebookRun, ...] = ()
    scans: Scans = Scans()
    environment: Environment | None = None
    uninstalled: tuple[str, ...] = ()
    seconds: float = 0.0
    phases: dict[str, Annotated[float, Field(ge=0)]] = {}

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
    _blobs: dict[str, bytes] = PrivateAttr(default_factory=dict)

    def exchange(self, id: str) -> Exchange:
        """The exchange of that identifier."""
        return next(exchange for exchange in self.exchanges if exchange.id == id)

    def lacked(self, said: str) -> list[str]:
        """The uninstalled modules that some output says are missing."""
        return [
            name for name in self.uninstalled if re.search(rf"No module named '{re.escape(name)}[.']", said)
        ]

    def calls_of(self, exchange: str) -> list[Call]:
        """What reached OpenAI while that exchange was under way."""
        return [call for call in self.calls if call.exchange == exchange]

    def objects_of(self, exchange: str) -> list[StoredObject]:
        """What that exchange left in S3."""
        return [stored for stored in self.objects if stored.exchange == exchange]

    def files_of(self, exchange: str) -> list[StoredObject]:
        """The objects that are what OpenAI made during that exchange; all that it left, if none of them is.

        An app may store other things beside a file, such as facts about it.
        """
        made = {output.sha256 for call in self.calls_of(exchange) for output in call.outputs}
        stored = self.objects_of(exchange)
        return [one for one in stored if one.origin in made] or stored

    def made_from_prompt(self, probe: Probe) -> list[Call]:
        """The calls that a probe's prompt came to: those that read it, and those that go on from them."""
        calls = self.calls_of(probe.exchange) if probe.exchange else []
        reached = set(probe.carriers)
        for call in calls:  # in the order of their arrival: each goes on from earlier ones alone
            if reached & set(call.draws_on):
                reached.add(call.id)
        return [call for call in calls if call.id in reached]

    def probes_of(self, criterion: str) -> list[Probe]:
        """Every probe made for a criterion."""
        return [probe for probe in self.probes if probe.criterion == criterion]

    @property
    def blobs(self) -> dict[str, bytes]:
        """The bytes that were kept, by their hash."""
        return dict(self._blobs)

    def blob(self, sha256: str) -> bytes:
        """The bytes of that hash; empty if they were too large to keep."""
        return self._blobs.get(sha256, b"")

    def renamed(self, name: str) -> "Evidence":
        """The same evidence under another name: that by which a class knows the submission."""
        submission = Submission(name=name, digest=self.submission.digest)
        return self.model_copy(update={"submission": submission}).with_blobs(self.blobs)

    def with_blobs(self, blobs: dict[str, bytes]) -> "Evidence":
        """The same evidence, with the bytes that it refers to."""
        self._blobs.update(blobs)
        return self


def capped(text: str, limit: int = MAX_TEXT) -> str:
    """A text of at most `limit` characters, its middle left out if it was longer."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n… {len(text) - limit} characters left out …\n{text[-half:]}"


def sha256_of(content: bytes) -> str:
    """Hex digest."""
    return hashlib.sha256(content).hexdigest()


def save(evidence: Evidence, folder: Path) -> None:
    """Write `evidence.json` and `blobs/` into a folder; the JSON last, so that its presence means all is there."""
    blobs = folder / "blobs"
    blobs.mkdir(parents=True, exist_ok=True)
    for name, content in evidence.blobs.items():
        (blobs / name).write_bytes(content)
    text = for_json(evidence.model_dump(mode="json", by_alias=True))
    partial = folder / "evidence.json.partial"
    partial.write_text(text, encoding="utf-8")
    partial.replace(folder / "evidence.json")


def load(path: Path) -> Evidence:
    """Evidence from a folder that `save` wrote, or from its `evidence.json`.

    Raises:
        EvidenceError: it isn't there, isn't evidence, or a blob is not what its name says.
    """
    file = path / "evidence.json" if path.is_dir() else path
    try:
        evidence = Evidence.model_validate(json.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise EvidenceError(
            f"There is no evidence at {path} ({error.strerror}). Make it with: grader check … --evidence DIR"
        ) from error
    except (ValueError, ValidationError) as error:
        raise EvidenceError(
            f"{file} is not evidence that this grader wrote: {str(error).splitlines()[0]}"
        ) from error
    blobs: dict[str, bytes] = {}
    for blob in sorted((file.parent / "blobs").glob("*")):
        content = blob.read_bytes()
        if sha256_of(content) != blob.name:
            raise EvidenceError(f"{blob} was changed after it was written.")
        blobs[blob.name] = content
    return evidence.with_blobs(blobs)
