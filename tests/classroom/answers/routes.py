"""Notebook 10."""

import contextlib
import dataclasses
import email
import http.client
import io
import re
from typing import Annotated, Any

import openai
from fastapi import APIRouter, Body, Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.testclient import TestClient
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel, Field, StringConstraints, field_validator

MODEL = "gpt-5.4-mini"


def routes():
    return {
        "10.1": (_readers(), _wrong_readers()),
        "10.2": (_counters(), _wrong_counters()),
        "10.3": (_texts(), _wrong_texts()),
        "10.4": (_tests(), _wrong_tests()),
    }


def _readers():
    def by_partition(answer):
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), body

    def by_split(answer):
        head, body = answer.split(b"\r\n\r\n", 1)
        return [int(head.decode().split("\r\n")[0].split(" ")[1]), body]

    def by_pattern(answer):
        found = re.match(rb"(?s)HTTP/1\.1 (\d{3}).*?\r\n\r\n(.*)", answer)
        return int(found[1]), found[2]

    class Socket:
        def __init__(self, content):
            self.content = content

        def makefile(self, *_, **__):
            return io.BytesIO(self.content)

    def by_library(answer):
        response = http.client.HTTPResponse(Socket(answer))
        response.begin()
        return response.status, response.read()

    def by_index(answer):
        begins = answer.index(b"\r\n\r\n") + 4
        return int(answer[9:12]), answer[begins:]

    def by_line(answer):
        lines = io.BytesIO(answer)
        status = int(lines.readline().split()[1])
        while lines.readline() not in (b"\r\n", b""):
            pass
        return status, lines.read()

    async def later(answer):
        return by_partition(answer)

    def by_length(answer):
        first, _, rest = answer.partition(b"\r\n")
        headers = email.message_from_bytes(rest.partition(b"\r\n\r\n")[0])
        size = int(headers["content-length"])
        return int(first.split()[1]), answer[len(answer) - size :]

    return [by_partition, by_split, by_pattern, by_library, by_index, by_line, later, by_length]


def _wrong_readers():
    def cut(answer):
        head, body = answer.split(b"\r\n\r\n")[:2]
        return int(head.split()[1]), body

    def last(answer):
        head, _, body = answer.rpartition(b"\r\n\r\n")
        return int(head.split()[1]), body

    def as_text(answer):
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), body.decode("latin-1")

    def status_as_text(answer):
        head, _, body = answer.partition(b"\r\n\r\n")
        return head.split()[1].decode(), body

    def decoded(answer):
        head, _, body = answer.decode().partition("\r\n\r\n")
        return int(head.split()[1]), body.encode()

    def stripped(answer):
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), body.strip()

    return [
        (cut, "The body is another one"),
        (last, ""),
        (as_text, "The body is not bytes"),
        (status_as_text, "The status is not right"),
        (decoded, "UnicodeDecodeError"),
        (stripped, "The body is another one"),
        (lambda answer: (200, answer.partition(b"\r\n\r\n")[2]), "The status is not right"),
        (lambda answer: print(answer), "It prints something"),
        (lambda answer: answer.partition(b"\r\n\r\n")[2], "something else than two things"),
        (lambda answer: None, "It returns nothing so far"),
    ]


def _app(route, path="/v1/words", method="post", **options):
    app = FastAPI()
    getattr(app, method)(path, **options)(route)
    return app


Stripped = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


def _counters():
    class Words(BaseModel):
        text: Stripped

    def by_constraints(order: Words):
        return {"words": len(order.text.split())}

    class Loose(BaseModel):
        text: str = Field(min_length=1, max_length=500)

    def by_exception(order: Loose) -> dict[str, int]:
        if not order.text.strip():
            raise HTTPException(422, "The text is blank.")
        return {"words": len(re.findall(r"\S+", order.text))}

    class Checked(BaseModel):
        text: str = Field(max_length=500)

        @field_validator("text")
        @classmethod
        def has_words(cls, text: str) -> str:
            if not text.split():
                raise ValueError("no words")
            return text

    class Count(BaseModel):
        words: int

    async def by_validator(order: Checked) -> Count:
        return Count(words=sum(1 for _ in order.text.split()))

    async def by_hand(request: Request):
        try:
            text = (await request.json())["text"]
        except (ValueError, KeyError, TypeError):
            return JSONResponse({"detail": "Send a JSON object with a text."}, 422)
        if not isinstance(text, str) or not text.strip() or len(text) > 500:
            return JSONResponse({"detail": "Send a text of 1 to 500 letters."}, status_code=422)
        return JSONResponse({"words": len(text.split())})

    def by_body(text: Annotated[str, Body(embed=True, pattern=r"\S", max_length=500)]):
        count, inside = 0, False
        for letter in text:
            count += not letter.isspace() and not inside
            inside = not letter.isspace()
        return {"words": count, "text": text}

    @dataclasses.dataclass
    class Order:
        text: str

    def checked(order: Order) -> str:
        if not 1 <= len(order.text.strip()) <= 500:
            raise HTTPException(status_code=422, detail={"message": "1 to 500 letters, please."})
        return order.text

    def by_dependency(text: Annotated[str, Depends(checked)]) -> dict:
        return {"words": len(text.split())}

    router = APIRouter(prefix="/v1")
    router.post("/words")(by_constraints)
    routed = FastAPI(title="Words")
    routed.include_router(router)
    return [
        _app(by_constraints),
        _app(by_exception),
        _app(by_validator),
        _app(by_hand),
        _app(by_body),
        _app(by_dependency),
        routed,
    ]


def _wrong_counters():
    class Words(BaseModel):
        text: Stripped

    class Loose(BaseModel):
        text: str = Field(min_length=1, max_length=500)

    class Endless(BaseModel):
        text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

    class Anything(BaseModel):
        text: Any = None

    def loose(order: Loose):
        return {"words": len(order.text.split())}

    def endless(order: Endless):
        return {"words": len(order.text.split())}

    def polite(order: Loose):
        if not order.text.strip():
            return {"error": "The text is blank."}
        return {"words": len(order.text.split())}

    def letters(order: Words):
        return {"words": len(order.text)}

    def constant(order: Words):
        return {"words": 7}

    def number(order: Words):
        return len(order.text.split())

    def spaces(order: Words):
        return {"words": order.text.count(" ") + 1}

    def anything(order: Anything):
        return {"words": len(order.text.split())}

    def bad_request(order: Loose):
        if not order.text.strip():
            raise HTTPException(400, "blank")
        return {"words": len(order.text.split())}

    def asserted(order: Loose):
        assert order.text.strip()
        return {"words": len(order.text.split())}

    def unknown_name(order: Loose):
        if not order.text.strip():
            raise Problem(422, "no words")  # noqa: F821
        return {"words": len(order.text.split())}

    def text_only(order: Words):
        return PlainTextResponse(str(len(order.text.split())))

    def right(order: Words):
        return {"words": len(order.text.split())}

    return [
        (_app(loose), "status 200"),
        (_app(endless), "status 200"),
        (_app(polite), "status 422"),
        (_app(letters), "The number of words is not right"),
        (_app(constant), "The number of words is not right"),
        (_app(number), "no JSON object"),
        (_app(spaces), "The number of words is not right"),
        (_app(anything), "status"),
        (_app(bad_request), "status 400"),
        (_app(asserted), "It stopped with an error: AssertionError"),
        (_app(unknown_name), "NameError: name 'Problem' is not defined"),
        (_app(text_only), "no JSON object"),
        (_app(right, method="get"), "status 405"),
        (_app(right, path="/words"), "There is no such path"),
        (_app(right, status_code=201), "status 201"),
    ]


def _text_app(route, **options):
    return _app(route, "/v1/texts", **{"status_code": 201, **options})


class Prompt(BaseModel):
    prompt: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]


def _texts():
    def plain(order: Prompt):
        try:
            answer = OpenAI().responses.create(model=MODEL, input=order.prompt)
        except openai.RateLimitError as error:
            raise HTTPException(429, "Too fast. Try again soon.") from error
        except openai.OpenAIError as error:
            raise HTTPException(502, "OpenAI has trouble.") from error
        return {"text": answer.output_text}

    async def by_async(order: Prompt):
        client = AsyncOpenAI(max_retries=0)
        try:
            answer = await client.responses.create(model=MODEL, input=order.prompt)
        except openai.APIError as error:
            status = getattr(error, "status_code", None)
            return JSONResponse({"detail": "Later."}, 429 if status == 429 else 502)
        return {"text": answer.output_text}

    def get_client():
        return OpenAI(max_retries=0, timeout=10)

    class Text(BaseModel):
        text: str

    def by_chat(order: Prompt, client: Annotated[OpenAI, Depends(get_client)]) -> Text:
        messages = [{"role": "user", "content": order.prompt}]
        try:
            completion = client.chat.completions.create(model=MODEL, messages=messages)
        except openai.RateLimitError:
            raise HTTPException(status_code=429, detail="busy") from None
        except openai.OpenAIError:
            raise HTTPException(status_code=502, detail="trouble") from None
        return Text(text=completion.choices[0].message.content)

    def unguarded(order: Prompt):
        return {"text": get_client().responses.create(model=MODEL, input=order.prompt).output_text}

    by_handler = _text_app(unguarded)

    @by_handler.exception_handler(openai.RateLimitError)
    def busy(request, error):
        return JSONResponse({"detail": "busy"}, 429)

    @by_handler.exception_handler(openai.OpenAIError)
    def trouble(request, error):
        return JSONResponse({"detail": "trouble"}, 502)

    async def by_hand(request: Request):
        prompt = (await request.json()).get("prompt")
        if not isinstance(prompt, str) or not prompt.strip() or len(prompt) > 4000:
            return JSONResponse({"detail": "Send a prompt."}, 422)
        try:
            response = await AsyncOpenAI(max_retries=0).responses.create(model=MODEL, input=prompt)
        except openai.RateLimitError:
            return JSONResponse({"detail": "Wait."}, status_code=429)
        except Exception:
            return JSONResponse({"detail": "Trouble."}, status_code=502)
        return JSONResponse({"text": response.output_text.strip()}, status_code=201)

    def by_stream(order: Prompt):
        try:
            with get_client().responses.create(model=MODEL, input=order.prompt, stream=True) as events:
                pieces = [event.delta for event in events if event.type == "response.output_text.delta"]
        except openai.APIError as error:
            status = {429: 429}.get(getattr(error, "status_code", 0), 502)
            raise HTTPException(status, "OpenAI failed.") from error
        return {"text": "".join(pieces)}

    shared = AsyncOpenAI(max_retries=0)

    async def by_shared_client(order: Prompt):
        try:
            return {"text": (await shared.responses.create(model=MODEL, input=order.prompt)).output_text}
        except openai.OpenAIError as error:
            raise HTTPException(429 if isinstance(error, openai.RateLimitError) else 502) from error

    return [
        _text_app(plain),
        _text_app(by_async),
        _text_app(by_chat),
        by_handler,
        _text_app(by_hand),
        _text_app(by_stream),
        _text_app(by_shared_client),
    ]


def _wrong_texts():
    def asked(prompt):
        try:
            return OpenAI(max_retries=0).responses.create(model=MODEL, input=prompt).output_text
        except openai.RateLimitError as error:
            raise HTTPException(429) from error
        except openai.OpenAIError as error:
            raise HTTPException(502) from error

    class Loose(BaseModel):
        prompt: str | None = ""

    def right(order: Prompt):
        return {"text": asked(order.prompt)}

    def echo(order: Prompt):
        return {"text": order.prompt}

    def constant(order: Prompt):
        return {"text": asked("Write a text.")}

    def decorated(order: Prompt):
        return {"text": f"Here you are: {asked(order.prompt)}"}

    def too_late(order: Loose):
        text = asked(order.prompt or "nothing")
        if not (order.prompt or "").strip() or len(order.prompt) > 4000:
            raise HTTPException(422)
        return {"text": text}

    def careless(order: Loose):
        return {"text": asked(order.prompt or "anything")}

    def unguarded(order: Prompt):
        return {"text": OpenAI(max_retries=0).responses.create(model=MODEL, input=order.prompt).output_text}

    def another_client(order: Prompt):
        client = TestClient(FastAPI())
        return {"text": client.responses.create(model=MODEL, input=order.prompt).output_text}

    def swallowed(order: Prompt):
        try:
            return {"text": asked(order.prompt)}
        except HTTPException:
            return {"text": "Sorry."}

    def always_busy(order: Prompt):
        try:
            return {"text": asked(order.prompt)}
        except HTTPException as error:
            raise HTTPException(429) from error

    def never_busy(order: Prompt):
        try:
            return {"text": asked(order.prompt)}
        except HTTPException as error:
            raise HTTPException(502) from error

    def printed(order: Prompt):
        print(asked(order.prompt))

    def another_name(order: Prompt):
        return {"answer": asked(order.prompt)}

    return [
        (_text_app(right, status_code=200), "status 200"),
        (_text_app(echo), "It did not ask OpenAI"),
        (_text_app(constant), "did not reach OpenAI"),
        (_text_app(decorated), "other words than OpenAI"),
        (_text_app(too_late), "which costs money"),
        (_text_app(careless), "status 201"),
        (_text_app(unguarded), "status 500"),
        (_text_app(another_client), "'TestClient' object has no attribute 'responses'"),
        (_text_app(swallowed), "status 201"),
        (_text_app(always_busy), "status 429"),
        (_text_app(never_busy), "status 502"),
        (_text_app(printed), "no JSON object"),
        (_text_app(another_name), "The answer has no text"),
    ]


PATH = "/v1/texts"


def _tests():
    def plain(client, openai_mock):
        answer = client.post(PATH, json={"prompt": "three gulls"})
        assert answer.status_code == 201
        assert openai_mock.calls[-1].body["input"] == "three gulls"
        assert answer.json()["text"].encode() == openai_mock.calls[-1].outputs[0].content
        assert client.post(PATH, json={"prompt": "  "}).status_code == 422
        assert len(openai_mock.calls) == 1
        openai_mock.fail(status=429)
        assert client.post(PATH, json={"prompt": "three gulls"}).status_code == 429

    def with_a_reply(client, openai_mock):
        openai_mock.reply("tides", text="High and low.")
        answer = client.post(PATH, json={"prompt": "a poem on tides"})
        assert (answer.status_code, answer.json()) == (201, {"text": "High and low."})
        before = len(openai_mock.calls)
        for blank in ("", " ", "\n"):
            assert client.post(PATH, json={"prompt": blank}).status_code == 422, blank
        assert len(openai_mock.calls) == before
        openai_mock.fail(code="rate_limit_exceeded", times=1)
        assert client.post(PATH, json={"prompt": "tides"}).status_code == 429

    def in_another_order(client, openai_mock):
        openai_mock.fail(status=429, times=1)
        busy = client.post(PATH, json={"prompt": "owls"})
        blank = client.post(PATH, json={"prompt": "   "})
        calls = len(openai_mock.calls)
        good = client.post(PATH, json={"prompt": "owls"})
        assert [busy.status_code, blank.status_code, good.status_code] == [429, 422, 201]
        assert calls == 1
        last = openai_mock.calls[-1]
        assert last.mentions("owls")
        assert good.json()["text"] == last.outputs[0].content.decode()

    class Suite:
        def __call__(self, client, openai_mock):
            for name in ("happy", "blank", "busy"):
                openai_mock.reset()
                getattr(self, name)(client, openai_mock)

        def happy(self, client, openai_mock):
            text = client.post(PATH, json={"prompt": "a quiz"})
            [call] = openai_mock.calls
            assert text.status_code == 201
            assert call.body["input"] == "a quiz"
            assert text.json()["text"].startswith(call.outputs[0].content.decode())

        def blank(self, client, openai_mock):
            assert client.post(PATH, json={"prompt": "\t"}).status_code == 422
            assert not list(openai_mock.calls)

        def busy(self, client, openai_mock):
            openai_mock.fail(status=429)
            assert client.post(PATH, json={"prompt": "a quiz"}).status_code == 429

    def collected(client, openai_mock):
        wrong = []
        answer = client.post(PATH, json={"prompt": "P and Q"})
        if answer.status_code != 201 or "P and Q" not in str(openai_mock.calls[-1].body):
            wrong.append("happy")
        if answer.json().get("text") != openai_mock.calls[-1].outputs[0].content.decode():
            wrong.append("text")
        if client.post(PATH, json={"prompt": ""}).status_code != 422 or len(openai_mock.calls) != 1:
            wrong.append("blank")
        openai_mock.fail(status=429)
        if client.post(PATH, json={"prompt": "again"}).status_code != 429:
            wrong.append("busy")
        if wrong:
            raise AssertionError(wrong)

    def by_table(
        client, openai_mock, rows=(("gulls", None, 201, 1), (" ", None, 422, 1), ("gulls", 429, 429, 2))
    ):
        texts = []
        for prompt, trouble, status, calls in rows:
            if trouble:
                openai_mock.fail(status=trouble)
            answer = client.post(PATH, json={"prompt": prompt})
            assert answer.status_code == status
            assert len(openai_mock.calls) == calls
            texts.append(answer.json().get("text"))
        first = openai_mock.calls[0]
        assert first.body["input"] == "gulls"
        assert first.outputs[0].content == texts[0].encode()

    async def later(client, openai_mock):
        plain(client, openai_mock)

    def says(prompt, words):
        def check_texts(client, openai_mock):
            scripted = openai_mock.reply(prompt, text=words) if words else None
            answer = client.post(PATH, json={"prompt": prompt})
            assert answer.status_code == 201
            assert openai_mock.calls[-1].body["input"] == prompt
            assert answer.json()["text"].encode() == openai_mock.calls[-1].outputs[0].content
            assert scripted is None or answer.json() == {"text": words}
            before = len(openai_mock.calls)
            assert client.post(PATH, json={"prompt": " "}).status_code == 422
            assert len(openai_mock.calls) == before
            openai_mock.fail(status=429)
            assert client.post(PATH, json={"prompt": prompt}).status_code == 429

        return check_texts

    hello = [says("Say hello.", ""), says("Say hello.", "Hello!"), says("a", "Abba"), says("What", "aha")]
    return [plain, with_a_reply, in_another_order, Suite(), collected, by_table, later, *hello]


def _wrong_tests():
    right = _tests()[0]

    def happy_only(client, openai_mock):
        answer = client.post(PATH, json={"prompt": "gulls"})
        assert answer.status_code == 201
        assert openai_mock.calls[-1].body["input"] == "gulls"
        assert answer.json()["text"].encode() == openai_mock.calls[-1].outputs[0].content

    def status_only(client, openai_mock):
        assert client.post(PATH, json={"prompt": "gulls"}).status_code == 201
        assert client.post(PATH, json={"prompt": " "}).status_code == 422
        assert len(openai_mock.calls) == 1
        openai_mock.fail(status=429)
        assert client.post(PATH, json={"prompt": "gulls"}).status_code == 429

    def swallowed(client, openai_mock):
        with contextlib.suppress(AssertionError):
            right(client, openai_mock)

    def never_asserts(client, openai_mock):
        return client.post(PATH, json={"prompt": "gulls"}).status_code == 201

    def no_money_counted(client, openai_mock):
        happy_only(client, openai_mock)
        assert client.post(PATH, json={"prompt": " "}).status_code == 422
        openai_mock.fail(status=429)
        assert client.post(PATH, json={"prompt": "gulls"}).status_code == 429

    def any_error(client, openai_mock):
        happy_only(client, openai_mock)
        assert client.post(PATH, json={"prompt": " "}).status_code == 422
        assert len(openai_mock.calls) == 1
        openai_mock.fail(status=429)
        assert client.post(PATH, json={"prompt": "gulls"}).status_code >= 400

    def wrong_expectation(client, openai_mock):
        assert client.post(PATH, json={"prompt": "gulls"}).status_code == 200

    def wrong_path(client, openai_mock):
        assert client.post("/texts", json={"prompt": "gulls"}).status_code == 201

    return [
        (happy_only, "It does not notice when"),
        (status_only, "It does not notice when"),
        (swallowed, "It does not notice when"),
        (never_asserts, "It does not notice when"),
        (no_money_counted, "refused only after OpenAI was asked"),
        (any_error, "answered with 500"),
        (wrong_expectation, "AssertionError"),
        (wrong_path, "AssertionError"),
        (lambda client, openai_mock: None, "It sends no request"),
    ]
