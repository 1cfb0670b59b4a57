"""The grader's own exceptions; each text is for a person and says what to do."""


class SubmissionError(Exception):
    """The submission can't be graded: missing, unreadable or hostile (exit code 2)."""


class RubricError(Exception):
    """The rubric is not one that the grader understands; the text names the place (exit code 3)."""


class EvidenceError(Exception):
    """Saved evidence can't be read, or isn't what the grader wrote (exit code 3)."""


class GraderError(Exception):
    """The grader itself failed, through no fault of the learner's (exit code 3)."""


class AssignmentError(GraderError):
    """An assignment's folder can't be used; the text names the file and what to change (exit code 3)."""


class ReleaseError(Exception):
    """Solutions can't be separated from the rest; the text names the file and the line (exit code 3)."""


class EnvironmentUnavailable(GraderError):
    """The packages that a submission declares can't be had here; the text has the resolver's own sentence (exit code 3)."""
