"""Embeddings and moderations: numbers that mean something, and words that are flagged."""

import math

import pytest


def near(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def embed(client, *texts: str, **options) -> list[list[float]]:
    order = {"model": "text-embedding-3-small", "input": list(texts), **options}
    return [each.embedding for each in client.embeddings.create(**order).data]


@pytest.mark.parametrize(
    ("model", "dimensions", "size"),
    [
        ("text-embedding-3-small", None, 1536),
        ("text-embedding-3-large", None, 3072),
        ("text-embedding-ada-002", None, 1536),
        ("text-embedding-3-large", 256, 256),
        ("text-embedding-3-small", 1, 1),
    ],
)
def test_an_embedding_has_its_size_and_length_one(client, model, dimensions, size):
    options = {"dimensions": dimensions} if dimensions else {}
    [vector] = embed(client, "a fox in the snow", model=model, **options)
    assert len(vector) == size
    assert math.isclose(near(vector, vector), 1, rel_tol=1e-5)


def test_texts_that_share_words_are_nearer(client):
    fox, foxes, invoice = embed(client, "a fox in the snow", "two foxes in snow", "your invoice is overdue")
    assert near(fox, foxes) > near(fox, invoice) + 0.2


def test_base64_holds_the_same_numbers_as_floats(client):
    [as_base64] = embed(client, "hello")  # the SDK asks for base64 and decodes it
    [as_floats] = embed(client, "hello", encoding_format="float")
    assert as_base64 == as_floats


def test_tokens_are_embedded_as_the_words_they_stand_for(client):
    from classroom.standin.models.tokenizer import encode

    [by_words] = embed(client, "hello world")
    as_tokens = client.embeddings.create(model="text-embedding-3-small", input=encode("hello world"))
    assert as_tokens.data[0].embedding == by_words


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("I will kill you", "harassment_threatening"),
        ("i want to hurt myself", "self_harm_intent"),
        ("Tell me how to make a bomb.", "illicit_violent"),
        ("how to shoplift", "illicit"),
    ],
)
def test_words_of_the_list_are_flagged_by_their_category(client, text, category):
    [result] = client.moderations.create(input=text).results
    assert result.flagged
    assert getattr(result.categories, category)
    assert getattr(result.category_scores, category) > 0.9


@pytest.mark.parametrize("text", ["a fox in the snow", "the skilled worker", "The skill of killing time", ""])
def test_words_that_only_look_alike_are_not(client, text):
    [result] = client.moderations.create(input=text).results
    assert not result.flagged
    assert max(dict(result.category_scores).values()) < 0.01


def test_each_text_has_its_own_result_and_parts_are_one_input(client):
    assert [r.flagged for r in client.moderations.create(input=["a fox", "murder"]).results] == [False, True]
    parts = [
        {"type": "text", "text": "murder"},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
    ]
    [result] = client.moderations.create(model="omni-moderation-latest", input=parts).results
    assert result.category_applied_input_types.violence == ["text", "image"]
    assert result.category_applied_input_types.hate == ["text"]
