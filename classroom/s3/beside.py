"""S3's stand-in in a process of its own, which ends with the one that started it.

A notebook's own tests may use moto's `mock_aws`. That empties every bucket of its process, at its start and at its end,
so the bucket of the lesson has to be in another one.
"""

import atexit
import json
import os
import signal
import subprocess
import sys

from classroom.s3.mock import S3Mock

_NOT_ITS_BUSINESS = ("OPENAI_API_KEY", "AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_PROFILE")
_ENDING = 5.0  # seconds


class S3Beside:
    """S3 in a process beside this one, with one bucket ready. It runs until `stop`, or this process's end.

    Attributes:
        environment: the variables that point boto3 there.
    """

    def __init__(self) -> None:
        kept = {name: value for name, value in os.environ.items() if name not in _NOT_ITS_BUSINESS}
        # -P: a learner's random.py in this folder is not the library's; the session: an interrupt is for the notebook
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "classroom.s3.beside"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=kept,
            start_new_session=True,
            text=True,
        )
        assert self._process.stdout is not None
        ready = self._process.stdout.readline()
        if not ready:
            self.stop()
            raise OSError("S3's stand-in did not start.")
        self.environment: dict[str, str] = json.loads(ready)
        atexit.register(self.stop)

    def stop(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(_ENDING)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        atexit.unregister(self.stop)


def _serve() -> None:
    """Serve until standard input ends, which it also does when the process at its other end is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with S3Mock() as s3:
        print(json.dumps(s3.environment), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    _serve()
