"""Notebook 08."""

import io
import os
from contextlib import suppress

import boto3
import httpx


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

    def in_parts(key, content, kind):
        made = s3.create_multipart_upload(Bucket=bucket, Key=key, ContentType=kind)
        named = {"Bucket": bucket, "Key": key, "UploadId": made["UploadId"]}
        part = s3.upload_part(**named, PartNumber=1, Body=content)
        s3.complete_multipart_upload(
            **named, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
        )

    class Keeper:
        def __call__(self, key, content, content_type):
            thing = boto3.resource("s3").Object(bucket, key)
            return thing.put(Body=content, ContentType=content_type)["ETag"]

    def by_link(key, content, kind):
        named = {"Bucket": bucket, "Key": key, "ContentType": kind}
        link = s3.generate_presigned_url("put_object", Params=named)
        httpx.put(link, content=content, headers={"content-type": kind}).raise_for_status()

    def swallows(key, content, kind):
        with suppress(Exception):
            s3.put_object(Bucket="no-such-bucket", Key=key, Body=content, ContentType=kind)

    def by_recursion(client, prefix, **token):
        page = client.list_objects_v2(Bucket=bucket, Prefix=prefix, **token)
        found = [item["Key"] for item in page.get("Contents", [])]
        if not page.get("NextContinuationToken"):
            return found
        return found + by_recursion(client, prefix, ContinuationToken=page["NextContinuationToken"])

    def by_start(client, prefix):
        found = []
        while True:
            after = {"StartAfter": found[-1]} if found else {}
            page = client.list_objects_v2(Bucket=bucket, Prefix=prefix, **after).get("Contents")
            if not page:
                return tuple(found)
            found.extend(item["Key"] for item in page)

    class Lister:
        def __call__(self, client, prefix):
            return list(self.names(client, prefix))

        def names(self, client, prefix):
            for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                yield from (item["Key"] for item in page.get("Contents", ()))

    def by_old_lists(client, prefix):
        found, page = [], {"IsTruncated": True}
        while page["IsTruncated"]:
            marker = {"Marker": found[-1]} if found else {}
            page = client.list_objects(Bucket=bucket, Prefix=prefix, **marker)
            found += [item["Key"] for item in page.get("Contents", [])]
        return found

    def forgets_the_token(client, prefix):
        found = []
        while True:
            page = client.list_objects_v2(Bucket=bucket, Prefix=prefix)
            found += [item["Key"] for item in page.get("Contents", [])]
            if not page["IsTruncated"]:
                return found

    def forgets_and_swallows(client, prefix):
        found, more, tries = [], True, 0
        while more and tries < 60:
            tries += 1
            with suppress(Exception):
                page = client.list_objects_v2(Bucket=bucket, Prefix=prefix)
                found += [item["Key"] for item in page.get("Contents", [])]
                more = page["IsTruncated"]
        return found

    def no_contents(client, prefix):
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [item["Key"] for page in pages for item in page["Contents"]]

    return {
        "08.1": (
            [
                lambda key, content, kind: put(key, content, ContentType=kind),
                lambda key, content, kind: (
                    boto3.resource("s3").Bucket(bucket).put_object(Key=key, Body=content, ContentType=kind)
                ),
                lambda key, content, kind: s3.upload_fileobj(
                    io.BytesIO(content), bucket, key, ExtraArgs={"ContentType": kind}
                ),
                lambda key, content, kind: s3.put_object(
                    Bucket=bucket, Key=key, Body=io.BytesIO(content), ContentType=kind
                ),
                in_parts,
                Keeper(),
                by_link,
            ],
            [
                (lambda key, content, kind: None, "Nothing is stored"),
                (lambda key, content, kind: print(key, kind), "Nothing is stored"),
                (lambda key, content, kind: put(key, content), "binary/octet-stream"),
                (lambda key, content, kind: put(key, b"x", ContentType=kind), "not the bytes"),
                (lambda key, content, kind: put(key, content, ContentType="image/png"), ""),
                (lambda key, content, kind: put("note", content, ContentType=kind), "Nothing is stored"),
                (
                    lambda key, content, kind: put(key, content, Metadata={"ContentType": kind}),
                    "another type",
                ),
                (lambda key, content, kind: put(key, str(content), ContentType=kind), "not the bytes"),
                (swallows, "Nothing is stored"),
                (lambda key, content, kind: put(key, content, Type=kind), "ParamValidationError"),
                (lambda key, content: put(key, content), "TypeError"),
            ],
        ),
        "08.2": (
            [
                every,
                paged,
                by_recursion,
                by_start,
                Lister(),
                by_old_lists,
            ],
            [
                (lambda client, prefix: None, "It returns nothing so far"),
                (lambda client, prefix: print(paged(client, prefix)), "It prints something"),
                (lambda client, prefix: paged(s3, prefix), "did not ask the client"),
                (lambda client, prefix: set(paged(client, prefix)), "no list of names"),
                (forgets_the_token, "the same page again and again"),
                (forgets_and_swallows, "the same page again and again"),
                (
                    lambda client, prefix: list(reversed(every(client, prefix)))[:2],
                    "The first page is not all",
                ),
                (lambda client, prefix: paged(client, prefix) or None, "Does each branch end with return"),
                (no_contents, "KeyError"),
                (
                    lambda client, prefix: [name[len(prefix) :] for name in paged(client, prefix)],
                    "These are not",
                ),
                (lambda client, prefix: len(paged(client, prefix)), "no list of names"),
                (
                    lambda client, prefix: [
                        item["Key"]
                        for item in client.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
                    ],
                    "The first page is not all",
                ),
                (lambda client, prefix: paged(client, ""), "These are not the names"),
                (
                    lambda client, prefix: client.list_objects_v2(Bucket=bucket, Prefix=prefix),
                    "no list of names",
                ),
            ],
        ),
    }
