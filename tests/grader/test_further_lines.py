"""Further lines to the agent of a sandbox, over which another process of the grader's steers it."""

import time

import pytest

from grader.inside import wire
from grader.sandbox import Order, Sandbox, choose_tier
from tests.grader.walls import run

TIER = choose_tier("auto")


@pytest.fixture
def sandbox():
    with Sandbox(TIER) as made:
        yield made


def sleeping(sandbox):
    order = Order(
        do="run",
        name="sleep",
        cwd=sandbox.root,
        environment=sandbox.environment(),
        facts={"command": ["sleep", "600"]},
    )
    return sandbox.start(order, hears=1)


def test_a_further_line_steers_the_same_sandbox(sandbox):
    run(sandbox, "open('left', 'w').write('by the first')")
    with sandbox.over(sandbox.open_line()) as other:
        assert run(other, "print(open('left').read())").printed.strip() == "by the first"
    assert run(sandbox, "print('still there')").printed.strip() == "still there"


def test_closing_it_ends_what_was_started_over_it_and_nothing_else(sandbox):
    with sleeping(sandbox) as mine:
        with sandbox.over(sandbox.open_line()) as other:
            theirs = sleeping(other)
            count = "import os; print(sum(b'sleep' in open(f'/proc/{n}/cmdline', 'rb').read() for n in os.listdir('/proc') if n.isdigit() and n != str(os.getpid())))"
            assert run(sandbox, count).printed.strip() == "2"
        assert theirs.wait(10) is not None
        deadline = time.monotonic() + 10
        while run(sandbox, count).printed.strip() != "1":
            assert time.monotonic() < deadline
        assert mine.exit_code is None


def test_jobs_of_two_lines_have_the_same_numbers_and_are_not_confused(sandbox):
    with sandbox.over(sandbox.open_line()) as other, sleeping(other) as theirs:
        for _ in range(5):
            with sleeping(sandbox) as mine:
                mine.kill()
                assert mine.exit_code is not None
        assert theirs.exit_code is None


def test_what_is_no_command_ends_the_further_line_alone(sandbox):
    line = sandbox.open_line()
    wire.send(line, {"id": 1, "command": "Nonsense"})
    with pytest.raises(wire.WireError):
        wire.receive(line)
    line.close()
    assert run(sandbox, "print('still there')").printed.strip() == "still there"


def test_a_job_has_none_of_the_lines(sandbox, tmp_path):
    """Neither one that becomes another program nor one that is forked and stays what it is."""
    (tmp_path / "main.py").write_text(
        "import os, socket, stat, sys\n"
        "files = [int(n) for n in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{n}')]\n"
        "held = [n for n in files if stat.S_ISSOCK(os.fstat(n).st_mode)]\n"
        "print([n for n in held if socket.socket(fileno=os.dup(n)).family == socket.AF_UNIX], 'of', len(held))\n"
        "sys.exit(3)\n"
    )
    sandbox.bring([("main.py", tmp_path / "main.py")], sandbox.root)
    with sandbox.over(sandbox.open_line()) as other:
        for line in (sandbox, other):
            assert run(line, "exec(open('main.py').read())").printed.strip() == "[] of 0"
            assert serve(line) == "[] of 1"  # what it is to listen on


def serve(sandbox):
    order = Order(
        do="serve",
        name="main:app",
        cwd=sandbox.root,
        environment=sandbox.environment(),
        pythonpath=(sandbox.root,),
        facts={"target": "main:app", "root": sandbox.root, "hangs_after": 60, "env_files": {}},
    )
    with sandbox.listener() as listener, sandbox.start(order, [listener.fileno()]) as job:
        job.wait(60)
    return job.log().strip()
