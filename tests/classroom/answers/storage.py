"""Notebook 08."""

import os

import boto3


def storage():
    s3, bucket = boto3.client("s3"), os.environ["S3_BUCKET_NAME"]

    def every(client, prefix):
        found, token = [], {}
        while True:
            page = client.list_objects_v2(Bucket=bucket, Prefix=prefix, **token)
            found += [item["Key"] for item in page.get("Contents", [])]
            if not page["IsTruncated"]:
                return found
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def paged(client, prefix):
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def put(key, content, **named):
        s3.put_object(Bucket=bucket, Key=key, Body=content, **named)

    return {
        "08.1": (
            [
                lambda key, content, kind: put(key, content, ContentType=kind),
                lambda key, content, kind: (
                    boto3.resource("s3").Bucket(bucket).put_object(Key=key, Body=content, ContentType=kind)
                ),
                lambda key, content, kind: s3.upload_fileobj(
                    __import__("io").BytesIO(content), bucket, key, ExtraArgs={"ContentType": kind}
                ),
            ],
            [
                (lambda key, content, kind: None, "nothing is stored"),
                (lambda key, content, kind: put(key, content), "binary/octet-stream"),
                (lambda key, content, kind: put(key, b"x", ContentType=kind), "not the bytes"),
                (lambda key, content: put(key, content), "TypeError"),
            ],
        ),
        "08.2": (
            [every, paged, lambda client, prefix: set(paged(client, prefix))],
            [
                (lambda client, prefix: None, "nothing"),
                (
                    lambda client, prefix: [
                        item["Key"]
                        for item in client.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
                    ],
                    "first page is not all",
                ),
                (lambda client, prefix: paged(client, ""), "not those that begin"),
                (
                    lambda client, prefix: client.list_objects_v2(Bucket=bucket, Prefix=prefix),
                    "not a list",
                ),
            ],
        ),
    }
