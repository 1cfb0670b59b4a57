"""What is called a type is the type of a file only where the document, the name or the answers say so."""

import pytest

from grader.collect.finding.type_inputs import settle_types
from grader.evidence import Input, Offer


def offer(name: str, value: str, kind: str = "text", **more: object) -> Offer:
    chosen = Input(location="json", name=name, required=True, **more)
    return Offer(
        kind=kind,
        method="POST",
        path="/make",
        prompt_input=Input(location="json", name="prompt", required=True),
        type_input=chosen,
        values={f"json:{name}": value},
        exchange="ex-1",
    )


@pytest.mark.parametrize(
    "name", ["type", "kind", "file_type", "mediaType", "output_format", "generated_type"]
)
def test_a_name_that_can_only_be_about_the_file_is_a_type(name):
    assert settle_types([offer(name, "text")])[0].type_input is not None


@pytest.mark.parametrize(
    "name", ["analysis_type", "question_kind", "request.user_type", "chatType", "response-type"]
)
def test_the_type_of_something_else_is_none(name):
    assert settle_types([offer(name, "text")])[0].type_input is None


def test_documented_values_that_name_kinds_make_it_one():
    assert (
        settle_types([offer("analysis_type", "picture", choices=("picture", "sound"))])[0].type_input
        is not None
    )
    assert settle_types([offer("analysis_type", "picture", example="audio")])[0].type_input is not None


def test_another_value_that_led_to_another_kind_makes_it_one():
    both = [offer("wish_type", "text"), offer("wish_type", "audio", kind="audio")]
    assert all(each.type_input for each in settle_types(both))
    same = [offer("wish_type", "text"), offer("wish_type", "text", kind="audio")]
    assert not any(each.type_input for each in settle_types(same))


def test_a_file_name_chooses_the_kind_where_the_type_was_of_something_else():
    named = offer("mood_type", "text").model_copy(
        update={"path_input": Input(location="query", name="path", required=True)}
    )
    assert settle_types([named])[0].kind_by_extension
