"""The OpenAI stand-in against what one would use instead: `python -m benchmarks.standin [--seconds 2] [--rounds 3]`.

Peers from the package index, each in an environment of its own: mock-ai-api and llmock; and a bare Starlette route that
parses the request and sends a fixed completion, the floor for any server in Python. One server runs at a time, each in
turn and round after round; every request has a prompt of its own. Prints medians of the rounds.
"""

import argparse
import asyncio
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.table import Table

from benchmarks import tables

HERE = Path(sys.executable).parent
MODEL = "gpt-5.4-mini"
_STARTED_WITHIN = 60.0


@dataclass(frozen=True)
class Server:
    """A server to measure: its name, the command that serves on a port, and the model it knows."""

    name: str
    command: Callable[[int], list[str]]
    model: str = MODEL


@dataclass
class Measured:
    """One server's numbers, one entry a round."""

    start: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    rate: dict[int, list[float]] = field(default_factory=lambda: {1: [], 16: []})
    cpu: dict[int, list[float]] = field(default_factory=lambda: {1: [], 16: []})
    p50: dict[int, list[float]] = field(default_factory=lambda: {1: [], 16: []})
    p99: dict[int, list[float]] = field(default_factory=lambda: {1: [], 16: []})
    first_byte: list[float] = field(default_factory=list)


def _environment(folder: Path, package: str) -> Path:
    """The folder of programs of a new environment that holds a package."""
    home = folder / package
    venv.create(home, with_pip=True)
    bin = home / ("Scripts" if os.name == "nt" else "bin")
    subprocess.run([str(bin / "python"), "-m", "pip", "install", "-qq", package], check=True)
    return bin


def _servers(folder: Path, peers: bool) -> list[Server]:
    bare = [sys.executable, "-m", "benchmarks.bare_starlette"]
    servers = [
        Server("bare Starlette", lambda port: [*bare, str(port)]),
        Server("classroom mock", lambda port: [str(HERE / "classroom"), "mock", "--port", str(port)]),
    ]
    if peers:
        mock_ai_api, llmock = _environment(folder, "mock-ai-api"), _environment(folder, "llmock")
        servers += [
            Server(
                "mock-ai-api",
                lambda port: [
                    str(mock_ai_api / "mock-ai-api"),
                    "--openai-port",
                    str(port),
                    "--anthropic-port",
                    str(_free_port()),
                ],
                "gpt-4o-mini",
            ),
            Server("llmock", lambda port: [str(llmock / "llmock"), "serve", "--port", str(port)], "gpt-4o"),
        ]
    return servers


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _request(model: str, number: int, *, stream: bool = False) -> bytes:
    body = json.dumps(
        {
            "model": model,
            "messages": [{"role": "user", "content": f"Write a line on the number {number}, please."}],
            **({"stream": True} if stream else {}),
        }
    ).encode()
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer sk-mock-key\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> None:
    """One request and its whole answer on a connection that stays open."""
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n", 1)[0]:
        raise RuntimeError(f"the server refused: {head.decode(errors='replace')[:300]}")
    fields = dict(line.lower().split(b": ", 1) for line in head.strip().split(b"\r\n")[1:])
    if b"content-length" in fields:
        await reader.readexactly(int(fields[b"content-length"]))
        return
    while int((await reader.readline()).strip() or b"0", 16):
        pass


async def _load(port: int, model: str, connections: int, seconds: float) -> list[float]:
    """Latencies in seconds of as many requests as fit, one after the other on each connection."""
    latencies: list[float] = []
    numbers = iter(range(10**9))
    end = time.perf_counter() + seconds

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (began := time.perf_counter()) < end:
            await _exchange(reader, writer, _request(model, next(numbers)))
            latencies.append(time.perf_counter() - began)
        writer.close()

    await asyncio.gather(*(client() for _ in range(connections)))
    return latencies


async def _first_bytes(port: int, model: str, times: int = 20) -> list[float]:
    """Seconds from a streaming request to the first byte of its first event."""
    out = []
    for number in range(times):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        began = time.perf_counter()
        writer.write(_request(model, number, stream=True))
        await reader.readuntil(b"data: ")
        out.append(time.perf_counter() - began)
        writer.close()
    return out


@contextmanager
def _running(server: Server) -> Iterator[tuple[int, int, float]]:
    """Port, process and the seconds until the first answer."""
    port = _free_port()
    began = time.perf_counter()
    process = subprocess.Popen(
        server.command(port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        while True:
            try:
                asyncio.run(_load(port, server.model, 1, 0.001))
                break
            except OSError:
                if process.poll() is not None or time.perf_counter() - began > _STARTED_WITHIN:
                    raise RuntimeError(f"{server.name} did not start") from None
                time.sleep(0.01)
        yield port, process.pid, time.perf_counter() - began
    finally:
        process.terminate()
        process.wait()


def _memory(pid: int) -> float:
    """Resident megabytes of a process (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def _cpu(pid: int) -> float:
    """CPU-seconds of a process so far (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _measure(server: Server, seconds: float, into: Measured) -> None:
    with _running(server) as (port, pid, started):
        into.start.append(started)
        asyncio.run(_load(port, server.model, 1, 0.3))  # warm
        for connections in into.rate:
            before = _cpu(pid)
            latencies = sorted(asyncio.run(_load(port, server.model, connections, seconds)))
            into.cpu[connections].append((_cpu(pid) - before) / len(latencies) * 1e6)
            into.rate[connections].append(len(latencies) / seconds)
            into.p50[connections].append(1000 * statistics.median(latencies))
            into.p99[connections].append(1000 * latencies[int(len(latencies) * 0.99)])
        into.first_byte.append(1000 * statistics.median(asyncio.run(_first_bytes(port, server.model))))
        into.memory.append(_memory(pid))


def _table(measured: dict[str, Measured]) -> Table:
    table = Table(title="chat completions, each with a prompt of its own; medians")
    for column in ("server", "start s", "MB"):
        table.add_column(column, justify="left" if column == "server" else "right")
    for connections in (1, 16):
        for column in ("req/s", "of bare", "CPU µs", "p50 ms", "p99 ms"):
            table.add_column(f"{column}\n{connections} conn.", justify="right")
    table.add_column("first byte\nms", justify="right")
    bare = measured["bare Starlette"]
    for name, found in measured.items():
        cells = [name, f"{statistics.median(found.start):.2f}", f"{statistics.median(found.memory):.0f}"]
        for connections in (1, 16):
            ratios = [
                own / floor
                for own, floor in zip(found.rate[connections], bare.rate[connections], strict=True)
            ]
            cells += [
                f"{statistics.median(found.rate[connections]):.0f}",
                f"{statistics.median(ratios):.2f}",
                f"{statistics.median(found.cpu[connections]):.0f}",
                f"{statistics.median(found.p50[connections]):.2f}",
                f"{statistics.median(found.p99[connections]):.2f}",
            ]
        table.add_row(*cells, f"{statistics.median(found.first_byte):.2f}")
    return table


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="of load for each number of connections")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-peers", action="store_true", help="only the floor and the stand-in")
    tables.add_option(parser)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="benchmark-"))
    try:
        servers = _servers(folder, not options.no_peers)
        measured = {server.name: Measured() for server in servers}
        for number in range(options.rounds):
            for server in servers:
                print(f"round {number + 1}: {server.name} …", file=sys.stderr, flush=True)
                _measure(server, options.seconds, measured[server.name])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    tables.show([_table(measured)], options.json, width=160)


if __name__ == "__main__":
    main()
