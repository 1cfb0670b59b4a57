"""Where requests came to OpenAI, and to nothing there that generates: what that says of the app, and of the stand-in."""

from collections.abc import Iterable, Sequence

from grader.criteria.criterion import Verdict, failed, not_run
from grader.evidence import Evidence, Exchange
from grader.messages import Sentence, sentence

_MOST_NAMED = 3


def asked_for_something_else(
    evidence: Evidence, looked: Sequence[Exchange], nearest: Sentence | str
) -> Verdict | None:
    """A verdict where OpenAI was asked for what makes no file; None where it was not asked at all.

    A route that the stand-in does not have is a limit of the grader's: it answers 404 there, without a code.
    """
    calls = [call for exchange in looked for call in evidence.calls_of(exchange.id) if call.kind is None]
    unknown = [call for call in calls if call.status == 404 and call.error_code is None]
    ids = tuple(call.id for call in unknown or calls)
    if unknown:
        return not_run(
            sentence(
                "Your app asks OpenAI for {routes}, which the grader's stand-in for OpenAI does not have. What your app would have "
                "made could not be seen.{nearest}",
                routes=_named(call.route for call in unknown),
                nearest=nearest,
            )
        )
    if calls:
        return failed(
            sentence(
                "OpenAI was asked for {routes} alone, which generates nothing.{nearest}",
                routes=_named(call.route for call in calls),
                nearest=nearest,
            ),
            ids,
        )
    return None


def _named(routes: Iterable[str]) -> Sentence | str:
    listed = list(dict.fromkeys(routes))
    named = ", ".join(f"/{each}" for each in listed[:_MOST_NAMED])
    if len(listed) <= _MOST_NAMED:
        return named
    return sentence("{routes} and {count} more", routes=named, count=len(listed) - _MOST_NAMED)
