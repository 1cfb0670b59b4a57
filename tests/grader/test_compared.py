"""The values that code compares an input with."""

from grader.collect.finding.compared import with_choices
from grader.operations import Field, Operation


def operation(*names: str) -> Operation:
    return Operation("POST", "/x", "", (tuple(Field("json", name, {"type": "string"}) for name in names),))


def choices(tmp_path, code: str, *names: str) -> dict[str, tuple[object, ...]]:
    (tmp_path / "main.py").write_text(code)
    found = with_choices([operation(*names)], tmp_path, ["main.py"])
    return {one.name: one.choices for each in found for one in each.shapes[0] if one.choices}


def test_every_way_to_compare_is_read(tmp_path):
    code = (
        "if body.mode == 'chat': ...\nif data.get('tone', '').lower() not in ('dry', 'warm'): ...\n"
        "match form['size']:\n    case 'small' | 'large': ...\nif pace in {'slow': 1}: ...\n"
    )
    assert choices(tmp_path, code, "mode", "tone", "size", "pace") == {
        "mode": ("chat",),
        "tone": ("dry", "warm"),
        "size": ("small", "large"),
        "pace": ("slow",),
    }


def test_a_prompt_takes_any_words_whatever_ends_a_conversation(tmp_path):
    assert choices(tmp_path, "if body.prompt in ('exit', 'quit'): ...\n", "prompt") == {}


def test_what_is_compared_with_nothing_is_left_out(tmp_path):
    assert choices(tmp_path, "if other == 'x': ...\n", "mode") == {}


def test_a_list_of_objects_that_nothing_describes_is_a_conversation(tmp_path):
    listed = Field("json", "history", {"type": "array", "items": {"type": "object"}}, True)
    [found] = with_choices([Operation("POST", "/x", "", ((listed,),))], tmp_path, [])
    assert [one.name for one in found.shapes[0]] == ["history.0.role", "history.0.content"]


def test_a_variable_that_was_taken_from_an_input_is_compared_for_it(tmp_path):
    code = "sort = data.get('way', '')\nif sort == 'verse': ...\npace = body['speed'].lower()\nif pace in ('slow', 'fast'): ...\n"
    assert choices(tmp_path, code, "way", "speed") == {"way": ("verse",), "speed": ("slow", "fast")}
