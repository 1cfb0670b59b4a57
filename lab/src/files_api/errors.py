"""Errors as the caller sees them: a status, a code and a sentence, never internal details."""

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

logger = logging.getLogger(__name__)


class Problem(BaseModel):
    """The body of every answer that is an error."""

    code: str = Field(description="A stable identifier, for programs.", examples=["file_not_found"])
    message: str = Field(
        description="One sentence, for people.", examples=["There is no file at 'notes/today.txt'."]
    )


class FilesAPIError(Exception):
    """An error with its own status, code and sentence; raised anywhere, answered by `answer_error`."""

    status = 500
    code = "internal_error"

    def __init__(self, message: str, *, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.headers = headers


class InvalidFilePath(FilesAPIError):
    """The path is not one that this API stores at."""

    status, code = 422, "invalid_file_path"


class FileMissing(FilesAPIError):
    """Nothing is stored at that path."""

    status, code = 404, "file_not_found"


class FileTooLarge(FilesAPIError):
    """The upload is larger than this API takes."""

    status, code = 413, "file_too_large"


class StorageUnavailable(FilesAPIError):
    """S3 can't be used at present."""

    status, code = 503, "storage_unavailable"


def problems(**described: str) -> dict[int | str, dict[str, Any]]:
    """The errors of an endpoint, for its documentation: `problems(s404="No file is stored there.")`."""
    return {int(name[1:]): {"model": Problem, "description": text} for name, text in described.items()}


def answer_error(request: Request, error: Exception) -> JSONResponse:
    """One of our own errors, as JSON."""
    assert isinstance(error, FilesAPIError)
    problem = Problem(code=error.code, message=error.message)
    return JSONResponse(problem.model_dump(), error.status, headers=error.headers)


def answer_invalid_request(request: Request, error: Exception) -> JSONResponse:
    """FastAPI's own validation, in our shape: which inputs are wrong, and why."""
    assert isinstance(error, RequestValidationError)
    wrong = [
        f"{'.'.join(str(part) for part in item['loc'][1:]) or 'body'}: {item['msg']}"
        for item in error.errors()
    ]
    return JSONResponse(Problem(code="invalid_request", message="; ".join(wrong)).model_dump(), 422)


def answer_http_error(request: Request, error: Exception) -> JSONResponse:
    """Starlette's own (no such route, no such method, a body that can't be read), or one that a route raised.

    A sentence that a route gave it reaches the caller as it is: write nothing of the inside into it.
    """
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    own = isinstance(error.detail, str) and error.detail not in ("", phrase)
    message = error.detail if own else f"{phrase}. The page /docs lists what this API offers."
    problem = Problem(code=phrase.lower().replace(" ", "_"), message=message)
    return JSONResponse(problem.model_dump(), error.status_code, headers=error.headers)


def answer_unexpected(request: Request, error: Exception) -> JSONResponse:
    """A fault of our own: logged for us, a plain sentence for the caller."""
    logger.error("unexpected %s while answering %s", type(error).__name__, request.method, exc_info=error)
    return JSONResponse(
        Problem(code="internal_error", message="Something went wrong on our side.").model_dump(), 500
    )


def register(app: FastAPI) -> None:
    """Every error leaves the app as a `Problem`."""
    app.add_exception_handler(FilesAPIError, answer_error)
    app.add_exception_handler(HTTPException, answer_http_error)
    app.add_exception_handler(RequestValidationError, answer_invalid_request)
    app.add_exception_handler(Exception, answer_unexpected)
