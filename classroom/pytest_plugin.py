"""Fixtures for tests of code that calls OpenAI and S3: no network, no key, no cost.

Installed with this package; a test asks for `openai_mock` or `s3_bucket` by name.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from classroom.s3 import S3Mock
    from classroom.standin.cassettes.server import Recorded
    from classroom.standin.mock import OpenAIMock


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option that records cassettes again."""
    parser.addoption(
        "--record-openai",
        metavar="URL",
        help="let the tests with `openai_cassette` ask this API, such as https://api.openai.com/v1, and write down what it answers",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known."""
    config.addinivalue_line(
        "markers",
        "openai_reply(when=None, text=… | tool_calls=… | json=… | items=… | image=…): what `openai_mock` answers; "
        "of several, the upper one comes first",
    )
    config.addinivalue_line(
        "markers", "strict_replies: `openai_mock` refuses what no scripted reply answers, naming the nearest"
    )


# Imports happen inside the fixtures: every pytest run on this environment loads this file.


@pytest.fixture(scope="session")
def _openai_server() -> "Iterator[OpenAIMock]":
    from classroom.standin.mock import OpenAIMock

    with OpenAIMock() as mock:
        yield mock


@pytest.fixture
def openai_mock(
    _openai_server: "OpenAIMock", monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> "Iterator[OpenAIMock]":
    """OpenAI on this computer, with the environment pointing at it: `OpenAI()` just works.

    Look at `openai_mock.calls`, script faults with `openai_mock.fail(...)`, answers with `openai_mock.reply(...)` or the
    marker `openai_reply(...)`.
    """
    _openai_server.reset()
    for mark in _replies_of(request.node):
        _openai_server.reply(*mark.args, **mark.kwargs)
    _openai_server.strict_replies = request.node.get_closest_marker("strict_replies") is not None
    for name, value in _openai_server.environment.items():
        monkeypatch.setenv(name, value)
    yield _openai_server
    _openai_server.reset()
    _openai_server.strict_replies = False


@pytest.fixture
def openai_in_process(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> "Iterator[OpenAIMock]":
    """OpenAI without a socket: every client of httpx2 or httpx (so every version of the SDK since 1) that calls OpenAI is
    answered in process, also one that was made before the test, or with a base URL of its own at OpenAI or Azure.

    Use it as `openai_mock`, with the same markers.
    """
    from classroom.standin.mock import DUMMY_KEY, OpenAIMock
    from classroom.standin.unplugged import answer_with

    mock = OpenAIMock()
    for mark in _replies_of(request.node):
        mock.reply(*mark.args, **mark.kwargs)
    mock.strict_replies = request.node.get_closest_marker("strict_replies") is not None
    monkeypatch.setenv("OPENAI_API_KEY", DUMMY_KEY)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    try:
        with answer_with(mock.transport):
            yield mock
    finally:
        mock.stop()


@pytest.fixture
def openai_cassette(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> "Iterator[Recorded]":
    """OpenAI as it answered when the test was recorded: from `cassettes/MODULE/TEST.json` beside the test's file.

    `pytest --record-openai https://api.openai.com/v1` records; the key is then the one of the environment. Without it, what was
    recorded is replayed, at once. A request that is not as it was recorded is refused with the difference, and a test that asks
    less than was recorded fails.
    """
    from classroom.standin.cassettes.server import Recorded

    upstream = request.config.getoption("--record-openai")
    name = re.sub(r"[^\w.-]+", "-", request.node.name).strip("-")
    path = request.path.parent / "cassettes" / request.path.stem / f"{name}.json"
    with Recorded(path, upstream=upstream, pace=0) as served:
        for variable, value in served.environment.items():
            monkeypatch.setenv(variable, value)
        yield served
        left = served.unused
    if left:
        pytest.fail(
            f"{path.name} is stale: nobody asked {left[0].method} {left[0].path} ({len(left)} in all). Record it again."
        )


def _replies_of(node: pytest.Item) -> list[pytest.Mark]:
    """The markers of a test as they are read: its own before its class's and its module's, the upper first."""
    by_place: dict[str, list[pytest.Mark]] = {}
    for place, mark in node.iter_markers_with_node("openai_reply"):
        by_place.setdefault(place.nodeid, []).insert(0, mark)  # pytest begins with the lowest
    return [mark for marks in by_place.values() for mark in marks]


@pytest.fixture(scope="session")
def _s3_server() -> "Iterator[S3Mock]":
    from classroom.s3 import S3Mock

    with S3Mock() as mock:
        yield mock


@pytest.fixture
def s3_mock(_s3_server: "S3Mock", monkeypatch: pytest.MonkeyPatch) -> "Iterator[S3Mock]":
    """S3 on this computer, empty but for one bucket, with the environment pointing at it."""
    _s3_server.reset()
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    for name, value in _s3_server.environment.items():
        monkeypatch.setenv(name, value)
    yield _s3_server
    _s3_server.reset()


@pytest.fixture
def s3_bucket(s3_mock: "S3Mock") -> str:
    """The name of an empty bucket; `boto3.client("s3")` finds it."""
    assert s3_mock.bucket is not None
    return s3_mock.bucket
