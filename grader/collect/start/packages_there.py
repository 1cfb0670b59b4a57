"""Which modules the submission's environment has: asked of its interpreter, without any code of the submission's."""

from collections.abc import Sequence

from grader.sandbox import Order, Sandbox

_SECONDS = 60
_MOST = 16 * 1024  # characters of the answer
# isolated: no folder of the submission's, no variable and no module of the user's is looked at
_ASKED = "import sys\nfrom importlib.util import find_spec\nprint(*(name for name in sys.argv[1:] if find_spec(name) is None), 'all')"


def absent(sandbox: Sandbox, modules: Sequence[str]) -> tuple[str, ...]:
    """Those of some modules, by their first names, that are not installed; none if that can't be found out."""
    if not modules:
        return ()
    order = Order(
        do="run",
        name="python",
        cwd=sandbox.home,
        environment=sandbox.environment(),
        facts={"command": [str(sandbox.python), "-I", "-c", _ASKED, *modules]},
    )
    with sandbox.start(order, hears=_MOST) as job:
        code = job.wait(_SECONDS)
        reported = job.read_partial_report().decode("utf-8", "replace").split()
    whole = code == 0 and reported[-1:] == ["all"]
    return tuple(name for name in modules if whole and name in reported[:-1])
