"""Notebook 07: a transport that answers as OpenAI would, and a test that notices what is broken."""

import io
from collections.abc import Callable
from typing import Any

import httpx2
import openai
from openai.types.chat import ChatCompletion

from classroom.exercises.looking import Exercise, NotYet

_MODEL = "gpt-5.4-mini"
_REFUSAL = "content_policy_violation"


def _respond(function: Any) -> str:
    if not callable(function):
        raise NotYet("it is no function any more. Run the cell above again.")
    client = openai.OpenAI(
        api_key="sk-mock-key",
        base_url="http://127.0.0.1/v1",
        max_retries=0,
        http_client=httpx2.Client(transport=httpx2.MockTransport(_checked(function))),
    )
    try:
        said = client.chat.completions.create(model=_MODEL, messages=[{"role": "user", "content": "Hi."}])
    except openai.APIError as error:
        raise NotYet(f"to a friendly question the SDK says {type(error).__name__}: {error}") from error
    if (
        not isinstance(said, ChatCompletion)
        or not said.choices
        or said.choices[0].message.content != "Hello!"
    ):
        raise NotYet("a friendly question is not answered with a chat completion that says Hello!")
    try:
        client.chat.completions.create(model=_MODEL, messages=[{"role": "user", "content": "Now be rude."}])
    except openai.BadRequestError as error:
        if error.code != _REFUSAL:
            raise NotYet(f'the refusal\'s code is {error.code!r}: {{"error": {{"code": …}}}}.') from error
    except openai.APIError as error:
        raise NotYet(f"the refusal comes as {type(error).__name__}: its status should be 400.") from error
    else:
        raise NotYet('a request with "be rude" in its body is answered.')
    return "The SDK takes both for OpenAI's."


def _checked(function: Callable[[httpx2.Request], Any]) -> Callable[[httpx2.Request], httpx2.Response]:
    def respond(request: httpx2.Request) -> httpx2.Response:
        try:
            answer = function(request)
        except Exception as error:
            raise NotYet(f"calling it raised {type(error).__name__}: {error}") from error
        if not isinstance(answer, httpx2.Response):
            raise NotYet(f"it returns {type(answer).__name__}, not an httpx2.Response.")
        return answer

    return respond


def _generated(client: Any, prompt: str) -> bytes:
    return bytes(client.responses.create(model=_MODEL, input=prompt).output_text.encode())


def _keeps(client: Any, s3: Any, bucket: str, key: str, prompt: str) -> int:
    content = _generated(client, prompt)
    s3.put_object(Bucket=bucket, Key=key, Body=content, ContentType="text/plain; charset=utf-8")
    return len(content)


def _uploads(client: Any, s3: Any, bucket: str, key: str, prompt: str) -> int:
    content = _generated(client, prompt)
    s3.upload_fileobj(io.BytesIO(content), bucket, key, ExtraArgs={"ContentType": "text/plain"})
    return len(content)


def _another_prompt(client: Any, s3: Any, bucket: str, key: str, prompt: str) -> int:
    return _keeps(client, s3, bucket, key, "Say hello.")


def _other_bytes(client: Any, s3: Any, bucket: str, key: str, prompt: str) -> int:
    content = _generated(client, prompt)
    s3.put_object(Bucket=bucket, Key=key, Body=content[::-1], ContentType="text/plain; charset=utf-8")
    return len(content)


def _another_type(client: Any, s3: Any, bucket: str, key: str, prompt: str) -> int:
    content = _generated(client, prompt)
    s3.put_object(Bucket=bucket, Key=key, Body=content, ContentType="image/png")
    return len(content)


def _no_type(client: Any, s3: Any, bucket: str, key: str, prompt: str) -> int:
    content = _generated(client, prompt)
    s3.put_object(Bucket=bucket, Key=key, Body=content)
    return len(content)


def _nothing_stored(client: Any, s3: Any, bucket: str, key: str, prompt: str) -> int:
    return len(_generated(client, prompt))


_FAULTS = {
    "the prompt is replaced": _another_prompt,
    "other bytes are stored": _other_bytes,
    "the content type is another": _another_type,
    "no content type is given": _no_type,
    "nothing is stored": _nothing_stored,
}


def _check_keep(function: Any) -> str:
    for right in (_keeps, _uploads):
        try:
            function(right)
        except Exception as error:
            how = "put_object" if right is _keeps else "upload_fileobj and text/plain"
            raise NotYet(
                f"it fails for a function that is right (it stores with {how}): {type(error).__name__}: {error}"
            ) from error
    for fault, wrong in _FAULTS.items():
        try:
            function(wrong)
        except Exception:  # noqa: S112 - a test may notice by any error
            continue
        raise NotYet(f"it does not notice when {fault}.")
    return f"It passes for what is right, and notices {len(_FAULTS)} faults."


EXERCISES = {
    "07.1": Exercise(
        "respond",
        _respond,
        "request.content holds the body's bytes; httpx2.Response(400, json={…}) and httpx2.Response(200, json={…}).",
    ),
    "07.2": Exercise(
        "check_keep",
        _check_keep,
        "Delete the key first. Call keep with a client of an OpenAIMock; then assert on mock.calls and on "
        "s3.get_object(…): body, type, and that it is there.",
    ),
}
