"""Starlette; a form that nothing documents, behind a mount."""

from making import text
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route


async def limerick(request):
    form = await request.form()
    return JSONResponse({"key": text(form["person"])})


app = Starlette(routes=[Mount("/poems", routes=[Route("/limerick", limerick, methods=["POST"])])])
