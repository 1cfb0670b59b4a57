"""The app, with OpenAI and S3 played by the classroom's stand-ins: no network, no key, no cost."""

import pytest
from fastapi.testclient import TestClient
from files_api.main import create_app


@pytest.fixture
def client(openai_mock, s3_bucket) -> TestClient:
    """A client of a fresh app; both fixtures point the environment at the stand-ins."""
    return TestClient(create_app(), raise_server_exceptions=False)
