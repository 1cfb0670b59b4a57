"""Client mistakes visible in the journal, such as retries that can't help.

Rules: https://developers.openai.com/api/docs/guides/rate-limits (retry with backoff, honour Retry-After) and
https://developers.openai.com/api/docs/guides/error-codes (which errors pass, which stay).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from classroom.standin.records.calls import Call

Rule = Literal["ignored_retry_after", "retried_refusal", "retried_quota", "hammered"]

_TOLERANCE = 0.01  # seconds: clocks and schedulers are not exact
_PERSISTENT = 6  # the same request that often in a row, always refused, is no longer patience


@dataclass(frozen=True)
class Verdict:
    """One thing a client did wrong.

    Attributes:
        rule: which rule it broke.
        calls: the identifiers of the calls that show it, in order.
        sentence: what was seen.
    """

    rule: Rule
    calls: tuple[str, ...]
    sentence: str


def judge(calls: Sequence[Call]) -> list[Verdict]:
    """Every rule broken, in the order of the calls that broke it."""
    found = [
        verdict for earlier, later in _repeats(calls) for rule in _RULES if (verdict := rule(earlier, later))
    ]
    return found + _hammered(calls)


def _identity(call: Call) -> tuple[str, str, str | None, str]:
    return call.method, call.path, call.key, repr(call.body)


def _repeats(calls: Sequence[Call]) -> list[tuple[Call, Call]]:
    """Each refused call with the next one that asks the same."""
    latest: dict[tuple[str, str, str | None, str], Call] = {}
    out = []
    for call in calls:
        before = latest.get(_identity(call))
        if before is not None and before.status >= 400:
            out.append((before, call))
        latest[_identity(call)] = call
    return out


def _ignored_retry_after(earlier: Call, later: Call) -> Verdict | None:
    waited = later.at - earlier.at
    if earlier.retry_after is None or waited + _TOLERANCE >= earlier.retry_after:
        return None
    return Verdict(
        "ignored_retry_after",
        (earlier.id, later.id),
        f"ignored Retry-After: {earlier.route} asked to wait {earlier.retry_after:g} s "
        f"and was asked again after {waited:.2f} s",
    )


def _retried_refusal(earlier: Call, later: Call) -> Verdict | None:
    # 408, 409 and 429 pass with time; the SDK retries them too
    if not 400 <= earlier.status < 500 or earlier.status in (408, 409, 429):
        return None
    return Verdict(
        "retried_refusal",
        (earlier.id, later.id),
        f"retried a {earlier.status}: the same request to {earlier.route} was sent again unchanged",
    )


def _retried_quota(earlier: Call, later: Call) -> Verdict | None:
    if earlier.error_code != "insufficient_quota":
        return None
    return Verdict(
        "retried_quota",
        (earlier.id, later.id),
        "retried insufficient_quota: the account has no money left, and waiting adds none",
    )


_RULES: tuple[Callable[[Call, Call], Verdict | None], ...] = (
    _ignored_retry_after,
    _retried_refusal,
    _retried_quota,
)


def _hammered(calls: Sequence[Call]) -> list[Verdict]:
    runs: dict[tuple[str, str, str | None, str], list[Call]] = {}
    out = []
    for call in calls:
        run = runs.setdefault(_identity(call), [])
        if call.status < 400:
            run.clear()
            continue
        run.append(call)
        if len(run) == _PERSISTENT:
            out.append(
                Verdict(
                    "hammered",
                    tuple(each.id for each in run),
                    f"asked {call.route} the same {_PERSISTENT} times in a row, though it was refused each time",
                )
            )
    return out
