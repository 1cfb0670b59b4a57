"""Every attack is contained, and judged fairly."""

import io
import shutil
import tarfile
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from grader.errors import SubmissionError
from grader.intake.bounds import MAX_BYTES
from grader.report import terminal
from grader.sandbox import tiers
from grader.submission import open_submission
from tests.hostile import made
from tests.hostile.answering import ANSWERING, SCANS
from tests.hostile.cases import ATTACKS, MARK, PASSES, STARTS, Attack
from tests.hostile.graded import graded
from tests.sampling import ALL, representative, thorough

HONEST = Path(__file__).with_name("honest")
EVERY = (*ATTACKS, *ANSWERING)
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
    """The command lines of everything that runs, and has the mark."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().decode("utf-8", "replace")
        except OSError:
            continue
        if MARK in line:
            found.add(line)
    return found


def statuses(report) -> dict[str, str]:
    return {result.id: result.status for result in report.criteria}


def walled(tier: str, attack: Attack) -> tuple[str, Attack]:
    """What is waited for until its time is over is waited for behind the wall where that time can be a short one."""
    return (tier if ALL or attack.only != STARTS else TIERS[0]), attack


# a third of them, behind one wall or another; with TESTS=all every one behind every wall
CASES = [walled(tier, attack) for attack in EVERY for tier in TIERS]
SOME = representative(CASES, 3 * len(TIERS) - 1 if len(TIERS) > 1 else 3)


@pytest.mark.skipif(not TIERS, reason="no wall can be had here")
@pytest.mark.parametrize(("tier", "attack"), SOME, ids=lambda value: getattr(value, "name", value))
def test_an_attack_is_contained_and_judged_fairly(tier, attack, tmp_path):
    work = written(attack, tmp_path)
    before = {path: path.read_bytes() for path in work.rglob("*") if path.is_file()}
    began = time.monotonic()
    report, evidence, page = graded(work, attack.only, tier, impatient=attack.only == STARTS)
    assert time.monotonic() - began < 240
    found = statuses(report)
    assert {id: found[id] for id in attack.verdicts} == attack.verdicts, [
        (result.id, result.summary) for result in report.criteria
    ]
    assert not {f"{MARK} {deed}" for deed in ("reached", "wrote", "control")} & _starts_of(evidence.app.log)
    written_down = evidence.model_dump_json(), report.model_dump_json(), page
    for secret in ("BEGIN SOLUTION", "endpoint.generates_image", "root:x:", "[points"):
        assert secret not in evidence.app.log
    assert not any("root:x:" in text or "\x1b" in text for text in written_down)
    assert len(written_down[0]) < 40_000_000
    # nothing of it is left anywhere
    assert {path: path.read_bytes() for path in work.rglob("*") if path.is_file()} == before
    deadline = time.monotonic() + 3
    while processes() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not processes()
    assert not Path("/tmp", MARK).exists()


def _starts_of(log: str) -> set[str]:
    """The first two words of each line of a log."""
    return {" ".join(line.split()[:2]) for line in log.splitlines()}


@thorough
@pytest.mark.skipif("landlock" not in TIERS, reason="Landlock can't be had here")
def test_a_neighbour_s_stand_ins_are_out_of_reach(tmp_path):
    """Where there are no network namespaces, one submission is graded after the other."""
    scanning, honest = tmp_path / "scanning", tmp_path / "honest"
    scanning.mkdir()
    honest.mkdir()
    works = (written(SCANS, scanning), written(Attack("honest", PASSES), honest))
    with ThreadPoolExecutor(2) as both:
        done = list(both.map(lambda work: graded(work, SCANS.only, "landlock"), works))
    for report, evidence, _ in done:
        found = statuses(report)
        assert {id: found[id] for id in PASSES} == PASSES
        assert f"{MARK} control" not in evidence.app.log


def test_there_are_enough_attacks():
    assert len(EVERY) >= 35
    assert len({attack.name for attack in EVERY}) == len(EVERY)


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


# a file of a few bytes that says it is one of 100 GB, most of it holes
SPARSE = {
    "GNU.sparse.major": "1",
    "GNU.sparse.minor": "0",
    "GNU.sparse.name": "b.py",
    "GNU.sparse.realsize": "99999999999",
}


def member(
    name: str, kind: bytes = tarfile.REGTYPE, target: str = "", headers: dict[str, str] | None = None
) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.pax_headers = headers or {}
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
    ("name", "made_by", "words"),
    [
        ("dots.zip", lambda: zipped(**{"../../evil.py": b"x"}), "outside its folder"),
        ("absolute.zip", lambda: zipped(**{"/etc/evil.py": b"x"}), "outside its folder"),
        ("drive.zip", lambda: zipped(**{"C:\\evil.py": b"x"}), "outside its folder"),
        ("link.zip", linked_zip, "holds a link"),
        (
            "bomb.zip",
            lambda: zipped(**{f"{n}.txt": b"0" * (30 * 1024 * 1024) for n in range(8)}),
            "larger than",
        ),
        ("many.zip", lambda: zipped(**{f"{n}.txt": b"" for n in range(5_100)}), "more than"),
        (
            "symlink.tar.gz",
            lambda: tarred((member("main.py", tarfile.SYMTYPE, "/etc/passwd"), b"")),
            "no plain file",
        ),
        (
            "hardlink.tar.gz",
            lambda: tarred((member("main.py", tarfile.LNKTYPE, "/etc/passwd"), b"")),
            "no plain file",
        ),
        ("device.tar.gz", lambda: tarred((member("main.py", tarfile.CHRTYPE), b"")), "no plain file"),
        ("fifo.tar.gz", lambda: tarred((member("main.py", tarfile.FIFOTYPE), b"")), "no plain file"),
        ("dots.tar.gz", lambda: tarred((member("a/../../evil.py"), b"x")), "outside its folder"),
        ("twice.tar.gz", lambda: tarred((member("main.py"), b"1"), (member("main.py"), b"2")), "twice"),
        ("inside.tar.gz", lambda: tarred((member("a"), b"1"), (member("a/b"), b"2")), "can't be"),
        ("letters.tar.gz", lambda: tarred((member("caf\udce9.py"), b"x")), "not valid text"),
        ("slash.zip", lambda: zipped(**{"a/b.py": b"1", "a\\b.py": b"2"}), "twice"),
        (
            "header.tar.gz",
            lambda: tarred((member("a.py", headers={"path": "../evil.py"}), b"x")),
            "outside its folder",
        ),
        (
            "sparse.tar.gz",
            lambda: tarred((member("a.py", headers=SPARSE), b"1\n0\n1\n" + b"x" * 600)),
            "larger than",
        ),
        ("text.zip", lambda: b"PK\x03\x04 and no more", "neither a .zip"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_a_hostile_archive_is_refused_and_writes_nothing(name, made_by, words, tmp_path):
    (tmp_path / name).write_bytes(made_by())
    # read here as a worker reads it, which saves starting one for each
    with (
        pytest.raises(SubmissionError, match=words),
        open_submission(str(tmp_path / name), tier=TIERS[0] if TIERS else "process"),
    ):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == [name]
    assert not Path("/tmp/evil.py").exists()
    assert MAX_BYTES == 200 * 1024 * 1024


# --- repositories and manifests -----------------------------------------------------------------------------------


def bundle(*entries: tuple[str, str, str], wide: int = 1, levels: int = 1) -> bytes:
    """A git bundle with these entries: mode, name, and what the entry leads to (see `made.BUNDLES`)."""
    whole = {
        "entries": entries,
        "wide": wide,
        "levels": levels,
        "content": b"x = 1\n",
        "size": None,
        "count": None,
    }
    change = {"bytes": [], "kept": 100}
    return made.bundle_bytes(
        {**whole, "ref": "refs/heads/main", "head": "commit", "wants": False, "change": change}
    )


@pytest.mark.parametrize("tier", representative(TIERS, 2))
def test_links_and_modules_of_a_repository_are_left_out(tier, tmp_path):
    entries = [("100644", "main.py", "text"), ("120000", "passwd.py", "link"), ("160000", "module", "absent")]
    (tmp_path / "ada.bundle").write_bytes(bundle(*entries))
    _, evidence, page = graded(tmp_path / "ada.bundle", ("secrets",), tier)
    assert evidence.scans.files == 1
    assert "root:x:" not in evidence.model_dump_json() + page


@pytest.mark.skipif(not TIERS, reason="no wall can be had here")
def test_a_repository_of_a_few_bytes_and_a_thousand_million_files_is_refused(tmp_path):
    content = bundle(("40000", "tree", "wide"), wide=10, levels=9)
    assert len(content) < 2_000
    (tmp_path / "ada.bundle").write_bytes(content)
    with pytest.raises(SubmissionError, match="more than 5000 files"):
        graded(tmp_path / "ada.bundle", ("secrets",), TIERS[0])


@pytest.mark.skipif(not TIERS, reason="no wall can be had here")
def test_a_manifest_does_not_tell_what_is_on_the_machine(tmp_path):
    refusals = set()
    for number, path in enumerate(("/etc", "/etc-that-is-not-there")):
        work = tmp_path / f"{number}" / "ada"
        work.mkdir(parents=True)
        (work / "main.py").write_text("")
        (work / "lab.toml").write_text(f'cwd = "{path}"\n')
        with pytest.raises(SubmissionError) as refused:
            graded(work, ("secrets",), TIERS[0])
        refusals.add(str(refused.value).replace(path, "PATH"))
    assert len(refusals) == 1
