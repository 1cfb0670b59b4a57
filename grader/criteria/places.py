"""Where in the submission's code to look for what a verdict is about."""

import re

from grader import traces
from grader.criteria.code_places import line_of, routes_of
from grader.criteria.criterion import Verdict
from grader.evidence import Evidence

_ABOUT_THE_ENDPOINT = ("endpoint", "validation", "errors", "openapi")


def where(evidence: Evidence, criterion: str, verdict: Verdict) -> str:
    """ "service/api.py, line 41, in make: KeyError: 'prompt'", or the place of the endpoint's function; empty if unknown.

    What an error's traceback names comes first; then the line that such a verdict is about, where there is one; then the
    function of the operation.
    """
    if verdict.status != "failed":
        return ""
    section = criterion.partition(".")[0]
    if criterion == "tests.pass":
        return next((test.where or test.name for test in evidence.test_run.red), "")
    if criterion == "secrets.not_in_code":
        return next((secret.where for secret in evidence.scans.secrets), "")
    if criterion == "endpoint.starts" and not evidence.offers and evidence.scans.untouched:
        return evidence.scans.untouched[0]
    if section == "endpoint" and not evidence.app.started:
        return traces.origin(evidence.app.log)
    near = [
        miss.exchange for miss in evidence.misses
    ]  # what came nearest to an endpoint says most of what it lacks
    shown = [exchange for exchange in evidence.exchanges if exchange.id in verdict.evidence]
    shown.sort(key=lambda exchange: near.index(exchange.id) if exchange.id in near else len(near))
    for exchange in (
        shown if section != "validation" else ()
    ):  # a check belongs before what fails for want of it
        if origin := traces.origin(exchange.log):
            return origin
    if line := line_of(evidence, criterion, verdict):
        return line
    if section not in _ABOUT_THE_ENDPOINT:
        return ""
    paths = {exchange.place for exchange in shown}
    offers = [offer for offer in evidence.offers if offer.path in paths] or list(evidence.offers)
    named = [
        offer
        for offer in offers
        if re.search(rf"{re.escape(f'{offer.method} {offer.path}')}(?![\w/{{])", verdict.summary)
    ]
    meant = named or offers
    known = "; ".join(dict.fromkeys(offer.code for offer in meant if offer.code))
    return known or routes_of(evidence, dict.fromkeys(offer.path for offer in meant))
