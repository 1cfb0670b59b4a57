"""FastAPI; callers have to know a value that the environment gives, which another module reads."""

import hmac
from typing import Annotated

from fastapi import Depends, FastAPI, Header, HTTPException, status
from making import text
from pydantic import BaseModel
from pydantic_settings import BaseSettings


class Einstellungen(BaseSettings):
    zugang: str


einstellungen = Einstellungen()


def nur_mit_zugang(x_zugang: Annotated[str | None, Header()] = None) -> None:
    if x_zugang is None or not hmac.compare_digest(x_zugang, einstellungen.zugang):
        raise HTTPException(status.HTTP_401_UNAUTHORIZED, "Der Zugang fehlt oder ist falsch.")


class Wunsch(BaseModel):
    thema: str


app = FastAPI()


@app.post("/gedichte", dependencies=[Depends(nur_mit_zugang)])
def dichte(wunsch: Wunsch) -> dict[str, str]:
    return {"schluessel": text(wunsch.thema)}
