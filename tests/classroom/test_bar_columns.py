"""Bar charts: numbers beside bars, words for those who can't see them, and nothing of a name becomes markup."""

from xml.etree import ElementTree

import pytest

from classroom.charts.columns import bars, show_bars

_SVG = "{http://www.w3.org/2000/svg}"


def texts(drawn):
    return [each.text for each in ElementTree.fromstring(drawn).iter(f"{_SVG}text")]


def test_each_bar_has_its_name_and_its_number():
    words = texts(bars({" key": [0.25, 0.5]}, ["cold", "hot"]))
    assert words == ["cold", "hot", " key", "25%", "50%"]


def test_the_longest_bar_is_the_highest_number_of_all_columns():
    drawn = ElementTree.fromstring(bars({"a": [1, 2], "b": [4, 0]}, ["x", "y"], form="{:g}"))
    widths = [float(each.get("width")) for each in drawn.iter(f"{_SVG}rect")][1:]
    assert widths[2] == max(widths)
    assert widths[2] == pytest.approx(2 * widths[1])


def test_a_cut_is_a_line_with_words_and_what_is_below_it_is_pale():
    drawn = bars({"a": [3], "b": [2], "c": [1]}, ["x"], kept=2, line="top_p cuts here")
    tree = ElementTree.fromstring(drawn)
    fills = [each.get("fill") for each in tree.iter(f"{_SVG}rect")][1:]
    assert fills[0] == fills[1] != fills[2]
    assert "top_p cuts here" in texts(drawn)
    assert len(list(tree.iter(f"{_SVG}line"))) == 1


def test_a_name_is_no_markup():
    assert texts(bars({"<script>&": [1]}, ["x"]))[1] == "<script>&"


def test_a_row_without_a_number_for_each_column_is_an_error():
    with pytest.raises(ValueError, match="2 numbers"):
        bars({"a": [1]}, ["x", "y"])


def test_a_chart_without_a_description_is_an_error():
    with pytest.raises(ValueError, match="description"):
        show_bars({"a": [1]}, ["x"], "bars")


def test_a_chart_has_its_words_as_its_alternative_and_its_numbers_as_text(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    show_bars({"a": [0.5]}, ["x"], 'How likely "a" is, as a bar.')
    assert 'alt="How likely &quot;a&quot; is, as a bar."' in shown[0]["text/html"]
    assert shown[0]["text/plain"].endswith("a: 50%")
