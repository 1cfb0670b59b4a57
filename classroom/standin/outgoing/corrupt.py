"""Corrupts good answers into bodies that the API never promises."""

import copy
from dataclasses import replace
from typing import Any

from classroom.standin.outgoing.answers import Answer

EFFECTS = ("malformed", "wrong_type", "empty")
_PAGE = b"<html><body><h1>Service unavailable</h1></body></html>"


def corrupt_answer(answer: Answer, effect: str) -> Answer:
    """The answer with one thing wrong.

    "malformed": JSON that stops in the middle; sound that is a page of HTML under the right type.
    "wrong_type": a page of HTML, and says so. "empty": a valid body with nothing in it.
    """
    bare = replace(answer, outputs=())
    if effect == "empty":
        return _empty(bare)
    if effect == "wrong_type":
        return Answer(content=_PAGE, media_type="text/html")
    if answer.content is not None:
        return replace(bare, content=_PAGE)
    return Answer(content=b'{"id": "chatcmpl-1", "object": "', media_type=answer.media_type)


def _empty(answer: Answer) -> Answer:
    if answer.content is not None:
        return replace(answer, content=b"")
    if answer.events is not None:
        return replace(answer, events=("data: [DONE]\n\n",))
    data: dict[str, Any] = copy.deepcopy(dict(answer.data or {}))
    if "data" in data:  # pictures, vectors, lists
        data["data"] = []
    for choice in data.get("choices", []):
        if "message" in choice:
            choice["message"] |= {"content": ""}
            choice["message"].pop("tool_calls", None)
        else:
            choice["text"] = ""
    for item in data.get("output", []):
        for part in item.get("content", []):
            part["text"] = ""
    if "text" in data and isinstance(data["text"], str):  # a transcription
        data["text"] = ""
    if "results" in data:  # a moderation
        data["results"] = []
    return replace(answer, data=data)
