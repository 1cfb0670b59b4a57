"""Explains a failed API call below its cell: what happened and what helps. `%tb` still shows the traceback."""

import sys
from types import TracebackType
from typing import Any

import openai
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError
from IPython.core.getipython import get_ipython

_EXPLAINED = (openai.APIError, ClientError, BotoCoreError)
# https://developers.openai.com/api/docs/guides/error-codes; the first that fits is taken
_BY_CODE = {
    "insufficient_quota": "The account has no money left. Waiting does not help; adding credit does.",
    "budget_spent": "What is left of the budget is too little for this: the message says of which. Ask for less.",
    "content_policy_violation": "OpenAI does not generate this. Ask for something else.",
}
_BY_KIND: tuple[tuple[type[Exception], str], ...] = (
    (openai.RateLimitError, "Too many requests in a short time. Wait a little, and run the cell again."),
    (
        openai.AuthenticationError,
        "OpenAI refused the API key. Look at OPENAI_API_KEY; notebook 01 is about API keys.",
    ),
    (openai.PermissionDeniedError, "This key may not do that. Another model, or another key, may."),
    (openai.NotFoundError, "There is no such model or thing. Look at its name, letter by letter."),
    (openai.BadRequestError, "Something in the request is wrong in itself: the message says what. Mend it."),
    (openai.InternalServerError, "OpenAI has trouble of its own. Wait a little, and run the cell again."),
    (openai.APITimeoutError, "No answer came in time. Run the cell again, or allow more with timeout=."),
    (openai.APIConnectionError, "The connection was lost, or nobody is there. Run the cell again."),
    (openai.APIError, "The answer could not be used. Run the cell again."),
)


def explanation(error: BaseException) -> str:
    """What happened and what helps, in a few lines."""
    if isinstance(error, openai.APIError):
        body = error.body if isinstance(error.body, dict) else {}
        helps = _BY_CODE.get(error.code or "") or next(
            text for kind, text in _BY_KIND if isinstance(error, kind)
        )
        status = f" {error.status_code}" if isinstance(error, openai.APIStatusError) else ""
        who, message = "OpenAI", str(body.get("message") or error.message)
        name = f"{type(error).__name__}{status}" + (f", {error.code}" if error.code else "")
        more = "Notebook 06 is on errors."
    else:
        code = error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""
        who, message, name = "S3", str(error), code or type(error).__name__
        if code:
            helps = "Look at bucket and key."
        elif isinstance(error, (ConnectionError, HTTPClientError)):
            helps = "S3 can't be reached. Run the first cell again, then this one."
        else:  # an argument of another type, credentials that are missing: nothing was sent
            helps = "Something in the call is wrong in itself: the message says what. Mend it."
        more = "Notebook 08 is on S3."
    return f"The call to {who} failed ({name}).\n  It says: {message}\n  What helps: {helps}\n  {more} %tb shows where it happened."


def explain_failures() -> None:
    """From now on, in this notebook. Elsewhere nothing changes."""
    shell = get_ipython()
    if shell is not None:
        shell.set_custom_exc(_EXPLAINED, _explain)  # type: ignore[no-untyped-call]


def _explain(
    shell: Any,
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType | None,
    tb_offset: int | None = None,
) -> list[str]:
    sys.last_type, sys.last_value, sys.last_traceback = kind, error, trace  # what %tb looks at
    lines = explanation(error).splitlines()
    shell._showtraceback(kind, error, lines)
    return lines
