"""Clients of the stand-in: the real SDK, over real HTTP on loopback."""

import httpx
import pytest
from openai import OpenAI

from tests.certificates import certificates_read_once
from tests.classroom.voices import MODEL

__all__ = ["certificates_read_once"]


@pytest.fixture
def client(openai_mock) -> OpenAI:
    """The SDK, pointed at the stand-in; it does not retry, so that one call is one request."""
    return OpenAI(max_retries=0, timeout=10)


@pytest.fixture
def raw(openai_mock) -> httpx.Client:
    """Bare HTTP, for what the SDK would never send."""
    with httpx.Client(
        base_url=openai_mock.base_url, headers={"authorization": "Bearer k"}, trust_env=False
    ) as client:
        yield client


@pytest.fixture
def connection(openai_mock):
    """A Realtime session that has begun."""
    with OpenAI(max_retries=0).realtime.connect(model=MODEL) as made:
        assert made.recv().type == "session.created"
        yield made
