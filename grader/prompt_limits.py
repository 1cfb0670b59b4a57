"""How long a prompt may be: what an app's document says, and what OpenAI's API takes. Lengths are in characters."""

import re
from collections.abc import Mapping

from grader.evidence import Kind, Offer

# the longest input of each kind, as the API documents it; a text's limit is the app's own to document. It is asked for where the
# app documents no limit; where it documents a longer one, the API itself refuses what is between, which costs nothing
API_LIMIT: Mapping[Kind, int] = {"image": 32_000, "audio": 4_096}
LARGEST_LIMIT = 1_000_000  # a limit above that is none: no model of OpenAI's takes so much
_MOST_ALLOWED = 32_000  # of the longest prompt that is sent because a document allows it
_CHARACTERS_OF_A_WORD = 16  # and of a token: more than either has on average
_NUMBER = re.compile(r"(?a:\b\d{1,7}\b)")
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


def beyond(offer: Offer) -> int:
    """A length that no prompt may have, whatever the limit is: where the document states none in characters.

    A number in the description may count tokens, words or bytes, in any language; so many times more exceeds it for certain.
    """
    api_limit = API_LIMIT.get(offer.kind)
    if api_limit is None:
        return LARGEST_LIMIT + 1
    said = _unseparated(offer.prompt_input.description) if offer.prompt_input else ""
    numbers = [int(number) for number in _NUMBER.findall(said)[:100]]
    largest = max((number for number in numbers if number <= LARGEST_LIMIT), default=0)
    return min(max(api_limit, largest * _CHARACTERS_OF_A_WORD), LARGEST_LIMIT) + 1


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
