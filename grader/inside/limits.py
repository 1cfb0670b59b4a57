"""Ceilings that a process and its children cannot raise again; sizes in megabytes, times in seconds."""

from collections.abc import Mapping

_MEGABYTE = 1024 * 1024


def apply(limits: Mapping[str, int]) -> None:
    """Put them in force for this process. A ceiling that is not named is left as it is; Windows has none."""
    try:
        import resource
    except ImportError:
        return
    wanted = {
        "RLIMIT_CORE": 0,
        "RLIMIT_FSIZE": _bytes(limits.get("file_megabytes")),
        "RLIMIT_AS": _bytes(limits.get("address_megabytes")),
        "RLIMIT_CPU": limits.get("cpu_seconds"),
        "RLIMIT_NOFILE": limits.get("open_files"),
        "RLIMIT_NPROC": limits.get("processes"),
    }
    for name, value in wanted.items():
        kind = getattr(resource, name, None)
        if value is None or kind is None:
            continue
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))


def _bytes(megabytes: int | None) -> int | None:
    return None if megabytes is None else megabytes * _MEGABYTE
