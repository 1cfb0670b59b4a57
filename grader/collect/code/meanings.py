"""What an environment variable is for, by its use, type, example and name; and a value for it."""

import re
from dataclasses import dataclass

from classroom.standin.models import catalogue
from grader.collect.code.variables import Variable

_SECRET = "grading-0123456789abcdef0123456789abcdef0123456789abcdef"  # noqa: S105 - stands for a secret of the app's
_PLACEHOLDER = re.compile(
    r"(?i)your|xxx|<|>|\$\{|change|replace|placeholder|secret|generate|todo|example|insert|\.\.\.|sk-|here|dummy"
)
_MODEL = "gpt-5.4-mini"
_MODELS = {
    "model": _MODEL,
    "deployment": _MODEL,
    "image_model": "gpt-image-2",
    "old_image_model": "dall-e-3",  # for parameters that only it took; ends on purpose
    "speech_model": "gpt-4o-mini-tts",  # that endpoint has no other; ends on purpose
    "transcription_model": "gpt-transcribe",
    "embedding_model": "text-embedding-3-small",
    "completion_model": "gpt-3.5-turbo-instruct",  # that endpoint has no other; ends on purpose
}
_OF_A_SERVER = re.compile(r"(?i)(?:postgres|mysql|mariadb|mssql|oracle)[\w+]*://")


@dataclass(frozen=True)
class Places:
    """Where the stand-ins are, and the words for them. `openai`: ends with /v1."""

    key: str
    openai: str
    s3: str
    bucket: str
    region: str
    access_key: str
    secret_key: str
    port: str
    database: str

    @property
    def azure(self) -> str:
        """The address that Azure's clients put their own paths behind."""
        return self.openai.removesuffix("/").removesuffix("/v1")


def sure(variable: Variable, places: Places) -> str | None:
    """The value of a variable whose meaning is beyond doubt: it leads to a stand-in, or lets the app be asked. None for any other."""
    value = _by_purpose(variable.purpose, places)
    if value is not None and not (variable.purpose in _MODELS and not variable.needed):
        is_model = variable.purpose in _MODELS and variable.purpose != "deployment"
        return variable.example if is_model and _is_openais(variable.example) else value
    return _to_a_stand_in(variable.name.upper(), places) or _of_hosts(variable)


def _of_hosts(variable: Variable) -> str | None:
    """The names under which an app answers: any, since it is asked under none of the author's."""
    words = set(variable.name.upper().split("_"))
    if not ({"ALLOWED", "TRUSTED"} & words and "HOSTS" in words):
        return None
    return '["*"]' if re.match(r"(?:Optional\[)?(?:list|List|set|tuple|Sequence)\b", variable.kind) else "*"


def shared_secret(variable: Variable, places: Places) -> tuple[str, str] | None:
    """What a variable is set to, and what a caller brings, where the code compares one with the other.

    None: its name says that it is something else than a secret, or that it leads to a stand-in.
    """
    if sure(variable, places) is not None or _by_name(variable, places) not in (None, "grading", _SECRET):
        return None
    if re.match(r"(?:Optional\[)?(?:list|List|set|Set|tuple|Tuple|frozenset)\b", variable.kind):
        return f'["{_SECRET}"]', _SECRET
    return _SECRET, _SECRET


def in_place_of_a_server(variable: Variable, places: Places) -> str | None:
    """A file in the place of the database server that the code expects where nothing is set; None if it expects none."""
    expected = variable.default or variable.example
    if _OF_A_SERVER.match(expected) and _by_name(variable, places) == places.database:
        return places.database
    return None


def leads_to_a_stand_in(name: str, places: Places) -> bool:
    """Whether the name of a variable alone says that its value is one of the stand-ins'."""
    return _to_a_stand_in(name.upper(), places) is not None


def _by_purpose(purpose: str, places: Places) -> str | None:
    return {
        "openai_key": places.key,
        "openai_url": places.openai,
        "azure_url": places.azure,
        "api_version": "2024-10-21",
        **_MODELS,
        "access_key": places.access_key,
        "secret_key": places.secret_key,
        "s3_url": places.s3,
        "region": places.region,
        "bucket": places.bucket,
    }.get(purpose)


def _to_a_stand_in(name: str, places: Places) -> str | None:
    words = set(name.split("_"))
    if {"OPENAI", "AZURE"} & words or "OPENAI" in name:
        if {"KEY", "TOKEN", "APIKEY", "SECRET"} & words or name.endswith("KEY"):
            return places.key
        if name.endswith("VERSION") and ("AZURE" in words or "API" in words):
            return "2024-10-21"
        if {"DEPLOYMENT", "ENGINE"} & words:
            return _MODEL
        if {"ENDPOINT", "URL", "BASE", "HOST", "URI"} & words:
            return places.azure if "AZURE" in words else places.openai
    if "BUCKET" in words and not {"REGION", "PREFIX", "URL", "ENDPOINT"} & words:
        return places.bucket
    if {"S3", "AWS", "MINIO"} & words:
        if {"ENDPOINT", "URL"} & words:
            return places.s3
        if "REGION" in words:
            return places.region
        if "SECRET" in words:
            return places.secret_key
        if "ACCESS" in words or ("KEY" in words and "ID" in words):
            return places.access_key
    return None


def guess_value(variable: Variable, places: Places) -> str | None:
    """A value that a start may need: by meaning, by the submission's example, by type, by name. None: no idea.

    Tried only once a start has failed for want of it.
    """
    value = sure(variable, places)
    if value is not None:
        return value
    named = places.database if variable.purpose == "database" else _by_name(variable, places)
    if named == places.database and not variable.example.startswith("sqlite"):
        return named  # an example leads to a server of the author's
    if _is_plain(variable.example) and _fits(variable.example, variable.kind):
        return variable.example
    return named or _by_kind(variable)


def _is_openais(example: str) -> bool:
    """Whether an example is a model that OpenAI has or had, as its own or as another client's name for it."""
    return re.sub(r"^openai[/:]", "", example) in catalogue.load().models


def _is_plain(example: str) -> bool:
    return bool(example) and not _PLACEHOLDER.search(example)


def _fits(text: str, kind: str) -> bool:
    if re.match(r"(?:Optional\[)?(?:int|float)\b", kind):
        return bool(re.fullmatch(r"-?[\d.]+", text))
    return True


def _by_name(variable: Variable, places: Places) -> str | None:
    name, kind = variable.name.upper(), variable.kind
    words = set(name.split("_"))
    if re.match(r"(?:Optional\[)?(?:int|float|bool|list|dict|List|Dict|Literal)\b", kind):
        return places.port if name == "PORT" else _by_kind(variable)
    if {"DATABASE", "DB", "POSTGRES", "POSTGRESQL", "SQL", "SQLALCHEMY", "MYSQL", "PG"} & words and (
        {"URL", "URI", "DSN", "CONNECTION", "CONN", "STRING"} & words
    ):
        return places.database
    if "REDIS" in words or {"CELERY", "BROKER"} & words:
        return "redis://127.0.0.1:6379/0" if {"URL", "URI", "BROKER", "BACKEND"} & words else "127.0.0.1"
    if {"MONGO", "MONGODB"} & words and {"URL", "URI", "HOST", "CONNECTION", "STRING"} & words:
        return "mongodb://127.0.0.1:27017/app"
    for own, value in (
        ({"MODEL", "ENGINE"}, _MODEL),
        ({"PASSWORD", "PASS", "SECRET", "TOKEN", "KEY", "APIKEY", "SALT"}, _SECRET),
        (
            {
                "PORT",
                "TIMEOUT",
                "LIMIT",
                "MAX",
                "SIZE",
                "MINUTES",
                "SECONDS",
                "HOURS",
                "DAYS",
                "COUNT",
                "TTL",
            },
            "60",
        ),
        ({"TEMPERATURE"}, "0.5"),
        ({"DEBUG", "ENABLE", "ENABLED", "USE"}, "false"),
        ({"ALGORITHM"}, "HS256"),
        ({"EMAIL", "MAIL"}, "someone@example.com"),
        ({"ORIGINS", "ORIGIN", "HOSTS", "CORS"}, "*"),
        ({"URL", "URI", "ENDPOINT", "DOMAIN"}, "http://127.0.0.1:9"),
        ({"HOST", "SERVER"}, "127.0.0.1"),
        ({"LEVEL"}, "INFO"),
        ({"ENV", "ENVIRONMENT", "STAGE", "MODE"}, "development"),
        (
            {
                "USER",
                "USERNAME",
                "NAME",
                "ID",
                "PROJECT",
                "ORGANIZATION",
                "ORG",
                "TITLE",
                "DB",
                "COLLECTION",
                "INDEX",
            },
            "grading",
        ),
        ({"PATH", "DIR", "FOLDER", "DIRECTORY"}, "."),
        ({"PROMPT", "MESSAGE", "INSTRUCTIONS"}, "You are a helpful assistant."),
        ({"VERSION"}, "1.0"),
        ({"REGION"}, places.region),
    ):
        if own & words:
            return value
    return None


def _by_kind(variable: Variable) -> str | None:
    kind = variable.kind.removeprefix("Optional[")
    if literal := re.match(r"Literal\[['\"]([^'\"]+)['\"]", kind):
        return literal[1]
    for beginning, value in (
        ("int", "60"),
        ("float", "0.5"),
        ("bool", "false"),
        ("list", "[]"),
        ("List", "[]"),
        ("set", "[]"),
        ("dict", "{}"),
        ("Dict", "{}"),
        ("SecretStr", _SECRET),
        ("EmailStr", "someone@example.com"),
        ("Path", "."),
        ("FilePath", "."),
        ("DirectoryPath", "."),
        ("HttpUrl", "http://127.0.0.1:9"),
        ("AnyHttpUrl", "http://127.0.0.1:9"),
        ("AnyUrl", "http://127.0.0.1:9"),
        ("PostgresDsn", "postgresql://app:app@127.0.0.1:5432/app"),
        ("RedisDsn", "redis://127.0.0.1:6379/0"),
        ("MongoDsn", "mongodb://127.0.0.1:27017/app"),
    ):
        if kind.startswith(beginning):
            return value
    return None
