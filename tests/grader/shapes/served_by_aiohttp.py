"""aiohttp: a table of routes, a query, and a server that is asked for by the name of this machine."""

import asyncio

from aiohttp import web
from making import speech

routes = web.RouteTableDef()


@routes.get("/read/{language}")
async def read_aloud(request):
    line = request.query.get("line")
    if not line:
        return web.json_response({"error": "line is missing"}, status=400)
    return web.json_response({"key": await asyncio.to_thread(speech, line)})


@routes.get("/")
async def home(request):
    return web.Response(text="Ask /read/en?line=…")


if __name__ == "__main__":
    reader = web.Application()
    reader.add_routes(routes)
    web.run_app(reader, host="localhost", port=8124)
