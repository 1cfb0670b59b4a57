"""The proxy's own refusals in OpenAI's error shape: the rule, its limit, and when it ends."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from classroom.proxy.rules.events import NANO, Event
from classroom.standin.incoming.errors import APIError

_TYPES = {
    str: "a string",
    int: "an integer",
    float: "a decimal number",
    bool: "a boolean",
    list: "an array",
    dict: "an object",
    type(None): "null",
}
_HANG_UP = {"connection": "close"}  # the rest of the body is not waited for


def _refused(
    status: int, code: str, message: str, kind: str, headers: Mapping[str, str] | None = None
) -> APIError:
    return APIError(status, message, kind, code=code, headers=dict(headers or {}))


def no_token() -> APIError:
    """401: nothing that could be a token."""
    return _refused(
        401,
        "token_missing",
        "Send your token, event-code/user, in the header openai-event-code, api-key, or Authorization: Bearer.",
        "authentication_error",
    )


def two_tokens() -> APIError:
    """401: headers that contradict each other."""
    return _refused(
        401, "token_ambiguous", "Two headers bear different tokens. Send one.", "authentication_error"
    )


def unknown_event() -> APIError:
    """401: no such code."""
    return _refused(
        401, "event_unknown", "There is no event of that code. Ask your instructor.", "authentication_error"
    )


def unknown_attendee() -> APIError:
    """401: the event is closed, and this is none of its attendees."""
    return _refused(
        401,
        "attendee_unknown",
        "This event takes only its attendees, by the token that each was given. Ask your instructor.",
        "authentication_error",
    )


def not_started(event: Event) -> APIError:
    """401: too early."""
    return _refused(
        401,
        "event_not_started",
        f"The event {event.code} starts at {event.local_time(event.starts)}.",
        "authentication_error",
    )


def ended(event: Event) -> APIError:
    """401: too late."""
    return _refused(
        401,
        "event_ended",
        f"The event {event.code} ended at {event.local_time(event.ends)}.",
        "authentication_error",
    )


def paused(event: Event) -> APIError:
    """401: the instructor has interrupted the event."""
    return _refused(
        401,
        "event_paused",
        f"The event {event.code} is paused. It goes on when your instructor says so.",
        "authentication_error",
    )


def guessing(seconds: int) -> APIError:
    """429: too many wrong tokens of one name."""
    return _refused(
        429,
        "too_many_attempts",
        f"This token is wrong, and too many wrong ones of this name came before it. Try again in {seconds} seconds, "
        "or with the right one at once.",
        "requests",
        {"retry-after": str(seconds)},
    )


def model_not_allowed(event: Event, asked: str | None, allowed: list[str]) -> APIError:
    """403: not on the event's list."""
    return _refused(
        403,
        "model_not_allowed",
        f"The event {event.code} does not offer {asked or 'a model'} for this. It offers: {', '.join(allowed) or 'none'}.",
        "permission_error",
    )


def unpriced(model: str) -> APIError:
    """403: what has no known price is not given away."""
    return _refused(
        403,
        "model_unpriced",
        f"No price is known for {model}, so it can't be counted, and is not offered.",
        "permission_error",
    )


def too_many_tokens(event: Event, parameter: str, asked: int) -> APIError:
    """400: a longer answer than the event allows."""
    return APIError(
        400,
        f"{parameter} is {asked}; the event {event.code} allows at most {event.max_tokens}.",
        param=parameter,
        code="max_tokens_exceeded",
    )


def daily_cap(event: Event, now: datetime, requests: int = 1, left: int = 0) -> APIError:
    """429: as many requests as a day has; or a batch of more than are left."""
    resets = event.next_day(now)
    what = f"You have made the {event.daily_requests} requests that the event {event.code} allows in a day. "
    if left:
        what = f"This batch has {requests} requests, and {left} are left of the {event.daily_requests} that the event {event.code} allows in a day. "
    return _refused(
        429,
        "daily_cap_reached",
        what + f"The next day begins at {event.local_time(resets)}.",
        "requests",
        {"retry-after": str(max(1, int((resets - now).total_seconds()))), "x-should-retry": "false"},
    )


def spent(event: Event, budget: int, whose: str) -> APIError:
    """429: the money is used up, or what is left would not cover this request."""
    return _refused(
        429,
        "budget_spent",
        f"What is left of the budget of ${budget / NANO:g} for {whose} does not cover this request. It holds "
        f"until the event ends, at {event.local_time(event.ends)}.",
        "insufficient_quota",
        {"x-should-retry": "false"},
    )


def over_own_cap(event: Event, amount: int) -> APIError:
    """429: what is left of one's own cap does not cover this request."""
    return _refused(
        429,
        "budget_spent",
        f"This request may cost ${amount / NANO:.2f}, and less is left of your cap of "
        f"${(event.event_budget or 0) / NANO:g} for today. Ask for less, or set LAB_BUDGET_USD to more.",
        "insufficient_quota",
        {"x-should-retry": "false"},
    )


def upstream_failed(why: str, *, charged: bool = False) -> APIError:
    """503: OpenAI could not be reached, or failed. `charged`: it had the request, and may ask money for it."""
    money = "It had begun to work, so the request was charged." if charged else "Nothing was charged."
    return _refused(
        503,
        "upstream_failed",
        f"The service behind this proxy {why}. {money} Try again.",
        "server_error",
        {"x-should-retry": "false"} if charged else None,  # no program spends it again by itself
    )


def hub_failed() -> APIError:
    """503: the JupyterHub that knows whose token it is gives no answer."""
    return _refused(
        503,
        "hub_failed",
        "The JupyterHub that knows your token can't be asked now. Nothing was charged. Try again, or tell your instructor.",
        "server_error",
    )


def too_large(limit: int) -> APIError:
    """413: a body that is larger than any lab needs."""
    return APIError(
        413, f"The request is larger than {limit // 1024**2} MB.", code="request_too_large", headers=_HANG_UP
    )


def too_slow() -> APIError:
    """408: a body that does not arrive."""
    return APIError(408, "The request did not arrive in time.", code="request_too_slow", headers=_HANG_UP)


def no_such_address(method: str, path: str, why: str | None = None) -> APIError:
    """404: not a route of this proxy; `why`, if it is one of OpenAI's."""
    if why is not None:
        return APIError(404, f"This proxy does not serve {method} {_shown(path)}: {why}.", code="not_served")
    return APIError(404, f"Unknown request URL: {method} {path[:200]}.", code="unknown_url")


def unreadable(why: str) -> APIError:
    """400: a body that can't be read."""
    return APIError(400, f"The request could not be read: {why}.", code="invalid_body")


def unknown_field(at: str) -> APIError:
    """400: a field that this proxy does not know; nothing that is not understood goes upstream."""
    return APIError(400, f"Unknown parameter: '{_shown(at)}'.", param=at, code="unknown_parameter")


def missing_field(at: str) -> APIError:
    """400: a field that must be there."""
    return APIError(400, f"Missing required parameter: '{at}'.", param=at, code="missing_required_parameter")


def wrong_type(at: str, wanted: str, value: Any) -> APIError:
    """400: a value of another JSON type than the field's."""
    found = _TYPES.get(type(value), "a file")
    return APIError(
        400,
        f"Invalid type for '{_shown(at)}': expected {wanted}, but got {found} instead.",
        param=at,
        code="invalid_type",
    )


def wrong_value(at: str, why: str, code: str = "invalid_value") -> APIError:
    """400: the right type, and no value of that field; `why` is a clause."""
    return APIError(400, f"Invalid value for '{_shown(at)}': {why}.", param=at, code=code)


def not_offered(at: str, why: str) -> APIError:
    """400: of the API, and not offered through this proxy."""
    return APIError(
        400,
        f"'{_shown(at)}' is not offered through this proxy: {why}.",
        param=at,
        code="parameter_not_offered",
    )


def no_sound(why: str) -> APIError:
    """400: a recording whose length can't be measured, so that it can't be counted."""
    return APIError(400, f"The recording was rejected: {why}.", param="file", code="invalid_audio")


def too_many_sounds() -> APIError:
    """429: one attendee has more recordings measured at once than there is room for."""
    return _refused(
        429,
        "too_many_recordings",
        "You have sent several recordings at once. Wait for an answer before you send the next.",
        "requests",
        {"retry-after": "2"},
    )


def unknown_response(at: str, id: str) -> APIError:
    """400: nothing that this attendee stored. It is the same answer whether it is another's or nobody's."""
    return APIError(
        400,
        f"'{at}' names {_shown(id)}, which was not made by you through this proxy. Send the conversation itself instead.",
        param=at,
        code="previous_response_not_found" if at == "previous_response_id" else "identifier_not_found",
    )


def apart(at: str) -> APIError:
    """400: things that different upstreams stored can't be named together."""
    return APIError(
        400,
        f"'{_shown(at)}' and another field name answers that are kept in different places. Send the conversation itself instead.",
        param=at,
        code="identifiers_apart",
    )


def nothing_stored(what: str, id: str) -> APIError:
    """404: nothing that this attendee stored. It is the same answer whether it is another's or nobody's."""
    return APIError(404, f"No {what} with the id '{_shown(id)}' was found among yours.", code="not_found")


def unknown_cursor(name: str, id: str) -> APIError:
    """400: a place in a list that has no such thing. It is the same answer whether it is another's or nobody's."""
    return wrong_value(name, f"no item of this list has the id '{_shown(id)}'")


def too_many_kept(what: str, most: int) -> APIError:
    """400: an attendee keeps as many of a kind as one may."""
    name = what.rpartition(" ")[2]
    return APIError(
        400, f"You keep {most} {what}, which is the most. Delete one first.", code=f"too_many_{name}"
    )


def _shown(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode()[:120]


def too_many_sessions(most: int) -> APIError:
    """429: one attendee has as many Realtime sessions open as there is room for."""
    return _refused(
        429,
        "too_many_sessions",
        f"You have {most} Realtime sessions open. Close one before you open the next.",
        "requests",
        {"retry-after": "2"},
    )


def full(event: Event) -> APIError:
    """403: as many names as the event takes have come."""
    return _refused(
        403,
        "event_full",
        f"The event {event.code} takes {event.most_attendees} names, and that many have come. Use the name that you "
        "had before, or ask your instructor.",
        "permission_error",
    )


def too_many_names(event: Event, seconds: int) -> APIError:
    """429: too many new names from one address."""
    return _refused(
        429,
        "too_many_names",
        f"Too many new names came to the event {event.code} from your address. Use the name that you had before, or "
        f"try again in {seconds} seconds.",
        "requests",
        {"retry-after": str(seconds)},
    )


def own_fault() -> APIError:
    """500: the proxy itself failed. What went wrong is in its log."""
    return _refused(500, "proxy_failed", "The proxy itself failed. Tell your instructor.", "server_error")
