"""An error that a stream reports after its status line is named as that."""

import pytest

from grader.criteria.streamed_errors import reports_in_its_stream
from grader.evidence import Exchange


def _answer(body: str, content_type: str = "text/event-stream; charset=utf-8") -> Exchange:
    return Exchange(
        id="ex-1", purpose="p", method="POST", url="/x", status=200, body=body, content_type=content_type
    )


@pytest.mark.parametrize(
    ("body", "reports"),
    [
        ('data: {"type": "start"}\n\ndata: {"type": "error", "content": "busy"}\n\n', True),
        ('event: error\ndata: {"code": 429}\n\n', True),
        ('data: {"delta": "A"}\n\ndata: {"error": "The model is busy."}\n\n', True),
        ('data: {"delta": "an error is no failure"}\n\ndata: [DONE]\n\n', False),
        ("data: {broken\n\n", False),
        ("", False),
    ],
)
def test_an_event_of_an_error_is_known_by_its_name_type_or_field(body, reports):
    assert reports_in_its_stream(_answer(body)) is reports


def test_what_is_no_stream_is_judged_by_its_status():
    assert not reports_in_its_stream(_answer('{"error": "busy"}', "application/json"))
    assert reports_in_its_stream(_answer('{"text": "A"}\n{"error": "busy"}\n', "application/x-ndjson"))
