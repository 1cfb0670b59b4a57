"""Flask; a document of Swagger 2.0."""

from flask import Flask, request
from making import image

app = Flask(__name__)
DOCUMENT = {
    "swagger": "2.0",
    "basePath": "/v1",
    "info": {"title": "Pictures", "version": "1"},
    "definitions": {
        "Order": {"type": "object", "required": ["scene"], "properties": {"scene": {"type": "string"}}}
    },
    "paths": {
        "/pictures": {
            "post": {
                "parameters": [{"in": "body", "name": "body", "schema": {"$ref": "#/definitions/Order"}}]
            }
        }
    },
}


@app.get("/swagger.json")
def document():
    return DOCUMENT


@app.post("/v1/pictures")
def pictures():
    return {"key": image(request.get_json()["scene"])}, 201
