"""FastAPI; what is made depends on the header Accept, and the words are the body."""

from typing import Annotated

from fastapi import Body, FastAPI, Request, Response
from making import image, speech, text

MAKERS = {"text/plain": text, "image/png": image, "audio/mpeg": speech}
app = FastAPI()


@app.post("/renderings", responses={200: {"content": {media_type: {} for media_type in MAKERS}}})
def render(request: Request, words: Annotated[str, Body(media_type="text/plain")]):
    make = MAKERS.get(request.headers.get("accept", ""))
    if make is None:
        return Response(status_code=406)
    return Response(status_code=201, headers={"X-Kept-As": make(words)})
