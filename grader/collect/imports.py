"""Which packages a submission's code imports: loaded once in its sandbox, they are there for the app, the suite and each
planted fault."""

import re
from collections.abc import Sequence
from pathlib import Path

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
_IMPORT = re.compile(rf"^\s*(?:import|from)\s+({'|'.join(_HEAVY)})\b", re.MULTILINE)
_FIXTURES = re.compile(r"\b(?:openai_mock|s3_mock|s3_bucket)\b")
_LARGEST = 1024 * 1024  # bytes of a file that is looked at


def worth_loading(root: Path) -> Sequence[str]:
    """The modules to load before the submission's own code is run."""
    found: set[str] = set()
    for file in root.rglob("*.py"):
        if file.stat().st_size <= _LARGEST:
            text = file.read_text(encoding="utf-8", errors="replace")
            found |= set(_IMPORT.findall(text))
            found |= {"classroom"} if _FIXTURES.search(text) else set()
    return [module for package in _HEAVY if package in found for module in _HEAVY[package]]
