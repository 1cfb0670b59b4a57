"""The packages that take long to import, and what to load of each once, for every process that is forked from there."""

from collections.abc import Collection

_MOTO = (
    "moto",
    "moto.backends",
    "moto.iam.models",
    "moto.s3.models",
    "moto.s3.responses",
    "moto.s3.urls",
    # what the first call loads
    "moto.iam.access_control",
    "moto.sts.models",
)
_FIRST_REQUEST = ("anyio._backends._asyncio", "anyio.streams.memory", "anyio.streams.tls")

# package → what to load for it: the parts that take long, and that nobody's environment changes; with them what is loaded by the
# first call of each process: app, suite and reruns would each load it
HEAVY: dict[str, tuple[str, ...]] = {
    "fastapi": (
        "fastapi",
        "fastapi.testclient",
        "uvicorn",
        "uvicorn.protocols.http.auto",
        "uvicorn.protocols.websockets.auto",
        "uvicorn.lifespan.on",
        *_FIRST_REQUEST,
    ),
    "starlette": (
        "starlette.applications",
        "starlette.testclient",
        "uvicorn",
        "uvicorn.protocols.http.auto",
        *_FIRST_REQUEST,
    ),
    "litestar": ("litestar", "uvicorn", "uvicorn.protocols.http.auto"),
    "quart": ("quart", "uvicorn", "uvicorn.protocols.http.auto"),
    "flask": ("flask", "werkzeug.serving"),
    "django": ("django.core.handlers.base",),
    "openai": (
        "openai",
        "openai.resources",
        "openai.types",
        "openai.types.chat",
        "openai.types.responses",
        "openai.pagination",
        "httpcore2",
        "truststore",
        "jiter",
    ),
    # a part of the package that the code uses: `client.chat.…`
    "openai.chat": ("openai.resources.chat.completions", "openai.lib.streaming.chat"),
    "openai.responses": ("openai.resources.responses.responses", "openai.lib.streaming.responses"),
    "openai.images": ("openai.resources.images",),
    "openai.audio": ("openai.resources.audio", "openai.resources.audio.audio"),
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
    "moto.iam.access_control",
)
# and what most of them come to use sooner or later, which a single one is not made to wait for
USING = "grader.worker.beforehand"


def loadable(asked: Collection[str]) -> tuple[str, ...]:
    """Of what was asked for, the modules that are listed here, in their order."""
    return tuple(dict.fromkeys(module for modules in HEAVY.values() for module in modules if module in asked))
