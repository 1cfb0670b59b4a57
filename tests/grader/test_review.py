"""The review: who gets in, what is shown, what is kept; and that nothing of a submission does anything on its pages."""

import csv
import io
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from starlette.testclient import TestClient

from grader import rubric
from grader.batch import entries
from grader.batch.roster import Learner
from grader.errors import GraderError
from grader.evidence import AppStart, Evidence, Scans, Source
from grader.judge import judge
from grader.review import record, shown, similarity, standing, statistics, store, viewing
from grader.review.decisions import Decisions
from grader.review.guard import Session
from grader.review.server import application
from grader.review.standing import Filter
from grader.review.views import Views
from tests.grader.hostile_words import EVERYTHING, MARKUP, unseen, with_words
from tests.grader.reviewed import CODE, CREDENTIAL, evidence, results

HOST = "http://127.0.0.1:4321"


class Person:
    """Who started the review, at the browser."""

    def __init__(self, place):
        self.place = place
        self.session = Session()
        self.writer = store.Writer(place).__enter__()
        self.views = Views("process")
        self.app = application(place, self.writer, self.views, self.session)
        self.client = TestClient(self.app, base_url=HOST, follow_redirects=True, raise_server_exceptions=True)
        assert self.client.get(self.session.path).status_code == 200

    def get(self, path="/", **options):
        return self.client.get(self.session.base + path, **options)

    def post(self, path, headers=None, **fields):
        fields = {"word": self.session.word} | fields
        return self.client.post(
            self.session.base + path, data=fields, headers={"origin": HOST} if headers is None else headers
        )

    def code(self, key="ada"):
        return self.writer.current().code(key)

    def decide(self, path, key="ada", **fields):
        return self.post(f"/learner/{self.code(key)}/{path}", **fields)


@pytest.fixture(scope="module")
def readers():
    """The worker that reads for one test after the other, which would each take a second to load it."""
    loaded = []
    yield loaded
    for reader in loaded:
        reader.close()


@pytest.fixture
def reviewing(tmp_path, readers):
    people = []

    def start(*works, more=()):
        works = works or (evidence("ada"), evidence("bob"))
        people.append(Person(results(tmp_path / "out", *works, more=more)))
        people[-1].views._reader = readers[0] if readers else None
        return people[-1]

    yield start
    for person in people:
        readers[:] = [person.views._reader] if person.views._reader else []
        person.writer.__exit__(None, None, None)


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


# --- who gets in --------------------------------------------------------------------------------------------------


def test_a_ticket_is_good_once(reviewing):
    person = reviewing()
    assert person.get().status_code == 200
    stranger = TestClient(person.app, base_url=HOST)
    assert stranger.get(person.session.path).status_code == 403
    assert stranger.get(person.session.base + "/").status_code == 403


def test_fetching_ahead_does_not_use_the_ticket_up(tmp_path):
    place = results(tmp_path / "out", evidence("ada"))
    with store.Writer(place) as writer:
        session = Session()
        client = TestClient(application(place, writer, Views("process"), session), base_url=HOST)
        assert client.get(session.path, headers={"sec-purpose": "prefetch;prerender"}).status_code == 403
        assert client.get(session.path).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "a@127.0.0.1", "[::1]", "0.0.0.0", ""]
)
def test_another_host_s_name_is_refused(reviewing, host):
    assert reviewing().get(headers={"host": host}).status_code == 421


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_of_another_site_or_port_is_refused(reviewing, site):
    assert reviewing().get(headers={"sec-fetch-site": site}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [{}, {"origin": "null"}, {"origin": "http://evil.example"}, {"origin": "http://127.0.0.1:8000"}],
)
def test_what_changes_something_must_come_from_a_page_of_ours(reviewing, headers):
    person = reviewing()
    path = f"/learner/{person.code()}/comment"
    assert person.post(path, headers=headers, text="x").status_code == 403
    assert store.read(person.place).decisions == ()


def test_a_form_without_the_session_s_word_changes_nothing(reviewing):
    person = reviewing()
    assert person.decide("comment", text="x", word="guess").status_code == 403
    assert person.decide("draft", field="comment", text="x", word="").status_code == 403
    assert store.read(person.place) == Decisions()


def test_the_cookie_goes_to_a_path_that_only_this_session_knows(tmp_path):
    place = results(tmp_path / "out", evidence("ada"))
    with store.Writer(place) as writer:
        session = Session()
        answer = TestClient(application(place, writer, Views("process"), session), base_url=HOST).get(
            session.path
        )
    cookie = answer.headers["set-cookie"]
    assert f"Path={session.base}/; HttpOnly; SameSite=Strict" in cookie
    assert Session().base != session.base


@pytest.mark.parametrize("path", ["/", "/statistics", "/alike", "/review.js", "/learners.csv", "/nothing"])
def test_every_answer_keeps_the_page_to_itself(reviewing, path):
    headers = reviewing().get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_are_not_offered(reviewing, method):
    person = reviewing()
    assert person.client.request(method, person.session.base + "/").status_code == 405


def test_a_body_that_is_too_large_is_refused(reviewing):
    assert reviewing().decide("comment", text="x" * 600_000).status_code == 413


def test_a_folder_without_results_says_how_to_make_them(tmp_path):
    with store.Writer(tmp_path) as writer, pytest.raises(GraderError, match="grader batch"):
        application(tmp_path, writer, Views("process"), Session())


# --- what is shown ------------------------------------------------------------------------------------------------


def test_the_page_of_a_learner_has_the_name_as_heading_and_the_evidence_beside_the_source(reviewing):
    person = reviewing()
    page = person.get(f"/learner/{person.code()}").text
    assert "<h1>ada</h1>" in page
    assert 'href="#f0-8" data-line>src/main.py, line 8</a>' in page  # named in the log
    assert 'href="#f0-6" data-line>src/main.py, line 6</a>' in page  # where the address is
    assert '<div id="f0-6"><span class="at">6</span><code>@app.post(&quot;/files&quot;)</code>' in page


def test_a_credential_s_line_is_named_and_the_credential_is_not_shown(reviewing):
    scans = Scans(secrets=(CREDENTIAL,), files=1, sources=(Source(path="src/main.py", text=CODE),))
    person = reviewing(evidence("ada", scans=scans))
    page = person.get(f"/learner/{person.code()}").text
    assert "src/main.py, line 3</a>" in page
    assert "OpenAI key: sk-abc…40 characters" in page


def test_status_means_exactly_that_status(reviewing):
    person = reviewing()
    assert person.get("/?status=complete").text.count('scope="row" class="name"') == 0
    assert person.get("/?status=incomplete").text.count('scope="row" class="name"') == 2


def test_a_click_on_a_criterion_leads_to_those_who_failed_it(reviewing):
    good = Scans(env_is_ignored=True)
    person = reviewing(evidence("ada"), evidence("bob", scans=good))
    page = person.get("/").text
    link = re.search(r'href="([^"]+)" aria-label="1 failed secrets.ignored_by_git', page)
    assert link
    chosen = person.client.get(link[1].replace("&amp;", "&")).text
    assert re.findall(r'class="name"><a href="[^"]+">(\w+)</a>', chosen) == ["ada"]


def test_next_and_previous_stay_among_those_that_were_chosen(reviewing):
    person = reviewing(evidence("ada"), evidence("bob", scans=Scans(env_is_ignored=True)), evidence("cyd"))
    query = "?criterion=secrets.ignored_by_git&verdict=failed"
    page = person.get(f"/learner/{person.code()}{query}").text
    assert "1 of 2" in page
    assert f'rel="next" accesskey="n" href="{person.session.base}/learner/{person.code("cyd")}' in page


def test_an_anonymous_review_has_no_names_in_its_pages_tables_or_addresses(reviewing):
    person = reviewing(evidence("Ada Lovelace"), evidence("Bob", digest="sha256:Ada Lovelace"))
    person.post("/settings", anonymous="yes")
    code = person.code("Ada Lovelace")
    for path in (
        "/",
        "/alike",
        "/statistics",
        "/learners.csv",
        f"/learner/{code}",
        f"/learner/{code}/report",
    ):
        answer = person.get(path)
        assert answer.status_code == 200, path
        assert not re.search("Lovelace|Bob", answer.text.replace("sha256:Ada Lovelace", "")), path
    person.post("/settings", anonymous="no")
    assert "Ada Lovelace" in person.get("/").text


def test_the_difference_to_the_last_attempt_is_shown(reviewing, tmp_path):
    results(tmp_path / "out", evidence("ada"))
    better = Scans(
        env_is_ignored=True, sources=(Source(path="src/main.py", text=CODE.replace("wish", "want")),)
    )
    person = reviewing(evidence("ada", digest="sha256:2", scans=better))
    page = text_of(person.get(f"/learner/{person.code()}").text)
    assert "Since the last attempt" in page
    assert "✓ passed , was failed" in page
    assert "src/main.py: 2 new lines, 2 gone" in page


def test_evidence_that_is_gone_or_was_changed_is_named_and_the_page_stays(reviewing):
    person = reviewing(evidence("ada"), evidence("bob"), evidence("cyd"))
    ada, bob, _ = sorted((person.place / ".grader" / "records").iterdir())
    rows = {row.record: row.key for row in record.read(person.place).rows}
    ada.unlink()
    bob.write_bytes(bob.read_bytes()[:-40])
    page = person.get(f"/learner/{person.code(rows[ada.name])}").text
    assert "The evidence is not kept any more." in page
    page = person.get(f"/learner/{person.code(rows[bob.name])}").text
    assert "be shown: A record is not one that this grader wrote" in page
    assert "Decide or comment" in page


def test_one_worker_reads_one_after_the_other_and_a_lost_one_is_replaced(reviewing):
    person = reviewing(evidence("ada"), evidence("bob"), evidence("cyd"))
    for name in ("ada", "bob"):
        assert "src/main.py" in person.get(f"/learner/{person.code(name)}").text
    person.views._reader.close()
    assert "src/main.py" in person.get(f"/learner/{person.code('cyd')}").text


def test_who_handed_in_nothing_has_a_page_too(reviewing):
    person = reviewing(evidence("ada"), more=(entries.missing(Learner("Zoe", "9")),))
    answer = person.get(f"/learner/{person.code('roster: 9')}")
    assert answer.status_code == 200
    assert "nothing was handed in" in answer.text


def test_the_learner_s_page_comes_without_scripts_and_with_every_decision(reviewing):
    person = reviewing()
    person.decide("comment", text="Read chapter 2.")
    answer = person.get(f"/learner/{person.code()}/report")
    assert "Comment: Read chapter 2." in answer.text
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")


def test_a_batch_that_ran_meanwhile_counts(reviewing):
    person = reviewing(evidence("ada"))
    results(person.place, evidence("ada"), evidence("eve"))
    assert ">eve</a>" in person.get("/").text


class _Markup(HTMLParser):
    """Every element and attribute of a page."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes = set(), set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {(tag, name) for name, _ in attrs}


def test_nothing_that_a_submission_wrote_becomes_markup_or_steers_a_page(reviewing):
    words = EVERYTHING
    plain = evidence("ada", app=AppStart(started=True, log="a log"))
    attacked = with_words(plain, words, keep_ours=True)
    odd = Scans(odd=(words,), sources=(Source(path=words + ".py", text=words),), secrets=(CREDENTIAL,))
    attacked = attacked.model_copy(update={"scans": odd})
    attacked = Evidence.model_validate(attacked.model_dump(by_alias=True))  # as a worker's record arrives
    twin = attacked.renamed("bob")
    person = reviewing(plain.renamed("zoe"), attacked, twin)
    name = attacked.submission.name
    zoe, key, bob = (person.code(each) for each in ("zoe", name, "bob"))
    typed = words.encode("utf-8", "replace").decode()  # a form has no half surrogate pairs
    person.decide("comment", key=name, text=typed, criterion="secrets.ignored_by_git")
    person.decide("request", key=name, text=typed)
    pages = {
        f"/learner/{zoe}": (f"/learner/{key}", f"/learner/{bob}"),
        "/statistics": ("/statistics",),
    }
    for harmless, hostile in pages.items():
        known = _Markup()
        known.feed(person.get(harmless).text)
        for path in (*hostile, "/", "/alike", f"/alike/{key}/{bob}"):
            found = _Markup()
            page = person.get(path).text
            found.feed(page)
            assert not found.tags & {"img", "iframe", "object", "style", "base", "b"}, path
            assert not [name for _, name in found.attributes if name.startswith("on")], path
            assert page.count("<script") == 1, path
            without_typed = re.sub(r"<textarea.*?</textarea>|<option.*?>", "", page, flags=re.DOTALL)
            assert unseen(without_typed, "\n\t") == [], path


@pytest.mark.parametrize("words", MARKUP)
def test_what_a_person_types_stays_in_its_field_to_the_character(reviewing, words):
    person = reviewing()
    person.decide("draft", field="comment", text=words)

    class Field(HTMLParser):
        inside, text = False, ""

        def handle_starttag(self, tag, attrs):
            self.inside = ("id", "comment-whole") in attrs or (self.inside and tag != "textarea")

        def handle_endtag(self, tag):
            self.inside = self.inside and tag != "textarea"

        def handle_data(self, data):
            self.text += data if self.inside else ""

    field = Field()
    field.feed(person.get(f"/learner/{person.code()}").text)
    typed = words.replace("\r\n", "\n").replace("\r", "\n")
    assert field.text.removeprefix("\n").replace("\r", "\n") == typed


# --- what is kept -------------------------------------------------------------------------------------------------

IGNORED = "secrets.ignored_by_git"


def test_an_override_is_kept_at_once_shown_and_undone(reviewing):
    person = reviewing()
    page = person.decide("override", criterion=IGNORED, status="passed", reason="Seen in class.").text
    [kept] = store.read(person.place).decisions
    assert (kept.learner, kept.digest, kept.status) == ("ada", "sha256:ada", "passed")
    assert "Changed by a person: Seen in class." in page
    person.decide("undo", id=kept.id)
    assert store.read(person.place).decisions[0].undone
    assert "Changed by a person" not in person.get(f"/learner/{person.code()}").text
    person.decide("undo", id=kept.id, again="yes")
    assert "Changed by a person" in person.get(f"/learner/{person.code()}").text


def test_an_override_without_a_reason_is_refused_in_words_and_the_field_keeps_its_text(reviewing):
    person = reviewing()
    page = person.decide("override", criterion=IGNORED, points="lots", reason="Why not").text
    assert 'role="alert">Not kept: points' in page
    assert store.read(person.place).decisions == ()


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("comment", {"criterion": "no.such", "text": "x"}),
        ("answer", {"request": "d-9", "text": "x"}),
        ("undo", {"id": "d-9"}),
    ],
)
def test_what_is_not_there_is_refused(reviewing, path, fields):
    person = reviewing()
    assert person.decide(path, **fields).status_code == 404


def test_one_learner_s_decision_can_not_be_undone_on_another_s_page(reviewing):
    person = reviewing()
    person.decide("comment", text="x")
    assert person.decide("undo", key="bob", id="d-1").status_code == 404


def test_a_draft_is_kept_and_gone_once_it_is_sent(reviewing):
    person = reviewing()
    assert person.decide("draft", field="comment", text="half a sent").status_code == 204
    assert store.read(person.place).draft("ada", "comment") == "half a sent"
    assert "half a sent" in person.get(f"/learner/{person.code()}").text
    person.decide("comment", field="comment", text="half a sentence")
    assert store.read(person.place).drafts == ()


def test_earlier_comments_are_offered_those_on_the_same_criterion_first(reviewing):
    person = reviewing()
    person.decide("comment", text="On the whole.")
    person.decide("comment", text="On this one.", criterion=IGNORED)
    bank = store.read(person.place).bank(IGNORED)
    assert bank == ["On this one.", "On the whole."]
    person.decide("comment", key="bob", text="", bank="On this one.", criterion=IGNORED)
    assert store.read(person.place).of("bob").comments[0].text == "On this one."


def test_a_request_waits_in_the_queue_until_it_is_answered(reviewing):
    person = reviewing()
    person.decide("look")
    person.decide("request", criterion=IGNORED, text="I do ignore it.")
    assert "Asks for another look" in person.get("/?look=request").text
    [asked] = store.read(person.place).of("ada").requests
    person.decide("answer", request=asked.id, text="You do.")
    assert person.get("/?look=request").text.count('scope="row" class="name"') == 0
    assert "Answer: You do." in person.get(f"/learner/{person.code()}").text


def test_who_was_looked_at_leaves_the_queue_until_other_work_comes(reviewing):
    person = reviewing(evidence("ada"))
    assert person.get("/?look=any").text.count('scope="row" class="name"') == 1
    person.decide("look")
    assert person.get("/?look=any").text.count('scope="row" class="name"') == 0
    results(person.place, evidence("ada", digest="sha256:2"))
    assert person.get("/?look=any").text.count('scope="row" class="name"') == 1


# --- who needs a person -------------------------------------------------------------------------------------------


def stand(tmp_path, *works, **options):
    return standing.standings(record.read(results(tmp_path / "out", *works, **options)), Decisions())


def kinds_of(found, key="ada"):
    return {reason.kind for reason in found.by_key[key].reasons}


def test_tests_that_steer_pytest_and_alike_work_wait_for_a_person(tmp_path):
    odd = evidence("ada", scans=Scans(odd=("conftest.py, line 3: os._exit",)))
    found = stand(tmp_path, odd, evidence("bob", digest="sha256:ada"))
    assert {"tests", "alike"} <= kinds_of(found)
    assert "tests" not in kinds_of(found, "bob")


def test_in_a_group_of_alike_work_what_is_the_same_to_the_byte_is_reported(tmp_path):
    code = Scans(fingerprints=tuple(range(100)))
    works = (
        evidence(name, digest, scans=code) for name, digest in (("ada", "d"), ("bob", "d"), ("cyd", "e"))
    )
    words = [
        reason.words for reason in stand(tmp_path, *works).by_key["ada"].reasons if reason.kind == "alike"
    ]
    assert [each.partition(". Ask")[0] for each in words] == [
        "Identical to bob, byte for byte",
        "Much of its code has the same shape as that of cyd",
    ]


def test_the_same_work_judged_otherwise_than_before_waits_for_a_person(tmp_path):
    results(tmp_path / "out", evidence("ada"))
    found = stand(tmp_path, evidence("ada", scans=Scans(env_is_ignored=True)))
    assert "agreement" in kinds_of(found)
    assert found.by_key["ada"].row.unstable == (IGNORED,)


def test_one_of_the_best_who_fails_what_nearly_everybody_passes_waits_for_a_person(tmp_path):
    easy = [evidence(f"n{at}", scans=Scans(env_is_ignored=True)) for at in range(19)]
    best = evidence("ada", scans=Scans(env_is_ignored=False, ci=("ci.yml",), live_markers=("live",)))
    found = stand(tmp_path, *easy, best)
    assert "agreement" in kinds_of(found)
    assert found.by_key["n0"].score is not None


@pytest.mark.parametrize(
    ("filter", "takes"),
    [
        (Filter(), True),
        (Filter(status="complete"), False),
        (Filter(status="incomplete"), True),
        (Filter(criterion=IGNORED, verdict="failed"), True),
        (Filter(criterion=IGNORED, verdict="fail"), False),
        (Filter(name="AD"), True),
        (Filter(look="alike"), False),
    ],
)
def test_a_filter_takes_exactly_what_it_says(tmp_path, filter, takes):
    assert filter.takes(stand(tmp_path, evidence("ada")).by_key["ada"]) is takes


# --- alike --------------------------------------------------------------------------------------------------------


def shapes(count, size=100):
    return {f"n{at}": frozenset(range(1000 * at, 1000 * at + size)) for at in range(1, count + 1)}


def test_seven_identical_of_ten_are_one_group():
    digests = {f"n{at}": "same" if at <= 7 else f"own {at}" for at in range(1, 11)}
    [group] = similarity.groups(shapes(10), digests)
    assert len(group.members) == 7
    assert group.identical


def test_identical_work_is_a_group_however_little_code_it_has():
    [group] = similarity.groups({"ada": frozenset(), "bob": frozenset()}, {"ada": "d", "bob": "d"})
    assert group.members == ("ada", "bob")


def test_what_many_share_counts_unless_it_was_given():
    shared = frozenset(range(200))
    class_ = {name: shape | shared for name, shape in shapes(10).items()}
    [group] = similarity.groups(class_, {})
    assert len(group.members) == 10
    assert not group.identical
    assert similarity.groups(class_, {}, given=shared) == []


def test_each_member_names_the_closest_other():
    base = frozenset(range(100))
    found = {"ada": base, "bob": base, "cyd": frozenset(range(30, 130))}
    [group] = similarity.groups(found, {})
    assert group.closest["ada"] == ("bob", 1.0)
    assert group.closest["cyd"][1] == 0.7


def test_the_skeleton_and_the_answer_key_are_given():
    root = similarity.Path(similarity.grader.__file__).parents[1]
    from grader.collect.code.fingerprints import fingerprints

    given = similarity.given()
    for name in ("lab/src", "answer-key/src"):
        for file in (root / name).rglob("*.py"):
            assert fingerprints([file]) <= given


def test_a_thousand_works_are_compared_soon():
    import time

    shared = frozenset(range(10**6, 10**6 + 300))
    class_ = {name: shape | shared for name, shape in shapes(1000, 900).items()}
    began = time.process_time()
    assert similarity.groups(class_, {}) == []
    assert time.process_time() - began < 30


def test_lines_of_the_same_shape_are_marked_on_both_sides_and_given_ones_are_not():
    one, other = (
        viewing.view(
            evidence("x", scans=Scans(sources=(Source(path="a.py", text=text),))),
            judge(evidence("x"), rubric.read()),
        )
        for text in (CODE, "# mine\n" + CODE.replace("wish", "want"))
    )
    left, right = shown.alike(one, other, frozenset())
    assert next(line.number for line in left[0].lines if line.mark) == 1
    assert right[0].marked
    given = {number for *_, number in one.sources[0].shapes}
    assert shown.alike(one, other, given) == ([], [])


# --- numbers ------------------------------------------------------------------------------------------------------


def test_difficulty_and_discrimination_follow_their_definitions(tmp_path):
    # those who have a CI also ignore .env: passing one goes along with the points of the rest
    works = [
        evidence(f"n{at}", scans=Scans(env_is_ignored=at < 5, ci=("ci.yml",) if at < 5 else ()))
        for at in range(10)
    ]
    found = statistics.numbers(stand(tmp_path, *works))
    items = {item.id: item for item in found.items}
    assert items[IGNORED].difficulty == 0.5
    assert items[IGNORED].discrimination == pytest.approx(1.0)
    assert items["endpoint.starts"].discrimination is None  # all failed
    assert sum(bin.count for bin in found.bins) == 10
    rows = list(csv.DictReader(io.StringIO(statistics.table(found))))
    assert next(row for row in rows if row["criterion"] == IGNORED)["difficulty"] == "0.5"


def test_numbers_of_a_class_without_points_are_none(tmp_path):
    found = statistics.numbers(stand(tmp_path, more=(entries.missing(Learner("Zoe", "9")),)))
    assert (found.judged, found.mean, found.bins) == (0, None, ())


def test_a_learner_s_name_that_is_a_formula_is_text_in_the_table(tmp_path):
    row = replace(entries.missing(Learner("Zoe", "9")), name="=1+1")
    assert "'=1+1" in statistics.learners_table(stand(tmp_path, more=(row,)))


def test_namesakes_are_kept_apart_by_their_identifiers(tmp_path):
    more = tuple(entries.missing(Learner("Anna Schmidt", id)) for id in ("101", "102"))
    found = stand(tmp_path, evidence("ada"), more=more)
    assert [one.shown for one in found.learners] == ["ada", "Anna Schmidt (101)", "Anna Schmidt (102)"]
