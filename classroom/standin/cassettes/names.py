"""Identifiers that a service generates, such as `resp_68f…`, `org-Ab3…` or a UUID: replaced or removed in recordings."""

import re
from collections.abc import Callable
from typing import Any

# a word or two, then twelve and more letters and digits: model names and dates have no such run
_IDENTIFIER = re.compile(r"(?<![\w-])([A-Za-z]{2,12}(?:[-_][a-z]{1,12})?[-_])([A-Za-z0-9]{12,})(?![\w-])")
_UUID = re.compile(r"(?<![\w-])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![\w-])")
_GIVEN = re.compile(r"(?<![\w-])([A-Za-z]{2,12}(?:[-_][a-z]{1,12})?[-_])\d{4}(?![\w-])")
_FILES = ("b64_json", "embedding", "encrypted_content", "file_data", "image_url", "partial_image_b64")
_LONGEST = 100_000  # characters of a text that is looked through; longer ones are files


class Names:
    """Gives each identifier a short name, the same wherever it stands: `resp_0001`, `call_0002`."""

    def __init__(self) -> None:
        self._given: dict[str, str] = {}

    def rename(self, value: Any) -> Any:
        """A value as JSON has it, with other names."""
        return _changed(
            value, lambda text: _UUID.sub(self._of_uuid, _IDENTIFIER.sub(self._of_identifier, text))
        )

    def _of_identifier(self, match: re.Match[str]) -> str:
        if not _is_made_up(match[2]):
            return match[0]
        return self._given.setdefault(match[0], f"{match[1]}{len(self._given) + 1:04d}")

    def _of_uuid(self, match: re.Match[str]) -> str:
        number = len(self._given) + 1
        return self._given.setdefault(match[0], f"00000000-0000-4000-8000-{number:012d}")


def without_names(value: Any) -> Any:
    """A value in which identifiers are all alike: for comparing what two runs sent."""

    def blank(text: str) -> str:
        text = _IDENTIFIER.sub(lambda match: f"{match[1]}*" if _is_made_up(match[2]) else match[0], text)
        return _GIVEN.sub(r"\1*", _UUID.sub("*", text))

    return _changed(value, blank)


def _is_made_up(run: str) -> bool:
    return any(each.isdigit() for each in run) and any(each.isalpha() for each in run)


def _changed(value: Any, change: Callable[[str], str], name: str = "") -> Any:
    match value:
        case str():
            return value if name in _FILES or len(value) > _LONGEST else change(value)
        case list():
            return [_changed(each, change, name) for each in value]
        case dict():
            return {key: _changed(each, change, str(key)) for key, each in value.items()}
        case _:
            return value
