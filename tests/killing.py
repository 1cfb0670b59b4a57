"""Kill a batch at random moments and start it again: the gradebook must be that of an undisturbed run.

    python -m tests.killing [--submissions 30] [--kills 10] [--tiny] [--dask]

After each kill, what was kept before has to be there unchanged, and every table, page and JSON whole. With --tiny, submissions are apps
of five lines: minutes instead of an hour.

With --dask, two workers in processes of their own do the work, and one of them is killed half-way. Takes minutes, and is
no part of `make test`.
"""

import argparse
import csv
import hashlib
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

HONEST = Path(__file__).with_name("hostile") / "honest"
BIN = Path(sys.executable).parent
_TIMES = ("seconds",)


def class_of(place: Path, count: int) -> Path:
    """Honest submissions, every fifth with a fault, every seventh not to be graded."""
    for number in range(count):
        work = place / f"learner-{number:02}"
        if number % 7 == 6:
            work.with_suffix(".zip").write_bytes(b"no archive %d" % number)
            continue
        shutil.copytree(HONEST, work)
        main = work / "main.py"
        text = main.read_text().replace("haiku", f"haiku {number}")
        main.write_text(text.replace("text/plain", "image/png") if number % 5 == 4 else text)
    return place


def tiny_class_of(place: Path, count: int) -> Path:
    """Apps that start and generate nothing, every seventh not to be graded."""
    for number in range(count):
        work = place / f"learner-{number:02}"
        work.mkdir(parents=True)
        app = f'@app.get("/health{number}")\ndef health():\n    return {{"ok": True}}\n'
        (work / "main.py").write_text(f"from fastapi import FastAPI\n\napp = FastAPI()\n\n\n{app}")
        if number % 7 == 6:
            shutil.rmtree(work)
            work.with_suffix(".zip").write_bytes(b"no archive %d" % number)
    return place


def broken(out: Path) -> list[str]:
    """The tables, pages and JSON of a batch that are not whole, or not there with all their rows."""
    found = []
    for file in out.rglob("*"):
        if not file.is_file() or ".grader" in file.parts or ".partial" in file.name:
            continue
        content = file.read_bytes()
        if file.suffix == ".json":
            try:
                json.loads(content)
            except ValueError:
                found.append(file.name)
        elif file.suffix == ".csv":
            rows = list(csv.reader(content.decode().splitlines()))
            if not content.endswith(b"\n") or any(len(row) != len(rows[0]) for row in rows):
                found.append(file.name)
        elif (file.suffix == ".html" and not content.rstrip().endswith(b"</html>")) or (
            file.suffix == ".zip" and not zipfile.is_zipfile(file)
        ):
            found.append(file.name)
    return found


def gradebook(out: Path) -> list[dict[str, str]]:
    """The rows, without times."""
    with (out / "gradebook.csv").open(newline="") as file:
        return [
            {name: value for name, value in row.items() if name not in _TIMES} for row in csv.DictReader(file)
        ]


def command(place: Path, out: Path, *options: str) -> list[str]:
    """The batch."""
    return [str(BIN / "grader"), "batch", str(place), "--out", str(out), *options]


def killed_and_resumed(place: Path, out: Path, kills: int, seconds: float) -> int:
    """Kill -9 at random moments, two of three soon after a record was kept; then let it end.

    Returns how many kills hit a running batch. However busy the machine is, the batch gets on between the kills.
    """
    hit = 0
    for number in range(kills):
        before, records = _kept(out), _records(out)
        process = subprocess.Popen(command(place, out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + (random.uniform(1, seconds) if number % 3 == 0 else 2 * seconds)
        while (
            process.poll() is None and time.monotonic() < until and (number % 3 == 0 or _kept(out) <= before)
        ):
            time.sleep(0.02)
        time.sleep(random.uniform(0, 0.3))
        hit += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
        now = _records(out)
        lost = [name for name, digest in records.items() if now.get(name) != digest]
        print(
            f"  killed; {len(now)} records are kept, {len(lost)} lost; broken: {broken(out) or 'nothing'}",
            flush=True,
        )
        if lost or broken(out):
            raise SystemExit("what was kept is lost, or a table is not whole")
    subprocess.run(command(place, out), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return hit


def _kept(out: Path) -> int:
    return len(_records(out))


def _records(out: Path) -> dict[str, str]:
    """The digest of each."""
    records = (out / ".grader" / "records").glob("*.record")
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in records}


def on_dask(place: Path, out: Path) -> None:
    """Two workers; one is killed half-way."""
    python = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    scheduler = subprocess.Popen(
        [*python, "--port", "18786", "--dashboard-address", ":0", "--host", "127.0.0.1"]
    )
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", "tcp://127.0.0.1:18786"]
    options = ["--nthreads", "4", "--no-nanny", "--no-dashboard", "--local-directory", tempfile.mkdtemp()]
    workers = [subprocess.Popen([*worker, *options, "--name", str(number)]) for number in range(2)]
    try:
        batch = subprocess.Popen(command(place, out, "--dask", "tcp://127.0.0.1:18786"))
        records = out / ".grader" / "records"
        while len(list(records.glob("*.record"))) < 6 and batch.poll() is None:
            time.sleep(0.2)
        workers[0].kill()
        print("  one worker is killed", flush=True)
        if batch.wait(600):
            raise SystemExit(f"the batch ended with {batch.returncode}")
    finally:
        for process in (*workers, scheduler):
            process.kill()


def left_behind() -> list[str]:
    """Processes of a grading that nobody waits for."""
    listed = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if f"{BIN}/" in line and "inside/agent.py" in line]


def main() -> int:
    """0 if every gradebook is the same."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submissions", type=int, default=30)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--dask", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as base:
        make = tiny_class_of if options.tiny else class_of
        place = make(Path(base) / "class", options.submissions)
        began = time.monotonic()
        subprocess.run(
            command(place, Path(base) / "whole"),
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        seconds = time.monotonic() - began
        whole = gradebook(Path(base) / "whole")
        print(f"undisturbed: {len(whole)} rows in {seconds:.0f} s", flush=True)
        other = Path(base) / "other"
        if options.dask:
            on_dask(place, other)
        else:
            hit = killed_and_resumed(place, other, options.kills, seconds / 2)
            print(f"{hit} of {options.kills} kills hit a running batch")
        time.sleep(3)
        same = gradebook(other) == whole
        print("the gradebooks are the same" if same else "the gradebooks DIFFER")
        print(f"left behind: {left_behind() or 'nothing'}")
        return 0 if same and not left_behind() else 1


if __name__ == "__main__":
    sys.exit(main())
