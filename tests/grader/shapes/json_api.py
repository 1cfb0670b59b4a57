"""FastAPI; takes JSON:API documents under their own media type alone."""

from fastapi import FastAPI, HTTPException, Request
from making import image

app = FastAPI()
RESOURCE = {
    "type": "object",
    "required": ["data"],
    "properties": {
        "data": {
            "type": "object",
            "required": ["type", "attributes"],
            "properties": {
                "type": {"type": "string", "const": "sketches"},
                "attributes": {
                    "type": "object",
                    "required": ["brief"],
                    "properties": {"brief": {"type": "string", "minLength": 1}},
                },
            },
        }
    },
}


@app.post(
    "/sketches",
    openapi_extra={"requestBody": {"content": {"application/vnd.api+json": {"schema": RESOURCE}}}},
)
async def sketch(request: Request):
    if request.headers.get("content-type") != "application/vnd.api+json":
        raise HTTPException(415)
    body = await request.json()
    return {"data": {"type": "sketches", "id": image(body["data"]["attributes"]["brief"])}}
