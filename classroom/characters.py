"""Texts without half characters.

Half of a surrogate pair is valid JSON (RFC 8259, section 8.2) but no text that can be written or sent.
"""

from typing import Any


def without_half_characters(value: Any) -> Any:
    """A parsed JSON value in which each half of a surrogate pair is U+FFFD, in names as well."""
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case list():
            return [without_half_characters(each) for each in value]
        case dict():
            return {
                without_half_characters(name): without_half_characters(each) for name, each in value.items()
            }
        case _:
            return value
