"""`classroom proxy …`, as an instructor types it."""

import csv
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from classroom.cli import app
from classroom.loopback import bind
from classroom.proxy import example
from classroom.proxy.calling.upstream import from_environment

BIN = Path(sys.executable).parent


@pytest.fixture
def proxy_command(tmp_path, monkeypatch):
    """Runs one in a folder of its own; exit code and what was printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CLASSROOM_PROXY_DATABASE", raising=False)

    def run(*arguments):
        done = CliRunner().invoke(app, ["proxy", *map(str, arguments)])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output

    return run


@pytest.fixture
def event(proxy_command):
    code, output = proxy_command(
        *("event", "add", "ml-101", "--starts", "2026-11-21T09:00", "--ends", "2027-11-21T18:00"),
        *(
            "--zone",
            "Europe/Berlin",
            "--models",
            "gpt-5.4-mini,small=text-embedding-3-small",
            "--budget",
            "25",
        ),
    )
    assert code == 0, output
    return output


def test_an_event_is_made_listed_and_ended(proxy_command, event):
    assert "from 2026-11-21T09:00+01:00 to 2027-11-21T18:00+01:00" in event
    _, listed = proxy_command("event", "list")
    assert "ml-101" in listed
    assert proxy_command("event", "end", "ml-101") == (0, "ml-101 is over.\n")
    assert "(over)" in proxy_command("event", "list")[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--starts", "2026-11-21T09:00", "--ends", "2026-11-22T09:00"), "which time zone"),
        (("--starts", "2026-11-22T09:00Z", "--ends", "2026-11-21T09:00Z"), "ends"),
        (
            ("--starts", "2026-11-21T09:00Z", "--ends", "2026-11-22T09:00Z", "--budget", "much"),
            "no amount of money",
        ),
        (
            ("--starts", "2026-11-21T09:00Z", "--ends", "2026-11-22T09:00Z", "--models", "mystery-9000"),
            "No price",
        ),
        (("--starts", "soon", "--ends", "2026-11-22T09:00Z"), "is no time"),
    ],
)
def test_an_event_that_makes_no_sense_is_one_clear_line_and_exit_code_2(proxy_command, arguments, words):
    code, output = proxy_command("event", "add", "ml-101", *arguments)
    assert (code, output.count("\n")) == (2, 1)
    assert words in output


def test_a_roster_comes_in_and_its_tokens_are_for_one_pair_of_eyes(proxy_command, event, tmp_path):
    (tmp_path / "roster.csv").write_text(
        "identifier,github_username,name\ns1,ada-l,Ada Lovelace\ns2,grace,Grace Hopper\n"
    )
    code, output = proxy_command("attendee", "import", "ml-101", "roster.csv", "--out", "tokens.csv")
    assert (code, "2 tokens are in tokens.csv" in output) == (0, True)
    assert stat.S_IMODE((tmp_path / "tokens.csv").stat().st_mode) == 0o600
    rows = list(csv.reader((tmp_path / "tokens.csv").open()))
    assert [row[0] for row in rows] == ["name", "ada-l", "grace"]
    assert rows[1][1].startswith("ml-101/ada-l.")
    code, output = proxy_command("attendee", "rotate", "ml-101", "grace")
    assert output.startswith("grace\tml-101/grace.")
    assert rows[2][1] not in output
    assert proxy_command("attendee", "add", "ml-101", "grace")[0] == 2
    assert proxy_command("attendee", "import", "ml-101", "nowhere.csv")[0] == 2


def test_a_report_is_a_table_or_csv(proxy_command, event):
    assert proxy_command("report", "ml-101")[0] == 0
    code, output = proxy_command("report", "ml-101", "--csv", "-")
    assert (code, output) == (0, "attendee,model,requests,failed,tokens in,tokens out,US dollars\n")
    assert proxy_command("report", "nowhere")[0] == 2


@pytest.mark.parametrize("upstream", ["openai", "azure"])
def test_without_a_key_in_the_environment_it_does_not_start(proxy_command, monkeypatch, upstream):
    for name in ("OPENAI_API_KEY", "AZURE_OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    code, output = proxy_command("serve", "--upstream", upstream)
    assert (code, "Set " in output) == (2, True)


@pytest.mark.parametrize("port", ["taken", "99999"])
def test_a_port_that_can_t_be_had_is_one_clear_line_and_no_event_is_made(proxy_command, port):
    with bind() as listener:
        listener.listen()
        chosen = str(listener.getsockname()[1]) if port == "taken" else port
        code, printed = proxy_command("serve", "--upstream", "mock", "--port", chosen)
    assert code == 2
    assert chosen in printed
    assert "listens on" not in printed
    assert "hackathon" not in proxy_command("event", "list")[1]


def test_azure_is_called_at_its_own_addresses_with_its_own_header(openai_mock):
    upstream = from_environment(
        "azure",
        {
            "AZURE_OPENAI_API_KEY": "k",
            "AZURE_OPENAI_ENDPOINT": openai_mock.base_url.removesuffix("/v1") + "/",
        },
    )
    from tests.proxy.conftest import an_event

    headers = upstream.headers(an_event())
    assert headers["api-key"] == "k"
    body = {"model": "gpt-5.4-mini", "messages": [{"role": "user", "content": "x"}]}
    assert httpx.post(upstream.url("chat/completions"), headers=headers, json=body).status_code == 200


@pytest.fixture
def hackathon(tmp_path):
    """`classroom proxy serve --upstream mock` in an empty folder."""
    with bind() as free:
        port = free.getsockname()[1]
    command = [BIN / "classroom", "proxy", "serve", "--upstream", "mock", "--port", str(port)]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True, env={**os.environ})
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 30
        while True:
            assert process.poll() is None
            assert time.monotonic() < deadline
            try:
                httpx.get(f"{url}/healthz")
                break
            except httpx.HTTPError:
                time.sleep(0.05)
        yield url, process
    finally:
        process.terminate()
        process.wait(20)


def test_with_the_stand_in_behind_it_an_open_event_is_made_and_the_old_examples_work(
    hackathon, monkeypatch, capsys
):
    url, process = hackathon
    body = {"max_tokens": 256, "temperature": 1, "messages": [{"role": "user", "content": "Write a poem."}]}
    answer = httpx.post(
        f"{url}/api/v1/chat/completions", headers={"openai-event-code": "hackathon/githubuser"}, json=body
    )
    assert answer.status_code == 200
    monkeypatch.setenv("PROXY_ENDPOINT_URL", f"{url}/v1")
    monkeypatch.setenv("EVENT_TOKEN", "hackathon/githubuser")
    assert example.main() == 0
    monkeypatch.setenv("EVENT_TOKEN", "elsewhere/githubuser")
    assert example.main() == 1
    assert "does not let you in: Error code: 401" in capsys.readouterr().out
    process.terminate()
    output = process.communicate(timeout=20)[0]
    assert "An open event was made: hackathon" in output
    assert "password" in output


# --- bounds -------------------------------------------------------------------------------------------------------

ON = ("--starts", "2026-11-21T09:00Z", "--ends", "2027-11-21T18:00Z")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--open", "--learner-budget", "0.05", "--attendees", "30"), "It can cost $1.5 at most: 30 names"),
        (("--open",), "Nothing bounds what it can cost: add --budget."),
        (("--open", "--learner-budget", "1", "--budget", "25"), "It can cost $25 at most."),
        (("--learner-budget", "0.5"), "It can cost $0.5 for each attendee"),
    ],
)
def test_an_event_says_what_it_can_cost_at_most(proxy_command, options, words):
    code, output = proxy_command("event", "add", "ml-101", *ON, *options)
    assert (code, words in output) == (0, True), output


def test_bounds_are_changed_while_an_event_is_on(proxy_command, tmp_path):
    from classroom.proxy.books.database import connect
    from classroom.proxy.books.ledger import Ledger

    proxy_command("event", "add", "ml-101", *ON, "--open", "--learner-budget", "0.05")
    code, output = proxy_command(
        *("event", "change", "ml-101", "--attendees", "120", "--allow", "web_search"),
        *("--ends", "2027-11-21T20:00Z"),
    )
    assert (code, "It can cost $6 at most" in output) == (0, True), output
    ledger = Ledger(connect(str(tmp_path / "class-proxy.sqlite")))
    event = ledger.event("ml-101")
    assert (event.most_attendees, event.names_per_hour, event.allows) == (120, 120, ("web_search",))
    assert (event.open, event.ends.hour) == (True, 20)
    ledger.close()
    assert proxy_command("event", "change", "nowhere", "--attendees", "1")[0] == 2


def test_what_can_not_be_allowed_is_reported(proxy_command):
    code, output = proxy_command("event", "add", "ml-101", *ON, "--allow", "file_search")
    assert (code, "there are web_search, flex, priority" in output) == (2, True)


def known(tmp_path, code="ml-101"):
    from classroom.proxy.books.database import connect
    from classroom.proxy.books.ledger import Ledger

    ledger = Ledger(connect(str(tmp_path / "class-proxy.sqlite")))
    event = ledger.event(code)
    ledger.close()
    return event


def test_an_event_lasts_longer_by_a_time_or_until_one(proxy_command, event, tmp_path):
    code, output = proxy_command("event", "extend", "ml-101", "--by", "1h30m")
    assert (code, "until 2027-11-21T19:30+01:00" in output) == (0, True), output
    code, output = proxy_command("event", "extend", "ml-101", "--until", "2027-11-22T09:00")
    assert (code, "until 2027-11-22T09:00+01:00" in output) == (0, True), output
    assert known(tmp_path).event_budget == 25_000_000_000


def test_an_event_that_is_over_goes_on(proxy_command, event):
    proxy_command("event", "end", "ml-101")
    assert proxy_command("event", "extend", "ml-101", "--by", "2h")[0] == 0
    assert "(over)" not in proxy_command("event", "list")[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("ml-101",), "either how much longer"),
        (("ml-101", "--by", "1h", "--until", "2028-01-01T00:00Z"), "either how much longer"),
        (("ml-101", "--by", "soon"), "is no length of time"),
        (("ml-101", "--by", "0h"), "is no length of time"),
        (("ml-101", "--until", "2027-01-01T00:00Z"), "already"),
        (("nowhere", "--by", "1h"), "no event 'nowhere'"),
    ],
)
def test_what_makes_an_event_no_longer_is_refused_in_words(proxy_command, event, arguments, words):
    code, output = proxy_command("event", "extend", *arguments)
    assert (code, words in output) == (2, True), output


def test_a_budget_is_topped_up_and_two_at_once_are_both_added(proxy_command, event, tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    from classroom.proxy.books.database import connect
    from classroom.proxy.books.ledger import Ledger

    assert proxy_command("event", "top-up", "ml-101", "12.50")[0] == 0
    assert known(tmp_path).event_budget == 37_500_000_000
    ledger = Ledger(connect(str(tmp_path / "class-proxy.sqlite")))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: ledger.top_up("ml-101", 1_000_000_000), range(20)))
    ledger.close()
    assert known(tmp_path).event_budget == 57_500_000_000


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("ml-101", "0"), "more than nothing"),
        (("ml-101", "much"), "no amount of money"),
        (("free", "5"), "no budget of its own"),
        (("nowhere", "5"), "no event"),
    ],
)
def test_a_budget_that_can_not_be_topped_up_is_left_alone(proxy_command, event, arguments, words):
    proxy_command("event", "add", "free", *ON, "--open")
    code, output = proxy_command("event", "top-up", *arguments)
    assert (code, words in output) == (2, True), output


@pytest.mark.parametrize(
    "command",
    [
        ("event", "extend", "x", "--by", "2h"),
        ("event", "change", "x", "--attendees", "3"),
        ("event", "top-up", "x", "5"),
        ("event", "end", "x"),
        ("event", "list"),
        ("report", "x"),
        ("attendee", "add", "x", "ada"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("written", ["class.sqlite", "sqlite:///class.sqlite"])
def test_a_command_that_needs_a_database_says_so_and_makes_none(proxy_command, tmp_path, command, written):
    code, output = proxy_command(*command, "--database", written)
    assert code == 2
    assert f"There is no database {written}." in " ".join(output.split())
    assert list(tmp_path.iterdir()) == []


def test_an_event_is_paused_and_resumed(proxy_command, event):
    assert "ml-101 is paused" in proxy_command("event", "pause", "ml-101")[1]
    assert "(paused)" in proxy_command("event", "list")[1]
    assert proxy_command("event", "resume", "ml-101") == (0, "ml-101 goes on.\n")
    assert "(paused)" not in proxy_command("event", "list")[1]
    code, output = proxy_command("event", "pause", "nowhere")
    assert (code, output) == (2, "classroom proxy: There is no event 'nowhere'.\n")


def test_stored_prompts_are_deleted_by_a_command(proxy_command, event):
    assert proxy_command("event", "forget-prompts", "ml-101") == (0, "Deleted 0 stored prompts of ml-101.\n")
    code, output = proxy_command("event", "forget-prompts", "nowhere")
    assert (code, output) == (2, "classroom proxy: There is no event 'nowhere'.\n")


def test_a_change_of_bounds_does_not_resume_an_event(proxy_command, event):
    proxy_command("event", "pause", "ml-101")
    proxy_command("event", "change", "ml-101", "--budget", "30", "--text", "Welcome")
    assert "(paused)" in proxy_command("event", "list")[1]


@pytest.mark.parametrize(
    ("by", "head"),
    [
        ("model", "attendee,model,requests,failed,tokens in,tokens out,US dollars"),
        ("learner", "attendee,requests today,left today,US dollars,US dollars left"),
        ("time", "hour from,requests,failed,US dollars"),
        ("refusal", "reason,requests"),
    ],
)
def test_the_tables_of_the_admin_page_are_printed_too(proxy_command, event, by, head):
    assert proxy_command("report", "ml-101", "--by", by, "--csv", "-") == (0, f"{head}\n")


@pytest.mark.parametrize(
    "wrong",
    [
        ("--budget", "1e30"),
        ("--max-tokens", "99999999999"),
        ("--text", "x" * 20_000),
        ("--models", "a=" + "b" * 200),
    ],
)
def test_amounts_that_no_database_holds_are_explained(proxy_command, wrong):
    arguments = ("event", "add", "x", "--starts", "2026-11-21T09:00Z", "--ends", "2026-11-22T09:00Z")
    code, output = proxy_command(*arguments, *wrong)
    assert code == 2
    assert output.startswith("classroom proxy: ")


def test_a_file_of_upstreams_that_can_not_be_read_is_explained(proxy_command, tmp_path):
    code, output = proxy_command("serve", "--upstreams", tmp_path / "none.toml")
    assert code == 2
    assert "none.toml can't be read" in output


def test_the_proxy_keeps_connections_longer_than_clients_do(monkeypatch, tmp_path):
    seen = {}

    class Configured(Exception):
        pass

    def config(*arguments, **options):
        seen.update(options)
        raise Configured

    monkeypatch.setattr("uvicorn.Config", config)
    database = ["--database", str(tmp_path / "proxy.sqlite")]
    with pytest.raises(Configured):
        app(["proxy", "serve", "--upstream", "mock", "--port", "0", *database], standalone_mode=False)
    assert seen["timeout_keep_alive"] > httpx.Limits().keepalive_expiry
