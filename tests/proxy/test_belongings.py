"""What one attendee stored, no other can use: they share one key upstream."""

import httpx
import openai
import pytest

from tests.proxy.conftest import an_event
from tests.proxy.test_fields import RESPONSE, ask, assert_refused, booked, greedy, meter, running

__all__ = ["greedy", "meter", "running"]  # fixtures


def respond(proxy, token="lesson/ada", **more):
    return ask(proxy, {**RESPONSE, "max_output_tokens": 50, **more}, "responses", token)


@pytest.mark.parametrize("stream", [True, False])
def test_another_s_response_can_not_be_continued(greedy, meter, stream):
    respond(greedy, stream=stream)
    [made] = meter.stored
    assert respond(greedy, previous_response_id=made).status_code == 200
    refused = respond(greedy, "lesson/eve", previous_response_id=made)
    assert_refused(refused, "previous_response_id")
    assert refused.json()["error"]["code"] == "previous_response_not_found"
    nobodys = respond(greedy, "lesson/eve", previous_response_id="resp_of_nobody")
    assert (
        nobodys.json()["error"]["message"].replace("resp_of_nobody", made)
        == refused.json()["error"]["message"]
    )
    assert len(meter.bodies) == 2


def test_attendees_of_one_name_in_two_events_are_two(greedy, meter):
    greedy.offer("other")
    respond(greedy)
    [made] = meter.stored
    assert_refused(respond(greedy, "other/ada", previous_response_id=made), "previous_response_id")


@pytest.mark.parametrize(
    "item",
    [
        {"type": "item_reference", "id": "{}"},
        {"type": "reasoning", "id": "{}", "summary": []},
        {"type": "message", "role": "assistant", "id": "{}", "content": "x"},
        {"type": "function_call", "id": "{}", "call_id": "c", "name": "f", "arguments": "{{}}"},
    ],
)
def test_another_s_items_can_not_be_named(greedy, meter, item):
    respond(greedy)
    [made] = meter.stored
    named = {**item, "id": f"rs_{made}"}
    body = [{"role": "user", "content": "x"}, named]
    assert respond(greedy, input=body).status_code == 200
    assert_refused(respond(greedy, "lesson/eve", input=body), "input[1].id")


@pytest.mark.parametrize("tells", [True, False])
def test_what_is_read_again_is_booked_again(greedy, meter, tells):
    respond(greedy, input="kite " * 5000)
    [made] = meter.stored
    meter.tells = tells
    meter.dollars, before = 0.0, booked(greedy)
    respond(greedy, input="x", previous_response_id=made)
    assert 0.003 < meter.dollars <= booked(greedy) - before + 1e-9


def test_a_chain_of_responses_is_booked_whole(greedy, meter):
    meter.tells = False
    made = None
    for _ in range(4):
        respond(greedy, input="kite " * 2000, **({"previous_response_id": made} if made else {}))
        made = list(meter.stored)[-1]
    assert meter.dollars <= booked(greedy)


def test_a_conversation_goes_on_with_the_sdk(proxy):
    client = openai.OpenAI(base_url=f"{proxy.url}/v1", api_key="lesson/ada", max_retries=0)
    first = client.responses.create(model="gpt-5.4-mini", input="Say hello.")
    second = client.responses.create(
        model="gpt-5.4-mini", input="Say it again.", previous_response_id=first.id
    )
    items = [{"role": "user", "content": "x"}, *(item.to_dict() for item in second.output)]
    assert client.responses.create(model="gpt-5.4-mini", input=items).output_text
    with client.responses.stream(model="gpt-5.4-mini", input="And again.") as stream:
        *_, last = stream
    client.responses.create(model="gpt-5.4-mini", input="More.", previous_response_id=last.response.id)
    eve = openai.OpenAI(base_url=f"{proxy.url}/v1", api_key="lesson/eve", max_retries=0)
    with pytest.raises(openai.BadRequestError):
        eve.responses.create(model="gpt-5.4-mini", input="x", previous_response_id=first.id)


def test_two_attendees_who_ask_the_same_each_go_on(proxy):
    for name in ("ada", "grace"):
        client = openai.OpenAI(base_url=f"{proxy.url}/v1", api_key=f"lesson/{name}", max_retries=0)
        first = client.responses.create(model="gpt-5.4-mini", input="Say hello.")
        client.responses.create(model="gpt-5.4-mini", input="x", previous_response_id=first.id)


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize(
    "path",
    [
        *(
            "responses/resp_nobodys",
            "responses/resp_1/input_items",
            "responses/resp_nobodys/cancel",
            "files/f",
        ),
        *("conversations/c", "conversations/c/items", "vector_stores/v", "vector_stores/v/files/f"),
        *(
            "chat/completions/c",
            "chat/completions/c/messages",
            "uploads",
            "containers",
            "assistants",
            "threads",
        ),
    ],
)
def test_nothing_else_that_is_stored_has_an_address(greedy, meter, method, path):
    answer = httpx.request(method, f"{greedy.url}/v1/{path}", headers={"api-key": "lesson/ada"})
    assert answer.status_code == 404
    assert not meter.bodies


def test_identifiers_are_forgotten_when_the_upstream_has_forgotten_them(books):
    now = [1_800_000_000.0]
    ledger = books(clock=lambda: now[0])
    ledger.add(an_event())
    ledger.belongings.keep("lesson", "ada", {"resp_1": 7, "rs_1": 3})
    ledger.belongings.keep("lesson", "ada", {"resp_1": 9})
    assert ledger.belongings.tokens_of({"resp_1", "rs_1"}, "lesson", "ada") == {"resp_1": 9, "rs_1": 3}
    assert ledger.belongings.tokens_of({"resp_1"}, "lesson", "eve") == {}
    assert ledger.belongings.tokens_of({"resp_1"}, None, None) == {"resp_1": 9}
    now[0] += 32 * 86_400
    ledger.belongings.forget()
    assert ledger.belongings.tokens_of({"resp_1"}, "lesson", "ada") == {}


def test_a_database_of_the_version_before_is_brought_up_to_date(tmp_path):
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine

    from classroom.proxy.books import database
    from classroom.proxy.books.ledger import Ledger

    place = tmp_path / "old.sqlite"
    engine = create_engine(f"sqlite:///{place}")
    config = Config()
    config.set_main_option("script_location", str(database._MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql(
            "INSERT INTO events (code, starts, ends, zone, open, models, keeps_prompts, self_registration)"
            " VALUES ('old', 0, 2e9, 'UTC', 1, '{\"a\": \"a\"}', 0, 0)"
        )
    engine.dispose()
    ledger = Ledger(database.connect(str(place)))
    event = ledger.event("old")
    assert (event.most_attendees, event.allows, event.salt) == (40, (), "")
    assert event.most_it_can_cost() is None
    ledger.close()
