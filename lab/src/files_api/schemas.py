"""The shapes of requests and answers, as the API's documentation shows them."""

from datetime import datetime

from pydantic import BaseModel, Field


class FileSaved(BaseModel):
    """A file that was just stored."""

    file_path: str = Field(description="Where it is stored.", examples=["pictures/robot.png"])
    media_type: str = Field(description="Its MIME type.", examples=["image/png"])
    size_bytes: int = Field(description="Its size in bytes.", examples=[48213])


class ListedFile(BaseModel):
    """One file of a list."""

    file_path: str = Field(description="Where it is stored.", examples=["pictures/robot.png"])
    size_bytes: int = Field(description="Its size in bytes.", examples=[48213])
    last_modified: datetime = Field(description="When it was stored.", examples=["2026-05-04T09:30:00Z"])


class FileList(BaseModel):
    """One page of a list."""

    files: list[ListedFile] = Field(description="The files of this page, by path.")
    next_page_token: str | None = Field(
        description="Pass it as `page_token` for the next page; null on the last one.",
        examples=["cGljdHVyZXMvcm9ib3QucG5n"],
    )
