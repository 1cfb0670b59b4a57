"""The variables that a submission's app is started with: the contract's, the submission's own, and no others of the grader's."""

from grader.collect import azure
from grader.collect.meanings import Places
from grader.collect.setting import BUCKET, Setting

_REGION = "us-east-1"


def places(setting: Setting) -> Places:
    """Where the stand-ins are."""
    s3 = setting.s3.environment
    return Places(
        key=setting.canary,
        openai=setting.openai.base_url,
        s3=setting.s3.endpoint_url,
        bucket=BUCKET,
        region=_REGION,
        access_key=s3["AWS_ACCESS_KEY_ID"],
        secret_key=s3["AWS_SECRET_ACCESS_KEY"],
        port="8000",
        database=f"sqlite:///{setting.sandbox.temporary}/app.db",
    )


def variables(setting: Setting) -> dict[str, str]:
    """The variables of the contract's section 2, and those of the submission's manifest."""
    values = {
        "openai_key": setting.canary,
        "openai_url": setting.openai.base_url,
        "s3_url": setting.s3.endpoint_url,
        "bucket": BUCKET,
        "region": _REGION,
    }
    named = {
        **setting.s3.environment,
        "OPENAI_API_KEY": setting.canary,
        "OPENAI_KEY": setting.canary,
        "OPENAI_BASE_URL": setting.openai.base_url,
        "OPENAI_API_BASE": setting.openai.base_url,
        "S3_BUCKET_NAME": BUCKET,
        "S3_BUCKET": BUCKET,
        "BUCKET_NAME": BUCKET,
        "AWS_BUCKET_NAME": BUCKET,
        **azure.environment(setting.submission.root, setting.openai.base_url, setting.canary),
    }
    for name, template in setting.submission.manifest.env.items():
        for word, value in values.items():
            template = template.replace(f"{{{word}}}", value)
        named[name] = template
    return {**setting.sandbox.environment(), **named}
