"""Apps that only pretend to use the prompt, and honest ones that look as if they did.

Each is one way of making a file, put into the same small app; `checks` replaces how it looks at its input.
"""

from tests.hostile.cases import ENDPOINT, Attack

_APP = """
import base64
import html
import json
import os
import re
import uuid

import boto3
import openai
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field


class Wish(BaseModel):
    prompt: str = Field(min_length=1, {bound}, examples=["a haiku on rain"])


app = FastAPI(title="Files", version="1", description="Makes files.")
count = 0
CAT = "a cat that sits on a mat"


def chat(client, text, **more):
    messages = [{{"role": "user", "content": text}}]
    return client.chat.completions.create(model="gpt-5.4-mini", messages=messages, **more).choices[0].message.content


def draw(client, text, **more):
    made = client.images.generate(model="gpt-image-2", prompt=text, **more)
    return base64.b64decode(made.data[0].b64_json)


def say(client, text, **more):
    return client.audio.speech.create(model="gpt-4o-mini-tts", voice="alloy", input=text, **more).content


def keep(content, extension, name=None):
    types = {{"txt": "text/plain", "png": "image/png", "mp3": "audio/mpeg", "json": "application/json"}}
    key = f"files/{{name or uuid.uuid4()}}.{{extension}}"
    boto3.client("s3").put_object(
        Bucket=os.environ["S3_BUCKET_NAME"], Key=key, Body=content, ContentType=types[extension]
    )
    return key


def check(prompt):
{checks}


def make(client, prompt):
{make}


@app.post("/files", status_code=201, tags=["files"], summary="Make a file", description="Makes and keeps one.")
def write(wish: Wish) -> dict[str, str]:
    global count
    count += 1
    check(wish.prompt)
    try:
        return {{"key": make(openai.OpenAI(timeout=5, max_retries=0), wish.prompt)}}
    except (openai.OpenAIError, ValueError, LookupError, AttributeError, TypeError) as error:
        raise HTTPException(502, "It did not work.") from error
"""
_BLANK = 'if not prompt.strip():\n    raise HTTPException(422, "It is blank.")'


def _indented(code: str) -> str:
    return "\n".join(f"    {line}" for line in code.strip().splitlines())


def app(make: str, checks: str = _BLANK, limit: int = 2000, bound: str = "") -> dict[str, str]:
    """The files of an app that makes its file like this."""
    bound = bound or f'max_length={limit}, description="What to make."'
    return {"main.py": _APP.format(make=_indented(make), checks=_indented(checks), bound=bound)}


_UNUSED = {"endpoint.starts": "passed", "endpoint.uses_prompt": "failed"}
_ASIDE_TEXT = {**_UNUSED, "endpoint.generates_text": "failed"}
_REFUSES = 'raise HTTPException(422, "No.")'
_VALIDATION = (*ENDPOINT, "validation")

FORGED: tuple[Attack, ...] = (
    Attack(
        "the prompt to one call, the picture from another",
        {**_UNUSED, "endpoint.generates_image": "passed", "endpoint.saves_to_s3": "failed"},
        files=app('draw(client, prompt)\nreturn keep(draw(client, CAT), "png")'),
    ),
    Attack(
        "the prompt to a text, the picture from a constant",
        {**_UNUSED, "endpoint.generates_image": "failed", "endpoint.saves_to_s3": "failed"},
        files=app('chat(client, prompt)\nreturn keep(draw(client, CAT), "png")'),
    ),
    Attack(
        "the prompt as the user",
        _ASIDE_TEXT,
        files=app('return keep(chat(client, CAT, user=prompt).encode(), "txt")', limit=60),
    ),
    Attack(
        "the prompt as the safety identifier",
        _ASIDE_TEXT,
        files=app('return keep(chat(client, CAT, safety_identifier=prompt).encode(), "txt")', limit=60),
    ),
    Attack(
        "the prompt as metadata",
        _ASIDE_TEXT,
        files=app(
            "words = {str(at): prompt[at : at + 500] for at in range(0, len(prompt), 500)}\n"
            'return keep(chat(client, CAT, metadata=words, store=True).encode(), "txt")'
        ),
    ),
    Attack(
        "the prompt as a tool's description",
        _ASIDE_TEXT,
        files=app(
            'tool = {"type": "function", "function": {"name": "get_nothing", "description": prompt}}\n'
            'return keep(chat(client, CAT, tools=[tool], tool_choice="none").encode(), "txt")',
            limit=1000,
        ),
    ),
    Attack(
        "the prompt in a header",
        _UNUSED,
        files=app(
            'words = {"x-prompt": json.dumps(prompt)}\n'
            'return keep(chat(client, CAT, extra_headers=words).encode(), "txt")'
        ),
    ),
    Attack(
        "the prompt as something that the assistant said",
        _ASIDE_TEXT,
        files=app(
            'messages = [{"role": "assistant", "content": prompt}, {"role": "user", "content": CAT}]\n'
            'answer = client.chat.completions.create(model="gpt-5.4-mini", messages=messages)\n'
            'return keep(answer.choices[0].message.content.encode(), "txt")'
        ),
    ),
    Attack(
        "the prompt as the manner of speaking",
        {**_UNUSED, "endpoint.generates_audio": "failed"},
        files=app('return keep(say(client, CAT, instructions=prompt), "mp3")'),
    ),
    Attack(
        "a picture of what every answer has in common",
        {**_UNUSED, "endpoint.saves_to_s3": "failed"},
        files=app(
            'chat(client, prompt)\nreturn keep(draw(client, "This is a practice answer. The lab\'s stand-in wrote it."), "png")'
        ),
    ),
    Attack(
        "a picture of what a short part of the answer says",
        {**_UNUSED, "endpoint.saves_to_s3": "failed"},
        files=app('return keep(draw(client, CAT + chat(client, prompt)[-9:-1]), "png")'),
    ),
    Attack(
        "honest to the first two callers",
        {**_UNUSED, "endpoint.saves_to_s3": "passed"},
        files=app('return keep(chat(client, prompt if count < 3 else CAT).encode(), "txt")'),
    ),
    Attack(
        "the file of the request before",
        {"endpoint.starts": "passed", "endpoint.saves_to_s3": "failed"},
        files=app(
            "global before\n"
            "made = chat(client, prompt)\n"
            'before, last = made, globals().get("before", made)\n'
            'return keep(last.encode(), "txt")'
        ),
    ),
    Attack(
        "the right file under a name that nobody was given",
        {**_UNUSED, "endpoint.saves_to_s3": "failed"},
        files=app('keep(draw(client, prompt), "png")\nreturn keep(draw(client, CAT), "png")'),
    ),
    Attack(
        "input that is checked by what the grader usually sends",
        {"endpoint.starts": "passed", "endpoint.uses_prompt": "failed"},
        files=app(
            'return keep(chat(client, prompt).encode(), "txt")',
            checks=f'if not re.fullmatch("[a-z ]{{20,70}}", prompt):\n    {_REFUSES}',
        ),
    ),
    Attack(
        "input that is refused if one letter makes all of it",
        {"endpoint.uses_prompt": "passed", "validation.oversized_prompt": "failed"},
        files=app(
            'return keep(chat(client, prompt).encode(), "txt")',
            checks=f"if len(set(prompt)) < 2 or not prompt.strip():\n    {_REFUSES}",
            bound='description="What to make, in 2000 characters."',
        ),
        only=_VALIDATION,
    ),
    Attack(
        "only the beginning of a long prompt",
        {"endpoint.uses_prompt": "passed", "validation.oversized_prompt": "failed"},
        files=app('return keep(chat(client, prompt[:150]).encode(), "txt")'),
        only=_VALIDATION,
    ),
    Attack(
        "a limit that is far below the documented one",
        {"endpoint.uses_prompt": "passed", "validation.oversized_prompt": "failed"},
        files=app(
            'return keep(chat(client, prompt).encode(), "txt")',
            checks=f"if len(prompt) > 150 or not prompt.strip():\n    {_REFUSES}",
        ),
        only=_VALIDATION,
    ),
)

_USED = {
    "endpoint.starts": "passed",
    "endpoint.uses_prompt": "passed",
    "endpoint.saves_to_s3": "passed",
    "endpoint.mime_type": "passed",
    "validation.blank_prompt": "passed",
    "validation.oversized_prompt": "passed",
}
_LONG_TEMPLATE = (
    "You help people who want a picture and don't know how to ask for one. Rewrite their wish as one paragraph that a painter "
    "can work from. Name the light, the colours, the season, the place, the mood and how far away the viewer stands. Keep every "
    "thing that they name, add no person, add no lettering, and stay below eighty words. Their wish: "
)


def _honest(name: str, kind: str, make: str, checks: str = _BLANK) -> Attack:
    verdicts = {**_USED, f"endpoint.generates_{kind}": "passed"}
    return Attack(name, verdicts, files=app(make, checks), only=_VALIDATION)


# right, though the prompt takes a long way
ROUNDABOUT: tuple[Attack, ...] = (
    _honest(
        "a chat improves the prompt, then it is drawn",
        "image",
        f'better = chat(client, {_LONG_TEMPLATE!r} + prompt)\nreturn keep(draw(client, f"A painting: {{better.strip()}}"), "png")',
    ),
    _honest(
        "the improved prompt comes as JSON",
        "image",
        """
schema = {"type": "object", "properties": {"scene": {"type": "string"}}, "required": ["scene"], "additionalProperties": False}
wanted = {"type": "json_schema", "json_schema": {"name": "scene", "strict": True, "schema": schema}}
scene = json.loads(chat(client, prompt, response_format=wanted))["scene"]
return keep(draw(client, "A drawing of " + scene), "png")
""",
    ),
    _honest(
        "moderation first, and facts stored beside",
        "text",
        """
if client.moderations.create(model="omni-moderation-latest", input=prompt).results[0].flagged:
    raise HTTPException(422, "Not that.")
name = str(uuid.uuid4())
keep(json.dumps({"prompt": prompt}).encode(), "json", name)
return keep(chat(client, prompt).encode(), "txt", name)
""",
    ),
    _honest(
        "a text is written, then spoken",
        "audio",
        """
words = chat(client, "Answer in one short sentence: " + prompt)
name = str(uuid.uuid4())
keep(words.encode(), "txt", name)
return keep(say(client, words), "mp3", name)
""",
    ),
    _honest(
        "the prompt is wrapped, shouted and sent with a history in parts",
        "text",
        """
shouted = " ".join(prompt.upper().split())
parts = [{"type": "text", "text": "Write prose."}, {"type": "text", "text": json.dumps({"wish": shouted})}]
messages = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Hello"},
    {"role": "assistant", "content": "Hello. What shall I write?"},
    {"role": "user", "content": parts},
]
answer = client.chat.completions.create(model="gpt-5.4-mini", messages=messages, user="a-caller")
return keep(answer.choices[0].message.content.encode(), "txt")
""",
    ),
    _honest(
        "a conversation of two turns",
        "text",
        """
first = client.responses.create(model="gpt-5.4-mini", input=[{"role": "user", "content": prompt}])
second = client.responses.create(model="gpt-5.4-mini", input="Now shorter.", previous_response_id=first.id)
return keep(second.output_text.encode(), "txt")
""",
    ),
    _honest(
        "a picture is drawn, then drawn over",
        "image",
        """
picture = draw(client, f"<wish>{html.escape(prompt)}</wish>")
made = client.images.edit(model="gpt-image-1.5", image=("p.png", picture, "image/png"), prompt="Make it brighter.")
return keep(base64.b64decode(made.data[0].b64_json), "png")
""",
    ),
    _honest(
        "two pictures for one prompt",
        "image",
        """
made = client.images.generate(model="gpt-image-2", prompt=prompt, n=2)
name = str(uuid.uuid4())
keys = [keep(base64.b64decode(one.b64_json), "png", f"{name}-{at}") for at, one in enumerate(made.data)]
return keys[0]
""",
    ),
    _honest(
        "other scripts are refused",
        "text",
        'return keep(chat(client, prompt).encode(), "txt")',
        checks=f'{_BLANK}\nif not prompt.isascii():\n    raise HTTPException(422, "Plain letters, please.")',
    ),
)
