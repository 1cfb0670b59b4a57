"""Endpoints for files: upload, list, describe, view, delete. The work is in `storage`."""

import mimetypes
from typing import Annotated

from fastapi import APIRouter, Query, Response, UploadFile, status
from fastapi.responses import StreamingResponse

from files_api.dependencies import FilePath, FromSettings, FromStorage
from files_api.errors import FileTooLarge, problems
from files_api.schemas import FileList, FileSaved, ListedFile
from files_api.storage import StoredFile, check_file_path

router = APIRouter(prefix="/v1/files", tags=["Files"])

_STORAGE = "The file storage can't be reached."
_PATH = "The path is not one that this API stores at."
_MISSING = "No file is stored there."


@router.put(
    "/{file_path:path}",
    status_code=status.HTTP_201_CREATED,
    summary="Upload a file",
    description="Stores a file under a path, replacing what was there.",
    responses=problems(s413="The file is too large.", s422=_PATH, s503=_STORAGE),
)
def upload_file(
    file_path: FilePath, file: UploadFile, settings: FromSettings, storage: FromStorage
) -> FileSaved:
    """The MIME type is the one that the upload names, or else the one that the extension suggests."""
    check_file_path(file_path)
    content = file.file.read(settings.max_upload_bytes + 1)
    if len(content) > settings.max_upload_bytes:
        raise FileTooLarge(f"A file may have at most {settings.max_upload_bytes} bytes.")
    media_type = file.content_type or mimetypes.guess_type(file_path)[0] or "application/octet-stream"
    storage.save(file_path, content, media_type)
    return FileSaved(file_path=file_path, media_type=media_type, size_bytes=len(content))


@router.get(
    "",
    summary="List files",
    description="Lists the stored files by path, a page at a time.",
    responses=problems(s422="An input is not allowed.", s503=_STORAGE),
)
def list_files(
    storage: FromStorage,
    directory: Annotated[
        str,
        Query(description="Only files whose path starts with this.", max_length=512, examples=["pictures/"]),
    ] = "",
    page_size: Annotated[int, Query(description="Files on a page.", ge=1, le=100, examples=[20])] = 20,
    page_token: Annotated[
        str | None,
        Query(
            description="`next_page_token` of the page before.", max_length=1024, examples=["cGljdHVyZXMv"]
        ),
    ] = None,
) -> FileList:
    """Pages follow each other by path, so a file added meanwhile never repeats another."""
    page = storage.list(directory, page_size, page_token)
    files = [
        ListedFile(file_path=path, size_bytes=size, last_modified=when) for path, size, when in page.files
    ]
    return FileList(files=files, next_page_token=page.next_page_token)


def _headers(file: StoredFile) -> dict[str, str]:
    return {
        "Content-Length": str(file.size_bytes),
        "Last-Modified": file.last_modified.strftime("%a, %d %b %Y %H:%M:%S GMT"),
        # what strangers uploaded is shown as what it claims to be, and runs nothing
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox",
    }


@router.head(
    "/{file_path:path}",
    summary="Describe a file",
    description="The headers of a file, without its content.",
    response_class=Response,
    responses={
        200: {"description": "The file exists; the headers describe it."},
        **problems(s404=_MISSING, s422=_PATH, s503=_STORAGE),
    },
)
def describe_file(file_path: FilePath, storage: FromStorage) -> Response:
    """As GET, without the body."""
    file = storage.describe(check_file_path(file_path))
    return Response(headers={**_headers(file), "Content-Type": file.media_type})


@router.get(
    "/{file_path:path}",
    summary="View a file",
    description="The content of a file, with its MIME type.",
    response_class=StreamingResponse,
    responses={
        200: {"description": "The file.", "content": {"application/octet-stream": {}}},
        **problems(s404=_MISSING, s422=_PATH, s503=_STORAGE),
    },
)
def view_file(file_path: FilePath, storage: FromStorage) -> StreamingResponse:
    """Streamed: a large file does not pass through memory whole."""
    file, content = storage.read(check_file_path(file_path))
    return StreamingResponse(content, headers={**_headers(file), "Content-Type": file.media_type})


@router.delete(
    "/{file_path:path}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Delete a file",
    description="Removes a file for good.",
    responses=problems(s404=_MISSING, s422=_PATH, s503=_STORAGE),
)
def delete_file(file_path: FilePath, storage: FromStorage) -> None:
    """A second delete finds nothing, and says so."""
    storage.delete(check_file_path(file_path))
