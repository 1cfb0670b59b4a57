"""The tests that do not pass: why, where, and what they asked for that is not here."""

import re
from collections.abc import Collection, Iterator

from grader.collect.code import services
from grader.collect.suites.deciding import Notes
from grader.evidence import RedTest

_MOST_NAMED = 100
_DOCKER = frozenset({"docker", "docker-compose", "podman"})
_NAMES_DOCKER = re.compile(r"(?i)\bdocker(\.errors\.|\.sock| daemon|ized)|testcontainers|DockerException")


def red_tests(notes: Notes, root: str) -> Iterator[RedTest]:
    """Those of a run.

    Args:
        notes: what the run showed.
        root: the submission's folder as the run saw it, which is left out of what is quoted.
    """
    for name, (why, where) in list(notes.red.items())[:_MOST_NAMED]:
        # what a module does while it is imported belongs to no test, and may be any file's
        whole_file = "::" not in name
        hosts = _of(notes.hosts, name, whole_file)
        programs = _of(notes.programs, name, whole_file)
        fetched = _of(notes.fetched, name, whole_file)
        refused = _of(notes.refused, name, whole_file)
        yield RedTest(
            name=name,
            why=why.replace(f"{root}/", ""),
            where=where.replace(f"{root}/", ""),
            hosts=tuple(sorted(hosts)),
            needs=_needs(programs, why) or ("" if hosts else _lacks(fetched, refused, why)),
        )


def _of(noted: dict[str, set[str]], name: str, whole_file: bool) -> set[str]:
    return noted.get(name, set()) | (noted.get("", set()) if whole_file else set())


def _needs(programs: Collection[str], why: str) -> str:
    """What a test needs that no computer has by itself; empty if that is not known."""
    return "Docker" if _DOCKER.intersection(programs) or _NAMES_DOCKER.search(why) else ""


def _lacks(fetched: Collection[str], refused: Collection[str], why: str) -> str:
    """What its author's computer has and the grader's sandbox has not; empty if that is not known.

    A package that downloads data, such as tiktoken its encodings, keeps them: a test that passes without a network there
    does not pass where they were never loaded.
    """
    if fetched:
        return f"a download from {min(fetched)}"
    services_here = filter(None, map(services.service_at, sorted(refused)))
    return next(services_here, "") or services.missing_service(why)
