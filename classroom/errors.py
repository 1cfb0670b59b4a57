"""Exceptions that the lesson raises."""


class LessonError(Exception):
    """The lesson can't start; the text says what to do. Notebooks show it without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [f"The lesson can't start: {self}"]
