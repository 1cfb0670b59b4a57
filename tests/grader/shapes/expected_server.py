"""FastAPI; writes each request down in a database that is expected on a server, unless a variable names a file."""

import os
import socket
import sqlite3

from fastapi import FastAPI
from making import speech
from pydantic import BaseModel

DATABASE_URL = os.getenv("DATABASE_URL", "postgresql://theatre:theatre@db:5432/theatre")
app = FastAPI()


class Cue(BaseModel):
    line: str


def written_down(line: str) -> None:
    if not DATABASE_URL.startswith("sqlite:///"):
        socket.create_connection(("db", 5432)).close()
        return
    with sqlite3.connect(DATABASE_URL.removeprefix("sqlite:///")) as database:
        database.execute("CREATE TABLE IF NOT EXISTS cues (line TEXT)")
        database.execute("INSERT INTO cues VALUES (?)", (line,))


@app.post("/cues")
def cue(wanted: Cue):
    written_down(wanted.line)
    return {"key": speech(wanted.line)}
