"""Notebook 08: objects, types and pages in S3."""

import os
from typing import Any

from classroom.exercises.looking import Exercise, NotYet, called

_PLACE = "exercise-08"


def _client() -> Any:
    import boto3

    return boto3.client("s3")


def _bucket() -> str:
    return os.environ["S3_BUCKET_NAME"]


def _keep(function: Any) -> str:
    client, key, content = _client(), f"{_PLACE}/note.json", b'{"a": 1}'
    client.delete_object(Bucket=_bucket(), Key=key)
    try:
        function(key, content, "application/json")
    except Exception as error:
        raise NotYet(f"calling it raised {type(error).__name__}: {error}") from error
    try:
        stored = client.get_object(Bucket=_bucket(), Key=key)
    except client.exceptions.NoSuchKey as error:
        raise NotYet(f"nothing is stored under {key}.") from error
    if stored["Body"].read() != content:
        raise NotYet("what is stored are not the bytes that it was given.")
    if stored["ContentType"] != "application/json":
        raise NotYet(f"it is stored as {stored['ContentType']}, not as application/json: say ContentType=.")
    return "The bytes are there, with the type that they were given."


class _Small:
    """A client whose pages hold two names, as real ones hold a thousand."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def list_objects_v2(self, **named: Any) -> Any:
        return self._client.list_objects_v2(**{**named, "MaxKeys": 2})

    def get_paginator(self, name: str) -> Any:
        paginator = self._client.get_paginator(name)

        class Pages:
            @staticmethod
            def paginate(**named: Any) -> Any:
                return paginator.paginate(**{**named, "PaginationConfig": {"PageSize": 2}})

        return Pages()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def _names(function: Any) -> str:
    client = _client()
    wanted = {f"{_PLACE}/many/{number}.txt" for number in range(5)}
    for key in (*wanted, f"{_PLACE}/other.txt"):
        client.put_object(Bucket=_bucket(), Key=key, Body=b"x", ContentType="text/plain")
    found = called(function, _Small(client), f"{_PLACE}/many/")
    if not isinstance(found, (list, tuple, set)):
        raise NotYet(f"it returns {type(found).__name__}, not a list of names.")
    if set(found) == wanted:
        empty = called(function, _Small(client), f"{_PLACE}/nothing-here/")
        if len(empty):
            raise NotYet("for a prefix without objects it does not return an empty list.")
        return "Every name, from every page."
    if found and set(found) < wanted:
        raise NotYet(
            f"it returns {len(found)} of {len(wanted)} names: the first page is not all. See IsTruncated."
        )
    raise NotYet("the names are not those that begin with the prefix.")


EXERCISES = {
    "08.1": Exercise("keep", _keep, "s3.put_object takes Bucket, Key, Body and ContentType."),
    "08.2": Exercise(
        "names_of",
        _names,
        's3.get_paginator("list_objects_v2").paginate(Bucket=…, Prefix=…) gives pages; page.get("Contents", []) '
        "holds their objects.",
    ),
}
