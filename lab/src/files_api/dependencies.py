"""FastAPI dependencies: the settings and clients that the app was created with."""

from typing import Annotated

from fastapi import Depends, Path, Request

from files_api.settings import Settings
from files_api.storage import Storage


def get_settings(request: Request) -> Settings:
    """The settings."""
    settings: Settings = request.app.state.settings
    return settings


def get_storage(request: Request) -> Storage:
    """The bucket."""
    storage: Storage = request.app.state.storage
    return storage


FromSettings = Annotated[Settings, Depends(get_settings)]
FromStorage = Annotated[Storage, Depends(get_storage)]
FilePath = Annotated[
    str,
    Path(
        description="Where the file is stored: segments of letters, digits, '_', '-', '.' and spaces.",
        max_length=512,
        examples=["pictures/robot.png"],
    ),
]
