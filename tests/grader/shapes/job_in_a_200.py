"""FastAPI; the work is done after the answer, which is a 200 with the job's number."""

import time
import uuid

from fastapi import BackgroundTasks, FastAPI, HTTPException
from making import image
from pydantic import BaseModel

JOBS: dict[str, dict[str, str]] = {}


class Task(BaseModel):
    prompt: str


app = FastAPI()


def work(job: str, prompt: str) -> None:
    time.sleep(0.4)
    JOBS[job] = {"status": "done", "key": image(prompt)}


@app.post("/jobs")
def start(task: Task, tasks: BackgroundTasks):
    job = uuid.uuid4().hex
    JOBS[job] = {"status": "queued"}
    tasks.add_task(work, job, task.prompt)
    return {"job_id": job, "status": "queued"}


@app.get("/jobs/{job_id}")
def job(job_id: str):
    if job_id not in JOBS:
        raise HTTPException(404, "No such job.")
    return JOBS[job_id]
