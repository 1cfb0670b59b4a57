"""How fast answers come."""

import time
from itertools import pairwise

import pytest
from openai import OpenAI

from classroom.standin.outgoing.pace import Pace

MODEL = "gpt-5.4-mini"
WORDS = "one two three four five six seven eight nine ten eleven twelve"


@pytest.fixture
def client(openai_mock):
    openai_mock.reply(text=WORDS)
    return OpenAI(max_retries=0)


def arrivals(client) -> list[float]:
    began = time.monotonic()
    stream = client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": "count"}], stream=True
    )
    return [time.monotonic() - began for chunk in stream if chunk.choices and chunk.choices[0].delta.content]


def test_the_first_token_waits_and_the_others_follow_at_their_rate(client, openai_mock):
    openai_mock.pace(first=0.2, tokens_per_second=50)
    came = arrivals(client)
    assert came[0] >= 0.2
    assert came[-1] >= 0.3  # twelve tokens or so; a busy machine may see the first one late
    assert len([one for one, next in pairwise(came) if next - one > 0.005]) >= len(came) // 2


def test_whoever_does_not_stream_waits_for_the_whole(client, openai_mock):
    openai_mock.pace(first=0.05, tokens_per_second=100)
    began = time.monotonic()
    used = client.responses.create(model=MODEL, input="count").usage.output_tokens
    assert time.monotonic() - began >= 0.05 + (used - 1) / 100


def test_pictures_wait_for_the_first_token_alone(client, openai_mock):
    openai_mock.pace(first=0.05, tokens_per_second=1)
    began = time.monotonic()
    client.images.generate(model="gpt-image-2", prompt="a fox")
    assert 0.05 <= time.monotonic() - began < 30  # its thousands of tokens are no text


def test_a_reset_takes_the_pace_away(client, openai_mock):
    openai_mock.pace(first=50)
    openai_mock.reset()
    began = time.monotonic()
    client.models.list()
    assert arrivals(client)[-1] < 40
    assert time.monotonic() - began < 40


def test_a_file_sets_the_pace(openai_mock, tmp_path):
    path = tmp_path / "script.toml"
    path.write_text("[pace]\nfirst = 0.05\ntokens_per_second = 200\n")
    openai_mock.load(path)
    began = time.monotonic()
    OpenAI().responses.create(model=MODEL, input="hi")
    assert time.monotonic() - began >= 0.05


@pytest.mark.parametrize("facts", [{"first": -1}, {"first": 4_000}, {"tokens_per_second": 0}])
def test_an_impossible_pace_is_refused(facts):
    with pytest.raises(ValueError, match=r"must be|is from"):
        Pace(**facts)
