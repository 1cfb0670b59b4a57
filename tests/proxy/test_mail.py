"""Sign-in by e-mail: who gets a code, what a code is good for, and that nothing says who is on the roster."""

import re
import statistics
import time

import pytest

from classroom import OpenAIMock
from classroom.proxy import mail
from classroom.proxy.app import Proxy
from classroom.proxy.books.database import connect
from classroom.proxy.books.ledger import Ledger
from classroom.proxy.books.mailed import MOST_AN_HOUR, MOST_TRIES, SECONDS
from classroom.proxy.calling.upstream import Upstream
from classroom.proxy.mail import Mail, MailError
from classroom.proxy.rules.errors import EventError
from tests.proxy.conftest import PASSWORD, Running, an_event, served
from tests.proxy.pages import Visitor, seen
from tests.proxy.post_office import post_office

ADA, SENDER = "ada@example.org", "codes@example.org"


@pytest.fixture
def office():
    with post_office() as made:
        yield made


@pytest.fixture
def proxy(tmp_path, office):
    """One that sends codes, with an event of a roster."""
    ledger = Ledger(connect(str(tmp_path / "proxy.sqlite")))
    ledger.add(an_event("closed", open=False))
    ledger.attend("closed", ["ada", "eve"], {"ada": "Ada@Example.org", "eve": "eve@example.org"})
    with OpenAIMock() as openai:
        app = Proxy(
            ledger,
            Upstream(openai.base_url, "sk-mock"),
            admin=PASSWORD,
            mail=Mail("127.0.0.1", office.port, SENDER),
        )
        with served(app) as url:
            yield Running(url, ledger, openai)
    ledger.close()


def asked(proxy, address=ADA) -> Visitor:
    visitor = Visitor(proxy.url)
    answer = visitor.send("/join/closed", {"email": address})
    assert answer.status_code == 200, answer.text
    assert "a code is on its way" in seen(answer)
    return visitor


def code_in(message) -> str:
    return re.search(r"\d{4} \d{4}", message.get_content())[0]


def test_a_code_that_came_by_mail_lets_its_reader_in(proxy, office):
    visitor = asked(proxy)
    message = office.next()
    assert (message["to"], message["from"]) == (ADA, SENDER)
    page = visitor.send("/join/closed", {"code": code_in(message)})
    assert "What is left" in page.text
    assert "<strong>ada</strong>" in page.text


def test_a_code_is_good_once(proxy, office):
    visitor = asked(proxy)
    code = code_in(office.next())
    assert visitor.send("/join/closed", {"code": code}).status_code == 200
    again = visitor.send("/join/closed", {"code": code})
    assert again.status_code == 401
    assert "was used" in seen(again)


def test_a_code_is_worth_nothing_in_another_browser(proxy, office):
    asked(proxy)
    code = code_in(office.next())
    for other in (Visitor(proxy.url), asked(proxy, "eve@example.org")):
        assert other.send("/join/closed", {"code": code}).status_code == 401


def test_a_code_is_worth_nothing_for_another_event(proxy, office):
    proxy.ledger.add(an_event("other", open=False))
    proxy.ledger.attend("other", ["ada"], {"ada": ADA})
    visitor = asked(proxy)
    code, cookie = code_in(office.next()), visitor.client.cookies["class-mail"]
    stranger = Visitor(proxy.url)
    stranger.client.cookies.set("class-mail", cookie)
    assert stranger.send("/join/other", {"code": code}).status_code == 401


@pytest.mark.parametrize(
    "address", ["nobody@example.org", "ADA@example.org.evil.example", "kept@example.org"]
)
def test_nothing_says_who_is_on_the_roster(proxy, office, address):
    proxy.ledger.attend("closed", ["kept"], {"kept": "kept@example.org"})
    proxy.ledger.remove("closed", "kept")
    known, unknown = Visitor(proxy.url), Visitor(proxy.url)
    right = known.send("/join/closed", {"email": ADA})
    wrong = unknown.send("/join/closed", {"email": address})
    office.next()
    assert (right.status_code, right.text) == (wrong.status_code, wrong.text)
    assert set(right.headers) == set(wrong.headers)
    assert len(right.headers["set-cookie"]) == len(wrong.headers["set-cookie"])
    refused = [visitor.send("/join/closed", {"code": "0000 0000"}) for visitor in (known, unknown)]
    assert refused[0].text == refused[1].text
    assert [message["to"] for message in office.messages] == [ADA]


def test_a_known_address_takes_no_longer_than_an_unknown_one(tmp_path):
    ledger = Ledger(connect(str(tmp_path / "b.sqlite")))
    ledger.add(an_event("closed", open=False))
    ledger.attend("closed", [f"n{n}" for n in range(40)], {f"n{n}": f"n{n}@example.org" for n in range(40)})

    def typical(domain: str) -> float:
        taken = []
        for number in range(40):
            began = time.process_time()
            ledger.mailed.begin("closed", f"n{number}@{domain}")
            taken.append(time.process_time() - began)
        return statistics.median(taken)

    typical("warm.example")
    known, unknown = typical("example.org"), typical("example.com")
    assert 0.4 < known / unknown < 2.5
    ledger.close()


def test_wrong_codes_use_a_code_up(proxy, office):
    visitor = asked(proxy)
    code = code_in(office.next())
    for number in range(MOST_TRIES):
        wrong = f"{(int(code.replace(' ', '')) + number + 1) % 10**8:08}"
        assert visitor.send("/join/closed", {"code": wrong}).status_code == 401
    assert visitor.send("/join/closed", {"code": code}).status_code == 401


class _Clock:
    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def codes(books):
    """Codes on each database, and a clock that is set by hand."""
    clock = _Clock()
    ledger = books(clock=clock)
    ledger.add(an_event("closed", open=False))
    ledger.attend(
        "closed", ["ada", "twin-1", "twin-2"], {"ada": ADA, "twin-1": "t@x.org", "twin-2": "t@x.org"}
    )
    yield ledger.mailed, clock, ledger
    ledger.delete("closed")


def test_a_code_ends_after_a_quarter_of_an_hour(codes):
    mailed, clock, _ = codes
    first, second = mailed.begin("closed", ADA), mailed.begin("closed", ADA)
    clock.now += SECONDS - 1
    assert mailed.redeem("closed", first.cookie, first.text) == "ada"
    clock.now += 2
    assert mailed.redeem("closed", second.cookie, second.text) == ""


def test_an_address_gets_so_many_codes_an_hour(codes):
    mailed, clock, _ = codes
    sent = [mailed.begin("closed", ADA).address for _ in range(MOST_AN_HOUR + 3)]
    assert sent == [ADA] * MOST_AN_HOUR + [""] * 3
    clock.now += 3601
    assert mailed.begin("closed", ADA).address == ADA


def test_using_codes_up_makes_no_room_for_more(codes):
    mailed, _, _ = codes
    for _ in range(MOST_AN_HOUR):
        code = mailed.begin("closed", ADA)
        assert mailed.redeem("closed", code.cookie, code.text) == "ada"
    assert mailed.begin("closed", ADA).address == ""


def test_an_address_of_two_learners_gets_no_code(codes):
    mailed, _, _ = codes
    assert mailed.begin("closed", "t@x.org").address == ""


def test_who_was_kept_out_after_the_code_was_sent_stays_out(codes):
    mailed, _, ledger = codes
    code = mailed.begin("closed", ADA)
    ledger.remove("closed", "ada")
    assert mailed.redeem("closed", code.cookie, code.text) == ""


def test_the_database_has_neither_code_nor_cookie(codes, database):
    mailed, _, _ = codes
    code = mailed.begin("closed", ADA)
    with connect(database).begin() as connection:
        rows = str(connection.exec_driver_sql("select * from mailed").all())
    assert code.text not in rows
    assert code.cookie not in rows


@pytest.mark.parametrize(
    "address",
    [
        "ada",
        "",
        "a@b",
        "ada@example.org\r\nBcc: eve@example.org",
        "ada@example.org,eve@example.org",
        "<ada@example.org>",
        "ada@exämple.org",
        "x" * 300 + "@example.org",
    ],
)
def test_what_is_no_address_is_refused_and_sent_nowhere(proxy, office, address):
    answer = Visitor(proxy.url).send("/join/closed", {"email": address})
    assert answer.status_code == 400
    assert office.messages == []


def test_a_mail_server_that_refuses_is_the_log_s_business(proxy, office, caplog):
    office.refuses = True
    asked(proxy)
    deadline = time.monotonic() + 10
    while "could not be sent" not in caplog.text and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "could not be sent" in caplog.text
    assert ADA not in caplog.text


def test_an_open_event_sends_nothing(proxy, office):
    proxy.ledger.add(an_event("lesson"))
    page = Visitor(proxy.url).get("/join/lesson")
    assert "Send me a code" not in page.text
    assert Visitor(proxy.url).send("/join/lesson", {"email": ADA}).status_code == 400
    assert office.messages == []


def test_a_form_of_another_site_sends_nothing(proxy, office):
    visitor = Visitor(proxy.url)
    answer = visitor.send("/join/closed", {"email": ADA}, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403
    assert office.messages == []


def test_who_signs_in_by_mail_has_a_new_token_and_the_old_one_ends(proxy, office):
    old = proxy.ledger.rotate("closed", "ada")["ada"]
    visitor = asked(proxy)
    page = visitor.send("/join/closed", {"code": code_in(office.next())}).text
    assert re.search(r"closed/ada\.[0-9a-f]{32}", page)[0] != old


# --- settings --------------------------------------------------------------------------------------------------------


def test_without_settings_no_mail_is_sent():
    assert mail.from_environment({}) is None


@pytest.mark.parametrize(
    ("address", "port", "tls"),
    [("smtps://me%40x.org@h.example", 465, True), ("smtp://me%40x.org@h.example:2525", 2525, False)],
)
def test_the_environment_names_the_server(address, port, tls):
    made = mail.from_environment({mail.ADDRESS: address, mail.PASSWORD: "secret"})
    assert (made.host, made.port, made.user, made.sender, made.is_tls) == (
        "h.example",
        port,
        "me@x.org",
        "me@x.org",
        tls,
    )
    assert "secret" not in repr(made)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({mail.ADDRESS: "http://h.example"}, "is written smtps://"),
        ({mail.ADDRESS: "smtps://me:pw@h.example"}, "CLASSROOM_PROXY_SMTP_PASSWORD"),
        ({mail.ADDRESS: "smtps://me@h.example"}, "must be the address"),
        ({mail.ADDRESS: "smtp://h.example:port", mail.SENDER: SENDER}, "is written smtps://"),
    ],
)
def test_settings_that_make_no_sense_are_named(settings, words):
    with pytest.raises(MailError, match=words):
        mail.from_environment(settings)


def test_a_server_elsewhere_without_tls_gets_no_code(office, monkeypatch):
    monkeypatch.setattr(mail, "_is_this_machine", lambda host: False)
    with pytest.raises(MailError, match="SMTPNotSupportedError"):
        Mail("127.0.0.1", office.port, SENDER).send(ADA, "Code", "1234")
    assert office.messages == []


def test_an_address_that_is_none_makes_no_attendee(proxy):
    with pytest.raises(EventError, match="no address"):
        proxy.ledger.attend("closed", ["mallory"], {"mallory": "a@x.org\nBcc: b@x.org"})
    assert not proxy.ledger.attends("closed", "mallory")
