"""The report as JSON, by the contract, section 4."""

from grader.escaping import for_json
from grader.judge import Report

_NO_PART = {"criteria": {"__all__": {"messages"}}}  # of the document, which is in English


def render(report: Report) -> str:
    """The document: every character that was seen, those that steer as JSON escapes."""
    return for_json(report.model_dump(mode="json", by_alias=True, exclude=_NO_PART))
