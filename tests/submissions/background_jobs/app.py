"""202 with a job: the work is done in the background, and the job's own address shows when it has ended."""

import base64
import os
import threading
import uuid
from enum import StrEnum
from typing import Annotated

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from fastapi import BackgroundTasks, FastAPI, HTTPException, Response
from openai import APITimeoutError, BadRequestError, OpenAI, OpenAIError, RateLimitError
from pydantic import BaseModel, Field, StringConstraints


class Kind(StrEnum):
    TEXT = "text"
    IMAGE = "image"


class Order(BaseModel):
    prompt: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)] = Field(
        description="What to make, in at most 4000 characters.", examples=["a fox"]
    )
    kind: Kind = Field(description="What kind of file.", examples=["text"])


class Job(BaseModel):
    id: str
    state: str = Field(description="queued, done or failed.", examples=["done"])
    problem: str | None = None
    file: str | None = None


class Problem(BaseModel):
    detail: str


app = FastAPI(title="Jobs", version="0.1", description="Makes files in the background.")
jobs: dict[str, Job] = {}
lock = threading.Lock()
EXTENSIONS = {Kind.TEXT: ("txt", "text/plain"), Kind.IMAGE: ("png", "image/png")}


def generate(order: Order) -> bytes:
    client = OpenAI(timeout=2, max_retries=1)
    if order.kind is Kind.TEXT:
        return client.responses.create(model="gpt-5.4-mini", input=order.prompt).output_text.encode()
    picture = client.images.generate(model="gpt-image-1-mini", prompt=order.prompt).data[0]
    content = base64.b64decode(picture.b64_json)
    if not content.startswith(b"\x89PNG"):
        raise ValueError("no picture")
    return content


def bucket():
    config = Config(connect_timeout=2, read_timeout=2, retries={"total_max_attempts": 1})
    return boto3.resource("s3", config=config).Bucket(os.environ["S3_BUCKET_NAME"])


def work(job: Job, order: Order) -> None:
    extension, media_type = EXTENSIONS[order.kind]
    try:
        content = generate(order)
        if not content.strip():
            raise ValueError("nothing in it")
        bucket().put_object(Key=f"{job.id}.{extension}", Body=content, ContentType=media_type)
    except RateLimitError:
        job.problem = "OpenAI is busy; try again later."
    except BadRequestError:
        job.problem = "OpenAI refused the prompt."
    except APITimeoutError:
        job.problem = "OpenAI did not answer."
    except (OpenAIError, ValueError, AttributeError, LookupError, TypeError):
        job.problem = "OpenAI failed."
    except (BotoCoreError, ClientError):
        job.problem = "The file could not be kept."
    job.file = None if job.problem else f"{job.id}.{extension}"
    job.state = "failed" if job.problem else "done"


@app.post(
    "/jobs", status_code=202, tags=["jobs"], summary="Order a file", responses={422: {"model": Problem}}
)
def order(order: Order, background: BackgroundTasks, response: Response) -> Job:
    """Takes the order; the job tells when it is done."""
    job = Job(id=str(uuid.uuid4()), state="queued")
    with lock:
        jobs[job.id] = job
    background.add_task(work, job, order)
    response.headers["Location"] = f"/jobs/{job.id}"
    return job.model_copy()


@app.get("/jobs/{id}", tags=["jobs"], responses={404: {"model": Problem}})
def job(id: str) -> Job:
    """How far a job is."""
    if id not in jobs:
        raise HTTPException(404, "No such job.")
    return jobs[id]


@app.get("/files/{name}", tags=["files"], responses={404: {"model": Problem}})
def file(name: str) -> Response:
    """A finished file."""
    try:
        found = bucket().Object(name).get()
    except (BotoCoreError, ClientError) as error:
        raise HTTPException(404, "No such file.") from error
    return Response(found["Body"].read(), media_type=found["ContentType"])
