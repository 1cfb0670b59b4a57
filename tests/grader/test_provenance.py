"""Where each model reads its prompt, which call goes on from which, and what criteria make of it."""

import json
from types import SimpleNamespace

import pytest

from classroom.standin.records.journal import Call, Output
from grader.collect.exchange import session as sessions
from grader.collect.exchange import wording
from grader.collect.exchange.provenance import Ledger, read_by_model
from grader.collect.exchange.requests import Request
from grader.collect.exchange.session import Session
from grader.collect.exchange.transmission import Answer
from grader.collect.exchange.vocabulary import LISTS
from grader.criteria import BY_ID, provenance
from grader.evidence import Call as SeenCall
from grader.evidence import Evidence, Exchange, Offer, Probe, Submission
from grader.evidence import Output as SeenOutput

MARK = "heron copper lantern"
WORDS = "A heron, and a copper lantern."


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("chat/completions", {"messages": [{"role": "user", "content": WORDS}]}),
        (
            "chat/completions",
            {"messages": [{"role": "system", "content": [{"type": "text", "text": WORDS}]}]},
        ),
        ("responses", {"input": WORDS}),
        ("responses", {"instructions": WORDS, "input": "Go."}),
        ("responses", {"input": [{"role": "user", "content": [{"type": "input_text", "text": WORDS}]}]}),
        ("completions", {"prompt": [WORDS]}),
        ("engines/{model}/completions", {"prompt": WORDS}),
        ("images/generations", {"prompt": WORDS.upper()}),
        ("images/edits", {"prompt": json.dumps({"wish": WORDS})}),
        ("audio/speech", {"input": f"<p>{WORDS}</p>"}),
    ],
)
def test_a_prompt_counts_where_the_model_reads(route, body):
    assert wording.carries(read_by_model(route, body), MARK)


@pytest.mark.parametrize(
    ("route", "body", "where"),
    [
        ("chat/completions", {"messages": [{"role": "user", "content": "a cat"}], "user": WORDS}, "user"),
        ("chat/completions", {"messages": [{"role": "assistant", "content": WORDS}]}, "messages"),
        ("chat/completions", {"messages": [{"role": "user", "name": WORDS, "content": "x"}]}, "messages"),
        ("responses", {"input": "a cat", "metadata": {"a": WORDS}}, "metadata"),
        ("responses", {"input": [{"role": "assistant", "content": WORDS}]}, "input"),
        ("images/generations", {"prompt": "a cat", "safety_identifier": WORDS}, "safety_identifier"),
        ("audio/speech", {"input": "a cat", "instructions": WORDS}, "instructions"),
        ("completions", {"prompt": ["a cat", WORDS]}, "prompt"),
    ],
)
def test_a_prompt_elsewhere_does_not_count_and_is_named(route, body, where):
    ledger = Ledger()
    ledger.note(call("call-1", route, body), "ex-1")
    assert ledger.carriers("ex-1", MARK) == ()
    assert ledger.astray("ex-1", MARK) == (f"{route}: {where}",)


def call(id: str, route: str, body: object, text: str = "", made: bytes = b"") -> Call:
    outputs = [Output("text", "text/plain", text.encode())] if text else []
    outputs += [Output("image", "image/png", made)] if made else []
    facts = dict.fromkeys(("key", "organization", "project", "error_code", "fault"))
    return Call(
        id=id, method="POST", path=f"/v1/{route}", route=route, body=body, status=200, outputs=tuple(outputs),
        retry_count=0, **facts,
    )  # fmt: skip


ALIKE = "Here is what you asked for, written as well as could be: "


def ledger_of(*calls: tuple[str, Call]) -> Ledger:
    ledger = Ledger()
    for exchange, one in calls:
        ledger.note(one, exchange)
    return ledger


@pytest.mark.parametrize(
    ("read", "goes_on"),
    [
        (f"A painting. {ALIKE}a heron wades through copper light", True),
        ("a heron wades through copper light", True),
        (ALIKE, False),
        ("a cat that sits on a mat and looks at the moon", False),
        ("heron", False),
    ],
)
def test_a_call_goes_on_from_another_if_it_reads_what_only_that_one_wrote(read, goes_on):
    first = call("call-1", "chat/completions", {}, f"{ALIKE}a heron wades through copper light")
    second = call("call-2", "images/generations", {"prompt": read})
    other = call("call-3", "chat/completions", {}, f"{ALIKE}a badger digs at dusk")
    found = ledger_of(("ex-1", first), ("ex-1", second), ("ex-2", other)).sources()
    assert found == ({"call-2": ("call-1",)} if goes_on else {})


def test_nothing_goes_on_from_a_call_of_another_request():
    first = call("call-1", "chat/completions", {}, "a heron wades through copper light at dawn")
    second = call("call-2", "images/generations", {"prompt": "a heron wades through copper light at dawn"})
    assert ledger_of(("ex-1", first), ("ex-2", second)).sources() == {}


def test_a_text_that_would_carry_any_single_word_carries_no_prompt():
    names = [*LISTS["object"], *LISTS["animal"]]
    pairs = " ".join(one + other for one in LISTS["object"] for other in LISTS["animal"])
    for mark in (wording.one_word(), wording.one_word(9), wording.few(2).mark):
        text = f"{pairs} {' '.join(f'{one} {other}' for one in names for other in LISTS['animal'])}"
        ledger = ledger_of(
            ("ex-1", call("call-1", "chat/completions", {"messages": [{"role": "user", "content": text}]}))
        )
        assert ledger.carriers("ex-1", mark) == ()


def test_a_conversation_that_repeats_earlier_prompts_carries_its_last_one():
    for make in (
        wording.one_word,
        lambda: wording.one_word(9),
        lambda: wording.few(2).text,
        lambda: wording.letters(3),
    ):
        prompts = [make() for _ in range(40)]
        body = {"messages": [{"role": "user", "content": words} for words in prompts]}
        ledger = ledger_of(("ex-1", call("call-1", "chat/completions", body)))
        assert ledger.carriers("ex-1", prompts[-1]) == ("call-1",)


@pytest.mark.parametrize("kind", ["text", "image", "audio"])
def test_every_wording_is_known_again_after_what_apps_do_to_it(kind):
    for words in (wording.plain(), wording.sentence(), wording.foreign(kind), wording.exactly(900)):
        for form in (
            words.text.upper(),
            json.dumps(words.text),
            " ".join(words.text.split()),
            f"Draw: {words.text}",
        ):
            assert wording.carries(form, words.mark)
        assert not wording.carries(words.text[: len(words.text) // 2], words.mark)


def test_a_text_that_holds_every_word_of_the_lists_carries_no_prompt():
    words = " ".join(word for each in LISTS.values() for word in each)
    numbers = " ".join(map(str, [*range(11, 990), *range(1871, 2025)]))
    everything = f"{words} {numbers} " * 7
    marks = [make().mark for make in (wording.plain, wording.sentence) for _ in range(50)]
    assert not any(wording.carries(everything, mark) for mark in marks)


@pytest.mark.parametrize("length", [1, 7, 61, 2001, 45_000])
def test_a_prompt_of_a_wished_length_has_it_exactly(length):
    words = wording.exactly(length)
    assert len(words.text) == length
    assert words.text.strip() == words.text
    assert wording.exactly(length, str.isalpha).text.isalpha()


# --- judged


def seen(id: str, kind: str, sha: str, draws_on: tuple[str, ...] = ()) -> SeenCall:
    output = SeenOutput(kind=kind, media_type="x/y", sha256=sha, size=1)
    return SeenCall(
        id=id, exchange="ex-1", route="x", kind=kind, key=None, model="m", request="", status=200, error_code=None,
        fault=None, outputs=(output,), draws_on=draws_on,
    )  # fmt: skip


def evidence_of(stored: str, *calls: SeenCall, carriers: tuple[str, ...], **more) -> Evidence:
    offer = Offer(kind="image", method="POST", path="/x", prompt_input=None, exchange="ex-1")
    probe = Probe(
        criterion="endpoint.generates", kind="image", asked="an image", exchange="ex-1", mark=MARK,
        calls=tuple(one.id for one in calls), carriers=carriers, **more,
    )  # fmt: skip
    kept = {
        "id": "obj-1",
        "exchange": "ex-1",
        "bucket": "b",
        "key": "a.png",
        "content_type": "image/png",
        "size": 1,
    }
    return Evidence(
        submission=Submission(name="ada", digest="d"), isolation="process", bucket="b", canary_fingerprint="f",
        exchanges=(Exchange(id="ex-1", purpose="p", method="POST", url="/x", status=201),), calls=calls, offers=(offer,),
        objects=({**kept, "sha256": stored},), probes=(probe,),
    )  # fmt: skip


def test_a_file_of_a_chain_is_made_from_the_prompt():
    chain = (seen("call-1", "text", "t"), seen("call-2", "image", "i", ("call-1",)))
    evidence = evidence_of("i", *chain, carriers=("call-1",))
    for id in ("endpoint.uses_prompt", "endpoint.saves_to_s3", "endpoint.generates_image"):
        assert BY_ID[id].judge(evidence).status == "passed"


def test_a_file_of_a_call_beside_is_not():
    apart = (seen("call-1", "image", "good"), seen("call-2", "image", "cat"))
    evidence = evidence_of("cat", *apart, carriers=("call-1",))
    for id in ("endpoint.uses_prompt", "endpoint.saves_to_s3"):
        assert BY_ID[id].judge(evidence).status == "failed"


def test_where_the_prompt_went_astray_is_reported():
    evidence = evidence_of(
        "cat", seen("call-1", "image", "cat"), carriers=(), astray=("chat/completions: user",)
    )
    assert "chat/completions: user" in BY_ID["endpoint.uses_prompt"].judge(evidence).summary
    assert BY_ID["endpoint.generates_image"].judge(evidence).status == "failed"


def test_a_name_that_is_new_each_time_is_in_no_report():
    assert provenance.shown("pictures/sleepy-heron-1234.png") == "….png"
    assert provenance.shown("sleepy-heron") == "…"


# --- time


class Slow(Session):
    """A session with an app that takes four fifths of all its time for one answer."""

    def _transmit(self, request):
        return Answer(200, content=b"{}", seconds=0.8 * sessions.APP_SECONDS)


def slow_session() -> Session:
    nothing = SimpleNamespace(
        calls=[], requests=[], bucket="b", objects=lambda wanted: [], endpoint_url="http://s3"
    )
    return Slow("http://127.0.0.1:9", nothing, nothing, "key", {}, SimpleNamespace(root="/work"))


def test_what_is_not_sent_in_time_is_recorded_as_too_slow():
    session = slow_session()
    sent = [session.send("ask", Request("GET", "/")).sent for _ in range(4)]
    assert sent == [True, True, False, False]
    assert "240 seconds" in session.exchanges[-1].failure
    assert [one.sent for one in session.send_together([("ask", Request("GET", "/"), MARK)])] == [False]


@pytest.mark.parametrize("criterion", ["errors.rate_limit", "validation.blank_prompt"])
def test_what_was_not_sent_in_time_fails_and_says_why(criterion):
    evidence = evidence_of("i", seen("call-1", "image", "i"), carriers=("call-1",))
    late = Exchange(id="ex-2", purpose="p", method="POST", url="/x", sent=False, failure="it was not sent")
    probe = Probe(criterion=criterion, kind="image", asked="trouble", exchange="ex-2", met=False)
    altered = evidence.model_copy(
        update={"exchanges": (*evidence.exchanges, late), "probes": (*evidence.probes, probe)}
    )
    verdict = BY_ID[criterion].judge(altered)
    assert (verdict.status, "it was not sent" in verdict.summary) == ("failed", True)
