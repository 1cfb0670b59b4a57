"""Two faults, then one ordinary request for both: what each probe says came after it."""

from types import SimpleNamespace

from grader.collect.questioning import probes
from grader.evidence import Exchange, Input, Offer, Probe

OFFER = Offer(
    kind="text",
    method="POST",
    path="/files",
    prompt_input=Input(name="prompt", location="json"),
    exchange="ex-0",
)


class Played:
    """A session with an app whose answers to ordinary requests are given, in order."""

    def __init__(self, *statuses):
        self.exchanges = []
        self.outcomes = {}
        self.ledger = SimpleNamespace(carriers=lambda *_: (), astray=lambda *_: ())
        self._statuses = list(statuses)

    def calls_of(self, exchange):
        return []

    objects_of = calls_of

    def send(self, purpose, request):
        return self.note(purpose, self._statuses.pop(0))

    def note(self, purpose, status, **more):
        exchange = Exchange(
            id=f"ex-{len(self.exchanges) + 1}",
            purpose=purpose,
            method="POST",
            url="/files",
            status=status,
            **more,
        )
        self.exchanges.append(exchange)
        return exchange

    def failing(self, name, *turns, **more):
        """A fault; `turns`: whether the app met it, and whether it came near, each time that it is put."""
        turns = list(turns)

        def put():
            met, reached = turns.pop(0)
            exchange = self.note(name, 502, **more)
            probe = Probe(criterion=name, kind="text", asked=name, exchange=exchange.id, met=met)
            return probes._Put(probe, reached)

        return put


MET, UNMET, ASTRAY = (True, True), (False, False), (False, True)


def after(session, *faults):
    """By the name of each fault: the purpose and the status of what came after it."""
    asked = list(probes._in_pairs(session, OFFER, faults))
    by_id = {each.id: each for each in session.exchanges}
    return {
        probe.criterion: (by_id[probe.after].purpose.partition(",")[0], by_id[probe.after].status)
        if probe.after
        else None
        for probe in asked
        if probe.criterion != "endpoint.after"
    }


def test_one_ordinary_request_serves_for_two_faults_that_both_came_into_play():
    session = Played(200, 200)
    faults = [session.failing(name, MET) for name in ("a", "b", "c")]
    assert after(session, *faults) == dict.fromkeys("abc", ("does it still serve", 200))
    assert [each.purpose for each in session.exchanges][:3] == ["a", "b", "does it still serve, after: b"]
    assert len(session.exchanges) == 5


def test_an_app_that_fails_afterwards_does_so_because_of_the_second():
    session = Played(500)
    found = after(session, session.failing("a", MET), session.failing("b", MET))
    assert found == {"a": None, "b": ("does it still serve", 500)}


def test_a_second_request_that_came_nowhere_shows_what_the_first_fault_left():
    session = Played(500)
    found = after(session, session.failing("a", MET), session.failing("b", UNMET, UNMET))
    assert found == {"a": ("b", 502), "b": ("does it still serve", 500)}
    assert [each.purpose for each in session.exchanges][:3] == ["a", "b", "b"]


def test_a_fault_that_came_into_play_unrecognised_is_no_ordinary_request():
    session = Played(200, 200)
    found = after(session, session.failing("a", MET), session.failing("b", ASTRAY, ASTRAY))
    assert found == dict.fromkeys("ab", ("does it still serve", 200))


def test_an_answer_that_says_nothing_of_the_app_is_not_what_came_after():
    session = Played(200, 200)
    second = session.failing("b", UNMET, MET, withheld="The machine was busy.")
    assert after(session, session.failing("a", MET), second) == dict.fromkeys(
        "ab", ("does it still serve", 200)
    )
