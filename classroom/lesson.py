"""`start()`: one line at the top of a notebook, after which `OpenAI()` and `boto3.client("s3")` just work.

By default both speak to stand-ins on this computer. With `LAB_MODE=live` the first speaks to OpenAI with the learner's
own key, up to a spending cap, and the second to AWS if a bucket of theirs is named; the learner's code is the same.
"""

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal
from urllib.error import URLError
from urllib.request import urlopen

from classroom.errors import LessonError
from classroom.s3 import REGION, S3Mock
from classroom.s3.beside import S3Beside
from classroom.standin.mock import OpenAIMock
from classroom.standin.scripting.scripts import ScriptError

Mode = Literal["mock", "live"]

# Set by `classroom lab` and `classroom up`: an S3 stand-in that notebooks and terminals share.
SHARED_S3 = "LAB_S3_URL"

# A file of faults and rate limits that the stand-in meets notebooks with: how a lesson looks on a bad day.
FAULTS = "LAB_FAULTS"

# What would send a request elsewhere, or say who pays, although the stand-ins are meant.
_FOREIGN_S3 = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_PROFILE")
_FOREIGN = ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", *_FOREIGN_S3)


@dataclass(frozen=True)
class Lesson:
    """What `start()` set up.

    Attributes:
        mode: whether calls go to OpenAI.
        bucket: where files go.
        openai: the stand-in; None in live mode, since nobody scripts faults on the real thing.
        on_aws: whether the bucket is a real one.
    """

    mode: Mode
    bucket: str
    openai: OpenAIMock | None
    on_aws: bool = False

    @property
    def live(self) -> bool:
        """Whether calls cost money."""
        return self.mode == "live"


def mode_of(environment: dict[str, str]) -> Mode:
    """The mode that `LAB_MODE` asks for.

    Raises:
        LessonError: it is neither "mock" nor "live".
    """
    mode = environment.get("LAB_MODE", "mock").strip().lower() or "mock"
    if mode == "mock":
        return "mock"
    if mode == "live":
        return "live"
    raise LessonError(f"LAB_MODE is {mode!r}. Set it to mock (the default) or live.")


def _shared_s3(environment: dict[str, str]) -> dict[str, str] | None:
    """The variables of a shared S3 stand-in, if one was announced and still listens."""
    url = environment.get(SHARED_S3)
    if not url:
        return None
    try:
        with urlopen(url, timeout=2):  # noqa: S310 - our own loopback address
            pass
    except (URLError, OSError):
        return None
    return {name: environment[name] for name in S3Mock.VARIABLES if name in environment}


def _s3_on_this_computer(environment: dict[str, str]) -> dict[str, str]:
    """The variables of the shared stand-in, or of one of this notebook's own.

    Both are in another process: what moto does in this one, `mock_aws` say, leaves their objects alone.
    """
    return _shared_s3(environment) or S3Beside().environment


def _load_faults(openai: OpenAIMock, script: Path) -> None:
    try:
        openai.load(script)
    except ScriptError as error:
        raise LessonError(f"{FAULTS}: {error}") from error


@cache
def _start_mock() -> Lesson:
    environment = dict(os.environ)
    for name in _FOREIGN:
        os.environ.pop(name, None)
    openai = OpenAIMock()
    if script := environment.get(FAULTS):
        _load_faults(openai, Path(script))
    openai.start()
    s3 = _s3_on_this_computer(environment)
    os.environ.update(openai.environment | s3)
    return Lesson("mock", s3["S3_BUCKET_NAME"], openai)


def current() -> Lesson | None:
    """The lesson that runs in this process, if one was started."""
    for started in (_start_mock, _start_live):
        if started.cache_info().currsize:
            return started()
    return None


@cache
def _start_live() -> Lesson:
    from classroom.spending import cap_spending

    if not os.environ.get("OPENAI_API_KEY"):
        raise LessonError(
            "LAB_MODE=live needs OPENAI_API_KEY in the environment: your own key, from "
            "https://platform.openai.com/api-keys, or the token of a class proxy. The README shows how to set it."
        )
    on_aws = bool(os.environ.get("S3_BUCKET_NAME"))
    if not on_aws:  # a key and no AWS account is what most people have
        s3 = _s3_on_this_computer(dict(os.environ))
        for name in _FOREIGN_S3:
            os.environ.pop(name, None)
        os.environ.update(s3)
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
    # from here on the environment leads through the cap, and the key is in it no more
    os.environ.update(cap_spending(dict(os.environ)).environment)
    return Lesson("live", os.environ["S3_BUCKET_NAME"], None, on_aws)


def start(notebook: str | None = None) -> Lesson:
    """Point `OpenAI()` and `boto3.client("s3")` at the stand-ins, or at the real services if asked to.

    Call it as often as you like: the stand-ins start once for each notebook.

    Args:
        notebook: its number, such as "03": in live mode, its cost is shown before anything is spent.

    Raises:
        LessonError: `LAB_MODE` is misspelt; or live mode lacks a key, or its cap makes no sense.
    """
    from classroom.exercises.clock import prepare_sleep
    from classroom.jupyter_hooks.errors import explain_failures  # here: it loads the SDK
    from classroom.redaction import kernels

    kernels.join()  # before any key is typed
    explain_failures()
    prepare_sleep()
    if mode_of(dict(os.environ)) == "live":
        from classroom.spending import forecast

        lesson = _start_live()
        print("LIVE: calls go to OpenAI with your own key, and cost money.")
        if lesson.on_aws:
            print(f"Files go to AWS, into your bucket {lesson.bucket}.")
        else:
            print(
                "S3 is still played on this computer. With S3_BUCKET_NAME set, files go to your bucket on AWS."
            )
        print(forecast(notebook))
        return lesson
    lesson = _start_mock()
    print(
        "Ready: OpenAI and S3 are played by stand-ins on this computer. No key, no cost, nothing leaves it."
    )
    return lesson
