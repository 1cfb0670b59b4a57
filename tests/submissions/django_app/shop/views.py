"""Texts only: POST /api/texts/ with a prompt and a title, kept as Markdown."""

import json
import os
import re

import boto3
import openai
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.http import HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from shop.document import DOCUMENT, LONGEST

SLUG = re.compile(r"[a-z0-9-]{1,80}")


def problem(status, words):
    return JsonResponse({"detail": words}, status=status)


def write(prompt):
    client = openai.OpenAI(timeout=3, max_retries=1)
    answer = client.responses.create(model="gpt-5.4-mini", instructions="Write Markdown.", input=prompt)
    return answer.output_text


def store():
    return boto3.client(
        "s3", config=Config(connect_timeout=2, read_timeout=2, retries={"total_max_attempts": 1})
    )


@csrf_exempt
@require_POST
def texts(request):
    try:
        order = json.loads(request.body)
        prompt, name = order["prompt"], order["title"]
    except (ValueError, KeyError, TypeError):
        return problem(400, "Send JSON with a prompt and a title.")
    if not isinstance(prompt, str) or not prompt.strip() or len(prompt) > LONGEST:
        return problem(400, f"The prompt must have 1 to {LONGEST} characters.")
    if not isinstance(name, str) or not SLUG.fullmatch(name):
        return problem(400, "The title takes small letters, digits and hyphens.")
    try:
        words = write(prompt)
    except openai.APITimeoutError:
        return problem(504, "The writer did not answer in time.")
    except openai.APIStatusError as error:
        return problem({400: 422, 429: 429}.get(error.status_code, 502), "The writer declined.")
    except (openai.OpenAIError, ValueError, AttributeError, TypeError):
        return problem(502, "The writer can't be understood.")
    if not words or not words.strip():
        return problem(502, "The writer wrote nothing.")
    try:
        store().put_object(
            Bucket=os.environ["S3_BUCKET_NAME"],
            Key=f"texts/{name}.md",
            Body=words.encode(),
            ContentType="text/markdown; charset=utf-8",
        )
    except (BotoCoreError, ClientError):
        return problem(503, "The shelf is out of reach.")
    return JsonResponse({"name": name, "href": f"/api/texts/{name}"}, status=201)


@require_GET
def text(request, name):
    try:
        found = store().get_object(Bucket=os.environ["S3_BUCKET_NAME"], Key=f"texts/{name}.md")
    except (BotoCoreError, ClientError):
        return problem(404, "No such text.")
    return HttpResponse(found["Body"].read(), content_type=found["ContentType"])


@require_GET
def document(request):
    return JsonResponse(DOCUMENT)
