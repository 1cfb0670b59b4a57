"""Faults, as the SDK meets them."""

import time

import httpx
import openai
import pytest
from openai import OpenAI

from classroom.standin.mock import OpenAIMock

CHAT = {"model": "gpt-5.4-mini", "messages": [{"role": "user", "content": "hi"}]}


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        ({"status": 429}, openai.RateLimitError),
        ({"code": "insufficient_quota"}, openai.RateLimitError),
        ({"status": 401}, openai.AuthenticationError),
        ({"status": 403}, openai.PermissionDeniedError),
        ({"code": "content_policy_violation"}, openai.BadRequestError),
        ({"status": 500}, openai.InternalServerError),
        ({"status": 503}, openai.InternalServerError),
        ({"effect": "drop"}, openai.APIConnectionError),
        ({"effect": "truncate"}, openai.APIConnectionError),
        ({"effect": "malformed"}, ValueError),
    ],
)
def test_a_scripted_fault_is_the_sdk_s_own_exception(client, openai_mock, fault, raised):
    openai_mock.fail(**fault)
    with pytest.raises(raised):
        client.chat.completions.create(**CHAT)


def test_the_code_tells_a_used_up_quota_from_a_rate_limit(client, openai_mock):
    openai_mock.fail(code="insufficient_quota")
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(**CHAT)
    assert caught.value.code == "insufficient_quota"


def test_a_silent_api_is_a_timeout(openai_mock):
    openai_mock.fail(effect="hang")
    with pytest.raises(openai.APITimeoutError):
        OpenAI(max_retries=0, timeout=0.2).chat.completions.create(**CHAT)


def test_an_empty_result_is_a_valid_answer_with_nothing_in_it(client, openai_mock):
    openai_mock.fail(effect="empty")
    assert client.chat.completions.create(**CHAT).choices[0].message.content == ""
    assert client.images.generate(model="gpt-image-2", prompt="a fox").data == []
    assert client.audio.speech.create(model="tts-1", voice="nova", input="hi").read() == b""


def test_a_fault_ends_after_its_times_and_the_sdk_s_retry_gets_through(openai_mock):
    openai_mock.fail(status=429, times=1)
    OpenAI(max_retries=1).chat.completions.create(**CHAT)
    assert [(call.status, call.retry_count) for call in openai_mock.calls] == [(429, 0), (200, 1)]


def test_a_fault_can_wait_and_can_be_for_one_route(client, openai_mock):
    openai_mock.fail(status=500, after=1, route="chat")
    client.chat.completions.create(**CHAT)
    client.responses.create(model="gpt-5.4-mini", input="hi")
    with pytest.raises(openai.InternalServerError):
        client.chat.completions.create(**CHAT)


def test_slow_is_slow_and_then_right(client, openai_mock):
    openai_mock.fail(effect="slow", seconds=0.3)
    began = time.monotonic()
    assert client.chat.completions.create(**CHAT).choices
    assert time.monotonic() - began >= 0.3


@pytest.mark.parametrize("nonsense", [{}, {"code": "nonsense"}, {"effect": "nonsense"}])
def test_a_fault_that_makes_no_sense_is_refused_when_it_is_scripted(openai_mock, nonsense):
    with pytest.raises(ValueError, match=r"insufficient_quota|hang"):
        openai_mock.fail(**nonsense)


def test_a_spoiled_answer_is_recorded_without_outputs(client, openai_mock):
    openai_mock.fail(effect="empty")
    client.chat.completions.create(**CHAT)
    assert (openai_mock.calls[0].fault, openai_mock.calls[0].outputs) == ("empty", ())


@pytest.mark.parametrize(
    ("fault", "status", "begins"),
    [({"status": 404}, 404, b"The picture"), ({"effect": "wrong_type"}, 200, b"<html>")],
    ids=["it is gone", "a page of HTML"],
)
def test_the_address_of_a_picture_fails_by_itself(fault, status, begins):
    with OpenAIMock(legacy=True) as mock, OpenAI(base_url=mock.base_url, api_key="k") as client:
        mock.fail(route="pictures", **fault)
        made = client.images.generate(model="dall-e-3", prompt="a fox")
        answer = httpx.get(made.data[0].url, trust_env=False)
        mock.clear_faults()
        again = httpx.get(made.data[0].url, trust_env=False)
        assert mock.pictures_asked == 2
    assert (answer.status_code, answer.content.startswith(begins)) == (status, True)
    assert again.headers["content-type"] == "image/png"
