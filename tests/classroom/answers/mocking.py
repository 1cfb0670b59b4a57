"""Notebook 07."""

import json
import os
from types import SimpleNamespace

import boto3
import httpx2
from openai import OpenAI

from classroom import OpenAIMock

MODEL = "gpt-5.4-mini"


def mocking():
    refused = {
        "error": {"message": "No.", "type": "invalid_request_error", "code": "content_policy_violation"}
    }

    def completion(words="Hello!"):
        message = {"role": "assistant", "content": words}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        return {"id": "c", "object": "chat.completion", "created": 1, "model": MODEL, "choices": [choice]}

    def respond(request):
        if "be rude" in request.content.decode():
            return httpx2.Response(400, json=refused)
        return httpx2.Response(200, json=completion())

    def by_messages(request):
        said = json.loads(request.content)["messages"][-1]["content"]
        if "be rude" in said:
            return httpx2.Response(status_code=400, content=json.dumps(refused))
        return httpx2.Response(
            200, content=json.dumps(completion()), headers={"content-type": "application/json"}
        )

    def with_the_types(request):
        from openai.types.chat import ChatCompletion

        if b"be rude" in request.read():
            return httpx2.Response(400, json=refused)
        return httpx2.Response(200, json=ChatCompletion.model_validate(completion()).model_dump())

    def exact(keep):
        s3, bucket = boto3.client("s3"), os.environ["S3_BUCKET_NAME"]
        s3.delete_object(Bucket=bucket, Key="kept.txt")
        with OpenAIMock() as mock:
            keep(OpenAI(base_url=mock.base_url), s3, bucket, "kept.txt", "three gulls")
            assert mock.calls[-1].mentions("three gulls")
            stored = s3.get_object(Bucket=bucket, Key="kept.txt")
            assert stored["Body"].read() == mock.calls[-1].outputs[0].content
            assert stored["ContentType"].split(";")[0] == "text/plain"

    def by_transport(keep):
        sent = []

        def respond(request):
            sent.append(json.loads(request.content)["input"])
            text = {"type": "output_text", "text": "Three gulls.", "annotations": []}
            message = {
                "type": "message",
                "id": "m",
                "role": "assistant",
                "status": "completed",
                "content": [text],
            }
            made = {"id": "r", "object": "response", "created_at": 0, "model": MODEL, "output": [message]}
            made |= {"status": "completed", "parallel_tool_calls": False, "tool_choice": "auto", "tools": []}
            return httpx2.Response(200, json=made)

        client = OpenAI(http_client=httpx2.Client(transport=httpx2.MockTransport(respond)))
        s3, bucket, key = boto3.client("s3"), os.environ["S3_BUCKET_NAME"], f"kept-{os.urandom(4).hex()}.txt"
        keep(client, s3, bucket, key, "gulls")
        assert sent == ["gulls"]
        stored = s3.get_object(Bucket=bucket, Key=key)
        assert (stored["Body"].read(), stored["ContentType"][:10]) == (b"Three gulls.", "text/plain")

    def with_a_fake_client(keep):
        asked, fresh = [], f"kept-{os.urandom(4).hex()}.txt"

        def create(model, input):
            asked.append(input)
            return SimpleNamespace(output_text="Gulls!")

        s3, bucket = boto3.client("s3"), os.environ["S3_BUCKET_NAME"]
        keep(SimpleNamespace(responses=SimpleNamespace(create=create)), s3, bucket, fresh, "a prompt")
        if asked != ["a prompt"]:
            raise AssertionError(asked)
        head = s3.head_object(Bucket=bucket, Key=fresh)
        assert head["ContentType"].startswith("text/")
        assert s3.get_object(Bucket=bucket, Key=fresh)["Body"].read() == b"Gulls!"

    def too_exact(keep):
        exact(keep)
        head = boto3.client("s3").head_object(Bucket=os.environ["S3_BUCKET_NAME"], Key="kept.txt")
        assert head["ContentType"] == "text/plain; charset=utf-8"

    def looks_at_nothing(keep):
        with OpenAIMock() as mock:
            keep(
                OpenAI(base_url=mock.base_url), boto3.client("s3"), os.environ["S3_BUCKET_NAME"], "a.txt", "a"
            )

    def trusts_the_prompt(keep):
        s3, bucket = boto3.client("s3"), os.environ["S3_BUCKET_NAME"]
        with OpenAIMock() as mock:
            keep(OpenAI(base_url=mock.base_url), s3, bucket, "a.txt", "a")
            assert (
                s3.get_object(Bucket=bucket, Key="a.txt")["Body"].read() == mock.calls[-1].outputs[0].content
            )

    return {
        "07.1": (
            [respond, by_messages, with_the_types],
            [
                (lambda request: None, "not an httpx2.Response"),
                (lambda request: httpx2.Response(200, json=completion()), "is answered"),
                (lambda request: httpx2.Response(500), "InternalServerError"),
                (lambda request: httpx2.Response(200, text="Hello!"), "friendly question"),
                (lambda request: httpx2.Response(200, json=completion("Hi")), "says Hello!"),
                (
                    lambda request: (
                        respond(request)
                        if b"rude" not in request.content
                        else httpx2.Response(429, json=refused)
                    ),
                    "status should be 400",
                ),
                (
                    lambda request: (
                        respond(request) if b"rude" not in request.content else httpx2.Response(400, json={})
                    ),
                    "code is None",
                ),
            ],
        ),
        "07.2": (
            [exact, by_transport, with_a_fake_client],
            [
                (lambda keep: None, "does not notice"),
                (looks_at_nothing, "does not notice"),
                (trusts_the_prompt, "the prompt is replaced"),
                (too_exact, "fails for a function that is right"),
                (lambda keep: 1 / 0, "ZeroDivisionError"),
            ],
        ),
    }
