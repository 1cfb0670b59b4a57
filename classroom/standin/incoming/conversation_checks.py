"""Refusals about a conversation's options: combinations, and the inner parts of tools, formats and metadata.

Rules: the reference texts in the SDK's `openai/types/chat/completion_create_params.py` and
`openai/types/responses/response_create_params.py` (openai 3.54.0), and the guides they link to.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from classroom.standin.incoming import chat_turns, errors, function_schemas, response_sides
from classroom.standin.incoming.checks import wrong_type
from classroom.standin.models.catalogue import Model

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_FORMATS = ("text", "json_object", "json_schema")
_CHAT_TOOLS = ("function", "custom")
_CHOICES = ("none", "auto", "required")
_INCLUDABLE = (
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
)
_LONGEST_KEY, _LONGEST_VALUE = 64, 512  # of metadata


def _missing(param: str) -> errors.APIError:
    return errors.invalid(f"Missing required parameter: '{param}'.", param, "missing_required_parameter")


def _wrong_value(param: str, value: Any, choices: tuple[str, ...]) -> errors.APIError:
    listed = ", ".join(f"'{choice}'" for choice in choices)
    return errors.invalid(
        f"Invalid value: '{value}'. Supported values are: {listed}.", param, "invalid_value"
    )


def check_chat(body: Mapping[str, Any]) -> None:
    """Everything that the table of single parameters can't say of a chat completion.

    Raises:
        APIError: 400, naming the parameter.
    """
    if body.get("max_tokens") is not None and body.get("max_completion_tokens") is not None:
        raise errors.invalid(
            "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
            "max_tokens",
            "invalid_parameter_combination",
        )
    if body.get("top_logprobs") is not None and not body.get("logprobs"):
        raise errors.invalid("'top_logprobs' needs 'logprobs' to be true.", "top_logprobs", "invalid_value")
    _check_stream_options(body)
    _check_stop(body.get("stop"))
    _check_logit_bias(body.get("logit_bias") or {})
    _check_metadata(body.get("metadata") or {})
    chat_turns.check_turns(body["messages"])
    _check_chat_tools(body)
    if body.get("parallel_tool_calls") is not None and not body.get("tools"):
        raise errors.invalid(
            "Invalid value for 'parallel_tool_calls': it is only allowed when 'tools' are specified.",
            "parallel_tool_calls",
            "invalid_value",
        )
    _check_functions(body)
    wanted = body.get("response_format")
    if wanted is not None:
        _check_format(wanted, wanted.get("json_schema"), "response_format", "response_format.json_schema")
        _check_says_json(wanted, body["messages"], "messages", "response_format")


def check_responses(body: Mapping[str, Any]) -> None:
    """Everything that the table of single parameters can't say of a response.

    Raises:
        APIError: 400, naming the parameter.
    """
    _check_stream_options(body)
    _check_metadata(body.get("metadata") or {})
    if body.get("background") and body.get("store") is False:
        raise errors.invalid(
            "'background' needs 'store' to be true: the answer is fetched later.",
            "background",
            "invalid_value",
        )
    if body.get("previous_response_id") and body.get("conversation"):
        raise errors.invalid(
            "'previous_response_id' and 'conversation' exclude each other.",
            "previous_response_id",
            "invalid_parameter_combination",
        )
    for index, each in enumerate(body.get("include") or []):
        if each not in _INCLUDABLE:
            raise _wrong_value(f"include[{index}]", each, _INCLUDABLE)
    _check_response_tools(body)
    response_sides.check_sides(body["input"])
    wanted = (body.get("text") or {}).get("format")
    if wanted is not None:
        _check_format(wanted, wanted, "text.format", "text.format")
        _check_says_json(wanted, [body.get("instructions"), body["input"]], "input", "text.format")


def check_effort(model: Model, effort: Any, param: str) -> None:
    """Raises 400 for a reasoning effort that the model does not take; one that does not reason takes none."""
    if effort is not None and not model.reasons:
        raise errors.invalid(
            f"Unsupported parameter: '{param}' is not supported with this model.",
            param,
            "unsupported_parameter",
        )
    if effort is not None and model.efforts and effort not in model.efforts:
        listed = ", ".join(f"'{each}'" for each in model.efforts)
        raise errors.invalid(
            f"Unsupported value: '{param}' does not support '{effort}' with this model. Supported values are: {listed}.",
            param,
            "unsupported_value",
        )


def _check_stream_options(body: Mapping[str, Any]) -> None:
    if body.get("stream_options") is not None and not body.get("stream"):
        raise errors.invalid(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
            "stream_options",
            "invalid_value",
        )


def _check_stop(stop: Any) -> None:
    for index, each in enumerate(stop if isinstance(stop, list) else []):
        if not isinstance(each, str):
            raise wrong_type(f"stop[{index}]", "a string", each)


def _check_logit_bias(bias: Mapping[str, Any]) -> None:
    for token, value in bias.items():
        param = f"logit_bias.{token}"
        if not token.lstrip("-").isdigit():
            raise errors.invalid(
                f"Invalid key in 'logit_bias': '{token}' is no token.", param, "invalid_value"
            )
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise wrong_type(param, "a number", value)
        if not -100 <= value <= 100:
            raise errors.invalid(
                f"Invalid '{param}': expected a value from -100 to 100, but got {value:g} instead.",
                param,
                "invalid_value",
            )


def _check_metadata(metadata: Mapping[str, Any]) -> None:
    for name, value in metadata.items():
        param = f"metadata.{name}"
        if len(name) > _LONGEST_KEY:
            raise errors.invalid(
                f"Invalid key in 'metadata': longer than {_LONGEST_KEY} characters.",
                "metadata",
                "string_above_max_length",
            )
        if not isinstance(value, str):
            raise wrong_type(param, "a string", value)
        if len(value) > _LONGEST_VALUE:
            raise errors.invalid(
                f"Invalid '{param}': string too long. Expected at most {_LONGEST_VALUE} characters, "
                f"but got {len(value)}.",
                param,
                "string_above_max_length",
            )


def _check_chat_tools(body: Mapping[str, Any]) -> None:
    tools = body.get("tools") or []
    names = _function_names(tools, known=_CHAT_TOOLS, is_nested=True)
    choice = body.get("tool_choice")
    _check_tool_choice(choice, bool(tools))
    for name in _chosen_names(choice):
        if name not in names:
            raise _unknown_tool(name)


def _chosen_names(choice: Any) -> list[Any]:
    """The functions and custom tools that a choice names, as Chat Completions and as Responses write it."""
    if not isinstance(choice, dict):
        return []
    if choice.get("type") == "allowed_tools":
        listed = (choice.get("allowed_tools") or choice).get("tools") or []
        return [name for each in listed for name in _chosen_names(each)]
    if choice.get("type") not in _CHAT_TOOLS:
        return []
    return [(choice.get(choice["type"]) or choice).get("name")]


def _check_functions(body: Mapping[str, Any]) -> None:
    """The form before tools."""
    functions, choice = body.get("functions") or [], body.get("function_call")
    names = [_check_function(each, f"functions[{index}]") for index, each in enumerate(functions)]
    if choice is None:
        return
    if not functions:
        raise errors.invalid(
            "Invalid value for 'function_call': it is only allowed when 'functions' are specified.",
            "function_call",
            "invalid_value",
        )
    if isinstance(choice, str) and choice not in ("none", "auto"):
        raise _wrong_value("function_call", choice, ("none", "auto"))
    if isinstance(choice, dict) and choice.get("name") not in names:
        raise errors.invalid(
            f"Function call '{choice.get('name')}' not found in the 'functions' parameter.",
            "function_call",
            "invalid_value",
        )


def _check_response_tools(body: Mapping[str, Any]) -> None:
    tools = body.get("tools") or []
    names = _function_names(tools)
    choice = body.get("tool_choice")
    _check_tool_choice(choice, bool(tools))
    for name in _chosen_names(choice):
        if name not in names:
            raise _unknown_tool(name)
    kind = str(choice.get("type")) if isinstance(choice, dict) else "function"
    if kind not in (*_CHAT_TOOLS, "allowed_tools") and not any(
        str(tool.get("type")).startswith((kind, kind.removesuffix("_preview"))) for tool in tools
    ):
        raise _unknown_tool(kind)
    for index, tool in enumerate(tools):
        if tool.get("type") == "mcp" and not (tool.get("server_url") or tool.get("connector_id")):
            raise _missing(f"tools[{index}].server_url")


def _function_names(tools: list[Any], *, known: tuple[str, ...] = (), is_nested: bool = False) -> list[str]:
    """The names of the functions and custom tools among the tools.

    Args:
        known: the types that a tool may be of; any, if empty.
        is_nested: a tool holds its function under the name of its type; Responses write it into the tool itself.
    """
    names = []
    for index, tool in enumerate(tools):
        at = f"tools[{index}]"
        if not isinstance(tool, dict):
            raise wrong_type(at, "an object", tool)
        kind = tool.get("type")
        if not isinstance(kind, str):
            raise _missing(f"{at}.type")
        if known and kind not in known:
            raise _wrong_value(f"{at}.type", kind, known)
        if kind in _CHAT_TOOLS:
            function = tool.get(kind) if is_nested else tool
            names.append(_check_function(function, f"{at}.{kind}" if is_nested else at))
    return names


def _check_function(function: Any, at: str) -> str:
    if not isinstance(function, dict):
        raise _missing(at) if function is None else wrong_type(at, "an object", function)
    name = function.get("name")
    if name is None:
        raise _missing(f"{at}.name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise errors.invalid(
            f"Invalid '{at}.name': expected letters, digits, '_' and '-', at most 64, but got '{name}'.",
            f"{at}.name",
            "invalid_value",
        )
    parameters = function.get("parameters")
    if parameters is not None and not isinstance(parameters, dict):
        raise wrong_type(f"{at}.parameters", "an object", parameters)
    function_schemas.check_parameters(parameters, f"{at}.parameters", name)
    return name


def _check_tool_choice(choice: Any, tools: bool) -> None:
    if choice is None:
        return
    if isinstance(choice, str) and choice not in _CHOICES:
        raise _wrong_value("tool_choice", choice, _CHOICES)
    if not tools and choice != "none":
        raise errors.invalid(
            "Invalid value for 'tool_choice': it is only allowed when 'tools' are specified.",
            "tool_choice",
            "invalid_value",
        )


def _unknown_tool(name: Any) -> errors.APIError:
    return errors.invalid(
        f"Tool choice '{name}' not found in the 'tools' parameter.", "tool_choice", "invalid_value"
    )


def _check_format(wanted: Mapping[str, Any], named: Any, param: str, inner: str) -> None:
    """A format has a known type; a schema comes with its name and the schema itself."""
    if wanted.get("type") not in _FORMATS:
        raise _wrong_value(f"{param}.type", wanted.get("type"), _FORMATS)
    if wanted["type"] != "json_schema":
        return
    if not isinstance(named, dict):
        raise _missing(inner)
    if not isinstance(named.get("name"), str):
        raise _missing(f"{inner}.name")
    if not _NAME.fullmatch(named["name"]):
        raise errors.invalid(
            f"Invalid '{inner}.name': expected letters, digits, '_' and '-', at most 64.",
            f"{inner}.name",
            "invalid_value",
        )
    if not isinstance(named.get("schema"), dict):
        raise _missing(f"{inner}.schema")


def _check_says_json(wanted: Mapping[str, Any], conversation: Any, param: str, format_param: str) -> None:
    """JSON mode wants the word in the conversation, or a model may write blanks for ever."""
    if wanted.get("type") == "json_object" and "json" not in str(conversation).casefold():
        raise errors.invalid(
            f"'{param}' must contain the word 'json' in some form, to use '{format_param}' of type 'json_object'.",
            param,
            "invalid_value",
        )


def check_outputs(conversation: Sequence[Mapping[str, Any]]) -> None:
    """Each call of a function has its output, and each output its call, as Responses asks.

    Raises:
        APIError: 400, naming the first `call_id` without its other half.
    """
    for kind, words in (("function_call", "function call"), ("custom_tool_call", "custom tool call")):
        called = {str(item.get("call_id")) for item in conversation if item.get("type") == kind}
        given = {str(item.get("call_id")) for item in conversation if item.get("type") == f"{kind}_output"}
        for id in sorted(given - called):
            raise errors.invalid(f"No tool call found for {words} output with call_id {id}.", "input", None)
        for id in sorted(called - given):
            raise errors.invalid(f"No tool output found for {words} {id}.", "input", None)
