"""Refusals about the order of a chat's messages: calls without results, turns of the assistant that say nothing, names.

Rules: `openai/types/chat/chat_completion_assistant_message_param.py` ("Required unless `tool_calls` or `function_call` is
specified") and the guide to function calling (each call has its result before the conversation goes on).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from classroom.standin.incoming import errors

_AUTHOR = r"^[^\s<|\\/>]+$"


def check_turns(messages: Sequence[Mapping[str, Any]]) -> None:
    """Messages that are objects with a known role each, in an order that OpenAI takes.

    Raises:
        APIError: 400 for an assistant's call that has no result before the next turn, an assistant's message without
            anything, and a name that no author may have.
    """
    _check_results(messages)
    for index, message in enumerate(messages):
        at = f"messages[{index}]"
        name = message.get("name")
        if isinstance(name, str) and message["role"] != "function" and not re.fullmatch(_AUTHOR, name):
            raise errors.invalid(
                f"Invalid '{at}.name': string does not match pattern. Expected a string that matches the pattern '{_AUTHOR}'.",
                f"{at}.name",
                "invalid_value",
            )
        if message["role"] == "assistant":
            _check_says_something(message, at)
            _check_is_answered(messages, index)


def _check_says_something(message: Mapping[str, Any], at: str) -> None:
    if all(
        message.get(name) is None for name in ("content", "tool_calls", "function_call", "audio", "refusal")
    ):
        raise errors.invalid(
            f"Invalid value for 'content': expected a string, got null. '{at}' has neither content nor calls.",
            f"{at}.content",
            None,
        )


def _check_is_answered(messages: Sequence[Mapping[str, Any]], index: int) -> None:
    """The messages right after a turn that calls tools are the results of all of them."""
    wanted = [
        str(call.get("id")) for call in messages[index].get("tool_calls") or [] if isinstance(call, Mapping)
    ]
    given: set[str] = set()
    for message in messages[index + 1 :]:
        if message["role"] != "tool":
            break
        given.add(str(message.get("tool_call_id")))
    missing = [id for id in wanted if id not in given]
    if missing:
        raise errors.invalid(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
            f"The following tool_call_ids did not have response messages: {', '.join(missing)}",
            f"messages[{index}].tool_calls" if index + 1 == len(messages) else f"messages[{index + 1}].role",
            None,
        )


def _check_results(messages: Sequence[Mapping[str, Any]]) -> None:
    """A tool's message answers a call of the assistant's turn before it."""
    open_calls: set[str] = set()
    for index, message in enumerate(messages):
        if message["role"] == "assistant":
            open_calls = {
                str(call.get("id")) for call in message.get("tool_calls") or [] if isinstance(call, dict)
            }
        elif message["role"] == "tool":
            param = f"messages[{index}].tool_call_id"
            if message.get("tool_call_id") is None:
                raise errors.invalid(
                    f"Missing required parameter: '{param}'.", param, "missing_required_parameter"
                )
            if message["tool_call_id"] not in open_calls:
                raise errors.invalid(
                    "Messages with role 'tool' must be a response to a preceding message with 'tool_calls': "
                    f"no call there has the id '{message['tool_call_id']}'.",
                    param,
                    "invalid_value",
                )
