"""What the stand-in for S3 takes at most, and what it refuses."""

import io
import socket
import time

import httpx
import pytest
from botocore.exceptions import ClientError

from classroom.allowance import Allowance
from classroom.s3 import S3Mock
from tests.classroom.test_bounds import until_it_fails

MEGABYTE = 1024 * 1024


@pytest.fixture(autouse=True)
def in_reasonable_time():
    """Whatever the attack is, it keeps the stand-in busy for a while at most."""
    began = time.process_time()
    yield
    assert time.process_time() - began < 20


@pytest.fixture
def s3():
    with S3Mock(allowance=Allowance(2_000, 40 * MEGABYTE)) as mock:
        yield mock


def refused(action, *codes: str, **arguments) -> None:
    with pytest.raises(ClientError) as caught:
        action(Bucket="lab-files", **arguments)
    assert caught.value.response["Error"]["Code"] in codes


def test_ordinary_work_with_files_goes_on_as_before(s3):
    client = s3.client()
    for key in ("a.txt", "übung/日本 1.txt", "x" * 1_000):
        client.put_object(Bucket="lab-files", Key=key, Body=b"hello", ContentType="text/plain")
        assert client.get_object(Bucket="lab-files", Key=key)["Body"].read() == b"hello"
        assert key in {request.key for request in s3.requests}
    client.copy_object(Bucket="lab-files", Key="b.txt", CopySource={"Bucket": "lab-files", "Key": "a.txt"})
    client.upload_fileobj(io.BytesIO(bytes(9 * MEGABYTE)), "lab-files", "parts")
    assert client.head_object(Bucket="lab-files", Key="parts")["ContentLength"] == 9 * MEGABYTE
    assert len(client.list_objects_v2(Bucket="lab-files")["Contents"]) == 5
    client.delete_objects(Bucket="lab-files", Delete={"Objects": [{"Key": "a.txt"}, {"Key": "b.txt"}]})
    assert httpx.get(
        client.generate_presigned_url("get_object", {"Bucket": "lab-files", "Key": "parts"})
    ).is_success


def test_an_object_that_is_too_large_is_refused(s3):
    refused(s3.client().put_object, "EntityTooLarge", "SlowDown", Key="a", Body=bytes(34 * MEGABYTE))


def test_many_objects_together_are_refused(s3):
    put = s3.client().put_object
    error = until_it_fails(
        100, ClientError, lambda n: put(Bucket="lab-files", Key=f"a{n}", Body=bytes(MEGABYTE))
    )
    assert "SlowDown" in str(error)


def test_copies_count_like_uploads(s3):
    client = s3.client()
    client.put_object(Bucket="lab-files", Key="a", Body=bytes(8 * MEGABYTE))
    source = {"Bucket": "lab-files", "Key": "a"}
    error = until_it_fails(
        100, ClientError, lambda n: client.copy_object(Bucket="lab-files", Key=f"b{n}", CopySource=source)
    )
    assert "SlowDown" in str(error)
    assert sum(len(each.content) for each in s3.objects()) <= 40 * MEGABYTE


def test_parts_without_end_are_refused(s3):
    client = s3.client()
    upload = {"Bucket": "lab-files", "Key": "a"}
    upload["UploadId"] = client.create_multipart_upload(**upload)["UploadId"]
    error = until_it_fails(
        9_999, ClientError, lambda n: client.upload_part(**upload, PartNumber=n + 1, Body=bytes(200_000))
    )
    assert "SlowDown" in str(error)


def test_deep_and_strange_keys(s3):
    refused(s3.client().put_object, "KeyTooLongError", Key="a/" * 600, Body=b"")
    with httpx.Client(trust_env=False) as client:
        for key in ("%FF%FE", "a%00b", "%2e%2e/%2e%2e/x", "a%0Ab", "%ED%A0%80"):
            assert client.put(f"{s3.endpoint_url}/lab-files/{key}", content=b"x").status_code < 600
    for stored in s3.objects():
        stored.key.encode("utf-8", "replace")
    for request in s3.requests:
        request.key.encode()


@pytest.mark.parametrize(
    "query", ["select&select-type=2", "notification", "replication", "logging", "restore", "inventory"]
)
def test_what_reaches_beyond_an_object_is_not_served(s3, query):
    answer = httpx.post(f"{s3.endpoint_url}/lab-files/a?{query}", content=b"<a/>", trust_env=False)
    assert answer.status_code == 501


def test_a_large_document_about_objects_is_refused(s3):
    answer = httpx.post(f"{s3.endpoint_url}/lab-files?delete", content=b"<a>" * 2_000_000, trust_env=False)
    assert answer.status_code == 400


def test_connections_are_bounded(s3):
    open_ones = [socket.create_connection(("127.0.0.1", s3.port), timeout=5) for _ in range(200)]
    try:
        time.sleep(0.3)
    finally:
        for connection in open_ones:
            connection.close()
    time.sleep(0.3)
    s3.client().put_object(Bucket="lab-files", Key="a", Body=b"x")
