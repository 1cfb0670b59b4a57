"""The application: `uvicorn files_api.main:create_app --factory`."""

from fastapi import FastAPI

from files_api import docs_page, errors, files, generated_files, openai_module
from files_api.settings import Settings
from files_api.storage import Storage

TAGS = [
    {"name": "Generate files", "description": "Make files from a prompt."},
    {"name": "Files", "description": "Upload, list, view and delete files."},
    {
        "name": "OpenAI module",
        "description": "OpenAI's models, texts, pictures and transcripts, passed through.",
    },
]


def create_app(settings: Settings | None = None) -> FastAPI:
    """The app, made from the environment unless settings are given.

    Raises:
        pydantic.ValidationError: a variable is missing or not allowed; the message names it.
    """
    settings = settings or Settings()
    app = FastAPI(
        title="Files API",
        version="1.0.0",
        summary="Files in S3, uploaded or generated with OpenAI.",
        description="Give it a prompt and it stores a text, an image or audio. Give it a file and it keeps that.",
        openapi_tags=TAGS,
        docs_url=docs_page.USUAL_PAGE,
    )
    app.state.settings = settings
    app.state.storage = Storage(settings.s3_bucket_name)
    app.include_router(generated_files.router)
    app.include_router(files.router)
    app.include_router(openai_module.router)
    docs_page.register(app)
    errors.register(app)
    return app
