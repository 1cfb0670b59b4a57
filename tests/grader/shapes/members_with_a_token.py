"""FastAPI; callers register, and log in by a form that asks for a user's name and means the address."""

import secrets
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, status
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm
from making import text
from pydantic import BaseModel, Field

app = FastAPI()
door = OAuth2PasswordBearer(tokenUrl="entrance")
passwords: dict[str, str] = {}
tokens: dict[str, str] = {}


class Newcomer(BaseModel):
    email: str = Field(pattern=r"^\S+@\S+\.\w+$")
    display_name: str = Field(max_length=40)
    password: str = Field(min_length=10)


class Riddle(BaseModel):
    subject: str


def member(token: Annotated[str, Depends(door)]) -> str:
    if token not in tokens:
        raise HTTPException(status.HTTP_401_UNAUTHORIZED, "Log in first.", {"WWW-Authenticate": "Bearer"})
    return tokens[token]


@app.post("/members", status_code=201)
def join(newcomer: Newcomer) -> dict[str, str]:
    if newcomer.email in passwords:
        raise HTTPException(status.HTTP_409_CONFLICT, "You are a member already.")
    passwords[newcomer.email] = newcomer.password
    return {"welcome": newcomer.display_name}


@app.post("/entrance")
def enter(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> dict[str, str]:
    if passwords.get(form.username) != form.password:
        raise HTTPException(status.HTTP_401_UNAUTHORIZED, "No such member.")
    token = secrets.token_urlsafe(24)
    tokens[token] = form.username
    return {"access_token": token, "token_type": "bearer"}


@app.post("/riddles")
def riddle(wish: Riddle, who: Annotated[str, Depends(member)]) -> dict[str, str]:
    return {"for": who, "kept_as": text(wish.subject)}
