"""What was used, as metrics."""

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from classroom.proxy.books.ledger import Ledger, Line
from classroom.proxy.rules.events import NANO


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
