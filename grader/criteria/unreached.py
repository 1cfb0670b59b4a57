"""The verdict where an app starts, and no request to it reached OpenAI."""

from collections import Counter

from grader.criteria import nearest
from grader.criteria.criterion import Verdict, failed
from grader.criteria.reached import asked_for_something_else
from grader.criteria.reported import reported
from grader.evidence import Evidence
from grader.messages import Sentence, joined, sentence


def judge_unreached(evidence: Evidence) -> Verdict:
    """What was tried, what came nearest, and what would let the grader ask; the grader's own limits are no failure."""
    app = evidence.app
    looked = [exchange for exchange in evidence.exchanges if exchange.purpose == "look for what generates"]
    if not looked and not app.operations:
        return failed(
            sentence(
                "The app answers, but it has no operation to try: there is none in its routes or its OpenAPI document."
            )
        )
    answers = Counter(exchange.status for exchange in looked)
    tally = joined(
        [
            sentence("{answer} ({count})", answer=status or sentence("no answer"), count=count)
            for status, count in answers.most_common()
        ],
        ", ",
    )
    tried = len({(exchange.method, exchange.place or exchange.url.partition("?")[0]) for exchange in looked})
    if app.needs:
        return Verdict(
            "not_run",
            sentence(
                "Your app starts, and needs {service} when it is asked, which the grader does not have.{nearest}",
                service=reported(app.needs),
                nearest=nearest.quote_nearest(evidence),
            ),
            advice=(_address(app.needs),) if "." in app.needs and not app.needs.startswith("the ") else (),
        )
    if how := nearest.describe_guard(evidence):
        return Verdict(
            "not_run",
            sentence(
                "Your app starts, and answers {how} to every request that may generate: callers need something that the "
                "grader does not have. {tries}{nearest}",
                how=how,
                tries=nearest.describe_tries(app.presented, app.login),
                nearest=nearest.quote_nearest(evidence),
            ),
            tuple(exchange.id for exchange in looked),
            advice=(nearest.AUTH_LINES,),
        )
    if other := asked_for_something_else(evidence, looked, nearest.quote_nearest(evidence)):
        return other
    none = sentence(
        "None of {requests} to {operations} reached OpenAI{answers}.{nearest}",
        requests=_requests(len(looked)),
        operations=_operations(tried),
        answers=sentence(" (answers: {tally})", tally=tally) if tally else "",
        nearest=nearest.quote_nearest(evidence),
    )
    silent = sentence("No module that your app imports mentions OpenAI.")
    return failed(
        none if app.mentions_openai else joined([silent, none], " "),
        tuple(exchange.id for exchange in looked),
        advice=(nearest.manifest_lines(evidence),),
    )


def _address(service: str) -> Sentence:
    return sentence(
        "Your client is given the address of {service}. Leave it out, or take it from OPENAI_BASE_URL: then the same code asks "
        "OpenAI, the grader's stand-in, or another service.",
        service=service,
    )


def _requests(number: int) -> Sentence:
    return sentence("1 request") if number == 1 else sentence("{count} requests", count=number)


def _operations(number: int) -> Sentence:
    return sentence("1 operation") if number == 1 else sentence("{count} operations", count=number)
