"""What the API promises."""

LONGEST = 5000

_PROBLEM = {
    "description": "What was wrong.",
    "content": {
        "application/json": {"schema": {"type": "object", "properties": {"detail": {"type": "string"}}}}
    },
}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Texts", "version": "1", "description": "Writes texts and keeps them."},
    "paths": {
        "/api/texts/": {
            "post": {
                "operationId": "write",
                "summary": "Write a text",
                "description": "Writes it and keeps it.",
                "tags": ["texts"],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "required": ["prompt", "title"],
                                "properties": {
                                    "prompt": {
                                        "type": "string",
                                        "description": f"What to write about, at most {LONGEST} characters.",
                                        "examples": ["a fox"],
                                    },
                                    "title": {
                                        "type": "string",
                                        "pattern": "^[a-z0-9-]{1,80}$",
                                        "description": "What to keep it under.",
                                        "examples": ["fox"],
                                    },
                                },
                            }
                        }
                    },
                },
                "responses": {
                    "201": {
                        "description": "Written.",
                        "content": {"application/json": {"schema": {"type": "object"}}},
                    },
                    **dict.fromkeys(("400", "422", "429", "502", "503", "504"), _PROBLEM),
                },
            }
        },
        "/api/texts/{name}": {
            "get": {
                "summary": "Read a text",
                "tags": ["texts"],
                "parameters": [
                    {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}
                ],
                "responses": {"200": {"description": "The text."}, "404": _PROBLEM},
            }
        },
    },
}
