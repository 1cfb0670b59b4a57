"""What the fuzzer calls: every place where the grader reads what a submission or an app wrote, each with its own refusals.

A reader is called in a process of its own, in an empty folder; it may end, or raise one of its refusals.
"""

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hypothesis.strategies import SearchStrategy

from classroom.media import picture
from classroom.standin.records.handling import Handling
from grader import environments, manifest, media_types, reading, rubric
from grader.batch import owners, platforms, roster
from grader.batch.discovery import HandedIn
from grader.collect.code.find_app import find_app, pytest_options
from grader.collect.code.fingerprints import fingerprints
from grader.collect.exchange import job_addresses, session, transmission
from grader.collect.exchange.requests import Request, build
from grader.collect.finding import values
from grader.collect.scanning import scans
from grader.criteria import validity
from grader.errors import GraderError, SubmissionError
from grader.evidence import AppStart, Evidence, Exchange, Input, Offer, StoredObject, Submission, sha256_of
from grader.inside import repositories, unpacking
from grader.intake.bounds import MAX_BYTES
from grader.intake.courier import Parcel
from grader.judge import judge
from grader.operations import operations
from grader.report import html
from grader.sandbox import Order
from grader.submission import read
from tests.hostile import answered, made

_SECONDS = 1.0  # for one answer
_LONGEST_REFUSAL = 20_000  # characters


@dataclass(frozen=True)
class Target:
    """What is made, what reads it, which exceptions are its refusals, and its share of all cases."""

    made: SearchStrategy[made.Description]
    reads: Callable[[made.Description], object]
    refuses: tuple[type[Exception], ...] = ()
    share: int = 1


# --- submissions -----------------------------------------------------------------------------------------------------


class _Here:
    """Takes archives and repositories apart in this very process, which is in a sandbox already."""

    root = "."

    def environment(self) -> Mapping[str, str]:
        return {}

    @contextmanager
    def start(self, order: Order, files: Sequence[int] = ()) -> Iterator[SimpleNamespace]:
        work = unpacking.unpack if order.do == "unpack" else repositories.checkout
        facts = {**order.facts, "files": [os.dup(file) for file in files]}

        def wait(seconds: float) -> int:
            work(facts)
            return 0

        yield SimpleNamespace(wait=wait)


@contextmanager
def _here(*_: object, **__: object) -> Iterator[Any]:
    yield _Here()


def _read_whole(kind: Any, content: bytes) -> None:
    Path("came").write_bytes(content)
    Path("place").mkdir()
    with open("came", "rb") as file:
        found = read(Parcel(kind, "came", file.fileno()), Path("place").resolve(), _here)
    outside = [path for path in Path(".").iterdir() if path.name not in ("came", "place", "tmp")]
    assert not outside, f"written outside: {outside}"
    assert not [path for path in Path("place").rglob("*") if path.is_symlink()], "a link was written"
    find_app(found.root, found.manifest)


def archive(description: made.Description) -> None:
    _read_whole("archive", made.archive_bytes(description))


def bundle(description: made.Description) -> None:
    _read_whole("bundle", made.bundle_bytes(description))


def declares(description: made.Description) -> None:
    Path(description["file"]).write_bytes(made.manifest_bytes(description))
    here = Path.cwd()
    environments.read_declaration(here)
    pytest_options(here)
    find_app(here, manifest.read(here))


def notebook(description: made.Description) -> None:
    place, content = Path("work"), answered.notebook_bytes(description)
    if len(content) > MAX_BYTES:  # of a submission: more never comes so far
        return
    place.mkdir()
    (place / "a.ipynb").write_bytes(content)
    os.link(place / "a.ipynb", place / "a.py")  # a copy would not fit beside it
    submission: Any = SimpleNamespace(root=place.resolve(), history=None)
    scans.scan(submission, SimpleNamespace()).model_dump_json()  # type: ignore[arg-type]
    fingerprints([place / "a.py"])


# --- what an app answers ----------------------------------------------------------------------------------------------


def document(description: made.Description) -> None:
    content = answered.document_bytes(description)
    with suppress(reading.Unreadable):
        whole = reading.parse_json(content)
        if isinstance(whole, dict):
            _follow(whole)
            _judge_all(content, "application/json", "/openapi.json")


def _follow(whole: dict[str, Any]) -> None:
    validity.check(whole)
    for operation in operations(whole):
        for shape in operation.shapes:
            for everything in (False, True):
                given = values.assign(shape, "text", "txt", everything=everything)
                request = build(operation.method, operation.path, given.values)
                assert len(request.shown) < 20_000_000
                json.dumps([value for value in given.values.values() if not isinstance(value, tuple)])


def answer(description: made.Description) -> None:
    content = answered.answer_bytes(description)
    transmission.ANSWER_SECONDS = session._JOB_SECONDS = _SECONDS
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_serve, args=(listener, content), daemon=True).start()
    inward: Any = SimpleNamespace(
        root=Path("/work"), socket=lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    )
    nothing: Any = SimpleNamespace(
        calls=[],
        requests=[],
        bucket="b",
        endpoint_url="http://127.0.0.1:1",
        objects=lambda wanted: [],
        handling=Handling(),
    )
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    asking = session.Session(url, nothing, nothing, "sk-canary", {}, inward)
    exchange = asking.send("x", Request("GET", "/x"))
    asking.close()
    exchange.model_dump_json()
    list(job_addresses.pointers(url, exchange))


def _serve(listener: socket.socket, content: bytes) -> None:
    while True:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            connection.recv(65536)
            connection.sendall(content)


def seen_picture(description: made.Description) -> None:
    content = answered.picture_bytes(description)
    media_types.sniff(content)
    media_types.fits("image/png", content, "x.png")
    with suppress(picture.NotPicture):
        picture.measure(content)
    picture.redraw(content, "x", mask=content, seed="", size=(64, 64), format="png", quality=None)
    _judge_all(content, "image/png", "x.png")


def _judge_all(content: bytes, media_type: str, place: str) -> None:
    """Judge and render what an app served and stored."""
    name = sha256_of(content)
    exchange = Exchange(
        id="ex-1", purpose="", method="POST", url=place, status=200, body_sha256=name, content_type=media_type
    )
    stored = StoredObject(
        id="obj-1",
        exchange="ex-1",
        bucket="b",
        key=place,
        content_type=media_type,
        sha256=name,
        size=len(content),
    )
    offer = Offer(
        kind="image",
        method="POST",
        path="/make",
        prompt_input=Input(location="json", name="prompt"),
        exchange="ex-1",
    )
    evidence = Evidence(
        submission=Submission(name="x", digest="sha256:0"),
        isolation="process",
        bucket="b",
        canary_fingerprint="0",
        app=AppStart(started=True, openapi_url=place),
        exchanges=(exchange,),
        objects=(stored,),
        offers=(offer,),
    ).with_blobs({name: content})
    report = judge(evidence, rubric.read())
    report.model_dump_json()
    html.render(report, evidence)


# --- what the instructor gives ----------------------------------------------------------------------------------------


def class_list(description: made.Description) -> None:
    file = Path("class.csv")
    file.write_bytes(made.roster_bytes(description))
    label = platforms.moodle("Ada Lovelace_7_assignsubmission_file")
    submissions = [HandedIn("ada", "ada", ("ada", "=1+1")), HandedIn("b", "b", label=label)]
    owners.match_owners(submissions, roster.read_roster(file))


TARGETS: Mapping[str, Target] = {
    "archives": Target(made.ARCHIVES, archive, (SubmissionError,), 4),
    "bundles": Target(made.BUNDLES, bundle, (SubmissionError,), 3),
    "manifests": Target(made.MANIFESTS, declares, (SubmissionError,), 3),
    "documents": Target(answered.DOCUMENTS, document, (), 4),
    "notebooks": Target(answered.NOTEBOOKS, notebook, (), 2),
    "answers": Target(answered.ANSWERS, answer, (), 4),
    "pictures": Target(answered.PICTURES, seen_picture, (), 3),
    "rosters": Target(made.ROSTERS, class_list, (GraderError,), 2),
}


def call(target: Target, description: made.Description) -> None:
    """Let a target read what is described; its refusals must be short enough to show."""
    try:
        target.reads(description)
    except target.refuses as refusal:
        if not 0 < len(str(refusal)) < _LONGEST_REFUSAL:
            raise AssertionError("a refusal of no length that a person reads") from refusal
