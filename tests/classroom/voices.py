"""What is said to the realtime stand-in, and what is heard of it."""

import base64

MODEL = "gpt-realtime-2.1-mini"
ALOUD = "You are a voice. Read the user's text aloud, word for word."
SPOKEN = [
    "response.created",
    "rate_limits.updated",
    "response.output_item.added",
    "conversation.item.added",
    "response.content_part.added",
    "response.output_audio_transcript.delta",
    "response.output_audio.delta",
    "response.output_audio.done",
    "response.output_audio_transcript.done",
    "response.content_part.done",
    "response.output_item.done",
    "conversation.item.done",
    "response.done",
]


def say(connection, words, **response):
    """The events from the words to the end of the response."""
    part = {"type": "input_text", "text": words}
    connection.conversation.item.create(item={"type": "message", "role": "user", "content": [part]})
    connection.response.create(response=response)
    return until(connection, "response.done")


def until(connection, kind):
    events = []
    while not events or events[-1].type != kind:
        events.append(connection.recv())
        assert events[-1].type != "error" or kind == "error", events[-1]
    return events


def heard(events):
    return b"".join(
        base64.b64decode(event.delta) for event in events if event.type == "response.output_audio.delta"
    )


def kinds(events):
    """The types in their order, repetitions left out."""
    return list(dict.fromkeys(event.type for event in events))
