"""Rate limits, and what the journal says of clients that meet them: counts, costs, verdicts."""

from decimal import Decimal

import openai
import pytest
from openai import OpenAI

from classroom.standin.incoming.errors import APIError
from classroom.standin.models import catalogue
from classroom.standin.models.costs import Unpriced, Usage, cost_of
from classroom.standin.scripting.limits import Caller, RateLimit, RateLimiter, duration

MODEL = "gpt-5.4-mini"
CHAT = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}]}


class Clock:
    """Seconds that pass when one says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def limiter(clock):
    return RateLimiter(clock)


ADA, BOB = Caller("ada", "org-1"), Caller("bob", "org-1")


def test_what_is_too_much_is_refused_and_the_answer_says_how_long_to_wait(limiter):
    limiter.add(RateLimit(requests=3, seconds=60))
    remaining = [limiter.admit(ADA, "responses", 10)["x-ratelimit-remaining-requests"] for _ in range(3)]
    assert remaining == ["2", "1", "0"]
    with pytest.raises(APIError, match=r"Limit 3, Used 3, Requested 1.*try again in 20s") as caught:
        limiter.admit(ADA, "responses", 10)
    assert caught.value.headers["retry-after"] == "20"
    assert caught.value.headers["retry-after-ms"] == "20000"
    assert caught.value.headers["x-ratelimit-reset-requests"] == "1m0s"


def test_who_waits_as_long_as_asked_is_let_in_and_not_a_moment_earlier(limiter, clock):
    limiter.add(RateLimit(requests=1, seconds=60))
    limiter.admit(ADA, "responses", 1)
    clock.now += 59.9
    with pytest.raises(APIError):
        limiter.admit(ADA, "responses", 1)
    clock.now += 0.1
    limiter.admit(ADA, "responses", 1)


def test_a_refused_call_counts_nothing(limiter, clock):
    limiter.add(RateLimit(requests=10, tokens=100, seconds=60))
    with pytest.raises(APIError, match="Request too large"):
        limiter.admit(ADA, "responses", 101)
    assert limiter.admit(ADA, "responses", 100)["x-ratelimit-remaining-requests"] == "9"


def test_keys_of_one_organization_share_its_limit_and_other_organizations_do_not(limiter):
    limiter.add(RateLimit(requests=1))
    limiter.admit(ADA, "responses", 1)
    limiter.admit(Caller("ada", "org-2"), "responses", 1)
    with pytest.raises(APIError, match="org-1"):
        limiter.admit(BOB, "responses", 1)


def test_a_limit_can_be_for_each_key_and_for_one_route(limiter):
    limiter.add(RateLimit(requests=1, per="key", route="images"))
    limiter.admit(ADA, "images/generations", 1)
    limiter.admit(BOB, "images/generations", 1)
    limiter.admit(ADA, "responses", 1)
    with pytest.raises(APIError, match="this key"):
        limiter.admit(ADA, "images/edits", 1)


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0, "0ms"), (0.0121, "13ms"), (1.5, "1.5s"), (20, "20s"), (360, "6m0s"), (61.5, "1m1.5s")],
)
def test_durations_are_written_as_openai_writes_them(seconds, written):
    assert duration(seconds) == written


@pytest.mark.parametrize(
    "nonsense", [{}, {"requests": 0}, {"requests": 1, "seconds": 0}, {"tokens": 1, "per": "person"}]
)
def test_a_limit_that_makes_no_sense_is_refused(openai_mock, nonsense):
    with pytest.raises(ValueError, match="rate limit"):
        openai_mock.limit(**nonsense)


def test_a_client_meets_the_limit_reads_its_headers_and_gets_through_after_waiting(openai_mock):
    openai_mock.limit(requests=1, seconds=0.4)
    client = OpenAI(max_retries=2)
    first = client.chat.completions.with_raw_response.create(**CHAT)
    assert first.headers["x-ratelimit-limit-requests"] == "1"
    assert first.headers["x-ratelimit-remaining-requests"] == "0"
    client.chat.completions.create(**CHAT)
    assert [call.status for call in openai_mock.calls] == [200, 429, 200]
    assert openai_mock.calls.verdicts() == []


def test_two_organizations_do_twice_as_much(openai_mock):
    openai_mock.limit(requests=2, seconds=60)

    def done(organizations):
        openai_mock.clear_limits()
        openai_mock.limit(requests=2, seconds=60)
        count = 0
        for number in range(6):
            client = OpenAI(organization=organizations[number % len(organizations)], max_retries=0)
            try:
                client.chat.completions.create(**CHAT)
                count += 1
            except openai.RateLimitError:
                pass
        return count

    assert done(["org-1"]) == 2
    assert done(["org-1", "org-2"]) == 4
    assert {call.organization for call in openai_mock.calls} == {"org-1", "org-2"}


# --- verdicts


def rules(openai_mock):
    return [verdict.rule for verdict in openai_mock.calls.verdicts()]


def test_who_does_not_wait_as_asked_ignored_retry_after(client, openai_mock):
    openai_mock.fail(status=429, headers={"retry-after": "2"}, times=1)
    with pytest.raises(openai.RateLimitError):
        client.chat.completions.create(**CHAT)
    client.chat.completions.create(**CHAT)
    [verdict] = openai_mock.calls.verdicts()
    assert verdict.rule == "ignored_retry_after"
    assert verdict.calls == ("call-1", "call-2")
    assert "asked to wait 2 s" in verdict.sentence


def test_the_sdk_s_own_retries_break_no_rule(openai_mock):
    openai_mock.fail(status=429, times=2)
    OpenAI(max_retries=3).chat.completions.create(**CHAT)
    assert rules(openai_mock) == []


def test_a_refusal_that_stays_is_not_to_be_retried(client, openai_mock):
    for _ in range(2):
        with pytest.raises(openai.BadRequestError):
            client.chat.completions.create(**CHAT, temperature=5)
    assert rules(openai_mock) == ["retried_refusal"]


def test_another_request_after_a_refusal_is_no_retry(client, openai_mock):
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(**CHAT, temperature=5)
    client.chat.completions.create(**CHAT, temperature=1)
    assert rules(openai_mock) == []


def test_a_used_up_quota_is_not_to_be_retried(client, openai_mock):
    openai_mock.fail(code="insufficient_quota", headers={})
    for _ in range(2):
        with pytest.raises(openai.RateLimitError):
            client.chat.completions.create(**CHAT)
    assert rules(openai_mock) == ["retried_quota"]


def test_asking_again_and_again_is_hammering(client, openai_mock):
    openai_mock.fail(status=503, headers={})
    for _ in range(6):
        with pytest.raises(openai.InternalServerError):
            client.chat.completions.create(**CHAT)
    assert rules(openai_mock) == ["hammered"]


# --- costs


def test_a_call_costs_what_the_price_list_says(client, openai_mock):
    usage = client.chat.completions.create(**CHAT).usage
    per_million = Decimal("0.75") * usage.prompt_tokens + Decimal("4.5") * usage.completion_tokens
    assert openai_mock.calls[-1].cost == per_million / 1_000_000


def test_every_kind_of_call_is_priced_and_refused_ones_are_free(client, openai_mock):
    client.images.generate(model="gpt-image-2", prompt="a fox")
    client.images.generate(model="gpt-image-1.5", prompt="a fox")
    client.audio.speech.create(model="tts-1", voice="nova", input="hello")
    spoken = client.audio.speech.create(model="gpt-4o-mini-tts", voice="nova", input="hello").read()
    for model in ("whisper-1", "gpt-4o-transcribe"):
        client.audio.transcriptions.create(model=model, file=("a.mp3", spoken))
    client.embeddings.create(model="text-embedding-3-small", input="hello")
    client.responses.create(model=MODEL, input="hi", stream=True).close()
    assert all(call.cost > 0 for call in openai_mock.calls)
    assert openai_mock.calls.cost == sum(call.cost for call in openai_mock.calls)
    client.moderations.create(input="hello")
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(**CHAT, temperature=5)
    assert [call.cost for call in openai_mock.calls[-2:]] == [0, 0]


@pytest.mark.parametrize(
    "usage",
    [
        Usage("gpt-9", {"input_tokens": 5}),
        Usage(MODEL, {"input_wishes": 5}),
        Usage("tts-1", {"input_tokens": 5}),
        Usage("dall-e-3", {"output_images": 1}),
    ],
)
def test_what_has_no_price_is_an_error_and_never_free(usage):
    with pytest.raises(Unpriced, match=usage.model):
        cost_of(usage)


UNITS = {
    "chat": {"input_tokens": 9, "output_tokens": 9},
    "speech": {"input_tokens": 9, "output_tokens": 9},
    "image": {"input_tokens": 9, "output_tokens": 9},
    "transcription": {"input_tokens": 9, "input_audio_tokens": 9, "output_tokens": 9},
    "embedding": {"input_tokens": 9},
    "moderation": {"input_tokens": 9},
    "realtime": {"input_tokens": 9, "output_tokens": 9, "output_audio_tokens": 9},
}


def test_every_served_model_has_a_price_but_for_those_that_the_list_does_not_know_yet():
    table = catalogue.load()
    served = [
        model
        for model in table.models.values()
        if not model.is_retired(table.as_of) and model.kind != "other"
    ]
    unpriced = []
    for model in served:
        units = dict(UNITS[model.kind])
        if model.bills_characters:
            units = {"input_characters": 9}
        if model.bills_seconds:
            units = {"audio_seconds": 9, "input_audio_seconds": 9}
        if model.bills_pictures_apart:
            units["output_image_tokens"] = 9
        try:
            cost_of(Usage(model.id, units))
        except Unpriced:
            unpriced.append(model.id)
    # for chosen organizations, their prices are not public
    assert unpriced == [
        "gpt-6.2-astra-law",
        "gpt-daybreak-blue-latest",
        "gpt-daybreak-red-latest",
    ]


@pytest.mark.parametrize(
    ("model", "units", "dollars"),
    [
        ("gpt-6.2-sol", {"input_tokens": 1_000_000, "output_tokens": 1_000_000}, "12"),
        ("gpt-6.2-astra", {"input_tokens": 1_000_000, "output_tokens": 1_000_000}, "48"),
        ("gpt-6.2-astra", {"input_tokens": 1_000_000, "cache_read_tokens": 500_000}, "4.2"),
        ("gpt-image-2.6-flare", {"output_tokens": 1_000_000}, "30"),
    ],
)
def test_a_family_gives_the_price_where_the_list_knows_none(model, units, dollars):
    small = {
        name: amount // 1000 for name, amount in units.items()
    }  # the list has other prices for long inputs
    assert cost_of(Usage(model, small)) * 1000 == Decimal(dollars)


LONG = "The tide comes in at noon and goes out at six. " * 200


def test_a_long_prompt_that_was_asked_before_is_cached_and_costs_less(openai_mock):
    client = OpenAI()
    order = {"model": MODEL, "messages": [{"role": "user", "content": LONG}]}
    first, again = (client.chat.completions.create(**order).usage for _ in range(2))
    assert first.prompt_tokens_details.cached_tokens == 0
    assert again.prompt_tokens - 128 <= again.prompt_tokens_details.cached_tokens <= again.prompt_tokens
    assert again.prompt_tokens_details.cached_tokens % 128 == 0
    assert openai_mock.calls[1].cost < openai_mock.calls[0].cost / 2


def test_what_two_prompts_begin_with_alike_is_cached(openai_mock):
    client = OpenAI()
    used = [
        client.responses.create(
            model=MODEL, instructions=LONG, input=words
        ).usage.input_tokens_details.cached_tokens
        for words in ("one", "two")
    ]
    assert used[0] == 0
    assert used[1] >= 1024


@pytest.mark.parametrize(
    ("prompt", "options"),
    [("short", {}), (LONG, {"prompt_cache_key": "mine"}), (LONG, {"model": "gpt-5.4"}), ("x" + LONG, {})],
)
def test_what_differs_from_its_beginning_is_not_cached(openai_mock, prompt, options):
    client = OpenAI()
    ask = {"model": MODEL, "messages": [{"role": "user", "content": LONG if prompt != "short" else "short"}]}
    client.chat.completions.create(**ask)
    ask = {"model": MODEL, "messages": [{"role": "user", "content": prompt}], **options}
    assert client.chat.completions.create(**ask).usage.prompt_tokens_details.cached_tokens == 0
