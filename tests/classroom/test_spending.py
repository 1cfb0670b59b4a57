"""Live mode's cap: calls go through it with the real key, and stop where the money does."""

import os
from pathlib import Path

import nbformat
import openai
import pytest
from nbclient import NotebookClient
from openai import OpenAI

from classroom import spending
from classroom.errors import LessonError
from tests.notebook_costs import dollars

NOTEBOOKS = Path(__file__).resolve().parents[2] / "answer-key" / "notebooks"
KEY = "sk-" + "real-1234567890abcdefghij"


@pytest.fixture
def live(openai_mock, tmp_path):
    """Start a cap of so many dollars before the stand-in, which plays the real OpenAI here."""

    def start(dollars="1", key=KEY):
        environment = {**openai_mock.environment, "OPENAI_API_KEY": key, "LAB_BUDGET_USD": dollars}
        return spending.cap_spending(environment, tmp_path / "spent.sqlite")

    return start


def client_of(capped, **options):
    lead = capped.environment
    return OpenAI(base_url=lead["OPENAI_BASE_URL"], api_key=lead["OPENAI_API_KEY"], max_retries=0, **options)


def ask(client, words="How deep is the sea?", **options):
    return client.responses.create(model="gpt-5.4-mini", input=words, **options)


def test_calls_reach_openai_with_the_real_key_which_the_program_does_not_have(live, openai_mock):
    capped = live()
    ask(client_of(capped))
    assert len(openai_mock.calls.by(KEY)) == 1
    assert KEY not in str(capped.environment)


def test_nobody_else_gets_in(live, openai_mock):
    capped = live()
    event, _, name = capped.environment["OPENAI_API_KEY"].partition("/")
    for token in (f"{event}/me", f"{event}/{name.partition('.')[0]}", f"{event}/{name}x", KEY):
        with pytest.raises(openai.AuthenticationError):
            ask(OpenAI(base_url=capped.environment["OPENAI_BASE_URL"], api_key=token, max_retries=0))
    assert len(openai_mock.calls) == 0
    assert capped.token not in repr(capped)


def test_what_was_spent_is_counted(live, openai_mock):
    capped = live()
    ask(client_of(capped))
    assert capped.spent() == pytest.approx(float(openai_mock.calls.cost), rel=1e-6)


def test_what_would_go_over_the_cap_is_refused_and_not_asked(live, openai_mock):
    client = client_of(live("0.20"))
    with pytest.raises(openai.RateLimitError) as refused:
        client.images.generate(model="gpt-image-2", prompt="a kite", n=4, quality="high")
    assert refused.value.code == "budget_spent"
    assert len(openai_mock.calls) == 0
    assert ask(client).output_text


def test_notebooks_share_the_cap_of_a_day(live):
    first, second = live(), live()
    ask(client_of(first))
    assert second.spent() == first.spent() > 0


def test_another_cap_keeps_what_was_spent(live):
    ask(client_of(live("1")))
    lowered = live("0.0001")
    with pytest.raises(openai.RateLimitError, match="LAB_BUDGET_USD"):
        ask(client_of(lowered))


@pytest.mark.parametrize("text", ["much", "0", "-1", "1e9", "nan"])
def test_a_cap_that_is_no_amount_is_reported(live, text):
    with pytest.raises(LessonError, match="LAB_BUDGET_USD"):
        live(text)


def test_books_that_can_not_be_written_are_reported(openai_mock, tmp_path):
    (tmp_path / "file").write_text("in the way")
    environment = {**openai_mock.environment, "OPENAI_API_KEY": KEY}
    with pytest.raises(LessonError, match="which can't be used"):
        spending.cap_spending(environment, tmp_path / "file" / "spent.sqlite")


def test_a_wrong_key_is_reported_as_openai_reports_it(live, openai_mock):
    openai_mock.fail(status=401)
    with pytest.raises(openai.AuthenticationError):
        ask(client_of(live()))


def test_another_key_is_used_from_then_on(live, openai_mock):
    capped = live()
    other = KEY.replace("real", "next")
    spending.use_key(other)
    ask(client_of(capped))
    assert len(openai_mock.calls.by(other)) == 1


def test_models_are_those_of_openai(live):
    client = client_of(live())
    assert client.models.retrieve("gpt-image-2").id == "gpt-image-2"
    assert len(list(client.models.list())) > 20


def test_a_model_that_does_not_exist_is_not_found(live):
    with pytest.raises(openai.NotFoundError):
        client_of(live()).responses.create(model="gpt-5.4-minni", input="hi")


@pytest.mark.parametrize("name", ["../files", "../../v1/files", "x/../../files", "%2e%2e/files", "a?b=c"])
def test_a_model_s_name_leads_nowhere_else(live, openai_mock, name):
    with pytest.raises(openai.APIStatusError):
        client_of(live()).responses.create(model=name, input="hi")
    assert all(call.path.startswith("/v1/models/") for call in openai_mock.calls)


def test_moderation_passes_and_costs_nothing(live):
    capped = live()
    assert client_of(capped).moderations.create(input="You are worthless.").results[0].flagged
    assert capped.spent() == 0


def test_an_answer_without_a_limit_is_bounded_by_what_is_reckoned(live, openai_mock):
    ask(client_of(live()))
    assert openai_mock.calls[-1].body["max_output_tokens"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tools", [{"type": "code_interpreter", "container": {"type": "auto"}}]),
        ("tools", [{"type": "file_search", "vector_store_ids": ["vs_1"]}]),
        ("background", True),
        ("prompt", {"id": "pmpt_1"}),
        ("conversation", "conv_1"),
        ("service_tier", "scale"),
        ("max_output_tokens", "100000"),
    ],
)
def test_what_has_no_price_is_refused_and_not_asked(live, openai_mock, field, value):
    with pytest.raises(openai.BadRequestError) as refused:
        ask(client_of(live()), extra_body={field: value})
    assert refused.value.param.startswith(field)
    assert len(openai_mock.calls) == 0


def test_searches_are_counted_before_they_are_made(live, openai_mock):
    client = client_of(live("0.05"))
    with pytest.raises(openai.RateLimitError) as refused:
        ask(client, tools=[{"type": "web_search"}], max_output_tokens=50)
    assert refused.value.code == "budget_spent"
    assert len(openai_mock.calls) == 0


def test_text_that_begins_like_a_picture_is_counted_as_text(live, openai_mock):
    client = client_of(live("0.05"))
    with pytest.raises(openai.RateLimitError):
        ask(client, "data:" + "kite " * 50_000, max_output_tokens=50)
    assert len(openai_mock.calls) == 0


def test_a_response_of_one_notebook_is_continued_in_another(live):
    first = ask(client_of(live()), "Say hello.")
    again = ask(client_of(live()), "Say it again.", previous_response_id=first.id)
    assert again.output_text


def test_who_asks_is_named_to_openai_as_the_learner_chose(live, openai_mock):
    client = client_of(live())
    ask(client)
    ask(client, safety_identifier="me")
    assert [call.body.get("safety_identifier") for call in openai_mock.calls] == [None, "me"]


def test_the_forecast_says_what_a_notebook_costs_and_what_is_left(live):
    live("2.50")
    assert spending.forecast("04") == (
        f"This notebook, once from top to bottom, costs about ${_cost('04'):.2f}. "
        "$0.00 of today's $2.50 is spent; LAB_BUDGET_USD changes the cap."
    )
    assert spending.forecast(None).startswith("$0.00 of today's")


def _cost(notebook):
    import tomllib

    return tomllib.loads(Path(spending.__file__).with_name("notebook_costs.toml").read_text())["dollars"][
        notebook
    ]


def test_a_forecast_is_what_the_notebook_costs():
    """The dearest of them: a change of what it draws has to change the forecast."""
    assert dollars(NOTEBOOKS / "04-pictures-and-sound.ipynb") == pytest.approx(_cost("04"), rel=0.2)


def test_every_notebook_has_a_forecast():
    import tomllib

    costs = tomllib.loads(Path(spending.__file__).with_name("notebook_costs.toml").read_text())["dollars"]
    assert sorted(costs) == sorted(path.name[:2] for path in NOTEBOOKS.glob("*.ipynb"))


def test_a_notebook_runs_live_with_a_key_and_no_account_at_aws(openai_mock, tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_MODE", "live")
    monkeypatch.setenv("AWS_PROFILE", "of-work")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    notebook = nbformat.read(NOTEBOOKS / "00-start-here.ipynb", 4)
    NotebookClient(notebook, timeout=60, resources={"metadata": {"path": NOTEBOOKS}}).execute()
    printed = "".join(out.get("text", "") for cell in notebook.cells for out in cell.get("outputs", []))
    assert "LIVE: calls go to OpenAI" in printed
    assert "costs about $" in printed
    assert "S3 is still played on this computer." in printed
    assert "not yet" not in printed
    assert {call.key for call in openai_mock.calls} == {openai_mock.calls.by(KEY)[0].key}
    assert os.environ["OPENAI_API_KEY"] not in str(notebook)
