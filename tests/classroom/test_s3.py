"""S3 on this computer, through boto3."""

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError


@pytest.fixture
def s3(s3_mock):
    return boto3.client("s3", config=Config(retries={"total_max_attempts": 1}, read_timeout=2))


def test_what_is_stored_is_seen_with_its_type(s3, s3_mock, s3_bucket):
    s3.put_object(Bucket=s3_bucket, Key="a/ü b.txt", Body=b"hi", ContentType="text/plain")
    [stored] = s3_mock.objects()
    assert (stored.bucket, stored.key, stored.content_type, stored.content) == (
        s3_bucket,
        "a/ü b.txt",
        "text/plain",
        b"hi",
    )


def test_each_test_begins_with_an_empty_bucket(s3, s3_bucket):
    assert s3.list_objects_v2(Bucket=s3_bucket)["KeyCount"] == 0


@pytest.mark.parametrize("code", ["NoSuchBucket", "AccessDenied", "SlowDown", "InternalError"])
def test_a_scripted_error_has_s3_s_code(s3, s3_mock, s3_bucket, code):
    s3_mock.fail(code)
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket=s3_bucket, Key="a", Body=b"")
    assert caught.value.response["Error"]["Code"] == code
    s3_mock.clear_faults()
    s3.put_object(Bucket=s3_bucket, Key="a", Body=b"")


def test_an_unreachable_s3_hangs_up(s3, s3_mock, s3_bucket):
    s3_mock.fail(effect="unreachable")
    with pytest.raises(BotoCoreError):
        s3.put_object(Bucket=s3_bucket, Key="a", Body=b"")


def test_moto_s_control_routes_are_shut(s3, s3_mock, s3_bucket):
    s3.put_object(Bucket=s3_bucket, Key="a", Body=b"kept")
    for path in (
        "/moto-api/reset",
        "/moto-api/",
        "//moto-api/reset",
        "/moto-api/state-manager/set-transition",
    ):
        assert httpx.post(s3_mock.endpoint_url + path, trust_env=False).status_code in (400, 403, 404)
    assert len(s3_mock.objects()) == 1


def test_an_object_is_stored_past_faults_and_is_no_request(s3, s3_mock, s3_bucket):
    s3_mock.fail("AccessDenied")
    s3_mock.store(s3_bucket, "a/../b ü.txt", b"kept", "text/csv")
    assert s3_mock.requests == []
    s3_mock.clear_faults()
    stored = s3.get_object(Bucket=s3_bucket, Key="a/../b ü.txt")
    assert (stored["Body"].read(), stored["ContentType"]) == (b"kept", "text/csv")
    with pytest.raises(ValueError, match="NoSuchBucket"):
        s3_mock.store("no-such-bucket", "a", b"", "text/plain")
