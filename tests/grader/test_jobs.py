"""Jobs behind a 202: how one that failed before the first look is found."""

import json
from types import SimpleNamespace

import pytest

from grader.collect.exchange.requests import Request
from grader.collect.exchange.session import Session
from grader.collect.exchange.transmission import Answer

PROBLEM = (502, {"title": "The answer could not be used.", "status": 502})
WAITING = (200, {"state": "waiting"})
DONE = (200, {"state": "done", "file": "/files/a.png"})


class Jobs(Session):
    """A session with an app whose answers are prepared: one list for each address, the last one for ever."""

    def __init__(self, answers):
        nothing = SimpleNamespace(
            calls=[], requests=[], bucket="b", objects=lambda wanted: [], endpoint_url="http://s3"
        )
        super().__init__("http://127.0.0.1:9", nothing, nothing, "key", {}, SimpleNamespace(root="/work"))
        self.answers = answers

    def _transmit(self, request):
        waiting = self.answers.get(request.target, [(404, {"title": "absent"})])
        status, body, *rest = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        headers = {"content-type": "application/json", **(rest[0] if rest else {})}
        return Answer(status, headers=headers, content=json.dumps(body).encode())


def outcome_of(session, target="/jobs"):
    sent = session.send("ask", Request("POST", target))
    known = {one.id: one for one in session.exchanges}
    return known[session.outcomes[sent.id]].status if sent.id in session.outcomes else None


def taken(location="/jobs/7"):
    return (202, {"number": "7", "state": "waiting"}, {"location": location} if location else {})


@pytest.mark.parametrize("seen", [[PROBLEM], [WAITING, PROBLEM], [WAITING, WAITING, PROBLEM]], ids=len)
def test_a_job_that_failed_answers_with_its_error_whenever_it_is_looked_at(seen):
    assert outcome_of(Jobs({"/jobs": [taken()], "/jobs/7": list(seen)})) == 502


def test_the_address_of_an_earlier_job_tells_how_a_later_one_failed():
    session = Jobs({"/jobs": [taken(None)], "/jobs/7": [WAITING, DONE, PROBLEM]})
    session.lookups = [("/jobs/{number}", "number")]
    assert [outcome_of(session), outcome_of(session)] == [200, 502]


def test_another_operation_that_refuses_the_job_s_number_does_not_end_the_job(monkeypatch):
    monkeypatch.setattr("grader.collect.exchange.session._JOB_SECONDS", 0.3)
    session = Jobs({"/jobs": [taken(None)], "/pages/7": [(422, {"detail": "too small"})]})
    session.lookups = [("/pages/{number}", "number")]
    assert outcome_of(session) is None


@pytest.mark.parametrize("status", [404, 409, 425])
def test_what_is_not_ready_has_not_failed(monkeypatch, status):
    monkeypatch.setattr("grader.collect.exchange.session._JOB_SECONDS", 0.3)
    assert outcome_of(Jobs({"/jobs": [taken()], "/jobs/7": [(status, {"detail": "not ready"})]})) is None
