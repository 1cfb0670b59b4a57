"""Which packages a submission's code imports: loaded once in its sandbox, they serve the app, the suite and each planted
fault.
"""

import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from grader import reading

_MOTO = ("moto", "moto.backends", "moto.iam.models", "moto.s3.models", "moto.s3.responses", "moto.s3.urls")

# package → what to load for it: the parts that take long, and that nobody's environment changes
_HEAVY: dict[str, tuple[str, ...]] = {
    "fastapi": (
        "fastapi",
        "fastapi.testclient",
        "uvicorn",
        "uvicorn.protocols.http.auto",
        "uvicorn.lifespan.on",
    ),
    "starlette": ("starlette.applications", "starlette.testclient", "uvicorn", "uvicorn.protocols.http.auto"),
    "litestar": ("litestar", "uvicorn", "uvicorn.protocols.http.auto"),
    "quart": ("quart", "uvicorn", "uvicorn.protocols.http.auto"),
    "flask": ("flask", "werkzeug.serving"),
    "django": ("django.core.handlers.base",),
    "openai": ("openai", "openai.resources", "openai.types", "openai.types.chat", "openai.types.responses"),
    "boto3": ("boto3", "boto3.session", "boto3.s3.inject", "boto3.s3.transfer", "botocore.session"),
    "botocore": ("botocore.session",),
    "pydantic": ("pydantic",),
    "pydantic_settings": ("pydantic_settings",),
    "httpx": ("httpx",),
    "moto": _MOTO,
    "pytest": ("pytest", "_pytest.assertion.rewrite"),
    "classroom": (*_MOTO, "moto.moto_server.werkzeug_app", "classroom.s3", "classroom.standin.mock"),
}
_IMPORT = re.compile(rf"^[ \t]*(?:import|from)[ \t]+({'|'.join(_HEAVY)})\b", re.MULTILINE)
_FIXTURES = re.compile(r"\b(?:openai_mock|s3_mock|s3_bucket)\b")
_MOST_FILES = 2_000


def worth_loading(root: Path) -> Sequence[str]:
    """The modules to load before the submission's own code is run."""
    found: set[str] = set()
    for file in islice(root.rglob("*.py"), _MOST_FILES):
        try:
            text = reading.read_bytes(file, reading.MAX_PYTHON).decode("utf-8", "replace")
        except reading.Unreadable:
            continue
        found |= set(_IMPORT.findall(text))
        found |= {"classroom"} if _FIXTURES.search(text) else set()
    return [module for package in _HEAVY if package in found for module in _HEAVY[package]]
