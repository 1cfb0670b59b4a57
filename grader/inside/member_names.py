"""The names of a ZIP's members, in the letters that its writer used.

A ZIP marks names that are UTF-8. Of others it does not say what they are: macOS writes UTF-8 all the same, Windows the code page of
the person who packed it, and Python reads all of them as that of the first PC. All names of one archive are read in one way: the one
that gives words.
"""

import unicodedata
import zipfile
from collections.abc import Sequence

_MARKED = 0x800  # the flag of a name that is UTF-8
# the first one wins where several give equally good words
_CODE_PAGES = (
    "cp437",
    "cp850",
    "cp1252",
    "cp866",
    "cp1251",
    "cp852",
    "cp1250",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1256",
    "cp932",
    "gbk",
    "cp949",
)
_MOST = 2_000  # names by which the code page is chosen


def decode_names(members: Sequence[zipfile.ZipInfo]) -> dict[int, str]:
    """Each member's name, by where the member begins in the archive."""
    found = {member.header_offset: member.filename for member in members}
    unmarked = {
        member.header_offset: member.orig_filename.encode("cp437")
        for member in members
        if not member.flag_bits & _MARKED and not member.orig_filename.isascii()
    }
    reading = _reading(list(unmarked.values())) if unmarked else "cp437"
    if reading != "cp437":
        found |= {offset: name.decode(reading) for offset, name in unmarked.items()}
    return found


def _reading(names: list[bytes]) -> str:
    if _penalty(names, "utf-8") is not None:
        return "utf-8"
    tried = {page: _penalty(names, page) for page in _CODE_PAGES}
    return min((page for page in tried if tried[page] is not None), key=lambda page: tried[page] or 0)


def _penalty(names: list[bytes], page: str) -> int | None:
    """How little the names look like words when they are read so; None if they can't be."""
    try:
        texts = [name.decode(page) for name in names]
    except UnicodeDecodeError:
        return None
    return sum(map(_oddness, texts[:_MOST]))


def _oddness(text: str) -> int:
    """What is no letter counts, and so do letters of two scripts in one word, capitals behind small letters, marks on marks."""
    odd, before = 0, ""
    for sign in text:
        letter = unicodedata.category(sign) in ("Ll", "Lu", "Lo", "Lt")
        if not sign.isascii() and not letter and unicodedata.category(sign) not in ("Mn", "Mc", "Nd"):
            odd += 2
        if letter and before and not (sign.isascii() and before.isascii()):
            odd += _script(sign) != _script(before)
            odd += sign.isupper() and before.islower()
            # Latin words have few letters with marks, and hardly two in a row
            odd += not (sign.isascii() or before.isascii()) and _script(sign) == "LATIN"
        before = sign if letter else ""
    return odd


def _script(sign: str) -> str:
    return unicodedata.name(sign, "?").partition(" ")[0]
