"""Where made files are fetched."""

import os

import boto3
from botocore.exceptions import ClientError
from fastapi import APIRouter, HTTPException, Query, Response

router = APIRouter(tags=["files"])


@router.get("/download", summary="Fetch a file", description="By its key.")
def download(key: str = Query(description="The key.", examples=["made/1.txt"])) -> Response:
    try:
        found = boto3.client("s3").get_object(Bucket=os.environ["S3_BUCKET_NAME"], Key=key)
    except ClientError as error:
        raise HTTPException(404, "No such file.") from error
    return Response(found["Body"].read(), media_type=found["ContentType"])
