"""Who may say what in the items of Responses: the user's parts are inputs, the assistant's are outputs.

Rule: `openai/types/responses/response_output_message_param.py`, and `ResponseInputMessageContentList` for everybody else.
"""

from collections.abc import Mapping
from typing import Any

from classroom.standin.incoming import errors

_OUTPUTS = ("output_text", "refusal")


def check_sides(given: Any) -> None:
    """The parts of each message are those of its author's side.

    Args:
        given: the input of a response, whatever it is.

    Raises:
        APIError: 400 `invalid_value`, naming the part.
    """
    for index, item in enumerate(given if isinstance(given, list) else []):
        if not isinstance(item, Mapping) or item.get("role") != "assistant":
            continue
        content = item.get("content")
        for number, part in enumerate(content if isinstance(content, list) else []):
            if isinstance(part, Mapping) and part.get("type") not in _OUTPUTS:
                raise errors.invalid(
                    f"Invalid value: '{part.get('type')}'. Supported values are: 'output_text' and 'refusal'.",
                    f"input[{index}].content[{number}]",
                    "invalid_value",
                )
