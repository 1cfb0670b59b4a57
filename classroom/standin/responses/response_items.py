"""The output items of a response: messages, tool calls, reasoning, and those that a test scripted."""

from collections.abc import Mapping, Sequence
from typing import Any

from classroom.standin.generation import text
from classroom.standin.generation.turns import Turn

_PREFIXES: Mapping[str, str] = {
    "message": "msg",
    "function_call": "fc",
    "custom_tool_call": "ctc",
    "reasoning": "rs",
    "image_generation_call": "ig",
    "web_search_call": "ws",
    "file_search_call": "fs",
    "code_interpreter_call": "ci",
    "mcp_call": "mcp",
    "mcp_list_tools": "mcpl",
    "mcp_approval_request": "mcpr",
    "shell_call": "sh",
    "shell_call_output": "sho",
    "local_shell_call": "lsh",
    "apply_patch_call": "apc",
    "computer_call": "cu",
}
# what a scripted item may leave out
_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "message": {"role": "assistant", "status": "completed", "content": []},
    "function_call": {"status": "completed", "arguments": "{}"},
    "custom_tool_call": {"status": "completed", "input": ""},
    "reasoning": {"summary": []},
    "image_generation_call": {"status": "completed"},
    "web_search_call": {"status": "completed", "action": {"type": "search", "query": ""}},
    "file_search_call": {"status": "completed", "queries": [], "results": None},
    "code_interpreter_call": {"status": "completed", "container_id": "cntr_1", "code": "", "outputs": None},
    "mcp_call": {"arguments": "{}", "server_label": "server", "error": None, "output": ""},
    "mcp_list_tools": {"server_label": "server", "tools": []},
}


def identifier(kind: str, mark: str, *more: Any) -> str:
    """An item's identifier; the first of its kind has the request's mark."""
    return f"{_PREFIXES.get(kind, 'item')}_{(text.digest(mark, *more) if more else mark)[:48]}"


def message(
    turn: Turn, mark: str, annotations: Sequence[Mapping[str, Any]] = (), logprobs: Sequence[Any] = ()
) -> dict[str, Any]:
    """What the model says, as an item."""
    return {
        "id": identifier("message", mark),
        "type": "message",
        "status": "completed" if turn.finish_reason == "stop" else "incomplete",
        "role": "assistant",
        "content": [
            {
                "type": "output_text",
                "text": turn.text,
                "annotations": list(annotations),
                "logprobs": list(logprobs),
            }
        ],
    }


def calls(turn: Turn, mark: str) -> list[dict[str, Any]]:
    """The calls that the model asks for, as items."""
    out = []
    for index, call in enumerate(turn.calls):
        kind, given = ("custom_tool_call", "input") if call.is_custom else ("function_call", "arguments")
        id = identifier(kind, mark, *([index] if index else []))
        item = {"id": id, "type": kind, "status": "completed", "call_id": call.id, "name": call.name}
        grouped = {"namespace": call.namespace} if call.namespace else {}
        out.append({**item, given: call.arguments, **grouped})
    return out


def reasoning(body: Mapping[str, Any], prompt: str, mark: str) -> list[dict[str, Any]]:
    """What the model thought, where the request asks to see it: as a summary, or sealed."""
    wanted = body.get("reasoning") or {}
    summary = wanted.get("summary") or wanted.get("generate_summary")
    sealed = "reasoning.encrypted_content" in (body.get("include") or [])
    if not summary and not sealed:
        return []
    about = " ".join(prompt.split())[:60]
    thought = {"type": "summary_text", "text": f"**Reading the request**\n\nThe user wants: {about}"}
    item: dict[str, Any] = {
        "id": identifier("reasoning", mark),
        "type": "reasoning",
        "summary": [thought] if summary else [],
    }
    return [{**item, "encrypted_content": mark} if sealed else item]


def complete(given: Sequence[Mapping[str, Any]], mark: str) -> list[dict[str, Any]]:
    """Scripted items, with what they leave out: identifiers, status, the form of a message's content."""
    out = []
    for index, item in enumerate(given):
        kind = str(item.get("type") or "message")
        id = identifier(kind, mark, *([index] if index else []))
        made = {"id": id, "type": kind, **_DEFAULTS.get(kind, {}), **item}
        if kind == "message":
            made["content"] = _parts(made["content"])
        if kind in ("function_call", "custom_tool_call"):
            made.setdefault("call_id", f"call_{text.digest(mark, index)[:24]}")
        out.append(made)
    return out


def _parts(content: Any) -> list[dict[str, Any]]:
    parts = [{"type": "output_text", "text": content}] if isinstance(content, str) else content
    return [
        {"annotations": [], "logprobs": [], **part} if part.get("type") == "output_text" else dict(part)
        for part in parts
    ]
