"""The variables that a submission's app is started with: the contract's, the submission's own, and no others of the grader's."""

from collections.abc import Mapping

from grader.collect.code import azure, env_files
from grader.collect.code.meanings import Places
from grader.collect.start.setting import BUCKET, Setting

_REGION = "us-east-1"
_BUCKETS = ("S3_BUCKET_NAME", "S3_BUCKET", "BUCKET_NAME", "AWS_BUCKET_NAME")


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
    stand_ins = setting.assignment.declared.stand_ins if setting.assignment else ("openai", "s3")
    stored = {**setting.s3.environment, **dict.fromkeys(_BUCKETS, BUCKET)} if "s3" in stand_ins else {}
    named = {
        **stored,
        "OPENAI_API_KEY": setting.canary,
        "OPENAI_KEY": setting.canary,
        "OPENAI_BASE_URL": setting.openai.base_url,
        "OPENAI_API_BASE": setting.openai.base_url,
        **azure.environment(setting.submission.root, setting.openai.base_url, setting.canary),
    }
    for name, template in setting.submission.manifest.env.items():
        for word, value in values.items():
            template = template.replace(f"{{{word}}}", value)
        named[name] = template
    return {**setting.sandbox.environment(), **named}


def as_file(setting: Setting, environment: Mapping[str, str]) -> str:
    """The variables of an app as a file has them, without those that any program inside needs."""
    general = setting.sandbox.environment()
    return env_files.render_variables(
        {name: value for name, value in environment.items() if name not in general}
    )
