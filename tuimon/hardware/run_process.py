"""What Linux tells of the process that writes a run: what it is, its GPUs, its job, and how it ended.

Everything comes from `/proc` (proc(5)). Elsewhere, and of the processes of other people, nothing is known.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
import socket
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tuimon.core.process import RunProcess
from tuimon.core.text import clean, shorten
from tuimon.hardware.writers import find_writers_below

if TYPE_CHECKING:
    from tuimon.core.hardware import GpuSample

_PROCESSES = Path("/proc")
_LONGEST_COMMAND, _LONGEST_PATH = 400, 4096
_PYTHON = re.compile(r"python[\d.]*")
# Programs that name a run's folder and do not write there.
_LOOKS_ONLY = re.compile(r"tuimon|tensorboard|jupyter|ipykernel|pytest|debugpy|http\.server")
# The number of the first PID namespace (PROC_PID_INIT_INO in linux/proc_ns.h).
_FIRST_NAMESPACE = "pid:[4026531836]"


def describe_processes(pids: Iterable[int]) -> dict[int, RunProcess]:
    """Return what can be told of some processes now."""
    parents = {child: _parent(child) for child in _pids()}
    found = {}
    for pid in pids:
        environment = _environment(pid)
        found[pid] = RunProcess(
            pid=pid,
            command=shorten(clean(" ".join(_arguments(pid))), _LONGEST_COMMAND),
            folder=clean(_link(pid, "cwd")),
            family=_family(pid, parents),
            job_id=clean(environment.get("SLURM_JOB_ID", "")) or None,
            job_end_time=_job_end_time(environment),
            suspended=_status(pid)[:1] == [b"T"],
        )
    return found


def likely_writers(folders: Mapping[str, Path]) -> dict[str, int]:
    """Return the process that likely writes each run, for trainers that open their log for each line.

    That is the one Python program of ours whose working folder is the run's folder, or whose command line
    names it; of a program and what it started, the first. Where two programs fit, nobody is named.

    Args:
        folders: The folder of each run, by its name.
    """
    parents = {child: _parent(child) for child in _pids()}
    wanted = {os.path.realpath(folder): name for name, folder in folders.items()}
    found: dict[str, set[int]] = {}
    for pid in parents:
        arguments = _arguments(pid)
        if pid == os.getpid() or not _trains(arguments):
            continue
        folder = _link(pid, "cwd")
        places = {folder, *(os.path.realpath(Path(folder, text)) for text in _paths_in(arguments))}
        for place in places & wanted.keys():
            found.setdefault(wanted[place], set()).add(pid)
    first = {name: [pid for pid in pids if parents.get(pid) not in pids] for name, pids in found.items()}
    return {name: pids[0] for name, pids in first.items() if len(pids) == 1}


def _trains(arguments: list[str]) -> bool:
    """Return whether a command may be a training: a Python program that is not known to only look at runs."""
    if not arguments or not _PYTHON.fullmatch(Path(arguments[0]).name):
        return False
    return not _LOOKS_ONLY.match(_program(arguments))


def _program(arguments: list[str]) -> str:
    """Return the name of the script or module that a Python runs; "" where that is no file."""
    for at, text in enumerate(arguments[1:], start=1):
        if text == "-m":
            return "".join(arguments[at + 1 : at + 2])
        if text == "-c":
            break
        if not text.startswith("-"):
            return Path(text).name
    return ""


def _paths_in(arguments: list[str]) -> Iterator[str]:
    """Yield what may be a path: arguments, and the values of options (`--output_dir=runs/a`)."""
    for text in arguments[1:]:
        value = text.rpartition("=")[2]
        if value and not value.startswith("-") and "\n" not in value and len(value) < _LONGEST_PATH:
            yield value


def runs_elsewhere(host: str) -> bool:
    """Return whether a host name that a run has logged is that of another machine."""
    here = socket.gethostname().partition(".")[0].lower()
    there = host.partition(".")[0].lower()
    return bool(there) and there not in (here, "localhost")


def gpus_of(pids: Collection[int], gpus: Iterable[GpuSample], *, same_numbers: bool) -> tuple[int, ...]:
    """Return the indices of the GPUs on which the driver sees one of some processes.

    Args:
        pids: As this program sees them.
        gpus: One sample of every GPU.
        same_numbers: Whether the driver numbers processes as this program does (see `numbered_like_driver`);
            otherwise the same number is another process, and nothing is known.
    """
    if not same_numbers:
        return ()
    found = {
        gpu.index if gpu.mig_parent is None else gpu.mig_parent
        for gpu in gpus
        if any(process.pid in pids for process in gpu.processes)
    }
    return tuple(sorted(found))


def numbered_like_driver() -> bool:
    """Return whether processes have the numbers here that the driver gives them: not in a container."""
    try:
        return os.readlink("/proc/self/ns/pid") == _FIRST_NAMESPACE  # noqa: PTH115  # no path: `pid:[…]`
    except OSError:
        return False


def oom_kills() -> int | None:
    """Return how many processes of this machine the kernel has ended for lack of memory; None if unknown.

    The count is `oom_kill` of /proc/vmstat, which everybody may read (Linux 4.13 and later); it has those of
    memory limits of containers and jobs, too.
    """
    with contextlib.suppress(OSError, ValueError):
        for line in (_PROCESSES / "vmstat").read_text(encoding="ascii").splitlines():
            name, _, count = line.partition(" ")
            if name == "oom_kill":
                return int(count)
    return None


def job_end(path: Path, environ: Mapping[str, str]) -> float | None:
    """Return when the Slurm job ends that writes a run, in unix seconds; None where there is none.

    Args:
        path: The run's folder or file. If a process of this machine writes it, that process's job counts.
        environ: Our own environment: the job that we run in counts where nobody is seen to write the run.
    """
    writers = find_writers_below(path)
    return _job_end_time(_environment(writers.pop()) if len(writers) == 1 else environ)


def _job_end_time(environment: Mapping[str, str]) -> float | None:
    """Return SLURM_JOB_END_TIME, in unix seconds (sbatch(1), "OUTPUT ENVIRONMENT VARIABLES")."""
    try:
        time = float(environment.get("SLURM_JOB_END_TIME", ""))
    except ValueError:
        return None
    return time if 0 < time < math.inf else None


def _family(pid: int, parents: Mapping[int, int | None]) -> frozenset[int]:
    """Return a process, its fellow workers, and all that they started."""
    parent, command = parents.get(pid), _arguments(pid)
    members = {pid}
    # The parent of orphans is no launcher.
    if parent is not None and parent > 1 and command:
        members |= {
            each for each, above in parents.items() if above == parent and _arguments(each) == command
        }
    grown = True
    while grown:
        children = {child for child, above in parents.items() if above in members} - members
        members |= children
        grown = bool(children)
    return frozenset(members)


def _pids() -> list[int]:
    with contextlib.suppress(OSError):
        return [int(entry.name) for entry in os.scandir(_PROCESSES) if entry.name.isdigit()]
    return []


def _parent(pid: int) -> int | None:
    with contextlib.suppress(ValueError, IndexError):
        return int(_status(pid)[1])
    return None


def _status(pid: int) -> list[bytes]:
    """Return what `/proc/PID/stat` tells behind the name: the state, the parent, and so on."""
    with contextlib.suppress(OSError):
        # The name stands in brackets, and may hold some itself.
        return (_PROCESSES / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
    return []


def _arguments(pid: int) -> list[str]:
    with contextlib.suppress(OSError):
        told = (_PROCESSES / str(pid) / "cmdline").read_bytes()
        return [os.fsdecode(argument) for argument in told.removesuffix(b"\0").split(b"\0") if argument]
    return []


def _environment(pid: int) -> dict[str, str]:
    """Return the environment with which a process began; only what we need of it is kept by callers."""
    with contextlib.suppress(OSError):
        told = (_PROCESSES / str(pid) / "environ").read_bytes()
        pairs = (os.fsdecode(pair).partition("=") for pair in told.split(b"\0"))
        return {name: value for name, equals, value in pairs if equals}
    return {}


def _link(pid: int, name: str) -> str:
    with contextlib.suppress(OSError):
        return str((_PROCESSES / str(pid) / name).readlink())
    return ""
