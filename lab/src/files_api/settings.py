"""Settings, from the environment only: nothing secret is in the code."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What the app needs to know; each field is the environment variable of its name in capitals.

    `OPENAI_BASE_URL`, `AWS_ENDPOINT_URL_S3` and the AWS credentials are read by the SDKs themselves.
    """

    model_config = SettingsConfigDict(frozen=True)

    s3_bucket_name: str = Field(min_length=3)
    openai_api_key: SecretStr = Field(min_length=1)

    openai_text_model: str = "gpt-5.4-mini"
    openai_image_model: str = "gpt-image-2"
    openai_speech_model: str = "gpt-realtime-2.1-mini"
    """One that talks over the Realtime API. Any other is asked at the speech endpoint, which OpenAI serves until
    2027-01-06, for example gpt-4o-mini-tts."""
    openai_voice: str = "marin"

    openai_timeout_seconds: float = Field(default=20.0, gt=0)
    """How long OpenAI may take. One try of this length rather than several short ones: pictures are slow, and
    our answer names the seconds until the next try."""

    max_upload_bytes: int = Field(default=10 * 1024 * 1024, gt=0)
