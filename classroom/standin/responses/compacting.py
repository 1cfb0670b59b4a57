"""`/responses/compact`: a conversation cut down to what its user said."""

from classroom.standin.generation import text
from classroom.standin.models.costs import Usage
from classroom.standin.operations import Asked
from classroom.standin.outgoing.answers import CREATED, Answer
from classroom.standin.responses import response_input
from classroom.standin.state import StandIn


def compact(standin: StandIn, asked: Asked) -> Answer:
    """A conversation cut down to its users' messages, with a sealed summary of the rest."""
    model = standin.model(asked.body.get("model"), "chat")
    conversation = [*response_input.before(standin, asked.body), *response_input.items_of(asked.body)]
    tokens = text.count_message_tokens(
        response_input.messages_of(conversation, asked.body.get("instructions"))
    )
    mark = text.mark_of("compact", asked.body)
    kept = [
        {
            "id": f"msg_{mark[:40]}{index:08x}",
            "type": "message",
            "status": "completed",
            "role": "user",
            "content": [{"type": "input_text", "text": text.text_of(item.get("content"))}],
        }
        for index, item in enumerate(conversation)
        if item.get("role") == "user" and not standin.lenient  # the SDK's type knows the sealed item alone
    ]
    sealed = {"id": f"cmp_{mark[:48]}", "type": "compaction", "encrypted_content": mark}
    usage = {
        "input_tokens": tokens,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": 16,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": tokens + 16,
    }
    return Answer(
        data={
            "id": f"resp_{mark[:48]}",
            "object": "response.compaction",
            "created_at": CREATED,
            "output": [*kept, sealed],
            "usage": usage,
        },
        usage=Usage(model.id, {"input_tokens": tokens, "output_tokens": 16}),
    )
