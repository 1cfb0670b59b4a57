"""The tokenizer gives the same numbers as another implementation with its own copy of the table."""

import base64
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from classroom.standin.models import tokenizer


@pytest.fixture(scope="module")
def theirs():
    """The other implementation; it takes a second to load, which no process pays that runs other tests."""
    from bpe_openai import _bindings

    return _bindings.tokenizer_for_encoding("o200k_base")


@settings(deadline=None)
@given(words=some.text(max_size=300))
def test_any_text_has_the_same_tokens(theirs, words):
    sent = words.encode("utf-8", "replace").decode()
    assert tokenizer.encode(words) == list(theirs.encode(sent))


@pytest.mark.parametrize(
    "words",
    [
        "Don't SHOUT: they'll hear, I'D say.",
        "def f(x):\n\treturn x ** 2  # squared\n\n\n",
        "1234567 ٣٤٥ Ⅻ ½",
        "naïve café e\u0301 Ǆ ǅ ß İ ŉ",
        "日本語 한국어 עברית हिन्दी",
        "👩\u200d👩\u200d👧 \u2028 \u3000 \xa0",
        "   \r\n  \n x   ",
        "<|endoftext|>",
        "x" * 3000,
    ],
)
def test_words_of_many_kinds_have_the_same_tokens(theirs, words):
    assert tokenizer.encode(words) == list(theirs.encode(words))
    assert tokenizer.count(words) == len(tokenizer.encode(words))
    assert b"".join(tokenizer.split(words)) == words.encode()
    assert tokenizer.join(tokenizer.encode(words)) == words.encode()


def test_a_lone_surrogate_counts_as_a_question_mark():
    assert tokenizer.encode("a\ud800b") == tokenizer.encode("a?b")


@pytest.mark.parametrize("number", [-1, 199_998, 10**9])
def test_a_number_that_is_no_tokens_is_refused(number):
    with pytest.raises(ValueError, match="no such token"):
        tokenizer.join([number])


class Counting(dict):
    """The table, counting how often it is asked."""

    asked = 0

    def get(self, *arguments):
        self.asked += 1
        return super().get(*arguments)


@pytest.mark.parametrize("word", ["a", "xyz", "é", "8fJ+", None])
def test_a_long_word_asks_the_table_a_few_times_for_each_byte_however_long_it_is(word, monkeypatch):
    table = Counting(tokenizer._numbers())
    monkeypatch.setattr(tokenizer, "_numbers", lambda: table)
    piece = word.encode() * 5_000 if word else base64.b64encode(random.Random(1).randbytes(15_000))
    tokens = tokenizer._merge(piece)
    assert b"".join(tokenizer._tokens()[token] for token in tokens) == piece
    # each pair at first; then, for each merge, the pair itself again and its two neighbours
    assert 0 < table.asked < 5 * len(piece)
