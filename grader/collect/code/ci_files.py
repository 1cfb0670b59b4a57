"""Where a submission keeps what CI services run."""

from pathlib import Path

_PATTERNS = (
    ".github/workflows/*.yml",
    ".github/workflows/*.yaml",
    ".gitlab-ci.yml",
    ".circleci/config.yml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    ".travis.yml",
    "Jenkinsfile",
    ".ci/*",
)


def ci_files(root: Path) -> list[Path]:
    """The configurations of CI services that are there, one service after the other."""
    return [file for pattern in _PATTERNS for file in sorted(root.glob(pattern)) if file.is_file()]
