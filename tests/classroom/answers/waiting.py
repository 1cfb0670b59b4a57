"""Notebook 15: a job to wait for, and an answer that is streamed."""

import asyncio
import json
import time
import warnings
from collections.abc import AsyncIterable

import openai
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse, StreamingResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from openai import AsyncOpenAI, OpenAI
from starlette.requests import Request

MODEL = "gpt-5.4-mini"
KIND = "text/event-stream"


def waiting():
    return {"15.4": _jobs(), "15.5": _streams()}


def _jobs():
    running = ("queued", "in_progress")

    def by_for(client, id, most=20):
        for _ in range(most):
            job = client.responses.retrieve(id)
            if job.status == "completed":
                return job.output_text
            if job.status not in running:
                raise RuntimeError(f"The job is {job.status}.")
            time.sleep(0.5)
        raise TimeoutError

    def by_while(client, id, most=20):
        looks, job = 1, client.responses.retrieve(id)
        while job.status in running:
            if looks == most:
                raise TimeoutError("not over")
            time.sleep(0.5)
            job, looks = client.responses.retrieve(id), looks + 1
        if job.status != "completed":
            raise RuntimeError(job.status)
        return job.output_text

    def by_recursion(client, id, most=20):
        if most == 0:
            raise TimeoutError("It takes too long.")
        job = client.responses.retrieve(id)
        match job.status:
            case "completed":
                return job.output_text
            case "queued" | "in_progress":
                time.sleep(0.2)
                return by_recursion(client, id, most - 1)
            case other:
                raise RuntimeError(other)

    class Waiter:
        class Ended(RuntimeError):
            pass

        def __call__(self, client, id, most=20):
            for look in range(most):
                if look:
                    time.sleep(0.5)
                job = client.responses.retrieve(id)
                if job.status in {"failed", "cancelled", "incomplete"}:
                    raise self.Ended(f"ended: {job.status}")
                if job.status == "completed":
                    return job.output_text
            raise TimeoutError

    async def later(client, id, most=20):
        for _ in range(most):
            job = await asyncio.to_thread(client.responses.retrieve, id)
            if job.status == "completed":
                return job.output[0].content[0].text
            if job.status not in running:
                raise RuntimeError(job.status)
            await asyncio.sleep(0.1)
        raise TimeoutError

    def over_http(client, id, most=20):
        for _ in range(most):
            job = json.loads(client.responses.with_raw_response.retrieve(id).content)
            if job["status"] == "completed":
                return job["output"][0]["content"][0]["text"]
            if job["status"] not in running:
                raise RuntimeError(job["status"])
            time.sleep(0.3)
        raise TimeoutError

    def careless(client, id, most=20):
        while True:
            job = client.responses.retrieve(id)
            if job.status == "completed":
                return job.output_text
            time.sleep(0.5)

    def only_counts(client, id, most=20):
        for _ in range(most):
            job = client.responses.retrieve(id)
            if job.status == "completed":
                return job.output_text
            time.sleep(0.1)
        raise TimeoutError

    def never_gives_up(client, id, most=20):
        while (job := client.responses.retrieve(id)).status in running:
            time.sleep(0.1)
        if job.status != "completed":
            raise RuntimeError(job.status)
        return job.output_text

    def returns_none(client, id, most=20):
        try:
            return by_for(client, id, most)
        except (RuntimeError, TimeoutError):
            return None

    def returns_the_status(client, id, most=20):
        try:
            return by_for(client, id, most)
        except RuntimeError as error:
            return str(error)

    def says_nothing(client, id, most=20):
        try:
            return by_for(client, id, most)
        except RuntimeError:
            raise RuntimeError("The job has no result.") from None

    def looks_once(client, id, most=20):
        return client.responses.retrieve(id).output_text

    def gives_the_job(client, id, most=20):
        by_for(client, id, most)
        return client.responses.retrieve(id)

    def another_error(client, id, most=20):
        try:
            return by_for(client, id, most)
        except RuntimeError as error:
            raise ValueError(str(error)) from None

    def impatient(client, id, most=20):
        return by_for(client, id, min(most, 2))

    def only_queued(client, id, most=20):
        for _ in range(most):
            job = client.responses.retrieve(id)
            if job.status == "completed":
                return job.output_text
            if job.status != "queued":
                raise RuntimeError(job.status)
            time.sleep(0.1)
        raise TimeoutError

    return (
        [by_for, by_while, by_recursion, Waiter(), later, over_http],
        [
            (lambda client, id, most=20: None, "does not look at the job"),
            (lambda client, id, most=20: print(by_for(client, id, most)), "It prints something"),
            (careless, "goes on waiting"),
            (only_counts, "goes on waiting"),
            (never_gives_up, "goes on looking"),
            (returns_none, "its caller can't know"),
            (returns_the_status, "It raises no RuntimeError"),
            (says_nothing, "does not say how the job ended"),
            (looks_once, "another text"),
            (gives_the_job, "something else than the text"),
            (another_error, "another error than a RuntimeError"),
            (impatient, "gives up too early"),
            (only_queued, "RuntimeError"),
            (lambda client, id, most=20: "completed", "does not look at the job"),
        ],
    )


def _event(data, name=None):
    return (f"event: {name}\n" if name else "") + f"data: {json.dumps(data)}\n\n"


def _app(endpoint, **options):
    app = FastAPI()
    app.get("/v1/stream", **options)(endpoint)
    return app


def _streams():
    client = OpenAI()

    def deltas(prompt):
        for each in client.responses.create(model=MODEL, input=prompt, stream=True):
            if each.type == "response.output_text.delta":
                yield each.delta

    def events(prompt):
        for piece in deltas(prompt):
            yield _event({"text": piece})
        yield _event({}, "done")

    def by_generator(prompt: str):
        return StreamingResponse(events(prompt), media_type=KIND)

    async def events_async(prompt):
        async with AsyncOpenAI() as asking:
            async for each in await asking.responses.create(model=MODEL, input=prompt, stream=True):
                if each.type == "response.output_text.delta":
                    yield _event({"text": each.delta}).encode()
        yield b'event: done\r\ndata: "the end"\r\n\r\n'

    async def by_async(prompt: str):
        return StreamingResponse(events_async(prompt), media_type=f"{KIND}; charset=utf-8")

    async def events_of_chat(prompt):
        messages = [{"role": "user", "content": prompt}]
        async with AsyncOpenAI() as asking:
            stream = await asking.chat.completions.create(model=MODEL, messages=messages, stream=True)
            async for chunk in stream:
                if chunk.choices and chunk.choices[0].delta.content:
                    yield _event({"text": chunk.choices[0].delta.content, "more": True})
        yield "event: done\ndata:\n\n"

    async def by_chat(prompt: str):
        return StreamingResponse(events_of_chat(prompt), headers={"content-type": KIND})

    async def events_of_helper(prompt):
        yield ": the stream begins\n\n"
        number = 0
        async with AsyncOpenAI() as asking, asking.responses.stream(model=MODEL, input=prompt) as stream:
            async for each in stream:
                if each.type == "response.output_text.delta":
                    number += 1
                    yield f"id: {number}\nevent: message\ndata:{json.dumps({'text': each.delta})}\n\n"
        yield _event({"text": ""}, "done")

    async def by_helper(request: Request):
        return StreamingResponse(events_of_helper(request.query_params["prompt"]), media_type=KIND)

    class Streamer:
        def __init__(self):
            self.app = FastAPI()
            self.app.add_api_route("/v1/stream", self.answer)

        def answer(self, prompt: str):
            return StreamingResponse(self.pieces(prompt), media_type=KIND)

        def pieces(self, prompt):
            with client.responses.stream(model=MODEL, input=prompt) as stream:
                for each in stream:
                    if each.type == "response.output_text.delta":
                        pretty = json.dumps({"text": each.delta}, indent=1)
                        yield "".join(f"data: {line}\n" for line in pretty.splitlines()) + "\n"
            yield _event({}, "done")

    kept = AsyncOpenAI()  # one for all requests, as many write it

    async def events_of_kept(prompt):
        async for each in await kept.responses.create(model=MODEL, input=prompt, stream=True):
            if each.type == "response.output_text.delta":
                yield _event({"text": each.delta})
        yield _event({}, "done")

    async def by_kept(prompt: str):
        return StreamingResponse(events_of_kept(prompt), media_type=KIND)

    async def elsewhere():  # and it was used before, in another loop
        await kept.models.list()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        asyncio.run(elsewhere())

    with_events = FastAPI()

    @with_events.get("/v1/stream", response_class=EventSourceResponse)
    async def by_fastapi(prompt: str) -> AsyncIterable[ServerSentEvent]:
        async with AsyncOpenAI() as asking:
            async for each in await asking.responses.create(model=MODEL, input=prompt, stream=True):
                if each.type == "response.output_text.delta":
                    yield ServerSentEvent(data={"text": each.delta})
        yield ServerSentEvent(data={}, event="done")

    def done_without_data(prompt: str):
        def made():
            yield from (_event({"text": piece}) for piece in deltas(prompt))
            yield "event: done\n\n"

        return StreamingResponse(made(), media_type=KIND)

    def whole(prompt):
        return client.responses.create(model=MODEL, input=prompt).output_text

    def cut_afterwards(prompt: str):
        words = whole(prompt).split(" ")
        pieces = [_event({"text": word + " "}) for word in words[:-1]] + [_event({"text": words[-1]})]
        return StreamingResponse(iter([*pieces, _event({}, "done")]), media_type=KIND)

    def in_one(prompt: str):
        return StreamingResponse(
            iter([_event({"text": "".join(deltas(prompt))}), _event({}, "done")]), media_type=KIND
        )

    def plain_data(prompt: str):
        return StreamingResponse((f"data: {piece}\n\n" for piece in deltas(prompt)), media_type=KIND)

    def json_without_done(prompt: str):
        return StreamingResponse((_event({"text": piece}) for piece in deltas(prompt)), media_type=KIND)

    def done_as_data(prompt: str):
        def made():
            yield from (_event({"text": piece}) for piece in deltas(prompt))
            yield "data: [DONE]\n\n"

        return StreamingResponse(made(), media_type=KIND)

    def bare_json(prompt: str):
        def made():
            yield from (f"data: {json.dumps(piece)}\n\n" for piece in deltas(prompt))
            yield _event({}, "done")

        return StreamingResponse(made(), media_type=KIND)

    def one_line_end(prompt: str):
        def made():
            yield from (f"data: {json.dumps({'text': piece})}\n" for piece in deltas(prompt))
            yield "event: done\ndata: {}\n"

        return StreamingResponse(made(), media_type=KIND)

    def stripped(prompt: str):
        def made():
            yield from (_event({"text": piece.strip()}) for piece in deltas(prompt))
            yield _event({}, "done")

        return StreamingResponse(made(), media_type=KIND)

    def another_prompt(prompt: str):
        return StreamingResponse(events("Say hello."), media_type=KIND)

    def made_up(prompt: str):
        return StreamingResponse(
            iter([_event({"text": "Hello "}), _event({"text": prompt}), _event({}, "done")]), media_type=KIND
        )

    def hides(prompt: str):
        try:
            return by_generator(prompt, "now")  # one argument too many
        except TypeError:
            return PlainTextResponse("")

    with openai.OpenAI() as closed:
        pass
    assert closed.is_closed()

    def by_closed(prompt: str):
        return {"text": closed.responses.create(model=MODEL, input=prompt).output_text}

    by_post = FastAPI()
    by_post.post("/v1/stream")(by_generator)
    return (
        [
            _app(by_generator),
            _app(by_async),
            _app(by_chat),
            _app(by_helper),
            Streamer().app,
            _app(by_kept),
            with_events,
        ],
        [
            (FastAPI(), "There is no such path"),
            (by_post, "That path has no such method"),
            (_app(lambda prompt="": PlainTextResponse(whole(prompt))), "reads no events of this type"),
            (_app(hides), "reads no events of this type"),
            (_app(cut_afterwards), "Ask with stream=True"),
            (_app(in_one), "whole answer in one event"),
            (_app(plain_data), "belongs to no event"),
            (_app(json_without_done), "does not learn that the answer is complete"),
            (_app(done_without_data), "event without data"),
            (_app(done_as_data), "does not learn that the answer is complete"),
            (_app(bare_json), 'no JSON with a "text"'),
            (_app(one_line_end), "no event"),
            (_app(stripped), "not what OpenAI answered"),
            (_app(another_prompt), "did not reach OpenAI"),
            (_app(made_up), "did not ask OpenAI"),
            (_app(by_closed), "status 500"),
            (FastAPI, "no FastAPI app"),
        ],
    )
