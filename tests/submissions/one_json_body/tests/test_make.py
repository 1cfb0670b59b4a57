from unittest.mock import AsyncMock, MagicMock, patch

import pytest
from app import main
from fastapi.testclient import TestClient


@pytest.fixture
def stored():
    with patch.object(main, "s3", MagicMock()) as s3:
        yield s3.put_object


def test_a_story_is_stored(stored):
    answer = MagicMock(output_text="Once upon a time")
    with patch.object(main.client.responses, "create", AsyncMock(return_value=answer)):
        made = TestClient(main.app).post("/make", json={"item": {"kind": "story", "about": "kites"}})
    assert made.status_code == 201
    assert stored.call_args.kwargs["Body"] == b"Once upon a time"


def test_a_blank_order_is_refused(stored):
    assert (
        TestClient(main.app).post("/make", json={"item": {"kind": "story", "about": "  "}}).status_code == 422
    )
    stored.assert_not_called()
