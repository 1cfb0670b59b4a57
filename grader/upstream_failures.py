"""The criteria on failures of OpenAI and S3: the one place that declares them.

Each says what is injected while an ordinary request is under way, and what a caller may expect then. The questions
(`grader.collect.questioning.probes`), the verdicts (`grader.criteria.errors`), the points (`errors.*` in a rubric) and the lists on pages
(`course.generated`) are made from it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Place = Literal["openai", "picture", "s3"]

SECTION = "errors"


@dataclass(frozen=True)
class Injection:
    """One thing that goes wrong.

    Attributes:
        asked: what it is, in words that begin a sentence about the app's answer.
        fault: how the stand-in makes it, as arguments of its `fail`.
        at: OpenAI's API, the address of a picture that OpenAI made, or S3.
        slow: whether it takes time rather than work: it is injected for every kind at once, while the tests run.
        may_succeed: whether a good answer is right in spite of it.
    """

    asked: str
    fault: Mapping[str, Any]
    at: Place = "openai"
    slow: bool = False
    may_succeed: bool = False


@dataclass(frozen=True)
class UpstreamFailure:
    """One criterion.

    Attributes:
        name: its identifier, without the section.
        title, hint: what learners read.
        short: what fails, in a few words for a list.
        usual: the statuses that tell a caller what to do, the clearest first; any other from 400 on passes, with advice.
        clear: a sentence that an answer could say.
        injections: what goes wrong, in the order in which it is injected.
        may_store: whether something may be stored all the same.
    """

    name: str
    title: str
    hint: str
    short: str
    usual: tuple[int, ...]
    clear: str
    injections: tuple[Injection, ...] = field(default=())
    may_store: bool = False

    @property
    def id(self) -> str:
        """The criterion's identifier."""
        return f"{SECTION}.{self.name}"


UPSTREAM_FAILURES: tuple[UpstreamFailure, ...] = (
    UpstreamFailure(
        "rate_limit",
        "OpenAI's rate limit is reported to the caller",
        "Which exception does the SDK raise on 429? What may your caller do about it?",
        "OpenAI's rate limit",
        (429, 503),
        "“Too many requests are under way. Try again in a minute.”",
        (Injection("OpenAI says: too many requests (429)", {"status": 429}),),
    ),
    UpstreamFailure(
        "quota",
        "A used-up quota is reported to the caller",
        "It is a 429, too, but waiting does not help: look at the error's code.",
        "a used-up quota",
        (429, 402, 502, 503),
        "“This service has used up its quota. Its owner has to act.”",
        (
            Injection(
                "OpenAI says: the quota is used up (429 insufficient_quota)", {"code": "insufficient_quota"}
            ),
        ),
    ),
    UpstreamFailure(
        "bad_key",
        "A refused key is reported as your fault, not the caller's",
        "Which exception is a 401 from OpenAI? Whose fault is it?",
        "a refused key",
        (502, 503),
        "“This service is not set up correctly. Its owner has to act.”",
        (Injection("OpenAI refuses the key (401)", {"status": 401}),),
    ),
    UpstreamFailure(
        "content_policy",
        "The caller learns that OpenAI refused the prompt",
        "Only the caller can fix this one: say that the prompt was refused.",
        "a refused prompt",
        (400, 422, 403),
        "“OpenAI refused this prompt. Change its words.”",
        (
            Injection(
                "OpenAI refuses the prompt (400 content_policy_violation)",
                {"code": "content_policy_violation"},
            ),
        ),
    ),
    UpstreamFailure(
        "server_error",
        "A failure of OpenAI is reported to the caller",
        "openai.APIError is the parent of all that the SDK raises.",
        "a failure of OpenAI",
        (502, 503),
        "“OpenAI could not answer. Try again later.”",
        (Injection("OpenAI fails (500)", {"status": 500}),),
    ),
    UpstreamFailure(
        "timeout",
        "A silent OpenAI does not hang your app",
        "How long does the SDK wait by default? Look for timeout= and max_retries=. "
        "No timeout= bounds a Realtime connection: put asyncio.wait_for around the whole of it.",
        "a silent OpenAI",
        (504, 503),
        "“OpenAI did not answer in time. Try again later.”",
        (Injection("OpenAI never answers", {"effect": "hang", "seconds": 45.0}, slow=True),),
    ),
    UpstreamFailure(
        "malformed",
        "An answer that is not what the API promises is not stored",
        "Who says that a 200 holds a picture? What if the body is no JSON, or a web page?",
        "an answer that is not what was promised",
        (502, 503),
        "“OpenAI's answer could not be read. Try again later.”",
        (
            Injection("OpenAI's body breaks off in the middle", {"effect": "malformed"}),
            Injection("OpenAI sends a page of HTML instead", {"effect": "wrong_type"}),
            Injection("the address of OpenAI's picture answers 404", {"status": 404}, "picture"),
            Injection(
                "the address of OpenAI's picture answers with a page of HTML",
                {"effect": "wrong_type"},
                "picture",
            ),
        ),
    ),
    UpstreamFailure(
        "empty_result",
        "An empty result is not stored",
        "What would your endpoint store if OpenAI's answer had nothing in it?",
        "an empty answer",
        (502, 503, 422),
        "“OpenAI's answer was empty. Try again, or change the prompt.”",
        (Injection("OpenAI's result is empty", {"effect": "empty"}),),
    ),
    UpstreamFailure(
        "storage_down",
        "An unreachable S3 is reported to the caller",
        "Which exceptions does boto3 raise when the bucket is gone or S3 is silent?",
        "S3 out of reach",
        (502, 503, 507),
        "“The file could not be stored. Try again later.”",
        (
            Injection("the bucket is gone", {"code": "NoSuchBucket"}, "s3"),
            Injection("S3 denies access", {"code": "AccessDenied"}, "s3"),
            Injection("S3 hangs up", {"effect": "unreachable"}, "s3"),
            Injection(
                "S3 takes 3 seconds for each request",
                {"effect": "slow", "seconds": 3.0},
                "s3",
                slow=True,
                may_succeed=True,  # waiting is right, and so is giving up in time
            ),
        ),
        may_store=True,
    ),
)
BY_ID: Mapping[str, UpstreamFailure] = {failure.id: failure for failure in UPSTREAM_FAILURES}


def injections(at: Place) -> Iterator[tuple[str, Injection]]:
    """What is injected at a place and takes no time, each with the criterion that it is for."""
    for failure in UPSTREAM_FAILURES:
        yield from ((failure.id, each) for each in failure.injections if each.at == at and not each.slow)


def slow_injections() -> Iterator[tuple[str, Injection]]:
    """What takes its time, each with the criterion that it is for."""
    for failure in UPSTREAM_FAILURES:
        yield from ((failure.id, each) for each in failure.injections if each.slow)
