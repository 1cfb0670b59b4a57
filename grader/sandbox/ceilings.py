"""Resource limits of a submission."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Ceilings:
    """Sizes in megabytes, times in seconds. `memory` counts everything that a submission runs, and what it wrote, where
    control groups can be had; elsewhere `address` bounds each process."""

    memory: int = 2048
    address: int = 4096
    processes: int = 256
    cpu_seconds: int = 300
    file: int = 256
    open_files: int = 1024
    work: int = 512
    temporary: int = 256
    home: int = 128
    shared_memory: int = 64

    def of_a_process(self, *, memory_is_counted: bool, other_processes: int = 0) -> dict[str, int]:
        """What `grader.inside.limits` takes. `other_processes`: those of the same user that count as well."""
        wanted = {
            "file_megabytes": self.file,
            "cpu_seconds": self.cpu_seconds,
            "open_files": self.open_files,
            "processes": self.processes + other_processes,
        }
        return wanted if memory_is_counted else {**wanted, "address_megabytes": self.address}
