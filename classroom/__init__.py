"""What stands behind the lesson: OpenAI and S3 on this computer, and `start()` for notebooks."""

from classroom.lesson import Lesson, start
from classroom.s3 import S3Mock
from classroom.show import show
from classroom.standin.mock import OpenAIMock

__all__ = ["Lesson", "OpenAIMock", "S3Mock", "show", "start"]
