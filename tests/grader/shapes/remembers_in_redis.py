"""FastAPI; every answer is kept in Redis, whose address a variable gives, and a counter at the place that a compose file gives it."""

import os

import redis
from fastapi import FastAPI
from making import text
from pydantic import BaseModel

remembered = redis.Redis.from_url(os.environ["CACHE_REDIS_URL"], decode_responses=True)
counted = redis.Redis(host="redis", port=6379)
counted.ping()
app = FastAPI()


class Trip(BaseModel):
    town: str


@app.post("/guides")
def guide(trip: Trip) -> dict[str, str | None]:
    counted.incr("asked")
    if not remembered.exists(trip.town):
        remembered.set(trip.town, text(f"A walk through {trip.town}"), ex=600)
    return {"guide": remembered.get(trip.town)}
