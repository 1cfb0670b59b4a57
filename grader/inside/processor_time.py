"""How long processes have run, and waited for a processor, by what Linux writes into /proc."""

import os


def ran_and_waited(process: int) -> tuple[float, float]:
    """Seconds that a process's first thread has run, and that it was ready to run and did not.

    Raises:
        OSError, ValueError, IndexError: the system does not say.
    """
    with open(f"/proc/{process}/schedstat") as file:
        ran, waited = (int(each) / 1e9 for each in file.read().split()[:2])
    return ran, waited


def below(root: int) -> float:
    """How long the processes below one have run, by proc_pid_stat(5), with the children that they waited for."""
    parents: dict[int, int] = {}
    seconds: dict[int, float] = {}
    tick = os.sysconf("SC_CLK_TCK")
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                facts = file.read().rpartition(b")")[2].split()
        except OSError:
            continue  # it has just ended
        parents[int(name)] = int(facts[1])
        seconds[int(name)] = sum(int(each) for each in facts[11:15]) / tick
    below = {root}
    while more := {each for each, parent in parents.items() if parent in below} - below:
        below |= more
    return sum(seconds[each] for each in below - {root} if each in seconds)
