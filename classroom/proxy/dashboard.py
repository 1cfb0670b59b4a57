"""What the instructor looks at: who used what, live; the same as metrics. And a page for who comes by chance."""

from html import escape

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from classroom.proxy.events import NANO, Event
from classroom.proxy.ledger import Ledger, Line

_HEAD = (
    "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width, initial-scale=1'>"
    "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    "{refresh}<title>Class proxy</title><style>:root{{color-scheme:light dark}}body{{font:16px/1.5 system-ui,sans-serif;"
    "max-width:64rem;margin:0 auto;padding:1.5rem 1rem}}table{{border-collapse:collapse;width:100%}}"
    "th,td{{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #8888}}.n{{text-align:right;"
    "font-variant-numeric:tabular-nums}}</style><main>"
)


def welcome() -> bytes:
    """For whoever opens the proxy's address in a browser."""
    text = (
        _HEAD.format(refresh="")
        + "<h1>Class proxy</h1><p>Programs call OpenAI's API through here, with the token of an event: "
        "<code>event-code/your-name</code>. Your instructor has yours.</p><p><code>GET /me</code> tells what is left.</p>"
        "</main></html>"
    )
    return text.encode()


def overview(ledger: Ledger) -> bytes:
    """Every event and what each of its attendees used; loads itself anew every five seconds."""
    parts = [_HEAD.format(refresh="<meta http-equiv=refresh content=5>"), "<h1>Class proxy</h1>"]
    for event, spent in ledger.events():
        parts.append(_event(event, spent, ledger.report(event.code)))
    if len(parts) == 2:
        parts.append("<p>There is no event yet: <code>classroom proxy event add</code>.</p>")
    return "".join([*parts, "</main></html>"]).encode()


def _event(event: Event, spent: int, lines: list[Line]) -> str:
    budget = f" of ${event.event_budget / NANO:g}" if event.event_budget is not None else ""
    rows = "".join(
        f"<tr><th scope=row>{escape(line.attendee)}</th><td>{escape(line.model)}</td><td class=n>{line.requests}</td>"
        f"<td class=n>{line.failed}</td><td class=n>{line.input_tokens}</td><td class=n>{line.output_tokens}</td>"
        f"<td class=n>{line.cost / NANO:.6f}</td></tr>"
        for line in lines
    )
    heads = "".join(
        f"<th scope=col{'' if name in ('Who', 'Model') else ' class=n'}>{name}</th>"
        for name in ("Who", "Model", "Requests", "Failed", "Tokens in", "Tokens out", "US dollars")
    )
    return (
        f"<h2>{escape(event.code)}</h2><p>{escape(event.told(event.starts))} to {escape(event.told(event.ends))}, "
        f"${spent / NANO:.6f}{budget} spent, prompts are {'kept' if event.keeps_prompts else 'not kept'}.</p>"
        f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    )


class _Books(Collector):
    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def collect(self) -> list[CounterMetricFamily]:
        """By event and model: no names of learners leave in metrics."""
        labels = ["event", "model"]
        requests = CounterMetricFamily("class_proxy_requests", "Calls that were admitted.", labels=labels)
        failed = CounterMetricFamily("class_proxy_failed", "Calls that the upstream failed.", labels=labels)
        tokens = CounterMetricFamily("class_proxy_tokens", "Tokens.", labels=[*labels, "direction"])
        money = CounterMetricFamily("class_proxy_cost_usd", "US dollars.", labels=labels)
        for event, _ in self._ledger.events():
            by_model: dict[str, list[Line]] = {}
            for line in self._ledger.report(event.code):
                by_model.setdefault(line.model, []).append(line)
            for model, lines in by_model.items():
                which = [event.code, model]
                requests.add_metric(which, sum(line.requests for line in lines))
                failed.add_metric(which, sum(line.failed for line in lines))
                tokens.add_metric([*which, "in"], sum(line.input_tokens for line in lines))
                tokens.add_metric([*which, "out"], sum(line.output_tokens for line in lines))
                money.add_metric(which, sum(line.cost for line in lines) / NANO)
        return [requests, failed, tokens, money]


def metrics(ledger: Ledger) -> tuple[bytes, str]:
    """Prometheus' text format, and its media type."""
    registry = CollectorRegistry()
    registry.register(_Books(ledger))
    return generate_latest(registry), CONTENT_TYPE_LATEST
