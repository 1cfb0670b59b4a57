"""How much memory S3's stand-in takes while many large files come at once: it runs inside the grader's worker."""

import subprocess
import sys

_FORTY_AT_ONCE = """
from pathlib import Path
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from classroom.allowance import Allowance
from classroom.s3 import S3Mock

def peak():
    # in megabytes; getrusage would count what the process that started this one took
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) // 1024

body, size = bytes(2**20), 20 * 2**20

def put(number):
    connection = HTTPConnection("127.0.0.1", mock.port, timeout=120)
    connection.putrequest("PUT", f"/lab-files/{number % 4}")
    connection.putheader("Content-Length", str(size))
    connection.putheader("Authorization", "AWS testing:signature")
    connection.endheaders()
    for _ in range(size // len(body)):
        connection.send(body)
    return connection.getresponse().status

with S3Mock(allowance=Allowance(1_000, 2**31)) as mock:
    before = peak()
    with ThreadPoolExecutor(40) as pool:
        statuses = list(pool.map(put, range(40)))
    assert statuses == [200] * 40, statuses
    print(before, peak())
    assert [len(stored.content) for stored in mock.objects()] == [size] * 4
"""


def test_forty_large_files_at_once_take_little_memory():
    done = subprocess.run([sys.executable, "-c", _FORTY_AT_ONCE], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]
    before, peak = map(int, done.stdout.split())
    assert peak < 285, f"{before} MB before, {peak} MB at the most"
