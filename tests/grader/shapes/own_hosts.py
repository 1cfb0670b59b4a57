"""Starlette; answers under the names that a variable lists, and under none by itself."""

import os

from making import text
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import JSONResponse
from starlette.routing import Route

ALLOWED_HOSTS = os.getenv("ALLOWED_HOSTS", "shop.example.org").split(",")


async def slogan(request):
    wanted = await request.json()
    return JSONResponse({"key": text(wanted["product"])})


app = Starlette(
    routes=[Route("/slogans", slogan, methods=["POST"])],
    middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=ALLOWED_HOSTS)],
)
