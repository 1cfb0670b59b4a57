"""What each kind of credential looks like: the words by which a text is chosen to be searched agree with the pattern that searches it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.collect.scanning.credentials import MAY_HOLD, SHAPES


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.kind)
@settings(max_examples=20, database=None, deadline=None)
@given(data=st.data())
def test_what_a_kind_is_sought_by_is_in_each_of_its_kind(shape, data):
    alphabet = st.characters(codec="ascii")
    made = data.draw(st.from_regex(shape.pattern, alphabet=alphabet))
    assert any(part in made.lower() for part in shape.holds)
    assert not shape.strict or MAY_HOLD.search(made.encode())
