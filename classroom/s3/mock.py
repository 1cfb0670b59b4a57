"""S3 on this computer, as a server that starts and stops."""

import logging
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, ClassVar, Self
from urllib.parse import quote

from classroom.allowance import Allowance
from classroom.s3.gate import Gate
from classroom.s3.records import DUMMY_ACCESS_KEY, REGION, S3Effect, S3Fault, S3Request, StoredObject

_MOST_CONNECTIONS = 64


def _bound(server: Any) -> None:
    """Let a threaded server hold so many connections, and hang up on the others: each takes a thread."""
    places = threading.BoundedSemaphore(_MOST_CONNECTIONS)
    begin, work = server.process_request, server.process_request_thread

    def process_request(request: socket.socket, address: Any) -> None:
        if not places.acquire(blocking=False):
            server.shutdown_request(request)
            return
        try:
            begin(request, address)
        except BaseException:
            places.release()
            raise

    def process_request_thread(request: socket.socket, address: Any) -> None:
        try:
            work(request, address)
        finally:
            places.release()

    server.process_request, server.process_request_thread = process_request, process_request_thread


class S3Mock:
    """S3 at `endpoint_url`, with one bucket ready.

    Args:
        bucket: the name of the bucket to make; None makes none.
        port: where to listen; 0 lets the system choose.
        listener: listen on this socket instead, which listens already.
        allowance: refuse what is more than that.
    """

    VARIABLES: ClassVar[tuple[str, ...]] = (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_S3",
        "S3_BUCKET_NAME",
    )

    def __init__(
        self,
        bucket: str | None = "lab-files",
        port: int = 0,
        listener: socket.socket | None = None,
        allowance: Allowance | None = None,
    ) -> None:
        # imported here: moto takes a second to load, and a command's --help should not
        from moto.moto_server.werkzeug_app import create_backend_app
        from werkzeug.serving import WSGIRequestHandler, make_server

        from classroom.loopback import bind

        class QuietHandler(WSGIRequestHandler):
            """Neither a line for each request nor a traceback for each connection that broke."""

            def log(self, type: str, message: str, *args: Any) -> None:
                """Nothing."""

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.bucket = bucket
        self._gate = Gate(create_backend_app("s3"), allowance)
        if listener is None:
            listener = bind(port)
            listener.listen(128)
        self.port: int = listener.getsockname()[1]
        self._server = make_server(
            "127.0.0.1",
            self.port,
            self._gate,
            threaded=True,
            request_handler=QuietHandler,
            fd=listener.detach(),
        )
        if allowance:
            _bound(self._server)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    @property
    def endpoint_url(self) -> str:
        """What `AWS_ENDPOINT_URL_S3` should be."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point boto3 here."""
        key, url = DUMMY_ACCESS_KEY, self.endpoint_url
        values = (key, key, REGION, REGION, url, url, self.bucket)
        return {name: value for name, value in zip(self.VARIABLES, values, strict=True) if value}

    def overhear(self, hears: Callable[[bytes], object]) -> None:
        """From now on show each request's body as it was sent, in pieces that overlap; where an allowance bounds them alone."""
        self._gate.hears = hears

    @property
    def requests(self) -> list[S3Request]:
        """What reached S3 since the start or the last `reset()`."""
        return list(self._gate.requests)

    def client(self) -> Any:
        """A boto3 client that is pointed here, whatever the environment says."""
        import boto3
        import botocore.session
        from botocore.config import Config

        # no profile: AWS_PROFILE may name one that has nothing to do with a stand-in, or doesn't exist
        without_profile = botocore.session.Session(session_vars={"profile": (None, None, None, None)})
        return boto3.Session(botocore_session=without_profile).client(
            "s3",
            endpoint_url=self.endpoint_url,
            aws_access_key_id=DUMMY_ACCESS_KEY,
            aws_secret_access_key=DUMMY_ACCESS_KEY,
            region_name=REGION,
            config=Config(retries={"max_attempts": 1}),
        )

    def fail(self, code: str = "InternalError", *, effect: S3Effect = "error", seconds: float = 60.0) -> None:
        """From now on every request meets this fault.

        Args:
            code: "NoSuchBucket", "AccessDenied", "SlowDown", "InternalError".
            effect: "error" answers with the code, "unreachable" hangs up, "slow" waits first.
            seconds: how long "slow" waits.
        """
        self._gate.fault = S3Fault(effect, code, seconds)

    def clear_faults(self) -> None:
        """From now on everything works."""
        self._gate.fault = None

    def objects(self, wanted: Callable[[str, str], bool] = lambda bucket, key: True) -> list[StoredObject]:
        """Everything stored, in every bucket, read past any scripted fault; `wanted` chooses by bucket and key."""
        from moto.backends import get_backend

        found = []
        for account in get_backend("s3").values():
            for bucket in account["aws"].buckets.values():
                for key in list(bucket.keys.values()):
                    if not wanted(bucket.name, key.name):
                        continue
                    content_type = str(key.metadata.get("Content-Type") or "")
                    tags = account["aws"].tagger.get_tag_dict_for_resource(key.arn)
                    beside = {str(name): str(value) for name, value in (*key.metadata.items(), *tags.items())}
                    content, at = bytes(key.value), key.last_modified.timestamp()
                    found.append(StoredObject(bucket.name, key.name, content_type, content, beside, at))
        return found

    def create_bucket(self, name: str) -> None:
        """Make a bucket, past any scripted fault.

        Raises:
            ValueError: S3 allows no such name, or it is there already.
        """
        from werkzeug.test import Client

        answer = Client(self._gate.inner).put(
            f"/{quote(name, safe='')}", headers={"Host": f"s3.{REGION}.amazonaws.com"}
        )
        if answer.status_code >= 300:
            raise ValueError(answer.text)

    def store(self, bucket: str, key: str, content: bytes, content_type: str) -> None:
        """Store an object, past any scripted fault and without a connection: also where this server can't be reached.

        Raises:
            ValueError: there is no such bucket.
        """
        from werkzeug.test import Client

        answer = Client(self._gate.inner).put(
            f"/{quote(bucket, safe='')}/{quote(key, safe='')}",
            data=content,
            content_type=content_type,
            headers={"Host": f"s3.{REGION}.amazonaws.com"},
        )
        if answer.status_code >= 300:
            raise ValueError(answer.text)

    def ensure_bucket(self, name: str) -> None:
        """Make a bucket if S3 allows its name; one that it doesn't allow stays missing, as it would be there."""
        with suppress(ValueError):
            self.create_bucket(name)

    def reset(self) -> None:
        """Empty: no objects, no faults, no requests noted; the bucket is there again."""
        from moto.backends import get_backend

        self.clear_faults()
        get_backend("s3").reset()
        if self.bucket:
            self.create_bucket(self.bucket)
        self._gate.requests.clear()

    def start(self) -> Self:
        """Begin to listen, with the bucket made."""
        self._thread.start()
        self.reset()
        return self

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join(5)
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
