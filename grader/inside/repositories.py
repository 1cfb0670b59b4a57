"""Reads Git repositories inside a sandbox: returns plain files, and the repository for its history.

Git runs here alone: in a sandbox, without configuration of this machine, hooks or prompts. Nothing is checked out by
git; the files of one commit are listed, counted, and only then read. Links and submodules are left out.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from grader.inside import wire

_GIT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ALLOW_PROTOCOL": "https:ssh:file:git",
    "GIT_OPTIONAL_LOCKS": "0",
    # asks nobody anything, and trusts no host that its owner did not; what a host says can't reach further from here
    "GIT_SSH_COMMAND": "ssh -oBatchMode=yes -oStrictHostKeyChecking=yes -oUpdateHostKeys=no -oConnectTimeout=20"
    " -oServerAliveInterval=20 -oForwardAgent=no -oForwardX11=no -oClearAllForwardings=yes -oPermitLocalCommand=no"
    " -oControlMaster=no -oControlPath=none",
    "GIT_SSH_VARIANT": "ssh",
    # the folder belongs to another user here; it is read, never trusted
    "GIT_CONFIG_COUNT": "2",
    "GIT_CONFIG_KEY_0": "safe.directory",
    "GIT_CONFIG_VALUE_0": "*",
    "GIT_CONFIG_KEY_1": "core.fsmonitor",
    "GIT_CONFIG_VALUE_1": "false",
}
_PLAIN = frozenset({b"100644", b"100755", b"100664"})
_LAST_WORDS = 300
# what ssh says → what to do about it
_ADVICE = {
    "Host key verification failed": "ssh does not know this host's key, or knows another one. Ask the host's owner for "
    "the key's fingerprint, call `ssh` once with the host's name to compare and keep it, then try again.",
    "Permission denied": "No key in ~/.ssh opens it. Keys with a passphrase and those of an agent are not used here: "
    "give the URL by https, or use a deploy key.",
    "transport 'http' not allowed": "An address that begins with http:// is not fetched, because nothing shows who answers "
    "it. Begin it with https://.",
}
_PAGE = re.compile(
    r"(https://[^/]+/.+?)/(?:-/)?(?:tree|blob|src/branch|commits?)/"
)  # of GitHub, GitLab, Gitea


class Refused(Exception):
    """The repository can't be read; the message says why."""


def _git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(  # noqa: S603 - our own words, and a URL after "--"
        ["git", *arguments],  # noqa: S607 - the system's, on the path of the inside
        env={**os.environ, **_GIT},
        stdin=subprocess.DEVNULL,
        capture_output=True,
    )


def _check(done: subprocess.CompletedProcess[bytes], what: str) -> bytes:
    if done.returncode:
        message = done.stderr.decode("utf-8", "replace").strip()
        advice = next((text for words, text in _ADVICE.items() if words in message), message[-_LAST_WORDS:])
        raise Refused(f"{what}: {advice}")
    return done.stdout


def without_key(url: str) -> str:
    """A URL without what opens the repository: in https the name is a token as often as the password is."""
    scheme, separator, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    who, _, place = host.rpartition("@")
    if not separator or not who:
        return url
    name = f"{who.partition(':')[0]}@" if scheme in ("ssh", "git") else ""
    return f"{scheme}://{name}{place}{slash}{path}"


def fetch(order: dict[str, Any]) -> None:
    """Bring a repository from another host into the first file of the order, as a bundle; or, with `list`, its refs."""
    url = order["url"]
    with open(order["files"][0], "wb") as out, tempfile.TemporaryDirectory() as place:
        trouble = None
        try:
            if order["list"]:
                name, content = (
                    "refs",
                    _check(_git("ls-remote", "--quiet", "--", url), f"{without_key(url)} can't be asked"),
                )
            else:
                name, content = "bundle", _bundled(url, Path(place))
            wire.write_file(out, name, content)
        except Refused as error:
            trouble = str(error)
        except OSError as error:
            trouble = f"git can't be run here: {error.strerror}"
        wire.end_files(out, trouble)


def _bundled(url: str, place: Path) -> bytes:
    repository, bundle = place / "repository", place / "bundle"
    clone = ("clone", "--quiet", "--mirror", "--no-recurse-submodules", "--", url, str(repository))
    fetched = _git(*clone)
    page = _PAGE.match(url)
    if fetched.returncode and page:
        raise Refused(
            f"{without_key(url)} is the address of a page in a repository. Give the repository's own address, "
            f"{without_key(page[1])}: the grader finds the app in any of its folders."
        )
    _check(fetched, f"{without_key(url)} can't be fetched")
    made = _git("--git-dir", str(repository), "bundle", "create", "--quiet", str(bundle), "HEAD", "--all")
    if made.returncode:  # a repository whose HEAD names no branch of its own
        made = _git("--git-dir", str(repository), "bundle", "create", "--quiet", str(bundle), "--all")
    _check(made, f"{without_key(url)} holds no commit")
    return bundle.read_bytes()


def checkout(order: dict[str, Any]) -> None:
    """Take a bundle, the second file of the order, apart: into its first, as a stream of plain files.

    The files of the commit are `work/…`, those of the repository `history/…`.
    """
    out, bundle = order["files"]
    with open(out, "wb") as stream, tempfile.TemporaryDirectory() as place:
        trouble = None
        try:
            repository = _clone(bundle, Path(place))
            files = _list_files(repository, order)
            for name, content in _contents(repository, files):
                wire.write_file(stream, f"work/{name}", content)
            for path in sorted(repository.rglob("*")):
                inside = path.relative_to(repository).as_posix()
                if path.is_file() and not path.is_symlink() and not inside.startswith("hooks/"):
                    wire.write_file(stream, f"history/{inside}", path.read_bytes())
        except Refused as error:
            trouble = str(error)
        except (OSError, ValueError, MemoryError, RecursionError) as error:
            trouble = f"The repository can't be read: {error or type(error).__name__}"
        wire.end_files(stream, trouble)


def _clone(bundle: int, place: Path) -> Path:
    file, repository = place / "bundle", place / "repository"
    with open(bundle, "rb") as source, file.open("wb") as target:
        shutil.copyfileobj(source, target)
    _check(
        _git("clone", "--quiet", "--mirror", "--no-recurse-submodules", "--", str(file), str(repository)),
        "The bundle can't be read",
    )
    file.unlink()
    return repository


def _commit(repository: Path) -> str:
    """What HEAD names; else a branch of a usual name; else any."""
    names = _check(
        _git(
            "--git-dir", str(repository), "for-each-ref", "--count=100", "--format=%(refname)", "refs/heads"
        ),
        "The repository can't be read",
    )
    branches = names.decode("utf-8", "replace").split()
    usual = [f"refs/heads/{name}" for name in ("main", "master")]
    for name in ("HEAD", *(name for name in usual if name in branches), *branches):
        found = _git("--git-dir", str(repository), "rev-parse", "--quiet", "--verify", f"{name}^{{commit}}")
        if found.returncode == 0:
            return found.stdout.decode().strip()
    raise Refused("The repository holds no commit on any branch.")


def _list_files(repository: Path, order: dict[str, Any]) -> list[tuple[str, str]]:
    """Name and object of each plain file of the commit, counted and measured before any is read.

    The list is read as it comes: a few hundred bytes can describe more files than memory holds.
    """
    most_files, left_out = order["most_files"], frozenset(order["left_out"])
    found: list[tuple[str, str]] = []
    size = seen = 0
    command = [
        "git",
        "--git-dir",
        str(repository),
        "ls-tree",
        "-r",
        "-l",
        "-z",
        "--full-tree",
        _commit(repository),
    ]
    with subprocess.Popen(  # noqa: S603 - our own words
        command, env={**os.environ, **_GIT}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as listing:
        assert listing.stdout is not None
        try:
            for entry in _entries(listing.stdout):
                facts, _, raw = entry.partition(b"\t")
                mode, _, name_of_object, length = facts.split()
                seen += 1
                if seen > 4 * most_files:
                    raise Refused(
                        f"The repository holds more than {most_files} files. Leave out environments and data."
                    )
                name = _name(raw)
                if mode not in _PLAIN or left_out.intersection(name.split("/")):
                    continue
                size += int(length)
                if len(found) >= most_files:
                    raise Refused(
                        f"The submission has more than {most_files} files. Leave out environments and data."
                    )
                if size > order["most_bytes"]:
                    raise Refused(
                        f"The submission is larger than {order['most_bytes'] // 1024**2} MB. Leave out environments and data."
                    )
                found.append((name, name_of_object.decode()))
        finally:
            listing.kill()
    if len({name for name, _ in found}) != len(found):
        raise Refused("The repository holds two files of the same name.")
    return found


def _entries(listing: IO[bytes]) -> Iterator[bytes]:
    """What stands between zero bytes."""
    rest = b""
    while part := listing.read(1 << 16):
        *whole, rest = (rest + part).split(b"\0")
        if len(rest) > 1 << 20:
            raise Refused("The name of a file in the repository is longer than any system takes.")
        yield from whole


def _name(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise Refused(f"The name of a file is not valid text: {raw!r}. Rename it.") from error


def _contents(repository: Path, files: list[tuple[str, str]]) -> Iterator[tuple[str, bytes]]:
    with subprocess.Popen(  # noqa: S603 - our own words
        ["git", "--git-dir", str(repository), "cat-file", "--batch"],  # noqa: S607 - the system's
        env={**os.environ, **_GIT},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as reading:
        assert reading.stdin is not None
        assert reading.stdout is not None
        for name, name_of_object in files:
            reading.stdin.write(f"{name_of_object}\n".encode())
            reading.stdin.flush()
            head = reading.stdout.readline().split()
            if len(head) != 3:
                raise Refused(f"The repository is damaged: {name!r} is missing.")
            yield name, reading.stdout.read(int(head[2]))
            reading.stdout.read(1)
