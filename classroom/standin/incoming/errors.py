"""Refusals in the words and shape of the OpenAI API.

Body: `{"error": {"message", "type", "param", "code"}}`,
see https://developers.openai.com/api/docs/guides/error-codes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from classroom.extras import MissingExtra


@dataclass(eq=False)
class APIError(Exception):
    """An answer that is not 200: raised by a route, turned into a response by the app."""

    status: int
    message: str
    type: str = "invalid_request_error"
    param: str | None = None
    code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.status} {self.code or self.type}: {self.message}"

    def body(self) -> dict[str, Any]:
        """The JSON body, as OpenAI sends it."""
        return {"error": {"message": self.message, "type": self.type, "param": self.param, "code": self.code}}


def invalid(message: str, param: str | None, code: str | None) -> APIError:
    """400: the request's own fault, at `param`."""
    return APIError(400, message, param=param, code=code)


def missing_key() -> APIError:
    """401: no key came with the request."""
    return APIError(
        401,
        "No API key was sent. Put it into the Authorization header as a Bearer token "
        "(Authorization: Bearer YOUR_KEY); the SDK does so with the value of OPENAI_API_KEY.",
    )


def unknown_model(model: str) -> APIError:
    """404: nothing of that name is in the catalogue."""
    return APIError(
        404,
        f"The model `{model}` does not exist or you do not have access to it.",
        code="model_not_found",
    )


def unsupported_model(model: str) -> APIError:
    """404: a name that the SDK keeps, though no model goes by it."""
    return APIError(
        404,
        f"The API serves no model `{model}`: the SDK keeps the name for compatibility alone. "
        "See https://developers.openai.com/api/docs/models.",
        code="model_not_found",
    )


def wrong_endpoint(model: str) -> APIError:
    """404: a model that answers under /v1/responses alone."""
    return APIError(
        404,
        f"The model `{model}` is only supported in v1/responses and not in v1/chat/completions.",
        param="model",
    )


def retired_model(model: str, since: str, replacement: str | None) -> APIError:
    """404: a model that was shut down; the message says since when and what to use."""
    advice = f" Use {replacement} instead." if replacement else ""
    return APIError(
        404,
        f"The model `{model}` was retired on {since} and answers no more.{advice} "
        "See https://developers.openai.com/api/docs/deprecations.",
        code="model_not_found",
    )


def not_found(what: str, id: str, advice: str = "") -> APIError:
    """404: nothing of that name is kept."""
    return APIError(404, f"No {what} with the id '{id}' was found. {advice}".rstrip(), code="not_found")


def retired_endpoint(path: str, since: str | None, replacement: str) -> APIError:
    """404: an endpoint that OpenAI has shut down; the message says since when and what to use."""
    when = f" on {since}" if since else ""
    return APIError(
        404,
        f"The endpoint /v1/{path} was retired{when} and answers no more. Use {replacement} instead. "
        "See https://developers.openai.com/api/docs/deprecations.",
        code="endpoint_retired",
    )


def unknown_deployment(deployment: str) -> APIError:
    """404: Azure's answer to a deployment that the resource doesn't have."""
    return APIError(
        404,
        f"The API deployment '{deployment}' does not exist for this resource. "
        "Here every model's own name is one; others are named with deployments=.",
        code="DeploymentNotFound",
    )


def missing_api_version() -> APIError:
    """404: Azure finds nothing without the version of its API."""
    return APIError(
        404,
        "Resource not found: Azure's addresses need the query parameter api-version, for example "
        "?api-version=2024-10-21.",
        code="404",
    )


def unknown_url(method: str, path: str) -> APIError:
    """404: no such route."""
    return APIError(404, f"Invalid URL ({method} {path})")


def too_much_for_a_stand_in() -> APIError:
    """The stand-in's own: it was called more often, or sent more, than it takes."""
    return APIError(
        429,
        "This stand-in has been called more often than any lab needs, and answers no more.",
        "requests",
        code="stand_in_exhausted",
    )


def not_installed(missing: MissingExtra) -> APIError:
    """The stand-in's own: this installation lacks what the answer takes. The SDKs do not ask again."""
    return APIError(
        501, f"{missing}.", "server_error", code="not_installed", headers={"x-should-retry": "false"}
    )


def no_reply(request: str, nearest: str) -> APIError:
    """The stand-in's own, under `strict_replies`: nothing is scripted for a request."""
    return APIError(
        400,
        f"No scripted reply answers this request to {request}. {nearest}",
        code="no_scripted_reply",
        headers=_FINAL,
    )


def reply_failed(number: int, error: Exception) -> APIError:
    """The stand-in's own: a scripted reply could not be made."""
    return APIError(
        500,
        f"The scripted reply {number} failed: {type(error).__name__}: {error}",
        "server_error",
        code="scripted_reply_failed",
        headers=_FINAL,
    )


_FINAL = {"x-should-retry": "false"}  # the SDK asks no second time
