"""Criteria that the rubric names and this version does not grade yet: they report just that."""

from grader.criteria.criterion import Criterion, Verdict, not_run
from grader.evidence import Evidence

_TITLES = {
    "module.models": "The module lists models and describes one",
    "module.engines": "The module answers for engines",
    "module.chat": "The module creates chat completions",
    "module.completion": "The module creates completions",
    "module.edits": "The module answers for edits",
    "module.images": "The module generates images",
    "module.transcription": "The module transcribes speech",
    "module.translation": "The module translates speech",
    "module.errors": "The module passes on OpenAI's errors",
}
_HINT = "This version of the grader does not look at it yet."


def _not_yet(evidence: Evidence) -> Verdict:
    return not_run("not graded yet")


CRITERIA = tuple(Criterion(id, title, _HINT, _not_yet) for id, title in _TITLES.items())
