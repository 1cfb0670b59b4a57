"""The packages that take long to import, and what to load of each once, for every process that is forked from there."""

from collections.abc import Collection

_MOTO = ("moto", "moto.backends", "moto.iam.models", "moto.s3.models", "moto.s3.responses", "moto.s3.urls")

# package → what to load for it: the parts that take long, and that nobody's environment changes
HEAVY: dict[str, tuple[str, ...]] = {
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

# what a worker loads before it is given its work
COLLECTING = (
    "grader.worker.grading",
    "grader.collect",
    "grader.submission",
    "moto.backends",
    "moto.moto_server.werkzeug_app",
    "moto.s3.responses",
    "moto.s3.urls",
)


def loadable(asked: Collection[str]) -> tuple[str, ...]:
    """Of what was asked for, the modules that are listed here, in their order."""
    return tuple(dict.fromkeys(module for modules in HEAVY.values() for module in modules if module in asked))
