"""What is loaded once, before the processes for the submissions are forked: nothing here may start a thread or open a file."""

import contextlib
import importlib

for _name in (
    "classroom.s3",
    "classroom.standin.mock",
    "grader.judge",
    "moto.backends",
    "moto.iam.models",
    "moto.moto_server.werkzeug_app",
    "moto.s3.models",
    "moto.s3.responses",
    "moto.s3.urls",
    "openapi_spec_validator",
    "werkzeug.serving",
    "werkzeug.test",
):
    with contextlib.suppress(ImportError):
        importlib.import_module(_name)
