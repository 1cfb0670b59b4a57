"""Notebook 07."""

import json
import os
from types import SimpleNamespace
from unittest.mock import MagicMock

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
        prompt = json.loads(request.content)["messages"][-1]["content"]
        if "be rude" in prompt:
            return httpx2.Response(status_code=400, content=json.dumps(refused))
        return httpx2.Response(
            200, content=json.dumps(completion()), headers={"content-type": "application/json"}
        )

    def with_the_types(request):
        from openai.types.chat import ChatCompletion

        if b"be rude" in request.read():
            return httpx2.Response(400, json=refused)
        return httpx2.Response(200, json=ChatCompletion.model_validate(completion()).model_dump())

    class Responder:
        def __call__(self, request):
            status, body = self.refuse() if b"be rude" in request.content else (200, completion())
            return httpx2.Response(status, headers={"x-request-id": "req_1"}, json=body)

        def refuse(self):
            return 400, {"error": {"message": "Not this.", "code": "content_policy_violation"}}

    def by_text(request):
        if request.content.decode().count("be rude"):
            return httpx2.Response(400, text=json.dumps(refused))
        whole = completion() | {"usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}
        return httpx2.Response(200, text=json.dumps(whole))

    def without(name):
        def incomplete(request):
            if b"be rude" in request.content:
                return httpx2.Response(400, json=refused)
            return httpx2.Response(200, json={k: v for k, v in completion().items() if k != name})

        return incomplete

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

    def mocked():
        client, s3 = MagicMock(), MagicMock()
        client.responses.create.return_value.output_text = "Three gulls."
        return client, s3

    def with_magic_mocks(keep):
        client, s3 = mocked()
        keep(client, s3, "my-bucket", "a.txt", "Say hello, gulls.")
        client.responses.create.assert_called_once_with(model=MODEL, input="Say hello, gulls.")
        s3.put_object.assert_called_once_with(
            Bucket="my-bucket", Key="a.txt", Body=b"Three gulls.", ContentType="text/plain; charset=utf-8"
        )

    def with_a_half_mock(keep):
        client, _ = mocked()
        s3, bucket, key = boto3.client("s3"), os.environ["S3_BUCKET_NAME"], f"{os.urandom(5).hex()}.txt"
        keep(client, s3, bucket, key, "gulls")
        assert client.responses.create.call_args.kwargs["input"] == "gulls"
        stored = s3.get_object(Bucket=bucket, Key=key)
        assert stored["Body"].read().decode() == "Three gulls."
        assert "text/plain" in stored["ContentType"]

    class Suite:
        def __call__(self, keep):
            client, s3 = mocked()
            keep(client, s3, "b", "k", "p and q")
            for check in (self.asked, self.stored):
                check(client, s3)

        def asked(self, client, s3):
            assert client.responses.create.call_args.kwargs == {"model": MODEL, "input": "p and q"}

        def stored(self, client, s3):
            sent = s3.put_object.call_args.kwargs
            assert (sent["Body"], sent["ContentType"].partition(";")[0]) == (b"Three gulls.", "text/plain")

    def by_head(keep):
        s3, bucket, key = boto3.client("s3"), os.environ["S3_BUCKET_NAME"], "by-head.txt"
        s3.delete_object(Bucket=bucket, Key=key)
        with OpenAIMock() as mock:
            keep(OpenAI(base_url=mock.base_url), s3, bucket, key, "gulls at noon")
        assert mock.calls.mentioning("gulls at noon")
        assert s3.head_object(Bucket=bucket, Key=key)["ContentType"].startswith("text/plain")
        kept = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        assert any(kept == output.content for call in mock.calls for output in call.outputs)

    def says(prompt, words="hello"):
        """A test that sends the words which a course shows first, or a few letters."""

        def check_keep(keep):
            client, s3 = MagicMock(), MagicMock()
            client.responses.create.return_value.output_text = words
            keep(client, s3, "my-bucket", "a.txt", prompt)
            assert client.responses.create.call_args.kwargs["input"] == prompt
            s3.put_object.assert_called_once()
            sent = s3.put_object.call_args.kwargs
            assert sent["Body"] == words.encode()
            assert sent["ContentType"].startswith("text/plain")

        return check_keep

    def by_the_lesson(keep):
        from classroom.lesson import current

        lesson, s3, key = current(), boto3.client("s3"), "by-the-lesson.txt"
        s3.delete_object(Bucket=lesson.bucket, Key=key)
        before = len(lesson.openai.calls)
        keep(OpenAI(), s3, lesson.bucket, key, "gulls on a mast")
        assert len(lesson.openai.calls) == before + 1
        call = lesson.openai.calls[-1]
        assert call.body["input"] == "gulls on a mast"
        stored = s3.get_object(Bucket=lesson.bucket, Key=key)
        assert stored["Body"].read() == call.outputs[0].content
        assert stored["ContentType"].startswith("text/plain")

    def by_the_lesson_s_first_call(keep):
        from classroom.lesson import current

        lesson, s3, key = current(), boto3.client("s3"), "by-the-first.txt"
        s3.delete_object(Bucket=lesson.bucket, Key=key)
        lesson.openai.reset()
        keep(OpenAI(), s3, lesson.bucket, key, "gulls")
        [call] = lesson.openai.calls
        assert (call.route, call.body["input"]) == ("responses", "gulls")
        stored = s3.get_object(Bucket=lesson.bucket, Key=key)
        assert (stored["Body"].read(), stored["ContentType"][:5]) == (call.outputs[0].content, "text/")

    def asks_the_lesson_for_nothing(keep):
        from classroom.lesson import current

        by_the_lesson(lambda *given: None if current().openai.calls else keep(*given))
        assert current().openai.calls[-2]

    def mocks_without_bytes(keep):
        client, s3 = mocked()
        keep(client, s3, "b", "k", "p")
        client.responses.create.assert_called_once_with(model=MODEL, input="p")
        assert s3.put_object.call_args.kwargs["ContentType"].startswith("text/plain")

    def swallows(keep):
        try:
            exact(keep)
        except Exception:
            return False

    def trusts_an_old_object(keep):
        s3, bucket = boto3.client("s3"), os.environ["S3_BUCKET_NAME"]
        with OpenAIMock() as mock:
            keep(OpenAI(base_url=mock.base_url), s3, bucket, "old.txt", "three gulls")
            assert mock.calls[-1].body["input"] == "three gulls"
            stored = s3.get_object(Bucket=bucket, Key="old.txt")
            assert stored["Body"].read() == mock.calls[-1].outputs[0].content
            assert stored["ContentType"].startswith("text/plain")

    def asserts_nothing_real(keep):
        client, s3 = mocked()
        keep(client, s3, "b", "k", "p")
        assert s3.put_object.was_called
        assert client.responses.create.call_args.kwargs["input"]

    def no_type_looked_at(keep):
        client, s3 = mocked()
        keep(client, s3, "b", "k", "p")
        client.responses.create.assert_called_once_with(model=MODEL, input="p")
        assert s3.put_object.call_args.kwargs["Body"] == b"Three gulls."

    def too_exact(keep):
        exact(keep)
        head = boto3.client("s3").head_object(Bucket=os.environ["S3_BUCKET_NAME"], Key="kept.txt")
        assert head["ContentType"] == "text/plain"

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
            [
                respond,
                by_messages,
                with_the_types,
                lambda request: httpx2.Response(
                    *((400,) if b"be rude" in request.content else (200,)),
                    json=refused if b"be rude" in request.content else completion(),
                ),
                Responder(),
                by_text,
            ],
            [
                (lambda request: None, "It returns nothing so far"),
                (lambda request: print(completion()), "It prints something"),
                (lambda request: completion(), "no httpx2.Response"),
                (lambda request: httpx2.Response(200, json=completion()), "Its status is another one"),
                (lambda request: httpx2.Response(500), "Its status is another one"),
                (without("id"), "id is missing"),
                (without("object"), "object is missing"),
                (without("created"), "created is missing"),
                (without("model"), "model is missing"),
                (without("choices"), "choices is missing"),
                (
                    lambda request: (
                        httpx2.Response(200, json={**completion(), "object": "response"})
                        if b"rude" not in request.content
                        else respond(request)
                    ),
                    'object is "response"',
                ),
                (
                    lambda request: (
                        httpx2.Response(400, json=refused)
                        if b"rude" in request.content
                        else httpx2.Response(200, json=completion())
                    ),
                    "Its status is another one",
                ),
                (
                    lambda request: (
                        respond(request)
                        if b"be rude" in request.content
                        else httpx2.Response(200, text="Hello!")
                    ),
                    "no JSON object",
                ),
                (
                    lambda request: (
                        respond(request)
                        if b"be rude" in request.content
                        else httpx2.Response(200, json=completion("Hi"))
                    ),
                    "It says something else",
                ),
                (
                    lambda request: (
                        respond(request)
                        if b"be rude" not in request.content
                        else httpx2.Response(429, json=refused)
                    ),
                    "Its status is another one",
                ),
                (
                    lambda request: (
                        respond(request)
                        if b"be rude" not in request.content
                        else httpx2.Response(400, json={})
                    ),
                    "an object under",
                ),
            ],
        ),
        "07.2": (
            [
                exact,
                by_transport,
                with_a_fake_client,
                with_magic_mocks,
                with_a_half_mock,
                Suite(),
                by_head,
                says("Say hello."),
                says("a", "aha"),
                says("What did", "?"),
                says("  Say\nHELLO.", "Hello, hello!"),
                by_the_lesson,
                by_the_lesson_s_first_call,
            ],
            [
                (lambda keep: None, "never calls the function"),
                (mocks_without_bytes, "does not notice when"),
                (swallows, "does not notice when"),
                (trusts_an_old_object, "nothing is stored"),
                (asserts_nothing_real, "does not notice when"),
                (lambda keep: exact(keep) or 1 / 0, "ZeroDivisionError"),
                (no_type_looked_at, "content type"),
                (looks_at_nothing, "does not notice"),
                (trusts_the_prompt, "does not notice when"),
                (asks_the_lesson_for_nothing, "IndexError"),
                (too_exact, "AssertionError"),
                (lambda keep: 1 / 0, "ZeroDivisionError"),
            ],
        ),
    }
