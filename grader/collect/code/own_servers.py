"""Scripts that listen by themselves: servers of the standard library, of Tornado, of aiohttp, of anything.

Nothing is decided by the words here: they choose which script is run. Whether it listens shows when it is.
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grader.collect.code.reaching import Reach
from grader.collect.code.start_commands import named_scripts

_LISTEN = frozenset(
    {
        "serve_forever",
        "run_app",
        "listen",
        "serve",
        "start_server",
        "make_server",
        "create_server",
        "TCPServer",
    }
)
_MAY_LISTEN = frozenset({"run", "start", "run_simple", "run_forever"})
_LIKELY = ("main", "app", "server", "api", "run")
_MOST = 200  # scripts of a submission that are looked at


@dataclass(frozen=True)
class Script:
    """A script that may serve. `listens`: whether it says so, and not only that it runs something."""

    file: Path
    listens: bool


def likeliest(root: Path, trees: Iterable[tuple[Path, ast.Module]]) -> Script | None:
    """The script that leads to OpenAI and serves most likely; None if there is none.

    Args:
        root: the submission.
        trees: its modules.
    """
    scripts = [Script(file, listens) for file, tree in trees if (listens := _listens(tree)) is not None][
        :_MOST
    ]
    if not scripts:
        return None
    reach, named = Reach(root), named_scripts(root)
    asking = [each for each in scripts if reach.asks_openai(each.file)]

    def rank(script: Script) -> tuple[bool, bool, int, int]:
        place = PurePosixPath(script.file.relative_to(root).as_posix())
        return (
            not script.listens,
            not any(
                PurePosixPath(one).parts == place.parts[-len(PurePosixPath(one).parts) :] for one in named
            ),
            _LIKELY.index(place.stem) if place.stem in _LIKELY else len(_LIKELY),
            len(place.parts),
        )

    return min(asking, key=rank, default=None)


def _listens(tree: ast.Module) -> bool | None:
    """Whether a module, when it is run, says that it listens; False if it runs something; None if it only defines."""
    if not any(_does_something(each) for each in tree.body):
        return None
    called = {_last(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    if called & _LISTEN:
        return True
    return False if called & _MAY_LISTEN else None


def _does_something(statement: ast.stmt) -> bool:
    match statement:
        case ast.If(test=test):
            return "__name__" in ast.dump(test)
        case ast.Expr(value=ast.Call() | ast.Await()) | ast.With() | ast.While() | ast.Try():
            return True
    return False


def _last(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
