"""The `/docs` page, with Swagger UI's files served by this app, so that it works offline.

FastAPI's own recipe, https://fastapi.tiangolo.com/how-to/custom-docs-ui-assets/; the files are in the package
`fastapi-swagger`. Where that is missing, the page is FastAPI's usual one, which fetches them from elsewhere.
"""

from importlib.util import find_spec

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

_PACKAGE, _FOLDER = "fastapi_swagger", "resources"
_FILES = "/docs-files"

USUAL_PAGE = None if find_spec(_PACKAGE) else "/docs"
"""What `FastAPI(docs_url=…)` is to be."""


def register(app: FastAPI) -> None:
    """Serve the page and its files."""
    if USUAL_PAGE is not None:
        return
    app.mount(_FILES, StaticFiles(packages=[(_PACKAGE, _FOLDER)]), name="docs-files")

    @app.get("/docs", include_in_schema=False)
    def show_docs() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url=app.openapi_url or "/openapi.json",
            title=app.title,
            swagger_js_url=f"{_FILES}/swagger-ui-bundle.js",
            swagger_css_url=f"{_FILES}/swagger-ui.css",
            swagger_favicon_url=f"{_FILES}/favicon-32x32.png",
        )
