"""What the class proxy adds to a call: milliseconds and CPU-milliseconds, beside a direct call and, if it is there, LiteLLM's proxy.

    python -m benchmarks.proxy [--requests 400] [--litellm PROGRAM]

All three lead to the same stand-in, which runs in a process of its own. Windows, caps and metering are on. Medians of one
connection; CPU-milliseconds are those of the proxy's process, by /proc.
"""

import argparse
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import httpx
from rich.table import Table

from benchmarks import tables
from classroom.loopback import bind

BIN = Path(sys.executable).parent
BODY = {
    "model": "gpt-5.4-mini",
    "messages": [{"role": "user", "content": "Say hello."}],
    "max_completion_tokens": 100,
}
THEIR_KEY = f"sk-{secrets.token_hex(32)}"
TICK = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with bind() as listener:
        return int(listener.getsockname()[1])


def cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def started(stack: ExitStack, command: list[str], url: str, environment: dict[str, str], place: str) -> int:
    process = subprocess.Popen(
        command,
        env={**os.environ, **environment},
        cwd=place,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    stack.callback(process.wait)
    stack.callback(process.terminate)
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        try:
            httpx.get(url, timeout=2)
            return process.pid
        except httpx.HTTPError:
            time.sleep(0.1)
    raise SystemExit(f"{command[0]} did not start")


def measured(url: str, key: str, process: int, count: int) -> tuple[float, float, float]:
    """Median milliseconds of a call, CPU-milliseconds each, and median milliseconds to a stream's first part."""
    headers = {"authorization": f"Bearer {key}"}
    with httpx.Client(headers=headers, timeout=30) as client:
        for _ in range(20):
            client.post(url, json=BODY).raise_for_status()
        before, times = cpu_seconds(process), []
        for _ in range(count):
            began = time.perf_counter()
            client.post(url, json=BODY).raise_for_status()
            times.append(time.perf_counter() - began)
        used = cpu_seconds(process) - before
        firsts = []
        for _ in range(count // 4):
            began = time.perf_counter()
            with client.stream("POST", url, json={**BODY, "stream": True}) as answer:
                parts = answer.iter_raw()
                next(parts)
                firsts.append(time.perf_counter() - began)
                for _ in parts:
                    pass
    return 1000 * statistics.median(times), 1000 * used / count, 1000 * statistics.median(firsts)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--litellm", help="the program litellm, in an environment of its own")
    tables.add_option(parser)
    options = parser.parse_args()
    table = Table("what", "ms a call", "CPU-ms a call", "ms to a stream's first part", title="one connection")
    with ExitStack() as stack:
        place = stack.enter_context(tempfile.TemporaryDirectory())
        mock, port = free_port(), free_port()
        upstream = f"http://127.0.0.1:{mock}/v1"
        direct = started(stack, [str(BIN / "classroom"), "mock", "--port", str(mock)], upstream, {}, place)
        environment = {"OPENAI_API_KEY": "sk-mock-key", "OPENAI_BASE_URL": upstream}
        event = [
            "event",
            "add",
            "b",
            "--open",
            "--starts",
            "2020-01-01T00:00Z",
            "--ends",
            "2040-01-01T00:00Z",
        ]
        caps = [
            "--max-tokens",
            "1000",
            "--daily-requests",
            "1000000",
            "--learner-budget",
            "1000",
            "--budget",
            "10000",
        ]
        subprocess.run(
            [str(BIN / "classroom"), "proxy", *event, *caps], cwd=place, check=True, stdout=subprocess.DEVNULL
        )
        serve = [str(BIN / "classroom"), "proxy", "serve", "--upstream", "openai", "--port", str(port)]
        ours = started(stack, serve, f"http://127.0.0.1:{port}/healthz", environment, place)
        rows = [
            ("the stand-in, directly", f"{upstream}/chat/completions", "sk-mock-key", direct),
            ("classroom proxy", f"http://127.0.0.1:{port}/v1/chat/completions", "b/ada", ours),
        ]
        if options.litellm:
            other = free_port()
            config = Path(place) / "litellm.yaml"
            config.write_text(
                "model_list:\n  - model_name: gpt-5.4-mini\n    litellm_params:\n      model: openai/gpt-5.4-mini\n"
                f"      api_base: {upstream}\n      api_key: sk-mock-key\n"
            )
            command = [options.litellm, "--config", str(config), "--port", str(other), "--host", "127.0.0.1"]
            # it refuses weak keys, and would fetch its price list
            theirs_only = {"LITELLM_MASTER_KEY": THEIR_KEY, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
            theirs = started(
                stack,
                command,
                f"http://127.0.0.1:{other}/health/liveliness",
                environment | theirs_only,
                place,
            )
            rows.append(
                ("LiteLLM's proxy", f"http://127.0.0.1:{other}/v1/chat/completions", THEIR_KEY, theirs)
            )
        for name, url, key, process in rows:
            table.add_row(name, *(f"{value:.2f}" for value in measured(url, key, process, options.requests)))
    tables.show([table], options.json)


if __name__ == "__main__":
    main()
