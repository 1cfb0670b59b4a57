"""Keys of nobody's, and notebooks that hold them."""

import json

from classroom.redaction.notebooks import without_keys

OPENAI = "sk-" + "proj-" + "Zq8vT3nK1wXb7LmR5yPd" + "G2hJ9sFc4tVa6eUoWiNx"
AWS = "wJ9lrXUt" + "nFEM2K7M/DENGbPx+Rfi" + "CYzz81KEYqpL"
AZURE = "8f0b3c1de45a" + "4b7f9c2e6d7a" + "10293847"
CUSTOM = "acme~live~" + "9xQ2mB7rT4vZ8kL1"
KEYS = {"OpenAI": OPENAI, "AWS": AWS, "Azure": AZURE, "custom": CUSTOM}


def cell(source="", *outputs, **more):
    return {"cell_type": "code", "source": source, "outputs": list(outputs), "metadata": {}, **more}


def stream(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


def shown(**data):
    kinds = {name.replace("__", "/"): value for name, value in data.items()}
    return {"output_type": "display_data", "data": kinds, "metadata": {}}


def saved(*cells, knows=(), **metadata):
    return without_keys(
        {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, knows
    )


def has(notebook, key, least=16):
    """Whether a notebook still holds so long a part of a key."""
    text = json.dumps(notebook, ensure_ascii=False)
    return any(key[at : at + least] in text for at in range(len(key) - least + 1))
