"""The input of a response: its items, what came before it, and the conversation as messages."""

from collections.abc import Mapping
from typing import Any

from classroom.standin.generation import schema, tools, turns
from classroom.standin.incoming import checks, errors, schema_limits
from classroom.standin.routes import conversations
from classroom.standin.state import StandIn

_CALLS = (
    "function_call",
    "custom_tool_call",
    "shell_call",
    "apply_patch_call",
    "local_shell_call",
    "computer_call",
)
_OUTPUTS = tuple(f"{kind}_output" for kind in _CALLS)


def items_of(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The input as items."""
    given = body.get("input")
    if given is None:
        return []
    if isinstance(given, str):
        return [{"type": "message", "role": "user", "content": given}]
    for index, item in enumerate(given):
        if not isinstance(item, dict):
            raise checks.wrong_type(f"input[{index}]", "an object", item)
    return list(given)


def before(standin: StandIn, body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The conversation that this response goes on with."""
    previous = body.get("previous_response_id")
    if previous and conversation_of(body) is None and not standin.lenient:
        stored = standin.responses.get(previous)
        if stored is None:
            raise errors.invalid(
                f"Previous response with id '{previous}' not found. Responses with store=false are not kept.",
                "previous_response_id",
                "previous_response_not_found",
            )
        return list(stored.conversation)
    named = conversation_of(body)
    if named is not None and not standin.lenient:
        if previous:
            raise errors.invalid(
                "Mutually exclusive parameters: 'conversation' and 'previous_response_id'.",
                "conversation",
                "mutually_exclusive_parameters",
            )
        return list(conversations.find(standin, named).items)
    return []


def conversation_of(body: Mapping[str, Any]) -> str | None:
    """The identifier of the conversation that a request names, if it does."""
    named = body.get("conversation")
    if isinstance(named, Mapping):
        named = named.get("id")
    return str(named) if named else None


def messages_of(items: list[Mapping[str, Any]], instructions: Any) -> list[Mapping[str, Any]]:
    """Items as messages, the instructions first; a tool's output is a message of the tool's, a call is none."""
    return [message for message in dialogue_of(items, instructions) if "tool_calls" not in message]


def dialogue_of(items: list[Mapping[str, Any]], instructions: Any) -> list[Mapping[str, Any]]:
    """Items as the messages of a conversation, calls of tools included."""
    messages: list[Mapping[str, Any]] = []
    if instructions:
        messages.append({"role": "developer", "content": instructions})
    for item in items:
        kind = item.get("type", "message")
        if kind == "message":
            messages.append(item)
        elif kind in _CALLS:
            call = {"id": item.get("call_id"), "function": {"name": item.get("name") or kind}}
            messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
        elif kind in _OUTPUTS:
            result = {
                "role": "tool",
                "tool_call_id": item.get("call_id") or item.get("id"),
                "content": _said(item.get("output")),
            }
            messages.append(result)
    return messages


def _said(output: Any) -> Any:
    """A tool's output as the content of a message: what a shell printed, for one that reports several things."""
    if isinstance(output, Mapping):
        return f"[{output.get('type') or 'output'}]"
    if isinstance(output, list) and any(isinstance(each, Mapping) and "stdout" in each for each in output):
        return "\n".join(f"{each.get('stdout') or ''}{each.get('stderr') or ''}" for each in output).strip()
    return output or ""


def wishes_of(body: Mapping[str, Any], *, strict: bool) -> turns.Wishes:
    wanted = (body.get("text") or {}).get("format") or {"type": "text"}
    if wanted.get("type") == "json_schema":
        schema_limits.check_size(
            wanted.get("schema"),
            param="text.format.schema",
            name=str(wanted.get("name")),
            strict=bool(strict and wanted.get("strict")),
        )
    if strict and wanted.get("type") == "json_schema" and wanted.get("strict"):
        schema.check_strict(wanted.get("schema"), param="text.format.schema", name=str(wanted.get("name")))
    functions = [tool for tool in body.get("tools") or [] if tool.get("type") == "function"]
    for each in functions:
        schema_limits.check_size(
            each.get("parameters"),
            param="tools",
            name=str(each["name"]),
            strict=bool(strict and each.get("strict")),
        )
    offered = tools.offered(body.get("tools") or [])
    if strict:
        tools.check_grammars(offered, "tools")
    parallel = body.get("parallel_tool_calls") is not False
    offer = tools.offer(offered, body.get("tool_choice"), parallel=parallel)
    return turns.Wishes(wanted.get("type", "text"), wanted.get("schema"), offer)
