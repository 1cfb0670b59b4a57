"""Every attack is contained, and judged fairly."""

import io
import shutil
import tarfile
import time
import zipfile
from pathlib import Path

import pytest

from grader import rubric
from grader.errors import SubmissionError
from grader.evidence import Evidence
from grader.intake.bounds import MAX_BYTES
from grader.report import terminal
from grader.sandbox import tiers
from grader.worker import Wanted, grade
from tests.hostile.cases import ATTACKS, MARK, STARTS, Attack
from tests.sampling import representative

HONEST = Path(__file__).with_name("honest")
TIERS = [
    tier
    for tier, works in (("bubblewrap", tiers.bubblewrap().works), ("landlock", tiers.has_landlock().works))
    if works
]


def written(attack: Attack, place: Path) -> Path:
    """The hostile submission, as a folder."""
    work = place / "work"
    shutil.copytree(HONEST, work)
    main = work / "main.py"
    main.write_text(attack.first + main.read_text() + attack.last)
    for name, content in attack.files.items():
        file = work / name.replace("dot-git", ".git")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return work


def processes() -> set[str]:
    """The command lines of everything that runs, and bears the mark."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().decode("utf-8", "replace")
        except OSError:
            continue
        if MARK in line:
            found.add(line)
    return found


def graded(path: Path, only: tuple[str, ...], tier: str):
    """Graded as `grader check` grades: by a worker in a sandbox of its own."""
    worth = rubric.only(rubric.read(), only)
    graded = grade(str(path), Wanted(tier, only=only, rubric=worth, pages=("html",), evidence="files"))
    evidence = Evidence.model_validate_json(graded.files["evidence.json"])
    return graded.report, evidence, graded.files["page.html"].decode()


def statuses(report) -> dict[str, str]:
    return {result.id: result.status for result in report.criteria}


@pytest.mark.skipif(not TIERS, reason="no wall can be had here")
@pytest.mark.parametrize("attack", representative(ATTACKS, 3), ids=lambda attack: attack.name)
def test_an_attack_is_contained_and_judged_fairly(attack, tmp_path):
    work = written(attack, tmp_path)
    before = {path: path.read_bytes() for path in work.rglob("*") if path.is_file()}
    began = time.monotonic()
    report, evidence, _ = graded(work, attack.only, TIERS[0])
    assert time.monotonic() - began < 120
    found = statuses(report)
    assert {id: found[id] for id in attack.verdicts} == attack.verdicts, [
        (result.id, result.summary) for result in report.criteria
    ]
    assert f"{MARK} reached" not in evidence.app.log
    assert f"{MARK} wrote" not in evidence.app.log
    assert f"{MARK} control" not in evidence.app.log
    for secret in ("BEGIN SOLUTION", "endpoint.generates_image", "root:x:", "[points"):
        assert secret not in evidence.app.log
    assert len(evidence.model_dump_json()) < 40_000_000
    # nothing of it is left anywhere
    assert {path: path.read_bytes() for path in work.rglob("*") if path.is_file()} == before
    deadline = time.monotonic() + 3
    while processes() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not processes()
    assert not Path("/tmp", MARK).exists()


@pytest.mark.skipif("landlock" not in TIERS, reason="Landlock can't be had here")
@pytest.mark.parametrize(
    "name",
    [
        "calls the outside",
        "reads the answer key and the rubric",
        "edits the shared environment",
        "kills its parents",
    ],
)
def test_landlock_holds_where_namespaces_can_not_be_had(name, tmp_path):
    [attack] = [each for each in ATTACKS if each.name == name]
    report, evidence, _ = graded(written(attack, tmp_path), attack.only, "landlock")
    found = statuses(report)
    assert {id: found[id] for id in attack.verdicts} == attack.verdicts
    assert f"{MARK} reached" not in evidence.app.log
    assert f"{MARK} wrote" not in evidence.app.log
    assert "endpoint.generates_image" not in evidence.app.log


def test_there_are_enough_attacks():
    assert len(ATTACKS) >= 25
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)


# --- what is shown of them ----------------------------------------------------------------------------------------


def test_terminal_escapes_in_a_log_do_not_reach_the_terminal_or_the_page(tmp_path):
    attack = Attack(
        "escapes", {}, first="raise RuntimeError('\\x1b[2J\\x1b]0;owned\\x07<script>alert(1)</script>')\n"
    )
    report, _, page = graded(written(attack, tmp_path), ("endpoint.starts",), "process")
    from rich.console import Console

    out = io.StringIO()
    terminal.show(report, Console(file=out, force_terminal=False))
    assert "\x1b" not in out.getvalue()
    assert "\x1b" not in page
    assert "<script" not in page


# --- archives -----------------------------------------------------------------------------------------------------


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in members.items():
            bundle.writestr(name, content)
    return out.getvalue()


def tarred(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as bundle:
        for member, content in members:
            member.size = len(content)
            bundle.addfile(member, io.BytesIO(content))
    return out.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, target
    return made


def linked_zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as bundle:
        link = zipfile.ZipInfo("main.py")
        link.external_attr = 0o120777 << 16
        bundle.writestr(link, "/etc/passwd")
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("dots.zip", zipped(**{"../../evil.py": b"x"}), "outside its folder"),
        ("absolute.zip", zipped(**{"/etc/evil.py": b"x"}), "outside its folder"),
        ("drive.zip", zipped(**{"C:\\evil.py": b"x"}), "outside its folder"),
        ("link.zip", linked_zip(), "holds a link"),
        ("bomb.zip", zipped(**{f"{n}.txt": b"0" * (30 * 1024 * 1024) for n in range(8)}), "larger than"),
        ("many.zip", zipped(**{f"{n}.txt": b"" for n in range(5_100)}), "more than"),
        ("symlink.tar.gz", tarred((member("main.py", tarfile.SYMTYPE, "/etc/passwd"), b"")), "no plain file"),
        (
            "hardlink.tar.gz",
            tarred((member("main.py", tarfile.LNKTYPE, "/etc/passwd"), b"")),
            "no plain file",
        ),
        ("device.tar.gz", tarred((member("main.py", tarfile.CHRTYPE), b"")), "no plain file"),
        ("fifo.tar.gz", tarred((member("main.py", tarfile.FIFOTYPE), b"")), "no plain file"),
        ("dots.tar.gz", tarred((member("a/../../evil.py"), b"x")), "outside its folder"),
        ("twice.tar.gz", tarred((member("main.py"), b"1"), (member("main.py"), b"2")), "twice"),
        ("inside.tar.gz", tarred((member("a"), b"1"), (member("a/b"), b"2")), "can't be"),
        ("text.zip", b"PK\x03\x04 and no more", "neither a .zip"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_a_hostile_archive_is_refused_and_writes_nothing(name, content, words, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SubmissionError, match=words):
        grade(
            str(tmp_path / name), Wanted(TIERS[0] if TIERS else "process", only=STARTS, rubric=rubric.read())
        )
    assert sorted(path.name for path in tmp_path.iterdir()) == [name]
    assert not Path("/tmp/evil.py").exists()
    assert MAX_BYTES == 200 * 1024 * 1024
