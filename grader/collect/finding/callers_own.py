"""What callers of an app bring by themselves: who they are, and the address of a service that the app is to ask for them.

Names order the tries alone: where nothing was found, inputs of such names get these values once, in the place of words.
"""

from typing import Any

from grader.collect.exchange import wording

_ADDRESSES = (
    "base_url",
    "api_base",
    "base_uri",
    "openai_base_url",
    "openai_api_base",
    "api_url",
    "endpoint_url",
)
_THEMSELVES = ("user_id", "session_id", "visitor_id", "client_id", "chat_id", "conversation_id", "thread_id")


def callers_own(base_url: str) -> dict[str, Any]:
    """Values by the plain names of inputs: see `handed_out.match_inputs`.

    Args:
        base_url: the stand-in's for OpenAI, ends with /v1.
    """
    visitor = wording.one_word()
    # the same in each request: what one of them leaves with the app, another one finds
    return {
        **{name.replace("_", ""): base_url for name in _ADDRESSES},
        **{name.replace("_", ""): visitor for name in _THEMSELVES},
    }
