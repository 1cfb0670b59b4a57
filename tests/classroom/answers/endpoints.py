"""Notebook 11."""

import http
import re

import openai
import pydantic


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

    class Validator:
        def __call__(self, prompt):
            try:
                return self.problem(prompt.strip(), len(prompt))
            except AttributeError:
                return "A prompt is needed."

        def problem(self, words, length):
            if length > 4000:
                return f"{length} characters are too many."
            return None if words else "The prompt is blank."

    def by_recursion(prompt, rules=(lambda p: p is None, str.isspace, lambda p: not 0 < len(p) <= 4000)):
        if not rules:
            return None
        return "Send 1 to 4000 characters." if rules[0](prompt) else by_recursion(prompt, rules[1:])

    class Prompt(pydantic.BaseModel):
        prompt: str = pydantic.Field(min_length=1, max_length=4000, pattern=r"\S")

    def by_pydantic(prompt):
        try:
            Prompt(prompt=prompt)
        except pydantic.ValidationError as error:
            return f"Change the prompt: {error.errors()[0]['msg']}"

    def by_table(error):
        table = ((openai.APITimeoutError, None, 504), (openai.RateLimitError, "rate_limit_exceeded", 429))
        for kind, code, status in (*table, (openai.BadRequestError, "content_policy_violation", 422)):
            if isinstance(error, kind) and code in (None, error.code):
                return status
        return 502

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
        if isinstance(error, openai.BadRequestError) and error.code == "content_policy_violation":
            return 422
        return 504 if isinstance(error, openai.APITimeoutError) else 502

    return {
        "11.1": (
            [
                plain,
                by_pattern,
                collected,
                lambda prompt: (
                    None
                    if len((prompt or "").strip()) > 0 and len(prompt) <= 4000
                    else "Please change the prompt."
                ),
                Validator(),
                by_recursion,
                by_pydantic,
            ],
            [
                (print, "It does not say what to change"),
                (lambda prompt: "Write another prompt.", "a prompt that is fine"),
                (lambda prompt: plain(prompt) or "", "a prompt that is fine"),
                (lambda prompt: plain((prompt or "")[:4000]), "does not say what to change"),
                (lambda prompt: plain(prompt) if len(prompt or "x" * 5000) != 4001 else None, "does not say"),
                (lambda prompt: bool(plain(prompt)), ""),
                (lambda prompt: None, "does not say what to change"),
                (lambda prompt: None if prompt.strip() else "It is blank.", ""),
                (lambda prompt: plain(prompt) if prompt != "\n\t" else None, "does not say what to change"),
                (
                    lambda prompt: "Write another prompt." if prompt != "a kite" else None,
                    "a prompt that is fine",
                ),
                (lambda prompt: False if plain(prompt) else None, "something other than a sentence"),
            ],
        ),
        "11.2": (
            [
                by_match,
                by_code,
                by_status,
                lambda error: http.HTTPStatus(by_code(error)),
                by_table,
                lambda error: by_status(error) if hasattr(error, "status_code") else by_match(error),
            ],
            [
                (lambda error: None, "It returns nothing so far"),
                (lambda error: 500, "Another status"),
                (lambda error: error.status_code, "status_for("),
                (lambda error: str(by_code(error)), "Another status"),
                (lambda error: print(by_code(error)), "It prints something"),
                (lambda error: error.response.status_code, "status"),
                (
                    lambda error: 502 if isinstance(error, openai.APIConnectionError) else by_code(error),
                    "Expected: 504",
                ),
                (
                    lambda error: 429 if isinstance(error, openai.RateLimitError) else by_code(error),
                    "insufficient_quota",
                ),
                (
                    lambda error: 422 if isinstance(error, openai.BadRequestError) else by_code(error),
                    "unknown_parameter",
                ),
            ],
        ),
    }
