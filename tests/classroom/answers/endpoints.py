"""Notebook 10."""

import re

import openai


def endpoints():
    def by_pattern(prompt):
        if not re.fullmatch(r"(?s).{1,4000}", prompt or "") or not re.search(r"\S", prompt):
            return "Send a prompt of 1 to 4000 characters."
        return None

    def plain(prompt):
        if not prompt or prompt.isspace():
            return "The prompt is missing."
        return "The prompt is too long." if len(prompt) > 4000 else None

    def collected(prompt):
        problems = []
        if not (prompt or "").strip():
            problems.append("Please write a prompt.")
        if len(prompt or "") > 4000:
            problems.append("Please use at most 4000 characters.")
        return problems[0] if problems else None

    def by_match(error):
        match error:
            case openai.APITimeoutError():
                return 504
            case openai.RateLimitError(code="rate_limit_exceeded"):
                return 429
            case openai.APIError(code="content_policy_violation"):
                return 422
        return 502

    def by_code(error):
        if type(error) is openai.APITimeoutError:
            return 504
        return {"content_policy_violation": 422, "rate_limit_exceeded": 429}.get(error.code, 502)

    def by_status(error):
        if getattr(error, "status_code", None) == 429:
            return 502 if error.code == "insufficient_quota" else 429
        if isinstance(error, openai.BadRequestError):
            return 422
        return 504 if isinstance(error, openai.APITimeoutError) else 502

    return {
        "10.1": (
            [plain, by_pattern, collected],
            [
                (lambda prompt: None, "for None it returns None"),
                (lambda prompt: None if prompt.strip() else "It is blank.", "AttributeError"),
                (lambda prompt: plain(prompt) if prompt != "\n\t" else None, "not a sentence"),
                (lambda prompt: "Write another prompt." if prompt != "a kite" else None, "it refuses"),
                (lambda prompt: False if plain(prompt) else None, "not a sentence"),
            ],
        ),
        "10.2": (
            [by_match, by_code, by_status],
            [
                (lambda error: None, "nothing"),
                (lambda error: 500, "not 429"),
                (lambda error: error.status_code, "not 422"),
                (
                    lambda error: 502 if isinstance(error, openai.APIConnectionError) else by_code(error),
                    "not 504",
                ),
                (
                    lambda error: 429 if isinstance(error, openai.RateLimitError) else by_code(error),
                    "insufficient_quota",
                ),
            ],
        ),
    }
