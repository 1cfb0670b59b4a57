"""Whether the stand-ins still answer: what an app does while one is dead is not the app's doing."""

import httpx

from classroom.s3 import S3Mock
from classroom.standin.mock import OpenAIMock
from grader.collect.exchange.transport import Inward
from grader.errors import GraderError
from grader.sandbox import Sandbox

_ALIVE_SECONDS = 10.0


def check_alive(openai: OpenAIMock, s3: S3Mock, sandbox: Sandbox) -> None:
    """Ask both stand-ins for anything at all.

    Raises:
        GraderError: one of them does not answer any more.
    """
    for name, url in (("OpenAI", openai.base_url), ("S3", s3.endpoint_url)):
        try:
            with httpx.Client(transport=Inward(sandbox), timeout=_ALIVE_SECONDS, trust_env=False) as client:
                client.get(url)
        except httpx.HTTPError as error:
            raise GraderError(
                f"The stand-in for {name} died while the submission was graded ({type(error).__name__}), "
                "so nothing that was seen can be trusted. Grade it again."
            ) from error
