"""Addresses of OpenAI's API that this proxy does not serve, and why: a learner who follows OpenAI's pages reads what to do instead."""

import re

_START = r"(?:/api)?(?:/v1)?(?:/openai)?(?:/v1)?/"
# beginnings of addresses after the version → why, and what there is instead
_REASONS = (
    ("containers", "what code in a container costs is not known before. Run the code in your own notebook"),
    ("uploads", "a file has 8 MB at most, and goes to /v1/files in one piece"),
    (
        "responses/compact",
        "what it costs is not known before. Send fewer turns, or a summary that you asked for yourself",
    ),
    ("images/variations", "OpenAI has retired it. Ask /v1/images/edits"),
    ("edits", "OpenAI has retired it. Ask /v1/chat/completions"),
    ("(?:assistants|threads)", "OpenAI has ended it. Ask /v1/responses, and keep turns in /v1/conversations"),
    ("(?:fine_tuning|fine-tunes|evals|videos)", "what it costs is not known before"),
    (
        "realtime/(?:client_secrets|sessions|transcription_sessions|calls)",
        "a key of the upstream's leaves no proxy. Connect to /v1/realtime with your own token",
    ),
    (
        "audio/(?:voices|voice_consents)",
        "voices belong to the owner of the key. Name one of the API's own in `voice`",
    ),
    (
        "(?:organization|organizations|projects|dashboard|usage)",
        "it belongs to the owner of the key. GET /me says what you used",
    ),
    ("(?:skills|chatkit|webhooks)", "it belongs to the owner of the key"),
    ("engines", "OpenAI has retired it. Ask /v1/models"),
)
_ADDRESSES = [(re.compile(rf"{_START}{begins}(?:/.*)?"), why) for begins, why in _REASONS]


def why(path: str) -> str | None:
    """Why an address of OpenAI's is not served, as the end of a sentence; None if it is none of OpenAI's."""
    return next((reason for address, reason in _ADDRESSES if address.fullmatch(path)), None)
