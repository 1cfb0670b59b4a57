"""Embeddings that know synonyms, where the extra `semantics` is installed; and what remains without it."""

import base64
import math
import struct

import pytest
from openai import OpenAI

from classroom import OpenAIMock
from classroom.standin.meanings import semantics
from classroom.standin.routes import embeddings


@pytest.fixture(scope="module")
def client():
    pytest.importorskip("wordllama", reason="the extra `semantics` is not installed")
    with OpenAIMock() as mock:
        yield OpenAI(base_url=mock.base_url, api_key="any")


def places(client, texts, **options):
    options = {"model": "text-embedding-3-small", "encoding_format": "float", **options}
    return [item.embedding for item in client.embeddings.create(input=texts, **options).data]


def nearness(one, other):
    return sum(a * b for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(
    ("word", "synonym", "lookalike"),
    [("car", "automobile", "carpet"), ("begin", "start", "beginner's luck"), ("sofa", "couch", "soft")],
)
@pytest.mark.parametrize("options", [{}, {"dimensions": 256}, {"dimensions": 64}], ids=str)
def test_a_word_is_nearer_to_its_synonym_than_to_what_looks_like_it(
    client, word, synonym, lookalike, options
):
    first, second, third = places(client, [word, synonym, lookalike], **options)
    assert nearness(first, second) > nearness(first, third)


@pytest.mark.parametrize(
    ("options", "size"),
    [({}, 1536), ({"dimensions": 100}, 100), ({"model": "text-embedding-3-large"}, 3072)],
)
def test_vectors_have_the_model_s_size_and_length_1(client, options, size):
    [vector] = places(client, ["a car"], **options)
    assert len(vector) == size
    assert math.isclose(nearness(vector, vector), 1, abs_tol=1e-5)


def test_base64_holds_the_same_numbers(client):
    [listed] = places(client, ["a car"])
    answer = client.embeddings.with_raw_response.create(
        model="text-embedding-3-small", input="a car", encoding_format="base64"
    )
    content = base64.b64decode(answer.http_response.json()["data"][0]["embedding"])
    assert list(struct.unpack(f"<{len(content) // 4}f", content)) == pytest.approx(listed, abs=1e-6)


@pytest.mark.parametrize("words", [" ", "\n", "12 %", "東京", "🙂"])
def test_any_text_has_a_place(client, words):
    [vector] = places(client, [words])
    assert math.isclose(nearness(vector, vector), 1, abs_tol=1e-5)


def test_the_same_text_gets_the_same_vector_and_another_another(client):
    first, again, other = places(client, ["a car", "a car", "A car!!"])
    assert first == again != other


def test_without_the_extra_embeddings_are_lexical(monkeypatch):
    monkeypatch.setattr(semantics, "_load", lambda: None)
    car, cars, automobile = (embeddings.embed(word, 1536) for word in ("car", "cars", "automobile"))
    assert not semantics.available()
    assert nearness(car, cars) > nearness(car, automobile)
