"""Collects evidence from a submission, judges it, reports."""


def __getattr__(name: str) -> str:
    """The version, looked up when asked for: that takes longer than all else that the command line needs."""
    if name != "__version__":
        raise AttributeError(f"module 'grader' has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("openai-files-lab")
    except PackageNotFoundError:  # in a sandbox, with an environment of the submission's own
        return "0"
