"""In the learner's kernel: creates the arguments that `classroom.exercises.given` describes."""

from collections.abc import Callable, Mapping
from typing import Any

from classroom.exercises.given import GIVEN_PROJECT
from classroom.exercises.plain import decode, encode

_MODEL = "gpt-5.4-mini"
Back = Callable[[Any], Any]  # asks the check something in the middle of a call


def asking(base_url: str, prompt: str) -> Callable[[], str]:
    """A function that asks OpenAI once."""
    import openai

    client = openai.OpenAI(base_url=base_url, api_key="sk-mock-key", max_retries=0, timeout=10.0)
    return lambda: client.responses.create(model=_MODEL, input=prompt).output_text


def openai_client(base_url: str, asynchronous: bool) -> Any:
    """A client whose requests go to an address, once each."""
    import openai

    kind = openai.AsyncOpenAI if asynchronous else openai.OpenAI
    return kind(base_url=base_url, api_key="sk-mock-key", project=GIVEN_PROJECT, max_retries=0, timeout=15.0)


def s3_client(url: str) -> Any:
    """A client whose requests go to an address, once each."""
    import boto3
    from botocore.config import Config

    return boto3.client(
        "s3",
        endpoint_url=url,
        **dict.fromkeys(("aws_access_key_id", "aws_secret_access_key"), "testing"),
        region_name="us-east-1",
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )


def sdk_error(kind: str, status: int | None, code: str | None) -> Exception:
    """An exception of the SDK, as it raises it."""
    import httpx2
    import openai

    request = httpx2.Request("POST", "https://api.openai.com/v1/responses")
    if kind == "APITimeoutError":
        return openai.APITimeoutError(request=request)
    if kind == "APIConnectionError":
        return openai.APIConnectionError(request=request)
    body = {"message": "It was refused.", "type": "invalid_request_error", "param": None, "code": code}
    response = httpx2.Response(status or 500, request=request, json={"error": body})
    made: Exception = getattr(openai, kind)("It was refused.", response=response, body=body)
    return made


def moderation(scores: Mapping[str, float]) -> Any:
    """A result of a moderation with these scores."""
    from openai.types import Moderation

    fields: Any = Moderation.model_fields
    listed = fields["category_scores"].annotation.model_fields
    names = [each.alias or name for name, each in listed.items()]
    return Moderation.model_validate(
        {
            "flagged": False,
            "categories": dict.fromkeys(names, False),
            "category_scores": {name: scores.get(name, 0.001) for name in names},
            "category_applied_input_types": {name: ["text"] for name in names},
        }
    )


def keeper(back: Back) -> Callable[..., int]:
    """A function like `keep_text` of notebook 07, which asks the check what to do."""

    def keep(client: Any, s3: Any, bucket: str, key: str, prompt: str) -> int:
        """Generate a text for the prompt and store it; returns how many bytes."""
        step = back({"prompt": encode(prompt)})
        answer = client.responses.create(model=_MODEL, input=decode(step["input"]))
        words = answer.output_text
        content = words.encode()
        step = back({"content": encode(content)})
        changed = step["body"] is not None and isinstance(content, bytes)
        stored = decode(step["body"]) if changed else content
        if step["stored"]:
            kind = {} if step["type"] is None else {"ContentType": step["type"]}
            s3.put_object(Bucket=bucket, Key=key, Body=stored, **kind)
        return len(content)

    return keep


def texts_client(back: Back, base_url: str) -> Any:
    """A client of an app with `POST /v1/texts`, whose every step the check decides."""
    import openai
    from fastapi import Body, FastAPI
    from fastapi.responses import JSONResponse
    from fastapi.testclient import TestClient

    app = FastAPI()
    client = openai.OpenAI(base_url=base_url, api_key="sk-mock-key", max_retries=0, timeout=10.0)

    @app.post("/v1/texts")
    def make_text(prompt: str = Body(max_length=4_000, embed=True)) -> JSONResponse:
        step = back({"prompt": encode(prompt)})
        outcome: dict[str, Any] = {"blank": not prompt.strip()}
        if step["ask"]:
            try:
                outcome["text"] = client.responses.create(
                    model=_MODEL, input=decode(step["input"])
                ).output_text
            except openai.OpenAIError:
                outcome["refused"] = True
        step = back({name: encode(value) for name, value in outcome.items()})
        status, text = step["status"], decode(step["text"])
        return JSONResponse({"text": text} if status < 400 else {"detail": "No."}, status)

    return TestClient(app, raise_server_exceptions=False)
