"""Unpacks a platform's ZIP of a whole class inside a sandbox.

Unlike a submission's archive, it is not refused for what one learner put into it: a member that can't be unpacked is left
out, and the last file of the stream, `index.json`, says why. Nothing within a member is looked at.
"""

import json
import stat
import zipfile
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from grader.inside import member_names, wire

INDEX = "index.json"


def unpack(order: dict[str, Any]) -> None:
    """Unpack the second file of an order into the stream that is its first.

    The stream holds `files/…`, and the index: for each member its name, when it was last changed (the archive's own
    clock), and why it was left out, if it was.
    """
    out, archive = order["files"]
    index: list[list[str]] = []
    with open(out, "wb") as stream, open(archive, "rb") as source:
        trouble = None
        try:
            with zipfile.ZipFile(source) as bundle:
                _members(bundle, stream, index, order)
        except (
            Exception
        ) as error:  # what archives can do to their readers has no end, and each is the archive's
            trouble = f"The download can't be read: {error or type(error).__name__}"
        wire.write_file(stream, INDEX, json.dumps(index).encode())
        wire.end_files(stream, trouble)


def _members(
    bundle: zipfile.ZipFile, stream: BinaryIO, index: list[list[str]], order: dict[str, Any]
) -> None:
    seen: set[str] = set()
    left = int(order["most_bytes"])
    names = member_names.decode_names([member for member in bundle.infolist() if not member.is_dir()])
    for count, member in enumerate(bundle.infolist()):
        if count >= order["most_files"]:
            raise ValueError(f"it holds more than {order['most_files']} files")
        if member.is_dir():
            continue
        written = names[member.header_offset]
        name, why = _name(written), _refused(member, written)
        if name in seen:
            why = why or "The download holds this name twice: the first one counts."
            name = f"{name} (file {count + 1})"
        seen.add(name)
        if not why:
            try:
                with bundle.open(member) as content:
                    whole = content.read(min(left, order["most_of_one"]) + 1)
            except Exception as error:
                why = f"It can't be read from the download: {error or type(error).__name__}"
            else:
                if len(whole) > left:
                    raise ValueError(f"it is larger than {order['most_bytes'] // 1024**2} MB")
                if len(whole) > order["most_of_one"]:
                    why = f"It is larger than {order['most_of_one'] // 1024**2} MB."
                else:
                    left -= len(whole)
                    wire.write_file(stream, f"files/{name}", whole)
        index.append([name, _changed(member), why])


def _name(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).as_posix().encode("utf-8", "backslashreplace").decode()


def _refused(member: zipfile.ZipInfo, written: str) -> str:
    path = PurePosixPath(written.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or "\0" in written:
        return "Its name leads outside the download."
    if len(path.parts) > wire.MOST_FOLDERS - 1:
        return f"It lies more than {wire.MOST_FOLDERS} folders deep."
    if stat.S_ISLNK(member.external_attr >> 16):
        return "It is a link, and no file."
    return ""


def _changed(member: zipfile.ZipInfo) -> str:
    year, month, day, hour, minute, second = member.date_time
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{min(second, 59):02}"
