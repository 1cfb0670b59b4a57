"""Rosters of the platforms, as a class comes in by them: everybody has a name of their own that a token can hold."""

import pytest

from classroom.proxy.rules import rosters
from classroom.proxy.rules.errors import EventError
from classroom.proxy.rules.rosters import Listed


def opened(tmp_path, text: str, encoding: str = "utf-8"):
    (tmp_path / "roster.csv").write_bytes(text.encode(encoding))
    return rosters.read_roster(tmp_path / "roster.csv")


def test_canvas_gradebook_leaves_out_the_rows_that_are_nobody(tmp_path):
    text = (
        "Student,ID,SIS User ID,SIS Login ID,Section,Lab (22)\n,,,,,Manual Posting\n    Points Possible,,,,,100\n"
        '"Schmidt, Anna",1,s1,a.schmidt@x.org,A,\n"Törvalds, Linus",2,s2,linus.törvalds,A,\n"Student, Test",9,,test,A,\n'
    )
    assert opened(tmp_path, text) == [Listed("a.schmidt@x.org"), Listed("linus.torvalds")]


def test_moodle_namesakes_are_kept_apart_by_their_addresses(tmp_path):
    text = (
        "Identifier,Full name,Email address,Status\n"
        "Participant 1,Anna Schmidt,a1@x.org,-\nParticipant 2,Anna Schmidt,a2@x.org,-\n"
    )
    assert opened(tmp_path, text) == [Listed("a1@x.org", "a1@x.org"), Listed("a2@x.org", "a2@x.org")]


def test_gradescope_s_staff_stay_out(tmp_path):
    text = "First Name,Last Name,SID,Email,Role\nAda,Lovelace,1,ada@x.org,Student\nIna,Structor,2,i@x.org,Instructor\n"
    assert opened(tmp_path, text) == [Listed("Ada-Lovelace", "ada@x.org")]


def test_a_roster_with_semicolons_in_latin_1_is_read(tmp_path):
    text = "Vollständiger Name;E-Mail-Adresse\nBjörn Weiß;b@x.org\n"
    assert opened(tmp_path, text, "cp1252") == [Listed("Bjorn-Weiss", "b@x.org")]


def test_names_that_no_token_holds_give_way_to_another_column(tmp_path):
    assert opened(tmp_path, "name,email\n王小明,wang@x.org\n") == [Listed("wang@x.org", "wang@x.org")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name\nAnna Schmidt\nAnna Schmidt\n", "is there twice"),
        ("name\n王小明\n", "can't be a name"),
        ("points\n4\n", "needs a header"),
        ("name\n", "no learners"),
    ],
)
def test_a_roster_that_tells_nobody_apart_says_why(tmp_path, text, words):
    with pytest.raises(EventError, match=words):
        opened(tmp_path, text)
