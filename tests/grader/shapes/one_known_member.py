"""FastAPI; nobody can register: the one account is among the settings, and has values of its own."""

import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from making import image
from pydantic import BaseModel
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    demo_username: str = "curator"
    demo_password: str = "brushes"


class Keys(BaseModel):
    username: str
    password: str


settings = Settings()
issued: set[str] = set()
app = FastAPI()


def visitor(sent: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> None:
    if sent.credentials not in issued:
        raise HTTPException(401, "This token is not known.")


guarded = APIRouter(prefix="/gallery", dependencies=[Depends(visitor)])


@app.post("/auth/login")
def login(keys: Keys) -> dict[str, dict[str, str]]:
    if keys.username != settings.demo_username or not secrets.compare_digest(
        keys.password, settings.demo_password
    ):
        raise HTTPException(401, "Wrong name or password.")
    issued.add(token := secrets.token_hex(16))
    return {"data": {"accessToken": token}}


@guarded.post("/paintings")
def paint(prompt: str) -> dict[str, str]:
    return {"painting": image(prompt)}


app.include_router(guarded)
