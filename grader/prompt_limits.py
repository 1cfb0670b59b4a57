"""How long a prompt may be: what an app's document says, and what OpenAI's API takes. Lengths are in characters."""

import re
from collections.abc import Mapping

from grader.evidence import Kind, Offer

# the longest input of each kind, as the API documents it; a text's limit is the app's own to document
API_LIMIT: Mapping[Kind, int] = {"image": 32_000, "audio": 4_096}
LARGEST_LIMIT = 1_000_000  # a limit above that is none: no model of OpenAI's takes so much
_MOST_ALLOWED = 32_000  # of the longest prompt that is sent because a document allows it
_STATED = re.compile(r"(\d{1,7}) ?(?:characters|chars|letters)\b", re.IGNORECASE)


def documented_limit(offer: Offer) -> int | None:
    """The longest prompt that the app's document allows: `maxLength`, or the characters that a description counts."""
    field = offer.prompt_input
    if field is None:
        return None
    if field.max_length is not None:
        return field.max_length if field.max_length <= LARGEST_LIMIT else None
    stated = [int(number) for number in _STATED.findall(_unseparated(field.description))]
    return max((number for number in stated if 10 <= number <= LARGEST_LIMIT), default=None)


def longest_prompt(offer: Offer) -> int | None:
    """The longest prompt that may reach OpenAI; None if nothing sets a limit.

    For an image or a sound, that is the API's limit or a smaller `maxLength`: a number in a description may be a text's.
    """
    api_limit = API_LIMIT.get(offer.kind)
    if api_limit is None:
        return documented_limit(offer)
    declared = offer.prompt_input.max_length if offer.prompt_input else None
    return api_limit if declared is None else min(declared, api_limit)


def allowed_length(offer: Offer) -> int | None:
    """How long a prompt may be for certain: by every limit that the document states as one, and by the API's own."""
    field = offer.prompt_input
    if field is None:
        return None
    stated = [int(number) for number in _STATED.findall(_unseparated(field.description))]
    documented = [*stated, *([field.max_length] if field.max_length is not None else [])]
    return min([*documented, API_LIMIT.get(offer.kind, _MOST_ALLOWED), _MOST_ALLOWED]) if documented else None


def _unseparated(text: str) -> str:
    """A text in which no number has a separator."""
    return text.replace(",", "").replace("_", "")
