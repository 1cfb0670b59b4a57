"""Bugs to hunt, in notebooks 00, 09 and 11."""

import base64
import binascii
import io
import os

import boto3
import openai
from openai import AsyncOpenAI, OpenAI

MODEL = "gpt-5.4-mini"


def hunts():
    return {"00.3": _keep_picture(), "09.3": _give_up(), "11.3": _careful()}


def _keep_picture():
    s3, bucket = boto3.client("s3"), os.environ["S3_BUCKET_NAME"]

    def put(key, body, kind="image/jpeg"):
        s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=kind)

    def by_upload(key, text):
        file = io.BytesIO(base64.decodebytes(text.encode()))
        s3.upload_fileobj(file, bucket, key, ExtraArgs={"ContentType": "image/jpeg"})

    async def later(key, text):
        put(key, base64.b64decode(text))

    class Keeper:
        def __call__(self, key, text):
            boto3.resource("s3").Bucket(bucket).put_object(
                Key=key, Body=base64.b64decode(text), ContentType="image/jpeg"
            )
            return key

    def in_pieces(key, text):
        pieces = [text[at : at + 400] for at in range(0, len(text), 400)]
        put(key, b"".join(base64.b64decode(piece) for piece in pieces))

    def swallows(key, text):
        try:
            put(key, base64.b64decode(text, altchars=b"-"))
        except Exception:
            print("It could not be stored.")

    return (
        [
            lambda key, text: put(key, base64.b64decode(text)),
            lambda key, text: put(key, binascii.a2b_base64(text)),
            by_upload,
            later,
            Keeper(),
            in_pieces,
        ],
        [
            (lambda key, text: None, "Nothing is stored"),
            (lambda key, text: base64.b64decode(text), "Nothing is stored"),
            (lambda key, text: put(key, text), "The letters are stored"),
            (lambda key, text: put(key, text.encode()), "The letters are stored"),
            (lambda key, text: put(key, base64.b64encode(text.encode())), "not the picture's bytes"),
            (lambda key, text: put(key, base64.b64decode(text), "text/plain"), "another type"),
            (
                lambda key, text: s3.put_object(Bucket=bucket, Key=key, Body=base64.b64decode(text)) and None,
                "another type",
            ),
            (lambda key, text: put("broken.jpg", base64.b64decode(text)), "Nothing is stored"),
            (swallows, "Nothing is stored"),
        ],
    )


def _give_up():
    def by_code(call):
        while True:
            try:
                return call()
            except openai.RateLimitError as error:
                if error.code == "daily_cap_reached":
                    raise

    def by_for(call):
        for _ in range(3):
            try:
                return call()
            except openai.RateLimitError as error:
                raise RuntimeError("no more today") from error
        return None

    def raises(call):
        try:
            answer = call()
        except openai.APIError:
            print("The day's requests are used up.")
            raise
        else:
            return answer

    async def later(call):
        return call()

    class Once:
        def __call__(self, call):
            answer = call()
            assert answer
            return answer

    def stubborn(call):
        for _ in range(3):
            try:
                return call()
            except openai.RateLimitError:
                continue
        return None

    def three_tries(call):
        for _ in range(3):
            try:
                return call()
            except openai.RateLimitError as error:
                if error.code == "daily_cap_reached":
                    raise
        return None

    def three_tries_and_the_error(call, left=2):
        try:
            return call()
        except openai.RateLimitError as error:
            if error.code == "daily_cap_reached" or not left:
                raise
        return three_tries_and_the_error(call, left - 1)

    def hides(call):
        try:
            return call()
        except openai.RateLimitError:
            return None

    def prints(call):
        try:
            return call()
        except openai.RateLimitError as error:
            print(error)

    def twice(call):
        try:
            return call()
        except openai.RateLimitError:
            return call()

    def another_error(call):
        try:
            return call()
        except openai.RateLimitError as error:
            raise ValueError("used up") from error

    return (
        [
            lambda call: call(),
            three_tries_and_the_error,
            raises,
            later,
            Once(),
            lambda call: next(iter([call()])),
        ],
        [
            (lambda call: None, "It returns nothing so far"),
            (lambda call: print(call()), "It prints something"),
            (lambda call: call, "never calls"),
            (lambda call: "an answer", "never calls"),
            (stubborn, "It tries again"),
            (twice, "It tries again"),
            (hides, "It hides"),
            (prints, "It hides"),
            (by_for, "another error"),
            (another_error, "another error"),
            (three_tries, "nor lets its caller know"),
            (by_code, "tries again and again"),
        ],
    )


def _careful():
    client = OpenAI()

    def answer_to(prompt):
        return client.responses.create(model=MODEL, input=prompt).output_text

    def plain(prompt):
        if prompt is None or not prompt.strip():
            return 422, "The prompt is blank."
        return 201, answer_to(prompt)

    def as_list(prompt):
        if prompt and not prompt.isspace():
            return [201, answer_to(prompt.strip())]
        return [422, "Please write a prompt."]

    async def later(prompt):
        if not (prompt or "").strip():
            return 422, "Write a prompt, please."
        answer = await AsyncOpenAI().responses.create(model=MODEL, input=prompt)
        return 201, answer.output_text

    class Blank(Exception):
        pass

    class Endpoint:
        def checked(self, prompt):
            if not prompt or not prompt.split():
                raise Blank("It is blank: write a prompt.")
            return prompt

        def __call__(self, prompt):
            try:
                return 201, answer_to(self.checked(prompt))
            except Blank as blank:
                return 422, str(blank)

    def by_chat(prompt):
        if not any(not letter.isspace() for letter in prompt or ""):
            return 422, "There is nothing to generate."
        made = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": prompt}])
        return 201, made.choices[0].message.content

    def asks_first(prompt):
        text = answer_to(prompt or " ")
        return (201, text) if (prompt or "").strip() else (422, "The prompt is blank.")

    return (
        [
            plain,
            as_list,
            later,
            Endpoint(),
            by_chat,
            lambda prompt: (
                (201, answer_to(prompt)) if (prompt or "").strip() else (422, "Blank is not allowed.")
            ),
        ],
        [
            (lambda prompt: None, "It returns nothing so far"),
            (lambda prompt: print(plain(prompt)), "It prints something"),
            (asks_first, "only after it asked OpenAI"),
            (lambda prompt: (422, "The prompt is blank."), "Another status"),
            (lambda prompt: (201, "A text."), ""),
            (lambda prompt: plain(prompt)[0], "something else than a status"),
            (lambda prompt: plain(prompt) if prompt is not None else plain(prompt.strip()), "AttributeError"),
            (lambda prompt: (201, answer_to(prompt)) if prompt else (422, "It is blank."), "Another status"),
            (lambda prompt: (400, "It is blank.") if plain(prompt)[0] == 422 else plain(prompt), "status"),
            (lambda prompt: (422, "") if plain(prompt)[0] == 422 else plain(prompt), "what is wrong"),
            (lambda prompt: plain(prompt and "Say hello."), ""),
        ],
    )
