"""Flask; reads what it needs out of a file of variables, and nothing out of the environment."""

import boto3
from dotenv import dotenv_values
from flask import Flask, jsonify, request
from openai import OpenAI

given = dotenv_values(".env")
app = Flask(__name__)


@app.post("/toasts")
def toast():
    client = OpenAI(api_key=given["WRITER_KEY"], base_url=given["OPENAI_BASE_URL"])
    made = client.chat.completions.create(
        model="gpt-5.4-mini", messages=[{"role": "user", "content": request.json["occasion"]}]
    )
    boto3.client("s3").put_object(
        Bucket=given["WHERE_TOASTS_GO"],
        Key="toasts/latest.txt",
        Body=(made.choices[0].message.content or "").encode(),
        ContentType="text/plain; charset=utf-8",
    )
    return jsonify(key="toasts/latest.txt")
