"""Repositories by ssh: asked with your keys, without a question to anybody, and by hosts that you know alone."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from grader.batch import discovery
from grader.errors import SubmissionError
from grader.inside.repositories import without_key
from grader.intake import courier
from grader.sandbox import Sandbox, tiers
from tests.grader.walls import run

SERVER = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
SEPARATED = Path("/run/sshd")  # where sshd parts with its rights; it starts nowhere else
WALL = tiers.bubblewrap().works
# bubblewrap's own list of users leads ssh to the home that is shown; elsewhere it would be that of the user who runs the tests
served = pytest.mark.skipif(
    not (SERVER and WALL and os.geteuid() == 0 and shutil.which("ssh-keygen")),
    reason="takes sshd, root and bubblewrap",
)
PHRASE = "a phrase that nobody types"


@dataclass(frozen=True)
class Host:
    """A host with one repository, and the home of an instructor whose key opens it."""

    url: str
    keys: Path
    known: str


def called(*command: str, cwd: Path | None = None) -> None:
    subprocess.run(command, check=True, capture_output=True, cwd=cwd)


def made_key(path: Path, phrase: str = "") -> str:
    called("ssh-keygen", "-q", "-t", "ed25519", "-N", phrase, "-C", "", "-f", str(path))
    return path.with_suffix(".pub").read_text()


@pytest.fixture
def host(tmp_path, monkeypatch) -> Iterator[Host]:
    keys = tmp_path / "home" / ".ssh"
    keys.mkdir(parents=True, mode=0o700)
    (tmp_path / "allowed").write_text(made_key(keys / "id_ed25519"))
    own = made_key(tmp_path / "host")
    repository = tmp_path / "ada"
    repository.mkdir()
    (repository / "main.py").write_text("x = 1\n")
    called("git", "init", "-q", "-b", "main", cwd=repository)
    called("git", "add", ".", cwd=repository)
    called("git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "work", cwd=repository)
    SEPARATED.mkdir(exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = {
        "Port": port,
        "ListenAddress": "127.0.0.1",
        "HostKey": tmp_path / "host",
        "AuthorizedKeysFile": tmp_path / "allowed",
        "PidFile": tmp_path / "pid",
        "StrictModes": "no",
        "UsePAM": "no",
        "PermitRootLogin": "yes",
        # so that there is something to ask for
        "PasswordAuthentication": "yes",
    }
    (tmp_path / "options").write_text("".join(f"{name} {value}\n" for name, value in options.items()))
    assert SERVER is not None
    with subprocess.Popen(
        [SERVER, "-D", "-e", "-f", str(tmp_path / "options")], stderr=subprocess.DEVNULL
    ) as server:
        try:
            _wait_for(port)
            monkeypatch.setenv("HOME", str(keys.parent))
            yield Host(f"ssh://root@127.0.0.1:{port}{repository}", keys, f"[127.0.0.1]:{port} {own}")
        finally:
            server.terminate()


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("sshd does not start")


def refused(url: str) -> str:
    """The message about a repository that can't be fetched; at once, rather than after a question that nobody hears."""
    began = time.monotonic()
    with pytest.raises(SubmissionError) as refusal, courier.carry(url, "bubblewrap"):
        pass
    assert time.monotonic() - began < courier.FETCH_SECONDS / 4
    return str(refusal.value)


@served
def test_a_repository_of_a_known_host_is_fetched_with_the_instructor_s_key(host):
    (host.keys / "known_hosts").write_text(host.known)
    with courier.carry(host.url, "bubblewrap") as parcel:
        assert (parcel.kind, parcel.name) == ("bundle", "ada")
        assert os.pread(parcel.file, 5, 0) == b"# v2 "
    assert (host.keys / "known_hosts").read_text() == host.known


@served
def test_an_unknown_host_is_refused_with_what_to_do(host):
    assert "call `ssh` once" in refused(host.url)
    assert not (host.keys / "known_hosts").exists()


@served
def test_a_host_with_another_key_than_before_is_refused(host, tmp_path):
    address = host.known.split()[0]
    (host.keys / "known_hosts").write_text(f"{address} {made_key(tmp_path / 'other')}")
    assert "knows another one" in refused(host.url)


@served
def test_a_key_with_a_passphrase_asks_nobody_for_it(host):
    (host.keys / "known_hosts").write_text(host.known)
    called("ssh-keygen", "-q", "-p", "-N", PHRASE, "-f", str(host.keys / "id_ed25519"))
    assert "Keys with a passphrase" in refused(host.url)


@served
def test_a_host_that_never_speaks_is_given_up(host):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        message = refused(f"ssh://root@127.0.0.1:{silent.getsockname()[1]}/ada")
    assert "can't be fetched" in message


@pytest.mark.skipif(not WALL, reason="takes bubblewrap")
def test_the_instructor_s_keys_are_in_no_sandbox_of_a_submission_or_a_worker(tmp_path, monkeypatch):
    keys = tmp_path / "home" / ".ssh"
    keys.mkdir(parents=True)
    (keys / "id_ed25519").write_text("PRIVATE")
    monkeypatch.setenv("HOME", str(keys.parent))
    for purpose in ("submission", "worker"):
        with Sandbox("bubblewrap", purpose=purpose) as sandbox:
            for place in (keys, "/home/learner/.ssh", "/root/.ssh"):
                assert "PRIVATE" not in run(sandbox, f"print(open('{place}/id_ed25519').read())").printed


# --- addresses that are more than addresses -----------------------------------------------------------------------


@pytest.mark.skipif(not WALL, reason="takes bubblewrap")
@pytest.mark.parametrize(
    "url",
    [
        "ssh://-oProxyCommand=touch$IFS{place}/x",
        "ssh://-oProxyCommand=touch$IFS{place}@127.0.0.1/x",
        "git@-oProxyCommand=touch {place}:x",
        "ext::sh -c touch% {place} ://",
        "fd::17://",
        "file://--upload-pack=touch {place}",
    ],
)
def test_an_address_that_holds_a_command_runs_nothing(url, tmp_path):
    place = tmp_path / "touched"
    refused(url.replace("{place}", str(place)))
    assert not place.exists()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://ada:ghp_secret@host/a/b.git", "https://host/a/b.git"),
        ("https://ghp_secret@host/a/b.git", "https://host/a/b.git"),
        ("https://ada:one@two@host/a@b", "https://host/a@b"),
        ("ssh://git:secret@host:2222/a", "ssh://git@host:2222/a"),
        ("ssh://git@host/a", "ssh://git@host/a"),
        ("git@host:a/b", "git@host:a/b"),
        ("https://host/a@b", "https://host/a@b"),
    ],
)
def test_what_opens_a_repository_is_not_shown(url, shown):
    assert without_key(url) == shown


@pytest.mark.skipif(not WALL, reason="takes bubblewrap")
def test_a_token_in_an_address_is_in_no_message(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://ada:ghp_secret@127.0.0.1:{silent.getsockname()[1]}/ada.git"
    assert "ghp_secret" not in refused(url)
    (tmp_path / "list.txt").write_text(f"{url}\nada {url}1\nada {url}2\nghp https://ghp_secret@127.0.0.1/x\n")
    found = discovery.sort_out(str(tmp_path / "list.txt"))
    assert not any("ghp_secret" in f"{one.name} {one.trouble}" for one in found.submissions)
