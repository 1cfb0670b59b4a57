"""Plots: as a picture with a description, and as the same numbers in text."""

import re
from math import dist
from xml.etree import ElementTree

import pytest

from classroom.charts import plots as charts


@pytest.fixture
def shown(monkeypatch):
    """What a notebook would show."""
    bundles = []
    monkeypatch.setattr(charts, "get_ipython", lambda: object())
    monkeypatch.setattr(charts.notebook, "display", lambda data, raw: bundles.append(data))
    return bundles


def picture_of(bundle):
    return ElementTree.fromstring(re.search(r"<svg.*</svg>", bundle["text/html"])[0])


def test_bars_are_as_long_as_their_numbers(shown):
    charts.bars("What it costs.", {"short": 1, "long": 4}, "$", 2)
    short, long = [float(each.get("width")) for each in picture_of(shown[0]).iter("rect")]
    assert long == pytest.approx(4 * short, rel=0.01)
    assert shown[0]["text/plain"] == "What it costs.\n  short: $1.00\n  long: $4.00"


def test_a_screen_reader_gets_the_numbers_once(shown):
    charts.bars("Calls.", {"first <b>": 2.5}, "s", 1)
    page = shown[0]["text/html"]
    assert 'role="img" aria-label="Calls. first &lt;b&gt;: 2.5 s"' in page
    assert "<b>" not in page
    assert page.count('aria-hidden="true"') == 2  # the picture and its caption


def test_bars_of_nothing_but_zero_are_drawn(shown):
    charts.bars("Nothing.", {"a": 0, "b": 0})
    assert len(list(picture_of(shown[0]).iter("rect"))) == 2


def test_points_in_a_plane_keep_their_distances_where_two_dimensions_are_enough():
    vectors = [(0, 0, 1), (3, 0, 1), (3, 4, 1), (0, 4, 1)]
    places = charts.places_in_a_plane(vectors)
    for one, first in zip(vectors, places, strict=True):
        for other, second in zip(vectors, places, strict=True):
            assert dist(first, second) == pytest.approx(dist(one, other), abs=1e-6)


def test_a_plane_says_in_words_what_is_nearest(shown):
    charts.plane("Texts.", {"ferry": (1, 0.1, 0), "boat": (0.9, 0.2, 0), "soup": (0, 0, 1)})
    assert "ferry: nearest to “boat”" in shown[0]["text/plain"]
    assert len(list(picture_of(shown[0]).iter("circle"))) == 3


def test_the_same_place_twice_is_no_error(shown):
    charts.plane("Texts.", {"one": (1, 0), "two": (1, 0)})
    lines = {each.get("y") for each in picture_of(shown[0]).iter("text")}
    assert len(lines) == 2, "labels do not cover each other"


def test_a_label_in_a_plane_is_beside_its_own_dot_and_off_the_others():
    drawn = ElementTree.fromstring(
        charts._point_picture(
            {
                "Guests with": (0, 0.22),
                "The pool": (0.55, 0.2),
                "Boats": (0.4, 0.17),
                "Dogs": (-2, 1),
                "Children": (-1.5, -0.6),
            }
        )
    )
    dots = [(float(each.get("cx")), float(each.get("cy"))) for each in drawn.iter("circle")]
    for (at, down), text in zip(dots, drawn.iter("text"), strict=True):
        width, x, y = 7.6 * len(text.text), float(text.get("x")), float(text.get("y")) - 5
        left = x - width if text.get("text-anchor") == "end" else x
        assert left - 16 <= at <= left + width + 16
        assert abs(y - down) <= 16
        others = [dot for dot in dots if dot != (at, down)]
        assert not any(left < cx < left + width and abs(cy - y) < 10 for cx, cy in others), text.text


def test_a_terminal_gets_text(capsys):
    charts.bars("Tokens.", {"one": 1200})
    assert capsys.readouterr().out == "Tokens.\n  one: 1,200\n"
