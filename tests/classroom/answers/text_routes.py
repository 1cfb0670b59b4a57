"""Notebook 10: a route that writes texts."""

from typing import Annotated

import openai
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel, StringConstraints

from tests.classroom.answers.apps import app_with

MODEL = "gpt-5.4-mini"


def text_routes():
    return {"10.3": (_texts(), _wrong_texts())}


def _text_app(route, **options):
    return app_with(route, "/v1/texts", **{"status_code": 201, **options})


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
