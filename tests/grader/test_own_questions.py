"""An assignment's questions, put to an app that is played: what is sent, and what goes wrong meanwhile."""

import json
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from grader.assignment import asking
from grader.assignment.declaration import Declaration
from grader.collect.exchange.wording import carries
from grader.evidence import Exchange, Input, Offer

_OPERATION = {
    "name": "chat",
    "path": "/chat",
    "prompt": "message",
    "kinds": ["text"],
    "fixed": {"tone": "dry"},
}


class Played:
    """A session with an app that answers everything; notes what was sent, and under which faults and replies."""

    def __init__(self):
        self.openai = SimpleNamespace(calls=[], reply=self._reply, clear_replies=self._clear)
        self.s3 = SimpleNamespace(requests=[])
        self.ledger = SimpleNamespace(carriers=lambda *_: (), astray=lambda *_: ())
        self.outcomes = {}
        self.sent = []
        self._faults, self._replies = [], []

    def _reply(self, **options):
        self._replies.append(options)

    def _clear(self):
        self._replies = []

    @contextmanager
    def openai_fails(self, **fault):
        self._faults.append(fault)
        yield
        self._faults.clear()

    s3_fails = openai_fails

    def send(self, purpose, request):
        self.sent.append((purpose, request, list(self._faults), list(self._replies)))
        if self._faults and "route" in self._faults[0]:
            self.openai.calls.append(SimpleNamespace(fault="503"))
        return Exchange(
            id=f"ex-{len(self.sent)}", purpose=purpose, method=request.method, url=request.target, status=200
        )

    def calls_of(self, exchange):
        return []

    objects_of = calls_of


def asked(*questions, operations=(_OPERATION,), found=()):
    """The session, and the probes of some questions."""
    declared = Declaration(title="Mine", operation=list(operations), question=list(questions))
    session = Played()
    return session, asking.ask(session, declared, found)


def test_each_prompt_is_a_request_with_words_of_its_own():
    session, probes = asked(
        {"name": "mine.q", "asked": "a message", "prompts": ["About {words}.", "{words}?"]}
    )
    bodies = {request.json["message"] for _, request, _, _ in session.sent}
    assert len(bodies) == len(probes) == 2
    assert all(any(carries(body, probe.mark) for body in bodies) for probe in probes)
    assert not any("{words}" in body for body in bodies)


def test_an_empty_prompt_is_sent_empty():
    session, _ = asked({"name": "mine.q", "asked": "an empty message", "prompts": [""]})
    assert session.sent[0][1].json == {"tone": "dry", "message": ""}


def test_a_request_can_lack_its_prompt():
    session, _ = asked({"name": "mine.q", "asked": "no message", "without_prompt": True})
    assert session.sent[0][1].json == {"tone": "dry"}


def test_other_inputs_are_changed_and_added():
    session, _ = asked({"name": "mine.q", "asked": "another tone", "fixed": {"tone": "kind", "length": 3}})
    body = session.sent[0][1].json
    assert (body["tone"], body["length"]) == ("kind", 3)
    assert body["message"]


def test_faults_and_replies_hold_for_their_question_alone():
    fault = {"route": "moderations", "status": 503}
    session, [probe] = asked(
        {
            "name": "mine.q",
            "asked": "an outage",
            "openai": [fault],
            "replies": [{"text": "Hello"}],
            "after": True,
        }
    )
    (_, _, faults, replies), (_, _, faults_after, replies_after) = session.sent
    assert (faults, replies) == ([fault], [{"text": "Hello"}])
    assert (faults_after, replies_after) == ([], [])
    assert probe.after == "ex-2"
    assert probe.met


def test_a_fault_that_the_app_never_came_to_is_not_met():
    _, [probe] = asked({"name": "mine.q", "asked": "S3 is down", "s3": {"code": "AccessDenied"}})
    assert not probe.met


def test_without_a_stated_operation_what_was_found_is_asked():
    prompt = Input(location="json", name="words", required=True)
    found = [
        Offer(kind=kind, method="POST", path=f"/{kind}", prompt_input=prompt, exchange="ex-0")
        for kind in ("text", "image")
    ]
    session, probes = asked(
        {"name": "mine.q", "asked": "a picture", "to": "image"}, operations=(), found=found
    )
    assert [request.target for _, request, _, _ in session.sent] == ["/image"]
    assert [probe.kind for probe in probes] == ["image"]


def test_a_question_that_could_not_be_asked_says_why():
    session, [probe] = asked({"name": "mine.q", "asked": "a message"}, operations=())
    assert not session.sent
    assert (probe.exchange, probe.not_applicable) == (None, "no operation was found to ask")


@pytest.mark.parametrize(
    "table", [{"prompts": ["a"], "without_prompt": True}, {"openai": [{"status": 503, "loud": 1}]}]
)
def test_a_question_that_contradicts_itself_is_refused(table):
    with pytest.raises(ValueError, match=r"leave one of the two out|a field too many"):
        Declaration.model_validate_json(
            json.dumps({"title": "Mine", "question": [{"name": "mine.q", "asked": "q", **table}]})
        )
