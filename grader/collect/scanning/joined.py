"""A text in which what a program puts together from quoted parts stands whole: `"sk-" + "abc"` as `"skabc"`."""

import re

_PREFIX = r"(?:[rRbBfFuU]{1,2}(?=[\"']))?"
# between two quoted parts: nothing, a plus or a point (and the end of a line, with what a patch or a shell puts there)
_BETWEEN = re.compile(
    rf"([\"'`])[ \t]{{0,80}}(?:[+.&][ \t]{{0,80}})?(?:\\?\r?\n[ \t]{{0,80}})?(?:[+.&][ \t]{{0,80}})?{_PREFIX}([\"'`])"
)
_JOIN = re.compile(r"(?:[\"']{2}\s{0,20}\.\s{0,20}join\(\s{0,20}[\[({]|[\[({])[^\[\](){}]{1,4000}[\])}]")
_IS_JOIN = re.compile(r"^[\"']{2}\s{0,20}\.\s{0,20}join\(")
_JOINED_AFTER = re.compile(r"\s{0,20}\.\s{0,20}join\(\s{0,20}[\"'`]{2}")  # JavaScript's
_COMMA = re.compile(rf"([\"'`])\s{{0,80}},\s{{0,80}}{_PREFIX}([\"'`])")


def join_parts(text: str) -> str:
    """The text with quoted parts that follow each other, are added up or joined by nothing put together."""

    def lists(match: re.Match[str]) -> str:
        if _IS_JOIN.match(match[0]) or _JOINED_AFTER.match(text, match.end()):
            return _COMMA.sub("", match[0])
        return match[0]

    if not re.search(r"[\"'`]", text):
        return text
    return _BETWEEN.sub("", _JOIN.sub(lists, text) if "join(" in text else text)
