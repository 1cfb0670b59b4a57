"""The wall around a submission, attacked from the inside, on every tier that this machine has."""

import json
import os
import subprocess
import sys
import time
import venv
from pathlib import Path

import pytest

from grader import sandbox as sandboxes
from grader.errors import GraderError
from grader.inside import policy, seccomp
from grader.inside.policy import Ceilings
from grader.sandbox import Enclosure, Order, Places, Sandbox, bubblewrap, tiers
from grader.sandbox.enclosure import environment
from grader.sandbox.nursery import Nursery
from tests.grader.walls import run

ROOT = Path(__file__).resolve().parents[2]
HAS = {"bubblewrap": tiers.bubblewrap().works, "landlock": tiers.has_landlock().works}
INSIDE = Places("bubblewrap", sys.executable, policy.WORK, policy.HOME, policy.TEMPORARY)
LOW = Ceilings(memory=512, address=1024, processes=64, work=32, temporary=32, home=32, file=64)


@pytest.fixture(params=["bubblewrap", "landlock", "nursery"])
def walled(request):
    tier = "bubblewrap" if request.param == "nursery" else request.param
    if not HAS[tier]:
        pytest.skip(f"{tier} can't be had here")
    nursery = request.getfixturevalue("nursery") if request.param == "nursery" else None
    with Sandbox(tier, ceilings=LOW, nursery=nursery) as sandbox:
        assert not nursery or nursery.works, "it was started cold"
        yield sandbox


@pytest.fixture(scope="module")
def nursery():
    with Nursery(["json.tool"], environment(INSIDE)) as loaded:
        yield loaded


@pytest.fixture
def bubbled():
    if not HAS["bubblewrap"]:
        pytest.skip("bubblewrap can't be had here")
    with Sandbox("bubblewrap", ceilings=LOW) as sandbox:
        yield sandbox


def processes_with(mark: str) -> list[str]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().decode("utf-8", "replace")
        except OSError:
            continue
        if mark in line and folder.name != str(os.getpid()):
            found.append(line)
    return found


@pytest.mark.parametrize(
    "path",
    [
        ROOT / "answer-key" / "README.md",
        ROOT / "grader" / "rubric.toml",
        ROOT / "grader" / "criteria" / "endpoint.py",
        ROOT / "tests" / "grader" / "corpus.py",
        Path("/etc/shadow"),
        Path("/root/.bashrc"),
    ],
    ids=lambda path: path.name,
)
def test_files_that_are_none_of_its_business_can_not_be_read(walled, path):
    done = run(walled, f"print(open({str(path)!r}, 'rb').read(10))")
    assert done.code == 1
    assert "PermissionError" in done.printed or "FileNotFoundError" in done.printed


def test_where_containers_have_an_app_the_submission_is(bubbled):
    done = run(bubbled, "open('/app/note', 'w').write('here'); print(open('/submission/note').read())")
    assert (done.code, done.printed.strip()) == (0, "here")


def test_a_grader_that_is_installed_where_containers_have_an_app_still_starts_its_sandboxes():
    paths = [Path("/app/.venv/lib"), Path("/usr")]
    made = bubblewrap.launch(Path("bwrap"), paths, ["true"], {}, LOW)
    made.clean()
    arguments = json.dumps(made.command).replace('\\"', '"').replace('", "', " ")
    assert "--symlink /submission /code" in arguments
    assert "--symlink /submission /app" not in arguments


def test_another_submission_s_files_can_not_be_read(walled, tmp_path):
    (tmp_path / "main.py").write_text("answer = 42")
    with Sandbox(walled.tier, work=tmp_path) as neighbour:
        tried = [
            str(tmp_path / "main.py"),
            f"/proc/{neighbour._enclosure.process.pid}/root/submission/main.py",
        ]
        if walled.tier == "landlock":
            tried.append(f"{neighbour.root}/main.py")
        done = run(walled, f"for path in {tried!r}:\n try: print(open(path).read())\n except OSError: pass")
    assert "42" not in done.printed


def test_the_grader_s_environment_is_nowhere(walled, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-" + "instructor")
    with Sandbox(walled.tier) as fresh:
        done = run(
            fresh,
            """
            import glob, os
            print(os.environ)
            for path in glob.glob("/proc/*/environ"):
                try: print(open(path).read())
                except OSError: pass
            """,
        )
    assert "PATH" in done.printed
    assert "of-the-" + "instructor" not in done.printed


# written in two parts: a traceback may show the code, and only what ran prints the whole word
@pytest.mark.parametrize("address", [("169.254.169.254", 80), ("1.1.1.1", 443), ("127.0.0.1", 22)])
def test_no_other_host_can_be_called_by_address(walled, address):
    done = run(walled, f"import socket; socket.create_connection({address!r}, 3); print('r' 'eached')")
    assert (done.code, "reached" in done.printed) == (1, False)


def test_no_name_is_resolved(walled):
    done = run(walled, "import socket; print('r' 'esolved', socket.getaddrinfo('example.com', 443))")
    assert (done.code, "resolved" in done.printed) == (1, False)


def test_a_service_of_this_machine_is_not_reached_on_a_low_port(walled):
    with Sandbox("process") as outside, outside.listener() as service:
        port = service.getsockname()[1]
        if walled.tier == "landlock":
            pytest.skip("documented: ports from the ephemeral range are open to Landlock's submissions")
        done = run(
            walled, f"import socket; socket.create_connection(('127.0.0.1', {port}), 3); print('r' 'eached')"
        )
    assert "reached" not in done.printed


@pytest.mark.parametrize(
    ("call", "source"),
    [
        ("AF_VSOCK", "import socket; socket.socket(40, socket.SOCK_STREAM)"),
        ("AF_PACKET", "import socket; socket.socket(17, socket.SOCK_RAW)"),
        ("AF_ALG", "import socket; socket.socket(38, socket.SOCK_SEQPACKET)"),
        (
            "ptrace",
            "import ctypes, os; raise OSError if ctypes.CDLL(None).ptrace(16, 1, 0, 0) else SystemExit",
        ),
        ("unshare", "import ctypes; raise OSError if ctypes.CDLL(None).unshare(0x10000000) else SystemExit"),
        (
            "io_uring",
            "import ctypes; raise OSError if ctypes.CDLL(None).syscall(425, 8, 0) < 0 else SystemExit",
        ),
        (
            "keyring",
            "import ctypes; raise OSError if ctypes.CDLL(None).syscall(250, 0, -3, 1) < 0 else SystemExit",
        ),
        (
            "mount",
            "import ctypes; raise OSError if ctypes.CDLL(None).mount(b'x', b'/tmp', b'tmpfs', 0, 0) else SystemExit",
        ),
        ("memory of others", "open('/proc/1/mem', 'r+b')"),
    ],
)
def test_what_namespaces_do_not_cover_is_refused_by_the_kernel(walled, call, source):
    assert run(walled, source).code == 1


def test_nothing_that_others_use_can_be_changed(walled):
    package = ROOT / ".venv" / "lib"
    done = run(
        walled,
        f"""
        import glob, os, classroom
        tried = [os.path.dirname(classroom.__file__), "/usr/bin", "/usr/lib", "/etc", "/"]
        tried += glob.glob({str(package)!r} + "/*/site-packages")
        for folder in tried:
            try:
                open(folder + "/planted.py", "w")
                print("wrote", folder)
            except OSError:
                pass
        """,
    )
    assert done.code == 0
    assert "wrote" not in done.printed


def test_it_can_write_where_programs_need_to(walled):
    done = run(
        walled,
        """
        import os, tempfile
        open("here.txt", "w").write("x")
        open(os.path.expanduser("~/home.txt"), "w").write("x")
        tempfile.TemporaryFile().write(b"x")
        print("fine")
        """,
    )
    assert (done.code, done.printed) == (0, "fine\n")


def test_killing_everything_in_sight_does_not_end_the_agent(walled):
    run(walled, "import os, signal; os.kill(-1, signal.SIGKILL)")
    run(walled, "import os, signal; os.kill(os.getppid(), signal.SIGKILL)")
    run(walled, "import os, signal; os.kill(os.getppid(), signal.SIGSTOP)")
    assert run(walled, "print('still here')").printed == "still here\n"


def test_a_process_that_ignores_being_asked_to_end_is_ended(walled):
    began = time.monotonic()
    source = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: time.sleep(1)"
    assert run(walled, source, seconds=1).code is None
    assert time.monotonic() - began < 8


def test_a_daemon_does_not_outlive_the_sandbox(request, walled):
    mark = f"daemon-{os.getpid()}-{time.monotonic_ns()}"
    with Sandbox(walled.tier) as short:
        run(
            short,
            f"""
            import os, subprocess, sys
            subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", {mark!r}], start_new_session=True)
            """,
        )
        assert processes_with(mark)
    deadline = time.monotonic() + 3
    while processes_with(mark) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not processes_with(mark)


@pytest.mark.skipif(
    not HAS["bubblewrap"], reason="without namespaces, its user's processes are counted together"
)
def test_a_fork_bomb_is_bounded_and_ends_with_the_sandbox():
    mark = f"bomb-{time.monotonic_ns()}"
    with Sandbox("bubblewrap", ceilings=LOW) as sandbox:
        source = f"mark = {mark!r}\nimport os\nwhile True:\n try: os.fork()\n except OSError: pass"
        done = run(sandbox, source, 2)
        began = time.monotonic()
    assert done.code is None
    assert time.monotonic() - began < 10
    assert not processes_with(mark)


def test_memory_is_bounded(walled):
    done = run(
        walled,
        "data = bytearray(4 * 1024**3)\nfor i in range(0, len(data), 4096): data[i] = 1\nprint('had it')",
    )
    assert done.code != 0
    assert "had it" not in done.printed
    assert run(walled, "print('still here')").printed == "still here\n"


def test_the_disk_is_bounded(bubbled):
    done = run(
        bubbled,
        """
        size = 0
        try:
            with open("filler", "wb") as file:
                while size < 1 << 30:
                    size += file.write(b"x" * 1048576)
        except OSError as error:
            print(error.strerror, size < 64 * 1048576)
        """,
    )
    assert "True" in done.printed


def test_a_flood_of_output_is_read_to_its_end_and_not_kept(walled):
    source = "import sys\nfor i in range(200): sys.stderr.write('x' * 1048576)\nsys.stderr.write('the end')"
    done = run(walled, source, seconds=60)
    assert done.code == 0
    assert len(done.printed) < 100_000
    assert done.printed.endswith("the end")


def test_an_output_that_is_closed_early_is_no_trouble(walled):
    done = run(walled, "import os\nfor number in range(3): os.close(number)\nos._exit(7)")
    assert done.code == 7


def test_its_command_line_and_mounts_show_nothing_of_the_grader_s_order(bubbled):
    done = run(
        bubbled,
        """
        import glob
        for path in glob.glob("/proc/[0-9]*/cmdline"):
            print(open(path).read().replace(chr(0), " "))
        """,
    )
    assert "bwrap" not in done.printed
    assert "rubric" not in done.printed


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_started_by_root_it_is_a_user_that_owns_nothing_else(bubbled):
    assert run(bubbled, "import os; print(os.getuid(), os.geteuid())").printed == "1000 1000\n"
    status = Path(f"/proc/{bubbled._enclosure.process.pid}/status").read_text()
    [users] = [line.split()[1:] for line in status.splitlines() if line.startswith("Uid:")]
    assert all(int(user) >= 200_000 for user in users)


def test_sockets_made_inside_reach_the_inside_and_nothing_else(bubbled):
    with bubbled.listener() as listener:
        port = listener.getsockname()[1]
        done = run(
            bubbled, f"import socket; socket.create_connection(('127.0.0.1', {port}), 3); print('r' 'eached')"
        )
        assert "reached" in done.printed
        with bubbled.socket() as inward:
            inward.connect(("127.0.0.1", port))
        with Sandbox("process") as outside, outside.socket() as other, pytest.raises(ConnectionRefusedError):
            other.connect(("127.0.0.1", port))


def test_a_job_can_be_forked_from_a_loaded_process_or_started_cold(tmp_path):
    app = "import sys\nasync def app(scope, receive, send): ...\nsys.exit(3 if 'json.tool' in sys.modules else 4)\n"
    (tmp_path / "main.py").write_text(app)
    codes = []
    for cold in (False, True):
        with Sandbox("process", work=tmp_path, cold=cold) as sandbox:
            sandbox.preload(["json.tool"])
            order = Order(
                do="serve",
                name="main:app",
                cwd=sandbox.root,
                environment=sandbox.environment(),
                pythonpath=(sandbox.root,),
                facts={"target": "main:app", "root": sandbox.root, "hangs_after": 60, "env_files": {}},
            )
            with sandbox.listener() as listener, sandbox.start(order, [listener.fileno()]) as job:
                codes.append(job.wait(60))
    assert codes == [3, 4]


def test_an_environment_below_the_temporary_folder_is_shown(tmp_path):
    if not HAS["bubblewrap"]:
        pytest.skip("bubblewrap can't be had here")
    venv.create(tmp_path / "env", symlinks=True)
    with Sandbox("bubblewrap", tmp_path / "env" / "bin" / "python") as sandbox:
        done = run(sandbox, "import sys; print(sys.prefix)")
    assert done.printed == f"{tmp_path / 'env'}\n"


# --- which wall ---------------------------------------------------------------------------------------------------


def as_if(monkeypatch, *, bubblewrap: bool, landlock: bool) -> None:
    monkeypatch.setattr(tiers, "bubblewrap", lambda: tiers.Trial(bubblewrap, "bwrap is missing"))
    monkeypatch.setattr(tiers, "has_landlock", lambda: tiers.Trial(landlock, "an old kernel"))


def test_where_there_is_no_sandbox_a_folder_of_ones_own_runs_as_an_ordinary_program(monkeypatch):
    monkeypatch.setattr(tiers.sys, "platform", "darwin")
    assert sandboxes.choose_tier("auto", own_folder=True) == "process"
    with pytest.raises(GraderError, match="Docker"):
        sandboxes.choose_tier("auto")


def test_linux_without_a_sandbox_never_runs_a_folder_as_an_ordinary_program(monkeypatch):
    as_if(monkeypatch, bubblewrap=False, landlock=False)
    with pytest.raises(GraderError, match="not run with less"):
        sandboxes.choose_tier("auto", own_folder=True)


def test_windows_is_pointed_to_wsl(monkeypatch):
    monkeypatch.setattr(tiers.sys, "platform", "win32")
    with pytest.raises(GraderError, match="WSL"):
        sandboxes.choose_tier("process", own_folder=True)


@pytest.mark.parametrize(
    ("bubblewrap", "landlock", "tier"), [(True, True, "bubblewrap"), (False, True, "landlock")]
)
def test_auto_takes_the_strongest_there_is(monkeypatch, bubblewrap, landlock, tier):
    as_if(monkeypatch, bubblewrap=bubblewrap, landlock=landlock)
    assert sandboxes.choose_tier("auto") == tier


@pytest.mark.parametrize("wanted", ["auto", "bubblewrap", "landlock"])
def test_what_can_not_be_had_is_refused_and_never_weakened(monkeypatch, wanted):
    as_if(monkeypatch, bubblewrap=False, landlock=False)
    with pytest.raises(GraderError, match=r"not run with less.*--isolation process"):
        sandboxes.choose_tier(wanted)


def test_bubblewrap_asked_for_by_name_is_not_replaced_by_landlock(monkeypatch):
    as_if(monkeypatch, bubblewrap=False, landlock=True)
    with pytest.raises(GraderError, match="bwrap is missing"):
        sandboxes.choose_tier("bubblewrap")


def test_where_user_namespaces_are_forbidden_that_is_found_out_and_landlock_taken():
    # our own filter forbids them to any process that enters it, as Docker's does
    source = (
        "from grader.inside import seccomp; seccomp.enter(seccomp.program())\n"
        "from grader.sandbox import choose_tier, tiers\n"
        "print(choose_tier('auto'), tiers.bubblewrap().why_not)"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.startswith("landlock "), done.stderr
    assert "can't make namespaces" in done.stdout


def test_without_the_program_bwrap_that_is_reported(monkeypatch):
    monkeypatch.setattr(tiers, "_programs", lambda: iter(()))
    tiers.bubblewrap.cache_clear()
    try:
        assert "install bubblewrap" in tiers.bubblewrap().why_not
    finally:
        tiers.bubblewrap.cache_clear()


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_is_a_program_whose_jumps_stay_inside_it(machine):
    content = seccomp.program(machine)
    steps = [content[at : at + 8] for at in range(0, len(content), 8)]
    assert len(content) % 8 == 0
    assert all(at + 1 + max(step[2], step[3]) < len(steps) for at, step in enumerate(steps[:-1]))
    assert not seccomp.is_supported("riscv64")


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or not HAS["bubblewrap"],
    reason="needs root, to be another user",
)
@pytest.mark.parametrize("tier", ["bubblewrap", "landlock"])
def test_an_ordinary_user_gets_the_same_wall(tier):
    home = Path(sys.base_prefix)
    source = (
        "from grader.sandbox import Sandbox\nfrom tests.grader.walls import run\nimport os\n"
        f"with Sandbox({tier!r}) as sandbox:\n"
        "    print(os.geteuid(), run(sandbox, \"import os; print('inside'); open('/etc/shadow')\"))"
    )
    # Python's folder, shown where another user may go, in a mount namespace that ends with the test
    shown = (
        'set -e; mount --make-rprivate /; stage=$(mktemp -d); mount --bind "$1" $stage; '
        'if [ "${1#/root/}" != "$1" ]; then mount -t tmpfs none /root; chmod 755 /root; mkdir -p "$1"; '
        'mount --bind $stage "$1"; fi; cd "$4"; exec setpriv --reuid=31000 --regid=31000 --clear-groups "$2" -c "$3"'
    )
    done = subprocess.run(
        ["unshare", "-m", "bash", "-c", shown, "_", home, sys.executable, source, ROOT],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout.startswith("31000 Ran(code=1"), done.stderr
    assert "inside" in done.stdout


def test_a_sandbox_that_can_not_start_leaves_nothing_open(monkeypatch):
    def no_launch(sandbox, control):
        raise GraderError("no wall today")

    monkeypatch.setattr(Enclosure, "_launch", no_launch)
    mine = f"*/lab-grader-{os.getpid()}-*"
    groups, before = sorted(Path("/sys/fs/cgroup").glob(mine)), len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with pytest.raises(GraderError, match="no wall today"), Sandbox("bubblewrap"):
            pass
    assert len(os.listdir("/proc/self/fd")) <= before
    assert sorted(Path("/sys/fs/cgroup").glob(mine)) == groups
