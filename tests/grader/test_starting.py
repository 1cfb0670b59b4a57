"""An app is started as a person would start it; what it lacks is given to it, or named, and is never its failure."""

import os
import signal
import subprocess
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from textwrap import dedent

import pytest

from grader.collect import collect
from grader.collect.code.find_app import file_of_app, find_app
from grader.collect.code.meanings import Places, guess_value, sure
from grader.collect.code.reaching import Reach
from grader.collect.code.services import missing_service
from grader.collect.code.variables import read_variables
from grader.collect.start.launching import START_SECONDS, _time_left
from grader.collect.start.other_kinds import other_kind
from grader.collect.start.start_failure import read_failure
from grader.collect.start.start_reasons import Reason, explain
from grader.collect.start.starting import StartPlan, plan
from grader.evidence import AppStart
from grader.inside import processor_time
from grader.manifest import Manifest
from grader.sandbox import Order, Sandbox, choose_tier
from grader.submission import open_submission
from tests.grader.grading import from_nursery

PLACES = Places(
    key="the-key",
    openai="http://127.0.0.1:1/v1",
    s3="http://127.0.0.1:2",
    bucket="the-bucket",
    region="us-east-1",
    access_key="access",
    secret_key="hidden",
    port="8000",
    database="sqlite:////tmp/app.db",
)
INSIDE = "/inside/submission"


def written(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text), encoding="utf-8")
    return root


def first_plan(root: Path, files: dict[str, str]) -> StartPlan:
    written(root, files)
    target = find_app(root, Manifest())
    assert target is not None
    return plan(
        root, target.target, target.pythonpath, target.file, ".", PLACES, {"OPENAI_API_KEY": "the-key"}
    )


def revised(made: StartPlan, *log: str) -> bool:
    return made.revise(read_failure("\n".join(log), INSIDE))


def reason(made: StartPlan, *log: str, python: str = "theirs") -> Reason:
    return explain(read_failure("\n".join(log), INSIDE), made, Path(python), Path("lab"), "main.py")


def traceback(last: str, *frames: tuple[str, int, str]) -> list[str]:
    lines = ["Traceback (most recent call last):"]
    for file, line, source in frames:
        lines += [f'  File "{file}", line {line}, in <module>', f"    {source}"]
    return [*lines, *last.splitlines()]


APP = "from fastapi import FastAPI\napp = FastAPI()\n"

# --- variables ------------------------------------------------------------------------------------------------------


def variables(root: Path, text: str, **others: str) -> dict[str, tuple[str | None, str | None]]:
    """Of each variable, the value that it gets at once, and the one that it gets when a start asks for it."""
    written(root, {"main.py": text, **{f"{name}.py": each for name, each in others.items()}})
    found = read_variables(root, ["main.py", *(f"{name}.py" for name in others)])
    return {name: (sure(one, PLACES), guess_value(one, PLACES)) for name, one in found.items()}


def test_a_database_s_address_is_known_by_where_it_goes_whatever_its_name(tmp_path):
    found = variables(
        tmp_path,
        """
        import os
        from sqlalchemy import create_engine
        engine = create_engine(os.environ["MAIN_LINK"])
        app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["SQL_LINK"]
        """,
    )
    assert found == dict.fromkeys(("MAIN_LINK", "SQL_LINK"), (None, PLACES.database))


def test_a_model_s_variable_gets_a_model_of_openai_s_where_an_example_names_another_provider_s(tmp_path):
    (tmp_path / ".env.example").write_text("WRITER_MODEL=gemini-2.0-flash\nDRAFTER=openai/gpt-4o-mini\n")
    found = variables(
        tmp_path,
        """
        import os
        from agents import Agent
        from litellm import completion
        MODEL = os.getenv("WRITER_MODEL")
        writer = Agent(name="a", model=MODEL)
        drafted = completion(model=os.environ["DRAFTER"], messages=[])
        """,
    )
    assert found["WRITER_MODEL"][0].startswith("gpt-")
    assert found["DRAFTER"][0] == "openai/gpt-4o-mini"


def test_a_variable_whose_value_becomes_a_client_s_key_gets_the_key_whatever_its_name(tmp_path):
    found = variables(
        tmp_path,
        """
        import os
        from openai import OpenAI
        secret = os.environ["WRITER_ACCESS"]
        client = OpenAI(api_key=secret, base_url=os.getenv("WRITER_AT"))
        """,
    )
    assert found == {"WRITER_ACCESS": ("the-key",) * 2, "WRITER_AT": ("http://127.0.0.1:1/v1",) * 2}


def test_an_assignment_to_the_old_module_says_what_a_variable_is_for(tmp_path):
    found = variables(tmp_path, "import os, openai\nopenai.api_key = os.getenv('API_KEY')\n")
    assert found["API_KEY"][0] == "the-key"


def test_a_name_that_may_be_the_app_s_own_secret_is_set_only_when_a_start_asks_for_it(tmp_path):
    now, later = variables(tmp_path, "import os\nexpected = os.environ['API_KEY']\n")["API_KEY"]
    assert now is None
    assert later not in (None, "the-key")


def test_azure_gets_its_address_without_the_version_and_a_deployment(tmp_path):
    found = variables(
        tmp_path,
        """
        import os
        from openai import AzureOpenAI
        client = AzureOpenAI(azure_endpoint=os.environ["AI_HOST"], api_key=os.environ["AI_KEY"],
                             api_version=os.environ["AI_VERSION"], azure_deployment=os.environ["AI_NAME"])
        """,
    )
    assert [now for now, _ in found.values()] == [
        "http://127.0.0.1:1",
        "the-key",
        "2024-10-21",
        "gpt-5.4-mini",
    ]


def test_settings_classes_are_read_with_prefix_alias_nesting_and_types(tmp_path):
    found = variables(
        tmp_path,
        """
        from typing import Literal
        from pydantic import BaseModel, Field, SecretStr
        from pydantic_settings import BaseSettings, SettingsConfigDict

        class Store(BaseModel):
            bucket: str
            retries: int

        class Settings(BaseSettings):
            model_config = SettingsConfigDict(env_prefix="shop_", env_nested_delimiter="__")
            openai_api_key: SecretStr
            mode: Literal["fast", "slow"]
            signing_key: str = Field(min_length=32)
            region: str = Field(..., validation_alias="AWS_REGION")
            workers: int = 2
            store: Store
        """,
    )
    assert found["SHOP_OPENAI_API_KEY"][0] == "the-key"
    assert found["SHOP_MODE"][1] == "fast"
    assert len(found["SHOP_SIGNING_KEY"][1] or "") >= 32
    assert found["AWS_REGION"][0] == "us-east-1"
    assert found["SHOP_STORE__BUCKET"][0] == "the-bucket"
    assert found["SHOP_STORE__RETRIES"][1] == "60"


@pytest.mark.parametrize(
    "text",
    [
        "from decouple import config\nwhere = config('SEARCH_URL')\n",
        "from environs import Env\nenv = Env()\nwhere = env.str('SEARCH_URL')\n",
        "import environ\nenv = environ.Env()\nwhere = env('SEARCH_URL')\n",
        "from starlette.config import Config\nconfig = Config('.env')\nwhere = config('SEARCH_URL', cast=str)\n",
        "from os import getenv\nwhere = getenv('SEARCH_URL')\n",
    ],
)
def test_every_library_s_way_to_read_a_variable_is_known(tmp_path, text):
    assert variables(tmp_path, text)["SEARCH_URL"][1] == "http://127.0.0.1:9"


def test_a_variable_that_is_set_is_not_one_that_is_read(tmp_path):
    assert variables(tmp_path, "import os\nos.environ['QUIET'] = '1'\n") == {}


def test_an_example_gives_a_value_unless_it_is_a_placeholder(tmp_path):
    written(tmp_path, {".env.example": "TONE=formal  # how to write\nPLAN=<your plan>\n"})
    found = variables(tmp_path, "import os\ntone = os.environ['TONE']\nplan = os.environ['PLAN']\n")
    assert found["TONE"][1] == "formal"
    assert found["PLAN"][1] is None


def test_an_example_of_a_database_leads_to_the_author_s_server_and_a_file_does_instead(tmp_path):
    written(
        tmp_path,
        {".env.example": "DATABASE_URL=postgresql://app:app@db:5432/app\nLOCAL_DB_URL=sqlite:///a.db\n"},
    )
    found = variables(tmp_path, "import os\na = os.environ['DATABASE_URL']\nb = os.environ['LOCAL_DB_URL']\n")
    assert found["DATABASE_URL"] == (None, PLACES.database)
    assert found["LOCAL_DB_URL"] == (None, "sqlite:///a.db")


def test_the_example_s_debugging_is_taken_where_django_answers_to_no_host_without_it(tmp_path):
    written(tmp_path, {".env.example": "DEBUG=on\n"})
    settings = "import os\nDEBUG = os.getenv('DEBUG', '') == 'on'\n"
    other = tmp_path / "other"
    written(other, {".env.example": "DEBUG=on\n"})
    assert (
        first_plan(tmp_path, {"main.py": f"{APP}{settings}ALLOWED_HOSTS = []\n"}).environment["DEBUG"] == "on"
    )
    assert "DEBUG" not in first_plan(other, {"main.py": f"{APP}{settings}"}).environment


@pytest.mark.parametrize(
    ("read", "value"),
    [("os.getenv('DEBUG')", "True"), ("int(os.getenv('DEBUG', 0))", "1")],
)
def test_a_django_project_gets_its_secret_and_debugging_though_it_starts_without(tmp_path, read, value):
    settings = f"import os\nINSTALLED_APPS = []\nSECRET_KEY = os.getenv('APP_CODE')\nDEBUG = {read}\nALLOWED_HOSTS = []\n"
    made = first_plan(tmp_path, {"main.py": APP + settings})
    assert (made.environment["DEBUG"], bool(made.environment["APP_CODE"])) == (value, True)


def test_a_django_project_that_names_its_hosts_is_not_debugged(tmp_path):
    settings = "import os\nINSTALLED_APPS = []\nDEBUG = os.getenv('DEBUG')\nALLOWED_HOSTS = ['*']\n"
    assert "DEBUG" not in first_plan(tmp_path, {"main.py": APP + settings}).environment


def test_a_place_of_a_container_s_is_no_fault_of_the_code(tmp_path):
    made = first_plan(tmp_path, {"main.py": APP})
    found = reason(
        made,
        *traceback(
            "PermissionError: [Errno 13] Permission denied: '/srv/pictures'",
            (f"{INSIDE}/main.py", 3, "Path('/srv/pictures').mkdir()"),
        ),
    )
    assert found.verdict == "not_run"
    assert "/srv/pictures" in found.text


# --- what a failed start leads to -------------------------------------------------------------------------------------


def test_a_variable_that_the_message_names_is_added_and_no_other(tmp_path):
    made = first_plan(
        tmp_path,
        {
            "main.py": APP
            + "import os\nsalt = os.getenv('SESSION_SALT')\nother = os.getenv('OTHER_SECRET')\n"
            + "if not salt:\n    raise RuntimeError('SESSION_SALT is missing')\n"
        },
    )
    assert made.environment == {}
    assert revised(
        made,
        *traceback("RuntimeError: SESSION_SALT is missing", (f"{INSIDE}/main.py", 6, "raise RuntimeError()")),
    )
    assert list(made.environment) == ["SESSION_SALT"]


def test_a_variable_is_added_whose_value_the_failing_line_uses(tmp_path):
    made = first_plan(
        tmp_path,
        {"main.py": APP + "import os\nwhere = os.getenv('CATALOGUE_URL')\nbare = where.rstrip('/')\n"},
    )
    log = traceback(
        "AttributeError: 'NoneType' object has no attribute 'rstrip'",
        (f"{INSIDE}/main.py", 5, "bare = where.rstrip('/')"),
    )
    assert revised(made, *log)
    assert list(made.environment) == ["CATALOGUE_URL"]
    assert not revised(made, *log)  # nothing else can be tried


def test_a_settings_class_that_names_its_fields_gets_all_of_them_at_once(tmp_path):
    made = first_plan(
        tmp_path,
        {
            "main.py": APP + "from settings import Settings\nsettings = Settings()\n",
            "settings.py": """
                from pydantic_settings import BaseSettings
                class Settings(BaseSettings):
                    first_url: str
                    second_count: int
                    third_url: str = ""
                """,
        },
    )
    assert revised(
        made,
        *traceback(
            "pydantic_core._pydantic_core.ValidationError: 2 validation errors for Settings\n"
            "first_url\n  Field required [type=missing, input_value={}, input_type=dict]\n"
            "    For further information visit https://errors.pydantic.dev/2/v/missing\n"
            "second_count\n  Field required [type=missing, input_value={}, input_type=dict]",
            (f"{INSIDE}/main.py", 4, "settings = Settings()"),
        ),
    )
    assert made.environment == {"FIRST_URL": "http://127.0.0.1:9", "SECOND_COUNT": "60"}


def test_a_variable_that_can_not_be_guessed_is_named_with_its_line_and_what_to_write(tmp_path):
    made = first_plan(tmp_path, {"main.py": APP + "import os\nflavour = os.environ['FLAVOUR']\n"})
    log = traceback("KeyError: 'FLAVOUR'", (f"{INSIDE}/main.py", 4, "flavour = os.environ['FLAVOUR']"))
    assert not revised(made, *log)
    why = reason(made, *log)
    assert why.verdict == "not_run"
    assert "FLAVOUR (main.py, line 4)" in why.text
    assert '[tool.lab.env]\nFLAVOUR = "…"' in why.advice[0]


def test_a_module_of_its_own_in_another_folder_is_looked_for(tmp_path):
    made = first_plan(tmp_path, {"main.py": APP + "from tools import cut\n", "shared/tools.py": "cut = 1\n"})
    log = traceback(
        "ModuleNotFoundError: No module named 'tools'", (f"{INSIDE}/main.py", 3, "from tools import cut")
    )
    assert revised(made, *log)
    assert tmp_path / "shared" in made.pythonpath


def test_a_broken_import_of_its_own_package_is_named_as_such(tmp_path):
    made = first_plan(
        tmp_path,
        {"main.py": APP + "from shop.pens import Pen\n", "shop/__init__.py": "", "shop/paper.py": ""},
    )
    log = traceback(
        "ModuleNotFoundError: No module named 'shop.pens'",
        (f"{INSIDE}/main.py", 3, "from shop.pens import Pen"),
    )
    assert not revised(made, *log)
    why = reason(made, *log)
    assert why.verdict == "failed"
    assert why.text.startswith("main.py, line 3, imports shop.pens, and the submission's own code has no")
    assert "requirements" not in " ".join((why.text, *why.advice))


def test_it_is_started_from_the_folder_that_has_the_files_that_it_opens(tmp_path):
    made = first_plan(
        tmp_path,
        {
            "server/main.py": APP + "from fastapi.staticfiles import StaticFiles\n"
            "app.mount('/pages', StaticFiles(directory='pages'))\n",
            "server/pages/index.html": "",
        },
    )
    assert made.cwd == tmp_path / "server"


def test_of_several_folders_with_what_it_opens_it_is_the_one_that_it_is_imported_from(tmp_path):
    opens = APP + "from pathlib import Path\nlisted = list(Path('api').iterdir())\n"
    made = first_plan(tmp_path, {"deploy/main.py": opens, "deploy/api/v1.txt": "", "api/proxy.js": ""})
    assert made.cwd == tmp_path / "deploy"


def test_a_folder_that_is_not_found_is_looked_for_in_the_others(tmp_path):
    made = first_plan(tmp_path, {"web/main.py": APP, "web/pages/index.html": ""})
    assert made.cwd == tmp_path
    assert revised(
        made, *traceback("RuntimeError: Directory 'pages' does not exist", ("/lib/static.py", 1, "raise"))
    )
    assert made.cwd == tmp_path / "web"


# --- the whole way ----------------------------------------------------------------------------------------------------


def started(root: Path, files: dict[str, str]) -> AppStart:
    tier = choose_tier("auto")
    with open_submission(str(written(root, files)), tier=tier) as submission:
        sandbox = partial(from_nursery, tier)
        return collect(submission, only=("endpoint.starts",), tier=tier, open_sandbox=sandbox).app


def test_an_app_in_a_file_that_a_package_of_its_name_hides_is_served(tmp_path):
    files = {
        "app.py": """
            from flask import Flask

            from app.pages import page

            def create_app():
                app = Flask(__name__)
                app.register_blueprint(page)
                return app

            if __name__ == "__main__":
                create_app().run()
        """,
        "app/__init__.py": "",
        "app/pages.py": """
            from flask import Blueprint

            page = Blueprint("page", __name__)

            @page.route("/")
            def first():
                return "here"
        """,
    }
    start = started(tmp_path, files)
    assert start.started, start.failure


IN_PIECES = """
import logging
import os
import sys

logging.basicConfig(format="%(asctime)s - %(message)s", stream=sys.__stdout__)


class Written:
    def write(self, text):
        logging.error(text.strip())

    def flush(self):
        pass


sys.stderr = Written()
from fastapi import FastAPI
app = FastAPI()
place = os.path.join(os.environ.get("NOTES_ROOT_OF_MINE"), "notes")
"""


def test_the_reason_is_read_where_an_app_logs_what_is_written_to_its_standard_error(tmp_path):
    start = started(tmp_path, {"main.py": IN_PIECES})
    assert "TypeError: expected str, bytes or os.PathLike object" in str(start.failure)


def test_an_app_gets_one_variable_after_another_until_it_starts(tmp_path):
    app = started(
        tmp_path,
        {
            "web/main.py": """
                import os
                from fastapi import FastAPI
                from fastapi.staticfiles import StaticFiles
                from openai import OpenAI

                key = os.environ["WRITER_KEY"]
                salt = os.environ["SESSION_SALT"]
                if len(os.getenv("SIGNING_SECRET") or "") < 16:
                    raise RuntimeError("SIGNING_SECRET is too short")
                writer = OpenAI(api_key=key)
                app = FastAPI()
                app.mount("/pages", StaticFiles(directory="pages"))

                @app.get("/write")
                def write(prompt: str):
                    answer = writer.responses.create(model="gpt-5.4-mini", input=prompt)
                    return {"text": answer.output_text}
                """,
            "web/pages/index.html": "",
        },
    )
    assert app.started, app.failure
    assert app.variables == ("SESSION_SALT", "SIGNING_SECRET", "WRITER_KEY")
    assert app.folder == "web"
    assert app.starts == 3


def test_a_key_that_is_printed_at_the_start_is_seen_however_much_is_printed_later(tmp_path):
    tier = choose_tier("auto")
    files = {
        "main.py": "import os\nfrom flask import Flask\nprint(os.environ['OPENAI_API_KEY'])\n"
        "print('more\\n' * 400_000)\napp = Flask('x')\n"
    }
    with open_submission(str(written(tmp_path, files)), tier=tier) as submission:
        evidence = collect(submission, only=("endpoint.starts",), tier=tier)
    assert evidence.canary_seen == ("the app's log",)


def test_an_app_that_hangs_is_shown_where(tmp_path, monkeypatch):
    monkeypatch.setattr("grader.collect.start.launching.START_SECONDS", 4.0)
    app = started(
        tmp_path, {"main.py": "import time\nfrom flask import Flask\ntime.sleep(60)\napp = Flask('x')\n"}
    )
    assert not app.started
    assert app.failure == "The app did not answer in time: main.py, line 3: it was still busy there."


def test_tables_of_a_django_project_are_made_before_it_is_asked(tmp_path):
    app = started(
        tmp_path,
        {
            "shop/__init__.py": "",
            "shop/settings.py": """
                SECRET_KEY = "x"
                DEBUG = True
                ROOT_URLCONF = "shop.urls"
                INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth"]
                DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "shop.db"}}
                """,
            "shop/urls.py": """
                from django.http import HttpResponse
                from django.urls import path

                def people(request):
                    from django.contrib.auth.models import User
                    print("people:", User.objects.count())
                    return HttpResponse("fine")

                urlpatterns = [path("", people)]
                """,
            "shop/wsgi.py": """
                import os
                from django.core.wsgi import get_wsgi_application
                os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
                application = get_wsgi_application()
                """,
        },
    )
    assert app.started, app.failure
    assert "people: 0" in app.log


TABLES = """
import os
from fastapi import FastAPI
from sqlalchemy import create_engine, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase):
    pass

class Story(Base):
    __tablename__ = "stories"
    id: Mapped[int] = mapped_column(primary_key=True)

engine = create_engine(os.environ["DATABASE_URL"])
app = FastAPI()

@app.get("/")
def stories():
    with engine.connect() as connection:
        print("stories:", connection.execute(text("SELECT count(*) FROM stories")).scalar())
    return {}
"""


def test_tables_that_a_migration_would_make_are_made_in_the_file_that_stands_for_the_server(tmp_path):
    compose = "services:\n  web:\n    environment:\n      DATABASE_URL: postgresql://app:app@db/app\n"
    app = started(tmp_path, {"main.py": TABLES, "docker-compose.yml": compose})
    assert app.started, app.failure
    assert "stories: 0" in app.log


def test_a_table_that_only_a_migration_makes_is_no_failure_of_the_learner_s():
    output = "sqlalchemy.exc.OperationalError: (sqlite3.OperationalError) no such table: stories"
    assert missing_service(output, offered_database=True) == "the tables of its database server"
    assert missing_service(output) == ""


def test_what_the_author_s_own_variables_declare_is_not_overwritten(tmp_path):
    app = started(
        tmp_path,
        {
            "lab.toml": 'app = "main:app"\n[env]\nSHOP_MODE = "calm"\n',
            "main.py": "import os\nfrom flask import Flask\nassert os.environ['SHOP_MODE'] == 'calm'\napp = Flask('x')\n",
        },
    )
    assert app.started, app.failure
    assert app.variables == ()


# --- why it did not start -------------------------------------------------------------------------------------------


def test_the_reason_is_the_exception_with_the_learner_s_own_line_and_not_the_last_line_of_the_log(tmp_path):
    made = first_plan(tmp_path, {"main.py": APP})
    why = reason(
        made,
        "INFO:     Started server process [7]",
        *traceback(
            "pydantic_core._pydantic_core.ValidationError: 1 validation error for Limits\n"
            "most\n  Input should be less than 5 [type=less_than, input_value=9, input_type=int]\n"
            "    For further information visit https://errors.pydantic.dev/2/v/less_than",
            (f"{INSIDE}/main.py", 7, "limits = Limits(most=9)"),
            ("/env/lib/python3.11/site-packages/pydantic/main.py", 250, "raise"),
        ),
    )
    assert why == Reason(
        "failed",
        "The app did not start: main.py, line 7 (limits = Limits(most=9)): ValidationError: "
        "1 validation error for Limits; most; Input should be less than 5",
    )


@pytest.mark.parametrize(
    ("library", "message", "service"),
    [
        ("psycopg", "OperationalError: connection failed: Connection refused", "PostgreSQL"),
        (
            "redis",
            "redis.exceptions.ConnectionError: Error 111 connecting to cache:6379. Connection refused.",
            "Redis",
        ),
        (
            "pymongo",
            "pymongo.errors.ServerSelectionTimeoutError: localhost:27017: refused, Timeout: 30s",
            "MongoDB",
        ),
        ("asyncpg", "socket.gaierror: [Errno -2] Name or service not known", "PostgreSQL"),
    ],
)
def test_a_service_that_is_not_there_is_no_fault_of_the_work(tmp_path, library, message, service):
    made = first_plan(tmp_path, {"main.py": APP})
    caused = traceback(message, (f"/env/lib/python3.11/site-packages/{library}/connection.py", 9, "raise"))
    own = traceback("main.StoreError: no store", (f"{INSIDE}/main.py", 7, "raise StoreError('no store')"))
    why = reason(
        made, *caused, "", "The above exception was the direct cause of the following exception:", "", *own
    )
    assert why.verdict == "not_run"
    assert f"needs {service}" in why.text


@pytest.mark.parametrize(
    ("engine", "address"),
    [("create_engine", "sqlite:////tmp/app.db"), ("create_async_engine", "sqlite+aiosqlite:////tmp/app.db")],
)
def test_a_database_whose_address_is_a_variable_may_be_a_file(tmp_path, engine, address):
    made = first_plan(
        tmp_path,
        {
            "main.py": APP
            + f"import os, sqlalchemy as sql\nengine = sql.{engine}(os.environ['DATABASE_URL'])\n"
        },
    )
    assert revised(made, *traceback("KeyError: 'DATABASE_URL'", (f"{INSIDE}/main.py", 4, "engine = …")))
    assert made.environment == {"DATABASE_URL": address}
    why = reason(
        made,
        *traceback(
            "sqlalchemy.exc.CompileError: can't render element of type JSONB",
            (f"{INSIDE}/main.py", 5, "Base.metadata.create_all(engine)"),
            ("/env/lib/python3.11/site-packages/sqlalchemy/sql/compiler.py", 9, "raise"),
        ),
    )
    assert why.verdict == "not_run"
    assert "needs a database server, such as PostgreSQL" in why.text


def test_a_place_where_it_hangs_is_named(tmp_path):
    made = first_plan(tmp_path, {"main.py": APP})
    why = reason(
        made,
        "Timeout (0:00:18)!",
        "Thread 0x00007f0000000000 (most recent call first):",
        '  File "/env/lib/python3.11/site-packages/pymongo/topology.py", line 9 in select',
        f'  File "{INSIDE}/main.py", line 3 in <module>',
    )
    assert why.verdict == "not_run"
    assert "needs MongoDB" in why.text
    assert "main.py, line 3" in why.text


def test_a_client_that_waits_in_a_thread_of_its_own_is_named_though_the_server_sleeps(tmp_path):
    made = first_plan(tmp_path, {"main.py": APP})
    why = reason(
        made,
        "Timeout (0:00:18)!",
        "Thread 0x00007f0000000001 (most recent call first):",
        '  File "/env/lib/python3.11/site-packages/pymongo/topology.py", line 9 in select_servers',
        '  File "/usr/lib/python3.11/threading.py", line 1002 in _bootstrap',
        "",
        "Thread 0x00007f0000000000 (most recent call first):",
        '  File "/usr/lib/python3.11/selectors.py", line 468 in select',
        '  File "/env/lib/python3.11/site-packages/uvicorn/server.py", line 65 in run',
        '  File "/graders/work.py", line 344 in <module>',
    )
    assert why.verdict == "not_run"
    assert "needs MongoDB to start" in why.text
    assert "work.py" not in why.text


def test_where_it_hung_before_is_not_where_it_hangs(tmp_path):
    made = first_plan(tmp_path, {"main.py": APP})
    dump = ["Timeout (0:00:18)!", "Thread 0x00007f0000000000 (most recent call first):"]
    log = [
        *dump,
        f'  File "{INSIDE}/main.py", line 1 in <module>',
        *dump,
        '  File "/env/lib/site-packages/redis/retry.py", line 9 in call',
    ]
    assert "needs Redis to start" in reason(made, *log).text


def test_a_module_that_git_leaves_out_is_named_as_not_handed_in(tmp_path):
    made = first_plan(tmp_path, {"main.py": APP, ".gitignore": "*.log\n/secrets_of_mine.py\n"})
    frame = (f"{INSIDE}/main.py", 1, "import secrets_of_mine")
    why = reason(made, *traceback("ModuleNotFoundError: No module named 'secrets_of_mine'", frame))
    assert why.verdict == "failed"
    assert "was not handed in: .gitignore leaves secrets_of_mine.py out" in why.text


def test_packages_that_do_not_fit_together_are_named(tmp_path):
    made = first_plan(tmp_path, {"main.py": APP})
    frames = [
        (f"{INSIDE}/main.py", 3, "client = OpenAI()"),
        ("/env/lib/python3.11/site-packages/openai/_base_client.py", 9, "super().__init__(**kwargs)"),
    ]
    wrong = "TypeError: Client.__init__() got an unexpected keyword argument 'proxies'"
    assert "inside packages (openai)" in reason(made, *traceback(wrong, *frames)).advice[0]
    assert reason(made, *traceback(wrong, frames[0])).advice == ()


def test_an_app_that_waits_for_nothing_that_is_known_is_reported_without_the_grader_s_own_lines(tmp_path):
    made = first_plan(tmp_path, {"main.py": APP})
    why = reason(
        made,
        "Thread 0x00007f0000000000 (most recent call first):",
        '  File "/usr/lib/python3.11/selectors.py", line 468 in select',
        '  File "/graders/work.py", line 344 in <module>',
    )
    assert why.text == "The app did not answer in time: it was still waiting."


def test_an_app_that_answers_under_the_author_s_names_alone_is_given_any(tmp_path):
    text = "import os\nALLOWED_HOSTS = os.getenv('ALLOWED_HOSTS', '').split(',')\n"
    assert first_plan(tmp_path, {"main.py": text + APP}).environment["ALLOWED_HOSTS"] == "*"


def test_hosts_that_settings_take_as_a_list_are_given_as_one(tmp_path):
    text = """
        from pydantic_settings import BaseSettings
        from fastapi import FastAPI

        class Settings(BaseSettings):
            trusted_hosts: list[str] = []

        app = FastAPI()
        """
    assert first_plan(tmp_path, {"main.py": text}).environment["TRUSTED_HOSTS"] == '["*"]'


@pytest.mark.parametrize(
    "read",
    [
        "os.getenv('DATABASE_URL', 'postgresql://app:app@db:5432/app')",
        "os.environ.get('SQLALCHEMY_DATABASE_URI', default='mysql+pymysql://app@db/app')",
    ],
)
def test_a_server_that_is_expected_where_nothing_is_set_has_a_file_in_its_place(tmp_path, read):
    made = first_plan(
        tmp_path, {"main.py": f"import os\nfrom fastapi import FastAPI\nurl = {read}\napp = FastAPI()\n"}
    )
    assert made.has_other_database
    assert revised(made, *traceback("ValueError: not that address", (f"{INSIDE}/main.py", 4, "connect(url)")))
    assert not made.has_other_database


def test_a_file_that_the_code_takes_by_itself_stays(tmp_path):
    text = "import os\nurl = os.getenv('DATABASE_URL', 'sqlite:///notes.db')\n"
    assert not first_plan(tmp_path, {"main.py": text + APP}).environment


def test_a_host_of_the_network_that_a_start_asks_for_is_named(tmp_path):
    made = first_plan(tmp_path, {"main.py": APP})
    why = reason(
        made,
        *traceback(
            "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='words.example', port=443): "
            "Max retries exceeded with url: /list",
            (f"{INSIDE}/main.py", 4, "words = load()"),
        ),
    )
    assert why.verdict == "not_run"
    assert "asks for words.example" in why.text


def test_a_package_that_nothing_declares_is_to_be_declared(tmp_path):
    made = first_plan(tmp_path, {"main.py": APP + "import mangrove\n", "requirements.txt": "fastapi\n"})
    log = traceback(
        "ModuleNotFoundError: No module named 'mangrove'", (f"{INSIDE}/main.py", 3, "import mangrove")
    )
    why = reason(made, *log)
    assert why.verdict == "failed"
    assert "no file of the submission declares" in why.text


def test_a_package_that_a_readme_has_installed_and_that_is_not_there_is_the_grader_s_limit(tmp_path):
    files = {"main.py": APP + "import mangrove\n", "README.md": "## pip install mangrove==2.0.0-rc1\n"}
    log = traceback(
        "ModuleNotFoundError: No module named 'mangrove'", (f"{INSIDE}/main.py", 3, "import mangrove")
    )
    why = reason(first_plan(tmp_path, files), *log)
    assert why.verdict == "error"
    assert "could not install it" in why.text


def test_a_module_that_a_package_imports_is_said_to_be_the_package_s(tmp_path):
    made = first_plan(tmp_path, {"main.py": APP + "import signs\n", "requirements.txt": "signs\n"})
    log = traceback(
        "ModuleNotFoundError: No module named 'mangrove'",
        (f"{INSIDE}/main.py", 3, "import signs"),
        ("/env/lib/python3.11/site-packages/signs/__init__.py", 1, "import mangrove"),
    )
    assert "leads to signs, which imports mangrove" in reason(made, *log).text


def test_a_package_that_is_declared_and_was_not_installed_is_the_grader_s_error(tmp_path):
    made = first_plan(tmp_path, {"main.py": APP + "import mangrove\n", "requirements.txt": "mangrove==1\n"})
    log = traceback(
        "ModuleNotFoundError: No module named 'mangrove'", (f"{INSIDE}/main.py", 3, "import mangrove")
    )
    assert reason(made, *log).verdict == "error"
    assert reason(made, *log, python="lab").verdict == "error"


@pytest.mark.parametrize(
    ("named", "made"), [("sounds", ["sounds"]), ("../sounds", []), ("texts", []), ("/srv/sounds", [])]
)
def test_an_empty_folder_that_git_can_not_keep_is_made_once(tmp_path, named, made):
    started = first_plan(tmp_path, {"main.py": APP, "texts/a.txt": "a"})
    log = traceback(
        f"RuntimeError: Directory '{named}' does not exist", (f"{INSIDE}/main.py", 2, "app.mount(...)")
    )
    started.cwd = tmp_path
    started._tried_folders.update({tmp_path, tmp_path / "texts"})
    again = [revised(started, *log) for _ in range(2)]
    assert [folder.relative_to(tmp_path).as_posix() for folder in started.folders] == made
    assert again == [bool(made), False]


@pytest.mark.parametrize(
    ("error", "named"),
    [
        (
            "google.auth.exceptions.DefaultCredentialsError: Your default credentials were not found.",
            "Google",
        ),
        (
            "azure.identity.CredentialUnavailableError: ManagedIdentityCredential authentication unavailable",
            "Azure",
        ),
    ],
)
def test_a_cloud_that_nobody_is_signed_in_to_is_no_fault_of_the_work(tmp_path, error, named):
    made = first_plan(tmp_path, {"main.py": APP})
    found = reason(made, *traceback(error, (f"{INSIDE}/main.py", 3, "client = Client()")))
    assert (found.verdict, named in found.text) == ("not_run", True)


# --- which app ------------------------------------------------------------------------------------------------------


def test_of_several_apps_the_one_whose_imports_lead_to_openai_is_taken(tmp_path):
    written(
        tmp_path,
        {
            "main.py": APP,
            "stories.py": APP + "from writing import write\n",
            "writing.py": "from openai import OpenAI\nwrite = OpenAI\n",
        },
    )
    assert file_of_app(tmp_path, Manifest()) == "stories.py"


@pytest.mark.parametrize(
    ("command", "target"),
    [("main:app", "main:app"), ("", "main:app"), ("serving:application", "serving:application")],
)
def test_an_app_gets_its_routes_from_the_module_that_imports_it(tmp_path, command, target):
    """What is served is the module that imports both the application and what registers routes on it."""
    files = {
        "api/__init__.py": "from fastapi import FastAPI\napp = FastAPI()\n",
        "api/texts.py": "from openai import OpenAI\nfrom api import app\n@app.post('/texts')\ndef make(): ...\n",
        "main.py": "from api.texts import *\nfrom api import app\n",
        "Dockerfile": f'CMD ["uvicorn", "{command}"]\n' if command else "",
    }
    if command.startswith("serving"):
        files["serving.py"] = "from api.texts import *\nfrom api import app as application\n"
    found = find_app(written(tmp_path, files), Manifest())
    assert found is not None
    assert found.target == target


def test_a_script_that_imports_the_app_for_other_ends_is_not_what_is_served(tmp_path):
    files = {
        "shop/__init__.py": "from flask import Flask\napp = Flask(__name__)\nfrom shop import texts\n",
        "shop/texts.py": "from openai import OpenAI\nfrom shop import app\n@app.post('/texts')\ndef make(): ...\n",
        "fill_the_database.py": "from shop import app\n",
    }
    found = find_app(written(tmp_path, files), Manifest())
    assert found is not None
    assert found.target == "shop:app"


def test_of_several_apps_the_one_that_the_submission_s_own_command_starts_is_taken(tmp_path):
    written(
        tmp_path,
        {
            "app.py": APP,
            "deep/service.py": "from fastapi import FastAPI\nserved = FastAPI()\n",
            "Dockerfile": 'CMD ["uvicorn", "deep.service:served", "--port", "80"]\n',
        },
    )
    target = find_app(tmp_path, Manifest())
    assert target is not None
    assert target.file == "deep/service.py"


def test_an_app_made_by_a_function_with_arguments_is_found_where_it_is_called(tmp_path):
    written(
        tmp_path,
        {
            "factory.py": "from flask import Flask\ndef build(settings):\n    made = Flask('x')\n    return made\n",
            "run.py": "from factory import build\nserved = build({})\n",
        },
    )
    target = find_app(tmp_path, Manifest())
    assert target is not None
    assert target.target == "run:served"


@pytest.mark.parametrize(
    ("text", "is_there"), [("from app.agents import x\n", False), ("from agents import x\n", True)]
)
def test_a_module_s_own_folder_is_where_it_imports_from_if_it_says_so(tmp_path, text, is_there):
    """Otherwise `app/agents` would hide the package `agents`."""
    written(tmp_path, {"app/__init__.py": "", "app/main.py": text + APP, "app/agents/__init__.py": "x = 1\n"})
    target = find_app(tmp_path, Manifest())
    assert target is not None
    assert (tmp_path / "app" in target.pythonpath) is is_there


def test_a_folder_that_has_the_name_of_a_library_is_not_its_package(tmp_path):
    written(tmp_path, {"services/fastapi/app.py": APP})
    target = find_app(tmp_path, Manifest())
    assert target is not None
    assert target.target == "app:app"


def test_imports_are_followed_to_the_nearest_module_of_a_name(tmp_path):
    written(
        tmp_path,
        {
            "one/main.py": "from helper import x\n",
            "one/helper.py": "",
            "two/main.py": "from helper import x\n",
            "two/helper.py": "import openai\n",
        },
    )
    reach = Reach(tmp_path)
    assert not reach.asks_openai(tmp_path / "one" / "main.py")
    assert reach.asks_openai(tmp_path / "two" / "main.py")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import streamlit as st\nst.title('x')\n", "chat.py, line 1, uses Streamlit"),
        ("import json\nimport gradio\n", "chat.py, line 2, uses Gradio"),
        ("from chalice import Chalice\napp = Chalice('x')\n", "AWS Chalice"),
        (
            "def lambda_handler(event, context):\n    return {}\n",
            "chat.py, line 1 is a handler that AWS Lambda calls",
        ),
    ],
)
def test_what_has_no_server_is_recognised_with_what_would_make_it_gradable(tmp_path, text, words):
    kind = other_kind(written(tmp_path, {"chat.py": text}))
    assert kind is not None
    assert words in kind
    assert "To have it graded" in kind


def test_a_folder_with_nothing_known_is_no_other_kind(tmp_path):
    assert other_kind(written(tmp_path, {"chat.py": "print('hello')\n"})) is None


# --- hostile texts --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "log",
    [
        "Traceback (most recent call last):",
        "Traceback (most recent call last):\n" * 5_000,
        "Traceback (most recent call last):\n" + '  File "x", line 1, in y\n' * 20_000,
        "\0" * 10_000,
        "KeyError: '" + "A" * 100_000,
        "Thread 0x1 (most recent call first):\n" + '  File "x", line 99999999999999999999 in y\n' * 100,
    ],
)
def test_whatever_an_app_prints_a_short_reason_comes_of_it_soon(tmp_path, log):
    made = first_plan(tmp_path, {"main.py": APP})
    made.revise(read_failure(log, INSIDE))
    assert len(reason(made, log).text) < 1_000


def test_a_submission_that_reads_ever_so_many_variables_is_read_within_bounds(tmp_path):
    lines = "".join(f"v{number} = os.environ['V{number}_URL']\n" for number in range(20_000))
    written(tmp_path, {"main.py": APP + "import os\n" + lines})
    assert len(read_variables(tmp_path, ["main.py"])) == 400


def test_no_variable_that_loads_code_into_programs_is_ever_set(tmp_path):
    written(tmp_path, {".env.example": "LD_PRELOAD=./mine.so\nPYTEST_ADDOPTS=-p mine\nPYTHONPATH=mine\n"})
    names = ("LD_PRELOAD", "PYTEST_ADDOPTS", "PYTHONPATH", "PATH")
    text = "import os\n" + "".join(f"print(os.environ['{name}'])\n" for name in names)
    assert variables(tmp_path, text) == {}


def test_a_value_of_an_example_that_is_long_or_can_not_be_shown_is_not_taken(tmp_path):
    written(tmp_path, {".env.example": f"TONE={'a' * 5_000}\nMOOD=a\x1bb\n"})
    found = variables(tmp_path, "import os\ntone = os.environ['TONE']\nmood = os.environ['MOOD']\n")
    assert found == {"TONE": (None, None), "MOOD": (None, None)}


def test_time_in_which_the_machine_was_busy_with_others_is_not_the_app_s():
    assert _time_left(START_SECONDS + 5, 0.0) < 0
    assert _time_left(START_SECONDS + 5, 12.0) == 7.0
    assert _time_left(60.0, 55.0) <= 0  # nor is it waited for without an end


BUSY = "while :; do :; done"


@contextmanager
def job_of(place: Path, script: str):
    with Sandbox(choose_tier("auto"), work=place) as sandbox:
        facts = {"command": ["sh", "-c", script]}
        order = Order(do="run", name="busy", cwd=sandbox.root, environment=sandbox.environment(), facts=facts)
        with sandbox.start(order, hears=10) as job:
            yield job


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="the system does not say")
def test_a_job_knows_how_long_others_kept_it_waiting_and_one_that_has_ended_says_nothing(tmp_path):
    others = [subprocess.Popen(["sh", "-c", BUSY]) for _ in range(2 * (os.cpu_count() or 1))]
    try:
        with job_of(tmp_path, BUSY) as job:
            deadline = time.monotonic() + 20
            while job.waited() < 0.2 and time.monotonic() < deadline:
                time.sleep(0.05)
            seen = job.waited()
    finally:
        for other in others:
            other.kill()
            other.wait()
    assert seen >= 0.2
    assert job.waited() == 0.0


def test_what_a_job_s_own_children_ran_is_known_so_that_it_is_no_waiting_for_others():
    before = processor_time.below(os.getpid())
    own = subprocess.Popen(["sh", "-c", f"({BUSY}) & {BUSY}"], start_new_session=True)
    try:
        deadline = time.monotonic() + 30
        while processor_time.below(os.getpid()) < before + 0.5 and time.monotonic() < deadline:
            time.sleep(0.05)
        below, child = processor_time.below(os.getpid()), processor_time.below(own.pid)
    finally:
        os.killpg(own.pid, signal.SIGKILL)
        own.wait()
    assert below >= before + 0.5
    assert 0 < child < below  # the grandchild, and both


def test_an_app_that_a_script_finishes_is_what_the_script_serves(tmp_path):
    files = {
        "src/__init__.py": "from flask import Flask\ndef create_app():\n    return Flask(__name__)\n",
        "src/main.py": "from __init__ import create_app\nfrom pages import pages\n\ndef main():\n    app = create_app()\n"
        "    app.register_blueprint(pages)\n    app.run()\n\nif __name__ == '__main__':\n    main()\n",
        "src/pages.py": "from flask import Blueprint\npages = Blueprint('pages', __name__)\n",
    }
    found = find_app(written(tmp_path, files), Manifest())
    assert found is not None
    assert (found.target, found.file) == ("main:__main__", "src/main.py")


@pytest.mark.parametrize(
    "script",
    [
        "app = create_app()\nif __name__ == '__main__':\n    app.run()\n",
        "if __name__ == '__main__':\n    app = create_app()\n    app.run()\n",
        "if __name__ == '__main__':\n    app = create_app()\n    register(app)\n",
    ],
    ids=["made at the top", "only served", "never served"],
)
def test_a_script_that_adds_nothing_is_not_run(tmp_path, script):
    files = {
        "shop.py": "from flask import Flask\ndef create_app():\n    return Flask(__name__)\n",
        "main.py": f"from shop import create_app\n{script}",
    }
    found = find_app(written(tmp_path, files), Manifest())
    assert found is not None
    assert not found.target.endswith("__main__")
