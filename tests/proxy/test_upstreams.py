"""Several upstreams: each in turn, another where one gives nothing, and one charge whatever happened on the way."""

from contextlib import ExitStack
from dataclasses import replace

import httpx
import openai
import pytest

from classroom import OpenAIMock
from classroom.proxy.app import Proxy
from classroom.proxy.books.database import connect
from classroom.proxy.books.ledger import Ledger
from classroom.proxy.calling.upstream import Upstream
from classroom.proxy.calling.upstreams import Upstreams, from_file
from classroom.proxy.rules.errors import UpstreamError
from tests.proxy.conftest import KEY, an_event, served

MODEL = "gpt-5.4-mini"
NOBODY = Upstream("http://127.0.0.1:9/v1", KEY, name="nobody")


@pytest.fixture
def pair(tmp_path):
    """A proxy before two stand-ins, east and west; and what each was asked."""
    with ExitStack() as stack:
        mocks = [stack.enter_context(OpenAIMock()) for _ in range(2)]
        members = [
            Upstream(mock.base_url, f"{KEY}-{name}", name=name)
            for mock, name in zip(mocks, ("east", "west"), strict=True)
        ]
        ledger = Ledger(connect(str(tmp_path / "proxy.sqlite")))
        ledger.add(an_event())
        url = stack.enter_context(served(Proxy(ledger, members)))
        yield learner(url), ledger, *mocks
        ledger.close()


def learner(url, name="ada"):
    return openai.OpenAI(base_url=f"{url}/v1", api_key=f"lesson/{name}", max_retries=0)


def say(client, **options):
    messages = [{"role": "user", "content": "hello"}]
    return client.chat.completions.create(model=MODEL, messages=messages, **options)


def test_each_is_asked_in_turn(pair):
    client, _, east, west = pair
    for _ in range(4):
        say(client)
    assert (len(east.calls), len(west.calls)) == (2, 2)


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
@pytest.mark.parametrize("stream", [False, True])
def test_another_answers_where_one_gives_nothing_and_it_is_charged_once(pair, status, stream):
    client, ledger, _, west = pair
    say(client)  # so that it is west's turn
    before = ledger.standing(ledger.event("lesson"), "ada").spent
    west.fail(status=status, times=1)
    answer = say(client, stream=stream)
    assert "hello" in (
        "".join(chunk.choices[0].delta.content or "" for chunk in answer) if stream else str(answer)
    )
    assert [call.status for call in west.calls] == [status]
    standing = ledger.standing(ledger.event("lesson"), "ada")
    assert (standing.requests, standing.reserved) == (2, 0)
    assert standing.spent == 2 * before


def test_one_that_can_not_be_reached_is_passed_by(tmp_path):
    ledger = Ledger(connect(str(tmp_path / "proxy.sqlite")))
    ledger.add(an_event())
    with OpenAIMock() as mock:
        members = [NOBODY, Upstream(mock.base_url, KEY, name="east")]
        with served(Proxy(ledger, members)) as url:
            for _ in range(4):
                say(learner(url))
    assert [line.requests for line in ledger.report("lesson")] == [4]
    ledger.close()


def test_where_all_fail_nothing_is_charged(pair):
    client, ledger, east, west = pair
    for mock in (east, west):
        mock.fail(status=500, times=1)
    with pytest.raises(openai.InternalServerError) as caught:
        say(client)
    assert caught.value.status_code == 503
    standing = ledger.standing(ledger.event("lesson"), "ada")
    assert (standing.requests, standing.spent, standing.reserved) == (0, 0, 0)


def test_a_learner_s_own_mistake_is_asked_once(pair):
    client, _, east, west = pair
    for mock in (east, west):
        mock.fail(status=400, times=1)
    with pytest.raises(openai.BadRequestError):
        say(client)
    assert len(east.calls) + len(west.calls) == 1


@pytest.mark.parametrize("status", [408, 504, 524])
def test_one_that_had_the_request_and_fell_silent_is_not_followed_by_another(pair, status):
    """It may have done the work, and ask money for it: a second one would be paid as well."""
    client, ledger, east, west = pair
    east.fail(status=status, times=1)
    with pytest.raises(openai.APIStatusError):
        say(client)
    assert len(east.calls) + len(west.calls) == 1
    assert ledger.standing(ledger.event("lesson"), "ada").spent > 0


def test_what_one_stored_is_asked_for_there(pair):
    client, _, east, west = pair
    first = [client.responses.create(model=MODEL, input=f"number {n}") for n in range(2)]
    files = [client.files.create(file=(f"{n}.txt", b"x"), purpose="user_data") for n in range(2)]
    for made in first:
        assert client.responses.retrieve(made.id).id == made.id
        client.responses.create(model=MODEL, input="and then?", previous_response_id=made.id)
    assert {each.id for each in client.files.list()} == {each.id for each in files}
    assert {call.status for mock in (east, west) for call in mock.calls} == {200}
    with pytest.raises(openai.NotFoundError):
        learner(str(client.base_url).removesuffix("/v1/"), "eve").responses.retrieve(first[0].id)


def test_each_has_its_own_names_for_models(tmp_path):
    ledger = Ledger(connect(str(tmp_path / "proxy.sqlite")))
    ledger.add(an_event(models={MODEL: MODEL, "text-embedding-3-small": "text-embedding-3-small"}))
    with OpenAIMock() as mock:
        east = Upstream(mock.base_url, KEY, name="east", models={MODEL: "gpt-5.4"})
        west = replace(east, name="west", models={"text-embedding-3-small": "text-embedding-3-large"})
        with served(Proxy(ledger, [east, west])) as url:
            for _ in range(3):
                say(learner(url))
                learner(url).embeddings.create(model="text-embedding-3-small", input="x")
        asked = [call.body["model"] for call in mock.calls]
    assert asked == ["gpt-5.4", "text-embedding-3-large"] * 3
    assert {line.model for line in ledger.report("lesson")} == {MODEL, "text-embedding-3-small"}
    ledger.close()


def test_no_answer_has_any_of_the_keys(pair):
    client, _, east, west = pair
    for mock in (east, west):
        mock.fail(status=400, times=1, message=f"not {KEY}-east nor {KEY}-west")
    with pytest.raises(openai.BadRequestError) as caught:
        say(client)
    assert KEY not in caught.value.response.text


def test_one_that_failed_rests_for_a_while():
    clock = [0.0]
    east, west = Upstream("http://e/v1", KEY, name="east"), Upstream("http://w/v1", KEY, name="west")
    both = Upstreams([east, west], clock=lambda: clock[0])
    both.failed(east)
    assert [both.in_turn(MODEL)[0].name for _ in range(4)] == ["west"] * 4
    clock[0] = 60.0
    assert {both.in_turn(MODEL)[0].name for _ in range(4)} == {"east", "west"}


GOOD = '[[upstream]]\nname = "east"\nkind = "azure"\nendpoint = "https://e.example"\nkey = "EAST"\nmodels = { "a" = "b" }\n'


def test_a_file_names_them_and_where_their_keys_are(tmp_path):
    file = tmp_path / "upstreams.toml"
    file.write_text(GOOD + '[[upstream]]\nname = "west"\nkind = "openai"\nkey = "WEST"\n')
    east, west = from_file(file, {"EAST": "1", "WEST": "2"})
    assert (east.base_url, east.key, east.azure, east.model("a")) == (
        "https://e.example/openai/v1",
        "1",
        True,
        "b",
    )
    assert (west.base_url, west.key, west.azure) == ("https://api.openai.com/v1", "2", False)
    assert "1" not in repr(east).replace("/openai/v1", "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x = 1",
        "[[upstream]]",
        "upstream = 3",
        "not toml",
        GOOD + GOOD,
        GOOD.replace("EAST", "NOWHERE"),
        GOOD.replace("azure", "mock"),
        GOOD.replace("https", "file"),
        GOOD.replace('"east"', '"a b"'),
        GOOD + 'secret = "x"\n',
        GOOD.replace('"b"', "3"),
    ],
)
def test_a_file_that_makes_no_sense_is_explained(tmp_path, text):
    file = tmp_path / "upstreams.toml"
    file.write_text(text)
    with pytest.raises(UpstreamError) as caught:
        from_file(file, {"EAST": "1"})
    assert str(caught.value)


def test_nobody_but_the_upstreams_is_asked(tmp_path):
    """A model that none offers is no reason to ask one that does not."""
    ledger = Ledger(connect(str(tmp_path / "proxy.sqlite")))
    ledger.add(an_event())
    members = [replace(NOBODY, models={"gpt-5.4": "gpt-5.4"})]
    with served(Proxy(ledger, members)) as url:
        body = {"model": MODEL, "messages": [{"role": "user", "content": "x"}]}
        answer = httpx.post(f"{url}/v1/chat/completions", json=body, headers={"api-key": "lesson/ada"})
    assert answer.status_code == 503
    assert "does not offer that model" in answer.text
    assert ledger.standing(ledger.event("lesson"), "ada").reserved == 0
    ledger.close()
