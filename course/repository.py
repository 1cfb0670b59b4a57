"""Where the course's repository is on GitHub, if it is there: a fork's pages lead to the fork."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

# what git and people write: https://github.com/owner/name.git, git@github.com:owner/name, ssh://git@github.com/owner/name
_ADDRESS = re.compile(
    r"(?:https://(?:[^@/]+@)?|ssh://git@|git@)github\.com[:/]([A-Za-z0-9-]+)/([\w.-]+?)(?:\.git)?/?"
)
_NAME = re.compile(r"[A-Za-z0-9-]+/[\w.-]+")
_PLACE = "<!-- codespaces -->"


def repository(folder: Path, environment: Mapping[str, str] = os.environ) -> str | None:
    """The repository as owner/name; None where nothing says that it is on GitHub.

    A workflow of GitHub's names it in `GITHUB_REPOSITORY`; elsewhere the remote `origin` of the folder does.
    """
    named = environment.get("GITHUB_REPOSITORY", "")
    if _NAME.fullmatch(named):
        return named
    command = ["git", "-C", str(folder), "config", "--get", "remote.origin.url"]
    try:
        remote = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    except OSError:  # no git on this machine
        return None
    found = _ADDRESS.fullmatch(remote.stdout.strip())
    return f"{found[1]}/{found[2]}" if found else None


def with_codespaces(page: str, repository: str | None) -> str:
    """A page with a button that opens the repository in GitHub Codespaces, where the page has a place for it.

    Without a repository on GitHub there is no button: it would lead nowhere.
    """
    if repository is None:
        return page.replace(_PLACE, "")
    button = (
        f"[Open in GitHub Codespaces](https://codespaces.new/{repository}){{ .md-button .md-button--primary }} "
        "(needs a GitHub account; GitHub counts the hours)"
    )
    return page.replace(_PLACE, button)
