"""Tools of OpenAI's that a program carries out itself: shells, patches of files, a computer's screen.

The model asks (`shell_call`, `local_shell_call`, `apply_patch_call`, `computer_call`), the program does it and sends the output
with the same `call_id`, and the model speaks. Here what is asked is taken from the prompt's words. Shapes:
`openai/types/responses/response_output_item.py` of openai 3.54.0.
"""

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from classroom.standin.generation import arguments, text
from classroom.standin.generation.tools import find_answered
from classroom.standin.meanings.words import meanings, word_set, words_of
from classroom.standin.responses.response_items import identifier

_SHELL = meanings(
    word_set("shell terminal bash command commands run execute directory list files ls grep git")
)
_PATCH = meanings(word_set("patch create write edit update change fix rename delete remove refactor file"))
_COMPUTER = meanings(
    word_set("click screen screenshot browser open scroll type computer button page website")
)
_ABOUT = {"shell": _SHELL, "local_shell": _SHELL, "apply_patch": _PATCH, "computer": _COMPUTER}
_QUOTED = re.compile(r"`([^`\n]{1,500})`")
_COMMAND = re.compile(r"\b(?:run|execute)\s(?:the command\s)?(\S[^\n]{0,200})", re.IGNORECASE)
_AFTER_COMMAND = re.compile(r"\s(?:in|with|using|and|to|please|then)\s|[.!?]?\s*$", re.IGNORECASE)
_LONGEST_PROMPT = 4_000  # characters that are looked at
_PATH = re.compile(r"(?<![\w/.-])((?:[\w-]+/)*[\w-]+\.[A-Za-z]\w{0,5})\b")
_DELETES = meanings(word_set("delete remove"))
_CREATES = meanings(word_set("create write make new add"))


def kind_of(tool: Any) -> str:
    """One of "shell", "local_shell", "apply_patch" or "computer", whatever its version; "" for any other tool."""
    name = str(tool.get("type")) if isinstance(tool, Mapping) else ""
    if name in ("computer_use_preview", "computer_use"):
        return "computer"
    return name if name in _ABOUT else ""


def calls(
    body: Mapping[str, Any], dialogue: Sequence[Mapping[str, Any]], prompt: str, mark: str
) -> list[dict[str, Any]]:
    """The items by which a response asks its program to do something; none, if it speaks.

    Args:
        body: the request.
        dialogue: the conversation; what has its output since the user spoke is not asked again.
        prompt: the user's last words.
        mark: of the request.
    """
    offered = [tool for tool in body.get("tools") or [] if kind_of(tool)]
    choice = body.get("tool_choice") or "auto"
    if not offered or choice == "none" or find_answered(dialogue):
        return []
    prompt = arguments.readable(prompt)[:_LONGEST_PROMPT]
    heard = meanings(words_of(prompt))
    named = kind_of(choice) if isinstance(choice, Mapping) else ""
    alone = len(body.get("tools") or []) == 1
    for tool in offered:
        kind = kind_of(tool)
        wanted = kind == named if isinstance(choice, Mapping) else bool(_ABOUT[kind] & heard)
        if wanted or (choice == "required" and alone):
            return _MADE[kind](tool, prompt, mark)
    return []


def _item(kind: str, mark: str, **more: Any) -> dict[str, Any]:
    call_id = f"call_{text.digest(kind, mark)[:24]}"
    return {"id": identifier(kind, mark), "type": kind, "status": "completed", "call_id": call_id, **more}


def _command(prompt: str) -> str:
    quoted, named = _QUOTED.search(prompt), _COMMAND.search(prompt)
    if quoted:
        return quoted[1].strip()
    return (_AFTER_COMMAND.split(named[1], 1)[0] if named else "") or "ls"


def _shell(tool: Mapping[str, Any], prompt: str, mark: str) -> list[dict[str, Any]]:
    command = _command(prompt)
    action = {"commands": [command], "timeout_ms": None, "max_output_length": None}
    where = str((tool.get("environment") or {}).get("type") or "local")
    if where == "local":
        return [_item("shell_call", mark, action=action, environment={"type": "local"})]
    # OpenAI's container does it itself; no code is run here
    kept = {"type": "container_reference", "container_id": f"cntr_{mark[:40]}"}
    asked = _item("shell_call", mark, action=action, environment=kept)
    nothing = {"stdout": "", "stderr": "", "outcome": {"type": "exit", "exit_code": 0}}
    done = _item("shell_call_output", mark, output=[nothing], max_output_length=None)
    return [asked, {**done, "call_id": asked["call_id"]}]


def _local_shell(tool: Mapping[str, Any], prompt: str, mark: str) -> list[dict[str, Any]]:
    try:
        words = shlex.split(_command(prompt))
    except ValueError:
        words = _command(prompt).split()
    action: dict[str, Any] = {
        "type": "exec",
        "command": words,
        "env": {},
        "timeout_ms": None,
        "user": None,
        "working_directory": None,
    }
    return [_item("local_shell_call", mark, action=action)]


def _apply_patch(tool: Mapping[str, Any], prompt: str, mark: str) -> list[dict[str, Any]]:
    found, heard = _PATH.search(prompt), meanings(words_of(prompt))
    operation: dict[str, Any] = {"path": found[1] if found else "notes.txt"}
    line = " ".join(prompt.split())[:200]
    if heard & _DELETES:
        operation["type"] = "delete_file"
    elif heard & _CREATES:
        operation |= {"type": "create_file", "diff": f"+{line}\n"}
    else:
        operation |= {"type": "update_file", "diff": f"@@\n+{line}\n"}
    return [_item("apply_patch_call", mark, operation=operation)]


def _computer(tool: Mapping[str, Any], prompt: str, mark: str) -> list[dict[str, Any]]:
    look = {"type": "screenshot"}  # what a model does before anything else
    asked = {"actions": [look]} if tool.get("type") == "computer" else {"action": look}
    return [_item("computer_call", mark, pending_safety_checks=[], **asked)]


_MADE: Mapping[str, Callable[[Mapping[str, Any], str, str], list[dict[str, Any]]]] = {
    "shell": _shell,
    "local_shell": _local_shell,
    "apply_patch": _apply_patch,
    "computer": _computer,
}
