"""A class that all comes at once: two proxy processes on PostgreSQL, a failing upstream, learners who hang up. Sums must agree.

    python -m tests.proxy.test_load [--learners 200] [--kill]

Each learner makes 5 requests against a cap of 3 a day; one in five calls upstream fails; a quarter of the requests are streams
that their learner hangs up on. With --kill, one of the two proxies is killed in the middle. Needs PostgreSQL; takes a minute.
"""

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import openai
import pytest

from classroom import OpenAIMock
from classroom.loopback import bind
from classroom.proxy.books.database import connect
from classroom.proxy.books.ledger import LEASE_SECONDS, Ledger
from classroom.proxy.rules.events import NANO
from tests.proxy import conftest

CAP, ASKED = 3, 5
CHAT = {
    "model": "gpt-5.4-mini",
    "messages": [{"role": "user", "content": "Say hello to everyone in the class."}],
}


def free_port() -> int:
    with bind() as listener:
        return int(listener.getsockname()[1])


def proxy(database: str, upstream: str) -> tuple[subprocess.Popen[bytes], str]:
    """One process, as an instructor starts it."""
    port = free_port()
    command = [str(Path(sys.executable).parent / "classroom"), "proxy", "serve", "--upstream", "openai"]
    environment = {**os.environ, "OPENAI_API_KEY": conftest.KEY, "OPENAI_BASE_URL": upstream}
    process = subprocess.Popen(
        [*command, "--port", str(port), "--database", database], env=environment, stdout=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    while True:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{url}/healthz").status_code == 200:
                return process, url
        assert process.poll() is None
        time.sleep(0.05)


def one(url: str, learner: int, number: int) -> str:
    """What a learner sees of one request."""
    body = {**CHAT, "stream": number % 4 == 0}
    headers = {"api-key": f"load/learner-{learner:03}"}
    try:
        with httpx.stream(
            "POST", f"{url}/v1/chat/completions", headers=headers, json=body, timeout=60
        ) as answer:
            if answer.status_code == 200 and body["stream"]:
                next(answer.iter_raw())
                return "hung up"
            answer.read()
            return "answered" if answer.status_code == 200 else str(answer.json()["error"]["code"])
    except httpx.HTTPError as error:
        return type(error).__name__


def run(database: str, learners: int, *, kill: bool = False) -> dict[str, object]:
    """The whole class; what was seen, and whether the sums agree."""
    ledger = Ledger(connect(database))
    now = datetime.now(UTC)
    event = conftest.an_event(
        "load",
        daily_requests=CAP,
        starts=now - timedelta(hours=1),
        ends=now + timedelta(hours=1),
        most_attendees=learners,
        names_per_hour=learners,
    )
    ledger.add(event)
    random.seed(7)
    with OpenAIMock() as upstream, contextlib.ExitStack() as stack:
        stack.callback(ledger.close)
        for after in range(0, learners * ASKED, 5):
            upstream.fail(status=500, after=after, times=1)
        running = [proxy(database, upstream.base_url) for _ in range(2)]
        for process, _ in running:
            stack.callback(process.wait, 30)
            stack.callback(process.send_signal, signal.SIGTERM)
        orders = [(learner, number) for learner in range(learners) for number in range(ASKED)]
        random.shuffle(orders)

        def ask(at: int) -> str:
            learner, number = orders[at]
            if kill and at == len(orders) // 2:
                running[0][0].kill()
            return one(running[at % 2 if not kill or at < len(orders) // 2 else 1][1], learner, number)

        with ThreadPoolExecutor(max_workers=32) as pool:
            seen = Counter(pool.map(ask, range(len(orders))))
        deadline = time.monotonic() + 2 * LEASE_SECONDS
        while _open(ledger, learners) and time.monotonic() < deadline:
            time.sleep(0.5)
        lines = ledger.report("load")
        standings = [ledger.standing(event, f"learner-{number:03}") for number in range(learners)]
        charged = sum(line.cost for line in lines)
        return {
            "seen": dict(seen),
            "admitted": sum(line.requests for line in lines),
            "failed": sum(line.failed for line in lines),
            "counted": sum(standing.requests for standing in standings),
            "most of one learner": max(standing.requests for standing in standings),
            "left reserved": sum(standing.reserved for standing in standings),
            "charged": charged / NANO,
            "charged to learners": sum(standing.spent for standing in standings) / NANO,
            "the event's sum": {made.code: spent for made, spent in ledger.events()}["load"] / NANO,
            "the stand-in reckons": float(upstream.calls.cost),
            "calls upstream": len(upstream.calls),
            "of them failed": len(upstream.calls.refused()),
        }


def _open(ledger: Ledger, learners: int) -> bool:
    event = ledger.event("load")
    assert event is not None
    return any(ledger.standing(event, f"learner-{number:03}").reserved for number in range(learners))


def agrees(totals: dict[str, object], *, killed: bool = False) -> list[str]:
    """What does not add up."""
    wrong = []
    if totals["left reserved"]:
        wrong.append("something is still reserved")
    if totals["most of one learner"] != CAP:
        wrong.append("the cap did not hold")
    if totals["charged"] != totals["charged to learners"] or totals["charged"] != totals["the event's sum"]:
        wrong.append("the books contradict each other")
    if int(totals["admitted"]) - int(totals["failed"]) != totals["counted"]:  # type: ignore[call-overload]
        wrong.append("requests were lost")
    difference = float(totals["charged"]) - float(totals["the stand-in reckons"])  # type: ignore[arg-type]
    if difference < 0 or (not killed and difference > 1e-6):
        wrong.append("what was charged is not what was used")
    if not killed and totals["admitted"] != totals["calls upstream"]:
        wrong.append("calls were made that nobody admitted, or the other way round")
    return wrong


def test_a_class_at_once_adds_up(postgres):
    totals = run(postgres, 20)
    assert agrees(totals) == [], totals


def test_a_batch_outlives_the_proxy_that_began_it(tmp_path):
    """It is neither lost nor charged twice when that proxy is killed, and another one settles it."""
    database = str(tmp_path / "proxy.sqlite")
    ledger = Ledger(connect(database))
    event = conftest.an_event("load")
    ledger.add(event)
    body = {"model": "gpt-5.4-mini", "input": "Say hello.", "max_output_tokens": 50}
    lines = [{"custom_id": f"{at}", "url": "/v1/responses", "body": body} for at in range(3)]
    content = "".join(json.dumps(line) + "\n" for line in lines).encode()
    with OpenAIMock() as upstream, contextlib.ExitStack() as stack:
        stack.callback(ledger.close)
        first, url = proxy(database, upstream.base_url)
        stack.callback(first.wait, 30)
        stack.callback(first.kill)
        client = openai.OpenAI(base_url=f"{url}/v1", api_key="load/ada", max_retries=0)
        file = client.files.create(file=("a.jsonl", content), purpose="batch")
        batch = client.batches.create(
            input_file_id=file.id, endpoint="/v1/responses", completion_window="24h"
        )
        first.kill()
        reserved = ledger.standing(event, "ada").reserved
        assert reserved > 0
        second, url = proxy(database, upstream.base_url)
        stack.callback(second.wait, 30)
        stack.callback(second.kill)
        client = openai.OpenAI(base_url=f"{url}/v1", api_key="load/ada", max_retries=0)
        deadline = time.monotonic() + 60
        while client.batches.retrieve(batch.id).status != "completed":
            assert time.monotonic() < deadline
        standing = ledger.standing(event, "ada")
        assert standing.reserved == 0
        assert standing.spent == sum(line.cost for line in ledger.report("load"))
        assert abs(standing.spent / NANO - float(upstream.calls.cost)) < 1e-8


def main() -> int:
    """0 if everything adds up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learners", type=int, default=200)
    parser.add_argument("--kill", action="store_true")
    options = parser.parse_args()

    class Folders:
        def mktemp(self, name: str) -> Path:
            return Path(tempfile.mkdtemp(prefix=name))

    fixture = (
        conftest.postgres.__wrapped__
        if hasattr(conftest.postgres, "__wrapped__")
        else pytest.fail("no fixture")
    )
    servers = fixture(Folders())
    try:
        totals = run(next(servers), options.learners, kill=options.kill)
    finally:
        next(servers, None)
    for name, value in totals.items():
        print(f"{name:22} {value}")
    wrong = agrees(totals, killed=options.kill)
    print("everything adds up" if not wrong else f"WRONG: {'; '.join(wrong)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
