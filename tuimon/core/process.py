"""Which process writes a run, and what became of it."""

from __future__ import annotations

from tuimon.core.frozen import frozen


@frozen
class RunProcess:
    """The process that writes a run, as far as this machine can tell. What is not known is None or empty.

    Attributes:
        pid: As this machine numbers it.
        command: Its command line, in one clean line.
        folder: Its working folder, clean.
        family: Itself, what it started, and its fellow workers: those of the same parent with the same
            command line (one process per GPU, as launchers start them).
        gpus: Indices of the GPUs on which the driver sees one of the family.
        job_id: Of the Slurm job that it runs in.
        job_end_time: When that job is ended at the latest, in unix seconds.
        alive: Whether it lives.
        out_of_memory: It has gone, and the kernel has ended a process for lack of memory just then.
        suspended: Somebody, or a scheduler, has stopped it (ctrl+z, SIGSTOP): it waits for SIGCONT.
        sure: Whether it was seen to have the run's files open for writing. If not, its command line or
            working folder names the run, and nothing is concluded from its end.
    """

    pid: int
    command: str = ""
    folder: str = ""
    family: frozenset[int] = frozenset()
    gpus: tuple[int, ...] = ()
    job_id: str | None = None
    job_end_time: float | None = None
    alive: bool = True
    out_of_memory: bool = False
    suspended: bool = False
    sure: bool = True
