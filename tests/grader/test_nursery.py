"""Sandboxes whose agent is forked from a process that has loaded packages: as closed as others, and as empty.

`test_sandbox.py` attacks the wall of these, too.
"""

import os
import sys
import time
from pathlib import Path

import pytest

from grader.errors import GraderError
from grader.inside import policy
from grader.sandbox import Enclosure, Order, Places, Sandbox, tiers
from grader.sandbox.enclosure import environment
from grader.sandbox.loadable import COLLECTING, HEAVY, loadable
from grader.sandbox.nursery import Nursery
from grader.worker import Nurseries, nurseries
from tests.grader.walls import run

pytestmark = pytest.mark.skipif(not tiers.bubblewrap().works, reason="bubblewrap can't be had here")
INSIDE = environment(Places("bubblewrap", sys.executable, policy.WORK, policy.HOME, policy.TEMPORARY))


@pytest.fixture
def nursery():
    with Nursery(["json.tool"], INSIDE) as loaded:
        yield loaded


def sandbox(nursery: Nursery, **more: object) -> Sandbox:
    return Sandbox("bubblewrap", nursery=nursery, **more)


def serve(sandbox: Sandbox, source: str, folder: Path) -> str:
    """What an app prints that is forked from the agent."""
    order = Order(
        do="serve",
        name="main:app",
        cwd=sandbox.root,
        environment=sandbox.environment(),
        pythonpath=(sandbox.root,),
        facts={"target": "main:app", "root": sandbox.root, "hangs_after": 60, "env_files": {}},
    )
    (folder / "main.py").write_text(source)
    sandbox.bring([("main.py", folder / "main.py")], sandbox.root)
    with sandbox.listener() as listener, sandbox.start(order, [listener.fileno()]) as job:
        job.wait(60)
    return job.log()


def test_what_it_has_loaded_is_there_and_nothing_that_a_neighbour_did(nursery, tmp_path):
    mark = "import json, os, sys\njson.left_by_a_neighbour = 1\nopen('/tmp/left', 'w').close()\nsys.exit(3)\n"
    look = (
        "import json, os, sys\n"
        "print('loaded', 'json.tool' in sys.modules, hasattr(json, 'left_by_a_neighbour'), os.path.exists('/tmp/left'))\n"
        "sys.exit(3)\n"
    )
    with sandbox(nursery) as first:
        serve(first, mark, tmp_path)
        with sandbox(nursery) as beside:
            assert "loaded True False False" in serve(beside, look, tmp_path)
    with sandbox(nursery) as after:
        assert "loaded True False False" in serve(after, look, tmp_path)
    assert nursery.works


def test_it_has_no_right_left_and_is_the_first_of_its_own_processes(nursery):
    with sandbox(nursery) as one:
        printed = run(
            one,
            """
            import os
            status = dict(line.split(":\\t") for line in open("/proc/1/status") if ":\\t" in line)
            print([status[name].strip("0\\n ") for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")])
            print(status["NoNewPrivs"].strip(), status["Uid"].split(), sorted(filter(str.isdigit, os.listdir("/proc"))))
            """,
        ).printed
    assert nursery.works
    assert printed.splitlines()[0] == "['', '', '', '', '']"
    assert printed.splitlines()[1].startswith("1 ['1000', '1000', '1000', '1000'] ['1', '2']")


def test_no_namespace_is_shared_with_a_neighbour_or_with_this_process(nursery):
    names = ("user", "mnt", "net", "ipc", "uts", "pid")
    look = f"import os\nprint(*(os.stat('/proc/self/ns/' + name).st_ino for name in {names!r}))"
    with sandbox(nursery) as one, sandbox(nursery) as other:
        found = [run(each, look).printed.split() for each in (one, other)]
    found.append([str(os.stat(f"/proc/self/ns/{name}").st_ino) for name in names])
    assert all(len(set(column)) == 3 for column in zip(*found, strict=True))


def test_nothing_of_the_grader_s_environment_or_open_files_is_in_it(monkeypatch, tmp_path):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-" + "instructor")
    (tmp_path / "secret").write_text("of-the-" + "instructor")
    with (tmp_path / "secret").open() as held, Nursery((), INSIDE) as fresh, sandbox(fresh) as one:
        os.set_inheritable(held.fileno(), True)
        printed = serve(
            one,
            "import os, sys\nprint('environment', dict(os.environ))\n"
            "for name in os.listdir('/proc/self/fd'):\n"
            "    try: print('open', os.readlink('/proc/self/fd/' + name))\n    except OSError: pass\n"
            "for name in os.listdir('/proc'):\n"
            "    try: print(open(f'/proc/{name}/environ').read())\n    except OSError: pass\n"
            "sys.exit(3)\n",
            tmp_path,
        )
    assert "PATH" in printed
    assert "instructor" not in printed
    assert "secret" not in printed


def test_with_the_nursery_everything_that_it_forked_ends():
    mark = f"left-{os.getpid()}-{time.monotonic_ns()}"
    with Nursery((), INSIDE) as fresh:
        one = sandbox(fresh)
        one.__enter__()
        source = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)', {mark!r}])"
        run(one, source)
        assert any_with(mark)
    deadline = time.monotonic() + 10
    while any_with(mark) and time.monotonic() < deadline:
        time.sleep(0.05)
    try:
        assert not any_with(mark)
    finally:
        one.close()


def any_with(mark: str) -> bool:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "cmdline").read_bytes().decode("utf-8", "replace"):
                return True
        except OSError:
            continue
    return False


def test_without_a_nursery_that_works_a_sandbox_is_started_like_any_other(nursery):
    nursery._process.kill()
    nursery._process.wait()
    with sandbox(nursery) as one:
        assert run(one, "print('here')").printed == "here\n"
    assert not nursery.works
    with pytest.raises(GraderError):
        nursery.fork({}, [])


def test_what_runs_in_it_counts_as_its_processor_time(nursery):
    with Enclosure("bubblewrap", nursery=nursery) as enclosure:
        control = os.dup(enclosure.control.fileno())
        os.close(control)
    assert nursery.works
    assert enclosure.cpu_seconds > 0


def test_a_worker_that_asks_for_other_modules_gets_none_of_them():
    assert loadable(["os", "antigravity", "openai", "grader.worker.grading"]) == ("openai",)


def test_a_set_of_packages_is_kept_loaded_once_a_second_submission_uses_it(monkeypatch):
    monkeypatch.setattr(nurseries, "_MOST", 1)
    with Nurseries() as kept:
        assert kept.of_submissions(["pydantic"]) is None
        usual = kept.of_submissions(["pydantic"])
        assert usual is not None
        assert kept.of_submissions(["pydantic", "not.known"]) is usual
        assert kept.of_submissions(["httpx"]) is None
        assert kept.of_submissions(["httpx"]) is None, "there are as many as there may be"
        assert kept.of_submissions([]) is None


def test_what_a_worker_loads_is_no_submission_s():
    assert not set(COLLECTING) & {"openai", "boto3"}
    assert not any(module.startswith("grader") for modules in HEAVY.values() for module in modules)
