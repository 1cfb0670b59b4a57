"""All evidence of one submission, as one record."""

import re
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, PrivateAttr

from grader.evidence.exchanges import Call, Exchange, StoredObject
from grader.evidence.files import Environment, Scans, Submission
from grader.evidence.questions import Miss, Offer, Probe
from grader.evidence.record import Kind, Record
from grader.evidence.runs import AppStart, NotebookRun, TestRun


class Evidence(Record):
    """Everything that was seen of one submission.

    `only`: what was asked for, by the beginnings of identifiers; empty if everything was. `uninstalled`: modules that its
    suite or its notebooks lacked, and whose packages it declares. `for_later_python`: a sentence about each thing that keeps
    the tests from running and that a later Python than the grader's has, such as its grammar.
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
    for_later_python: tuple[str, ...] = ()
    seconds: float = 0.0
    phases: dict[str, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
    _blobs: dict[str, bytes] = PrivateAttr(default_factory=dict)

    def exchange(self, id: str) -> Exchange:
        """The exchange of that identifier."""
        return next(exchange for exchange in self.exchanges if exchange.id == id)

    def lacked(self, output: str) -> list[str]:
        """The uninstalled modules that some output says are missing."""
        return [
            name for name in self.uninstalled if re.search(rf"No module named '{re.escape(name)}[.']", output)
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
