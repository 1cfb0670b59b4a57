"""Notebook 10: a request that is read, a route that counts; texts and tests are in modules of their own."""

import dataclasses
import email
import http.client
import io
import re
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel, Field, StringConstraints, field_validator

from tests.classroom.answers.apps import app_with
from tests.classroom.answers.route_tests import route_tests
from tests.classroom.answers.text_routes import text_routes


def routes():
    return (
        {
            "10.1": (_readers(), _wrong_readers()),
            "10.2": (_counters(), _wrong_counters()),
        }
        | text_routes()
        | route_tests()
    )


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
        app_with(by_constraints),
        app_with(by_exception),
        app_with(by_validator),
        app_with(by_hand),
        app_with(by_body),
        app_with(by_dependency),
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
        (app_with(loose), "status 200"),
        (app_with(endless), "status 200"),
        (app_with(polite), "status 422"),
        (app_with(letters), "The number of words is not right"),
        (app_with(constant), "The number of words is not right"),
        (app_with(number), "no JSON object"),
        (app_with(spaces), "The number of words is not right"),
        (app_with(anything), "status"),
        (app_with(bad_request), "status 400"),
        (app_with(asserted), "It stopped with an error: AssertionError"),
        (app_with(unknown_name), "NameError: name 'Problem' is not defined"),
        (app_with(text_only), "no JSON object"),
        (app_with(right, method="get"), "status 405"),
        (app_with(right, path="/words"), "There is no such path"),
        (app_with(right, status_code=201), "status 201"),
    ]
