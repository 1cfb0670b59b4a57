"""OpenAI's own tools in a response: pictures, web and file search, code, remote servers.

Nothing leaves this computer: pictures are drawn, files are those that were uploaded, only sums are reckoned, and the web and
remote servers answer that nobody was asked. The items and their events are those of the API (`openai/types/responses`).
"""

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

from classroom.standin.generation import arguments, text, tools
from classroom.standin.incoming import model_checks
from classroom.standin.meanings.sums import evaluate
from classroom.standin.meanings.words import meanings, word_set, words_of
from classroom.standin.models.costs import Usage
from classroom.standin.records.journal import Output
from classroom.standin.responses import file_search
from classroom.standin.responses.response_items import identifier
from classroom.standin.state import StandIn

KINDS = ("image_generation", "web_search", "file_search", "code_interpreter", "mcp")
_PAINTER = "gpt-image-2"  # where the tool names no model
_TOKENS_OF_PICTURE = 1056  # of a square one at medium quality, see routes/images.py
_SQUARE = 1024 * 1024
_DRAWN = meanings(
    word_set("draw picture image photo paint painting sketch illustrate illustration logo icon render poster")
)
_SEARCHED = meanings(
    word_set("search web latest news today current recent online internet up-to-date google find")
)
_FILED = meanings(word_set("file files document documents search find knowledge according"))
_RECKONED = meanings(word_set("calculate compute python code plot sum average solve run reckon"))
_QUESTION = re.compile(r"\?|^\s*(who|what|when|where|which|why|how|is|are|does|did)\b", re.IGNORECASE)
_SUM = re.compile(r"[-(\d][\d\s.()+*/-]*[\d)]")


@dataclass(frozen=True)
class Use:
    """What a hosted tool did.

    Attributes:
        items: of the response's output, before the words.
        annotations: of the words.
        outputs: what was generated, for the journal.
        usages: what it is billed for, beside the tokens of the words.
        previews: partial pictures in base64, by the identifier of their call.
    """

    items: tuple[Mapping[str, Any], ...] = ()
    annotations: tuple[Mapping[str, Any], ...] = ()
    outputs: tuple[Output, ...] = ()
    usages: tuple[Usage, ...] = ()
    previews: Mapping[str, list[str]] | None = None


def kind_of(tool: Any) -> str:
    """The kind of a tool, without its version: "web_search" for "web_search_2025_08_26"."""
    name = str(tool.get("type")) if isinstance(tool, Mapping) else ""
    return next((kind for kind in KINDS if name == kind or name.startswith(f"{kind}_")), name)


def is_slow(body: Mapping[str, Any]) -> bool:
    """Whether a response may draw."""
    offered = body.get("tools")
    return isinstance(offered, list) and any(kind_of(tool) == "image_generation" for tool in offered)


def use(
    standin: StandIn, body: Mapping[str, Any], prompt: str, mark: str, *, image: bytes | None = None
) -> Use:
    """What the hosted tools of a request do for its prompt.

    Args:
        prompt: the user's last words.
        mark: of the request.
        image: a scripted picture, shown instead of a drawn one.

    Raises:
        APIError: 404 or 400 for a model or a size that the tool of pictures can't have.
    """
    offered = [tool for tool in body.get("tools") or [] if kind_of(tool) in KINDS]
    choice = body.get("tool_choice") or "auto"
    if not offered or choice == "none":
        return Use()
    named = kind_of(choice) if isinstance(choice, Mapping) else None
    alone = len(body.get("tools") or []) == 1
    prompt = arguments.readable(prompt)
    done: list[Use] = []
    for tool in offered:
        kind = kind_of(tool)
        if image is not None:
            wanted = kind == "image_generation"
        elif named is not None:
            wanted = kind == named
        else:
            wanted = _is_about(kind, prompt, alone=alone) or (choice == "required" and alone)
        if wanted:
            done.append(
                _USES[kind](
                    standin, tool, body, prompt, mark if not done else text.digest(mark, len(done)), image
                )
            )
    return Use(
        tuple(item for each in done for item in each.items),
        tuple(annotation for each in done for annotation in each.annotations),
        tuple(output for each in done for output in each.outputs),
        tuple(usage for each in done for usage in each.usages),
        {id: shown for each in done for id, shown in (each.previews or {}).items()},
    )


def _is_about(kind: str, prompt: str, *, alone: bool) -> bool:
    heard = meanings(words_of(prompt))
    asked = bool(_QUESTION.search(prompt))
    match kind:
        case "image_generation":
            return bool(heard & _DRAWN) or (alone and not asked)
        case "web_search":
            return bool(heard & _SEARCHED) or (alone and asked)
        case "file_search":
            return bool(heard & _FILED) or asked
        case "code_interpreter":
            return bool(heard & _RECKONED) or bool(re.search(r"\d\s*[-+*/]\s*[\d(]", prompt))
    return True


def _draw(
    standin: StandIn,
    tool: Mapping[str, Any],
    body: Mapping[str, Any],
    prompt: str,
    mark: str,
    image: bytes | None,
) -> Use:
    from classroom.media import picture  # here: few ask for pictures

    model = standin.model(tool.get("model") or _PAINTER, "image")
    size = "auto" if standin.lenient else str(tool.get("size") or "auto")
    wide, high = model_checks.parse_size(standin.catalogue, model, size)
    form = tool.get("output_format") if tool.get("output_format") in ("png", "webp", "jpeg") else "png"
    transparent = tool.get("background") == "transparent"
    content = image or picture.draw(
        prompt,
        seed=mark,
        size=(wide, high),
        format=str(form),
        transparent=transparent,
        quality=tool.get("output_compression"),
    )
    item = {
        "id": identifier("image_generation_call", mark),
        "type": "image_generation_call",
        "status": "completed",
        "action": "generate",
        "background": "transparent" if transparent else "opaque",
        "output_format": form,
        "quality": tool.get("quality") if tool.get("quality") in ("low", "medium", "high") else "medium",
        "revised_prompt": prompt,
        "size": f"{wide}x{high}",
        "result": base64.b64encode(content).decode(),
    }
    steps = tool.get("partial_images") or 0
    shown = [
        base64.b64encode(picture.preview(content, step=index + 1, steps=steps + 1)).decode()
        for index in range(steps if isinstance(steps, int) and body.get("stream") else 0)
    ]
    drawn = max(1, round(_TOKENS_OF_PICTURE * wide * high / _SQUARE))
    units = {"input_tokens": text.count_tokens(prompt), "output_tokens": drawn}
    if model.bills_pictures_apart:
        units["output_image_tokens"] = drawn
    output = Output("image", f"image/{form}", content)
    return Use((item,), (), (output,), (Usage(model.id, units),), {str(item["id"]): shown})


def _search(
    standin: StandIn,
    tool: Mapping[str, Any],
    body: Mapping[str, Any],
    prompt: str,
    mark: str,
    image: bytes | None,
) -> Use:
    query = " ".join(prompt.split())[:100]
    url = f"https://example.com/search?q={quote_plus(query)}"
    action: dict[str, Any] = {"type": "search", "query": query, "queries": [query]}
    if "web_search_call.action.sources" in (body.get("include") or []):
        action["sources"] = [{"type": "url", "url": url}]
    item = {
        "id": identifier("web_search_call", mark),
        "type": "web_search_call",
        "status": "completed",
        "action": action,
    }
    cited = {
        "type": "url_citation",
        "url": url,
        "title": "An example of a source",
        "start_index": 0,
        "end_index": 9,
    }
    model = standin.model(body.get("model"), "chat")
    return Use((item,), (cited,), (), (Usage(model.id, {"web_searches": 1}),))


def _search_files(
    standin: StandIn,
    tool: Mapping[str, Any],
    body: Mapping[str, Any],
    prompt: str,
    mark: str,
    image: bytes | None,
) -> Use:
    found = file_search.search_files(standin, tool, prompt)
    item = {
        "id": identifier("file_search_call", mark),
        "type": "file_search_call",
        "status": "completed",
        "queries": [" ".join(prompt.split())[:100]],
        "results": found if "file_search_call.results" in (body.get("include") or []) else None,
    }
    cited = [
        {"type": "file_citation", "file_id": each["file_id"], "filename": each["filename"], "index": 0}
        for each in found[:1]
    ]
    model = standin.model(body.get("model"), "chat")
    return Use((item,), tuple(cited), (), (Usage(model.id, {"file_searches": 1}),))


def _reckon(
    standin: StandIn,
    tool: Mapping[str, Any],
    body: Mapping[str, Any],
    prompt: str,
    mark: str,
    image: bytes | None,
) -> Use:
    sums = [
        found[0].strip() for found in _SUM.finditer(prompt) if re.search(r"\d\s*[-+*/]\s*[\d(]", found[0])
    ]
    written = max(sums, key=len, default=None)
    value = evaluate(written) if written else None
    code = f"print({written})" if value is not None else "print('nothing to reckon')"
    logs = f"{value:g}\n" if value is not None else "nothing to reckon\n"
    wanted = "code_interpreter_call.outputs" in (body.get("include") or [])
    container = tool.get("container")
    item = {
        "id": identifier("code_interpreter_call", mark),
        "type": "code_interpreter_call",
        "status": "completed",
        "code": code,
        "container_id": container if isinstance(container, str) else f"cntr_{mark[:40]}",
        "outputs": [{"type": "logs", "logs": logs}] if wanted else None,
    }
    # a container that the request names was paid for when it was made
    made = (
        ()
        if isinstance(container, str)
        else (Usage(standin.model(body.get("model"), "chat").id, {"containers": 1}),)
    )
    return Use((item,), (), (), made)


def _ask_server(
    standin: StandIn,
    tool: Mapping[str, Any],
    body: Mapping[str, Any],
    prompt: str,
    mark: str,
    image: bytes | None,
) -> Use:
    label = str(tool.get("server_label") or "server")
    allowed = tool.get("allowed_tools") or []
    names = allowed.get("tool_names") if isinstance(allowed, Mapping) else allowed
    offered = [tools.Tool(str(name), "", {"type": "object"}) for name in names or []]
    listed = {
        "id": identifier("mcp_list_tools", mark),
        "type": "mcp_list_tools",
        "server_label": label,
        "tools": [
            {"name": each.name, "description": None, "input_schema": each.parameters} for each in offered
        ],
    }
    chosen = tools.choose(tools.Offer(tuple(offered), "required"), prompt, [])[:1]
    if not chosen:
        return Use((listed,))
    asked = {"name": chosen[0].name, "arguments": "{}", "server_label": label}
    approved = _approval(body)
    if tool.get("require_approval") != "never" and approved is None:
        request = {"id": identifier("mcp_approval_request", mark), "type": "mcp_approval_request", **asked}
        return Use((listed, request))
    if approved is False:
        return Use((listed,))
    call = {
        "id": identifier("mcp_call", mark),
        "type": "mcp_call",
        "status": "completed",
        **asked,
        "approval_request_id": None,
        "error": None,
        "output": "The stand-in asks no remote server; script its result with items=[…].",
    }
    return Use((listed, call))


def _approval(body: Mapping[str, Any]) -> bool | None:
    """What the user answered to a request for approval; None if nothing."""
    given: Sequence[Any] = body["input"] if isinstance(body.get("input"), list) else []
    answers = [
        item for item in given if isinstance(item, Mapping) and item.get("type") == "mcp_approval_response"
    ]
    return bool(answers[-1].get("approve")) if answers else None


_USES: Mapping[str, Callable[..., Use]] = {
    "image_generation": _draw,
    "web_search": _search,
    "file_search": _search_files,
    "code_interpreter": _reckon,
    "mcp": _ask_server,
}
