"""How large a submission may be, and what in its folder is not part of it."""

import errno

from grader.errors import GraderError

MAX_FILES = 5_000
MAX_BYTES = 200 * 1024 * 1024
MAX_HISTORY_FILES = 20_000
MAX_HISTORY_BYTES = 100 * 1024 * 1024
# a file beside what was carried of a larger repository, which says why not all of it is there
LEFT_BEHIND = "left-behind"
LEFT_OUT = frozenset(
    {
        ".git",  # a file of that name would lead git elsewhere
        "__MACOSX",
        ".venv",
        "venv",
        "site-packages",  # of a virtual environment, whatever it is called
        "node_modules",
        "__pycache__",
        ".pytest_cache",
        ".mypy_cache",
        ".ruff_cache",
        ".ipynb_checkpoints",
        "reports",
        ".grader",  # the grader that came with a template; its history is looked through all the same
    }
)

# this machine's trouble, whatever is copied
_OURS = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EROFS, errno.EIO}
)


def raise_if_ours(error: Exception) -> None:
    """Raises GraderError if an error in reading is none of the submission's."""
    if isinstance(error, OSError) and error.errno in _OURS:
        raise GraderError(f"The submission could not be copied: {error.strerror}.") from error
