# BEGIN SOLUTION
"""The types of file that can be generated: their extensions, MIME types and first bytes."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from files_api.errors import FilesAPIError


class ExtensionMismatch(FilesAPIError):
    """The file's extension says another type than was asked for."""

    status, code = 422, "extension_mismatch"


class FileType(StrEnum):
    """What can be generated."""

    TEXT = "text"
    IMAGE = "image"
    AUDIO = "audio"


@dataclass(frozen=True)
class Format:
    """One format of one file type; `api_name` is what OpenAI calls it."""

    file_type: FileType
    api_name: str
    media_type: str
    signatures: tuple[bytes, ...] = ()

    def matches(self, content: bytes) -> bool:
        """Whether the bytes begin as a file of this format does."""
        return not self.signatures or content.startswith(self.signatures)


FORMATS: dict[str, Format] = {
    ".txt": Format(FileType.TEXT, "text", "text/plain; charset=utf-8"),
    ".md": Format(FileType.TEXT, "text", "text/markdown; charset=utf-8"),
    ".png": Format(FileType.IMAGE, "png", "image/png", (b"\x89PNG\r\n\x1a\n",)),
    ".jpg": Format(FileType.IMAGE, "jpeg", "image/jpeg", (b"\xff\xd8\xff",)),
    ".jpeg": Format(FileType.IMAGE, "jpeg", "image/jpeg", (b"\xff\xd8\xff",)),
    ".webp": Format(FileType.IMAGE, "webp", "image/webp", (b"RIFF",)),
    ".mp3": Format(FileType.AUDIO, "mp3", "audio/mpeg", (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")),
    ".wav": Format(FileType.AUDIO, "wav", "audio/wav", (b"RIFF",)),
}


def extensions_of(file_type: FileType) -> list[str]:
    """The extensions that a file of this type may have."""
    return [extension for extension, format in FORMATS.items() if format.file_type == file_type]


def format_of(file_path: str, file_type: FileType) -> Format:
    """The format that a path asks for by its extension.

    Raises:
        ExtensionMismatch: the extension is not one of the file type's.
    """
    extension = PurePosixPath(file_path).suffix.lower()
    format = FORMATS.get(extension)
    if format is None or format.file_type != file_type:
        allowed = ", ".join(extensions_of(file_type))
        raise ExtensionMismatch(
            f"A file of type {file_type.value} needs a path that ends with one of: {allowed}."
        )
    return format


# END SOLUTION
