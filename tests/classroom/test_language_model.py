"""The n-gram model: its probabilities are real, and every parameter does what it says."""

import math
from collections import Counter

import pytest
from openai import BadRequestError, OpenAI

from classroom.standin.language_model import ngrams, training

MODEL = "lab-ngram-1"


@pytest.fixture(scope="module")
def client():
    from classroom import OpenAIMock

    with OpenAIMock() as mock:
        yield OpenAI(base_url=mock.base_url, api_key="any")


@pytest.fixture
def in_circles(monkeypatch):
    """A model that knows two texts, which go in circles: what it does depends on no word of the course."""
    often, less = " The key is in the box and" * 30, " The key is new but" * 12
    model = ngrams.NgramModel(ngrams.count([often, less]))
    monkeypatch.setattr(ngrams, "load", lambda: model)


def ask(client, words="The key is", **options):
    messages = [{"role": "user", "content": words}]
    return client.chat.completions.create(model=MODEL, messages=messages, **options)


def text_of(client, words="The key is", **options):
    return ask(client, words, **options).choices[0].message.content


def first_tokens(client, **options):
    answer = ask(client, n=128, max_tokens=1, logprobs=True, **options)
    return Counter(choice.logprobs.content[0].token for choice in answer.choices if choice.logprobs.content)


def test_the_table_is_trained_on_the_course_as_it_is():
    trained = ngrams.count(training.course_texts()).packed()
    assert ngrams.TABLE.read_bytes() == trained, "the course changed: run `make notebooks`"


def test_the_table_is_small():
    assert ngrams.TABLE.stat().st_size < 100_000


def test_what_is_packed_is_unpacked():
    table = ngrams.count([" a key is a key", " a token is none"])
    assert ngrams.Table.unpacked(table.packed()) == table


@pytest.mark.parametrize("words", [" The key is", " zebras quantum", "", " The API key", " 東京"])
def test_the_probabilities_of_all_tokens_are_one_together(words):
    from classroom.standin.models import tokenizer

    model = ngrams.load()
    distribution = model.distribution(model.context(tokenizer.encode(words)))
    assert math.isclose(sum(distribution), 1, abs_tol=1e-9)
    assert min(distribution) > 0


def test_what_was_counted_more_often_is_more_probable():
    model = ngrams.NgramModel(ngrams.count([" a cat", " a cat", " a dog"]))
    from classroom.standin.models import tokenizer

    distribution = model.distribution(model.context(tokenizer.encode(" a")))
    [cat], [dog] = tokenizer.encode(" cat"), tokenizer.encode(" dog")
    assert distribution[model.place(cat)] > distribution[model.place(dog)] > 1 / len(model.vocabulary) / 10


def test_a_context_that_was_never_seen_backs_off_to_its_last_token():
    from classroom.standin.models import tokenizer

    model = ngrams.load()
    one = model.distribution(model.context(tokenizer.encode(" zebra API")))
    other = model.distribution(model.context(tokenizer.encode(" quartz API")))
    assert one == other
    assert one != model.distribution(model.context(tokenizer.encode(" zebra the")))


def test_temperature_0_takes_the_most_probable_token(client):
    answer = ask(client, temperature=0, logprobs=True, top_logprobs=1, max_tokens=8)
    for token in answer.choices[0].logprobs.content:
        assert token.token == token.top_logprobs[0].token


def test_a_higher_temperature_draws_more_different_tokens(client):
    counts = [len(first_tokens(client, temperature=each, seed=5)) for each in (0, 0.5, 1, 2)]
    assert counts == sorted(set(counts))
    assert counts[0] == 1


def test_tokens_are_drawn_as_often_as_their_log_probabilities_say(client):
    listed = ask(client, logprobs=True, top_logprobs=20, max_tokens=1).choices[0].logprobs.content[0]
    best = listed.top_logprobs[0]
    drawn = first_tokens(client, seed=11) + first_tokens(client, seed=12) + first_tokens(client, seed=13)
    expected = math.exp(best.logprob)
    assert abs(drawn[best.token] / 384 - expected) < 4 * math.sqrt(expected * (1 - expected) / 384)


def test_top_p_cuts_what_lies_beyond_it(client):
    listed = ask(client, logprobs=True, top_logprobs=20, max_tokens=1).choices[0].logprobs.content[0]
    kept, together = set(), 0.0
    for each in listed.top_logprobs:
        kept.add(each.token)
        together += math.exp(each.logprob)
        if together >= 0.3:
            break
    assert set(first_tokens(client, top_p=0.3, temperature=1)) <= kept
    assert set(first_tokens(client, top_p=1, temperature=1)) - kept


def test_top_p_of_0_keeps_one_token(client):
    assert len(first_tokens(client, top_p=0)) == 1


def test_a_seed_repeats_the_dice_and_another_rolls_other_ones(client):
    again = [text_of(client, seed=7, user=f"user {number}", max_tokens=30) for number in range(2)]
    assert again[0] == again[1]
    assert text_of(client, seed=8, max_tokens=30) != again[0]


def test_the_same_request_gets_the_same_answer_without_a_seed(client):
    assert text_of(client) == text_of(client)


def test_a_token_limit_ends_the_answer_with_length(client):
    answer = ask(client, max_tokens=5, temperature=0)
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.completion_tokens == 5


def test_an_answer_stops_before_the_words_that_stop_it(client):
    whole = text_of(client, temperature=0, max_tokens=20)
    word = whole.split()[4]
    answer = ask(client, temperature=0, max_tokens=20, stop=[word], logprobs=True)
    assert answer.choices[0].message.content == whole[: whole.index(word)]
    assert answer.choices[0].finish_reason == "stop"
    assert "".join(each.token for each in answer.choices[0].logprobs.content).startswith(whole[:3])


@pytest.mark.parametrize("penalty", ["frequency_penalty", "presence_penalty"])
def test_a_penalty_breaks_repetition(client, in_circles, penalty):
    def different(**options):
        words = text_of(client, temperature=0, max_tokens=100, **options).split()
        return len(set(words)) / len(words)

    assert different(**{penalty: 2}) > different()
    assert different(**{penalty: -2}) <= different(**{penalty: 2})


def test_a_bias_forbids_a_token(client):
    from classroom.standin.models import tokenizer

    token = ask(client, temperature=0, max_tokens=1, logprobs=True).choices[0].logprobs.content[0].token
    [number] = tokenizer.encode(token)
    assert text_of(client, temperature=0, max_tokens=1, logit_bias={str(number): -100}) != token
    assert text_of(client, temperature=2, max_tokens=1, logit_bias={str(number): 100}) == token


def test_log_probabilities_spell_the_answer(client):
    choice = ask(client, logprobs=True, top_logprobs=3, seed=3).choices[0]
    spelled = b"".join(bytes(each.bytes) for each in choice.logprobs.content).decode()
    assert spelled == choice.message.content
    assert {len(each.top_logprobs) for each in choice.logprobs.content} == {3}


@pytest.mark.parametrize("listed", [False, True])
def test_a_stream_says_what_the_whole_answer_says(client, listed):
    options = {"seed": 4, "max_tokens": 20, "logprobs": listed}
    chunks = list(ask(client, stream=True, **options))
    streamed = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert streamed == text_of(client, **options)
    assert listed == any(chunk.choices[0].logprobs for chunk in chunks)


def test_responses_take_temperature_limit_and_log_probabilities(client, in_circles):
    options = {
        "model": MODEL, "input": "The key is", "temperature": 0, "max_output_tokens": 16, "top_logprobs": 2,
        "include": ["message.output_text.logprobs"],
    }  # fmt: skip
    whole = client.responses.create(**options)
    part = whole.output[0].content[0]
    assert (whole.status, whole.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    assert whole.output_text == text_of(client, temperature=0, max_tokens=16)
    assert "".join(each.token for each in part.logprobs) == part.text
    deltas = [
        event
        for event in client.responses.create(**options, stream=True)
        if event.type == "response.output_text.delta"
    ]
    assert "".join(event.delta for event in deltas) == whole.output_text
    assert [len(event.logprobs[0].top_logprobs) for event in deltas] == [2] * 16


@pytest.mark.parametrize(
    ("options", "param"),
    [
        ({"tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]}, "tools"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
    ],
)
def test_what_is_beyond_words_is_refused(client, options, param):
    with pytest.raises(BadRequestError) as refused:
        ask(client, "Give JSON.", **options)
    assert refused.value.param == param


def test_it_is_listed_as_the_lab_s_and_costs_nothing():
    from classroom import OpenAIMock

    with OpenAIMock() as mock:
        client = OpenAI(base_url=mock.base_url, api_key="any")
        assert client.models.retrieve(MODEL).owned_by == "openai-files-lab"
        ask(client)
        assert mock.calls[-1].cost == 0


def test_a_scripted_reply_goes_before_the_model():
    from classroom import OpenAIMock

    with OpenAIMock() as mock:
        mock.reply("The key is", text="scripted")
        assert text_of(OpenAI(base_url=mock.base_url, api_key="any")) == "scripted"
