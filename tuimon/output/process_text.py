"""The process behind a run, its GPUs and who else is on them, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tuimon.core.text import clean
from tuimon.core.units import format_bytes, format_clock
from tuimon.monitor.snapshot import RunState

if TYPE_CHECKING:
    from tuimon.core.hardware import HardwareSample


def process_lines(state: RunState, hardware: Sequence[HardwareSample] = ()) -> tuple[str, ...]:
    """Return what is known of the process that writes a run, a fact a line; nothing where nothing is known.

    Args:
        state: The run.
        hardware: This machine's samples, oldest first.
    """
    process = state.process
    if process is None:
        return (f"runs on {clean(state.host)}",) if state.host else ()
    if not process.alive:
        why = ": the kernel ended a process for lack of memory just then" if process.out_of_memory else ""
        return (f"process {process.pid} is gone{why}", process.command)
    likely = "" if process.sure else "likely "
    waits = ", suspended" if process.suspended else ""
    lines = [f"{likely}process {process.pid}{waits}", process.command]
    if process.folder:
        lines.append(f"in {process.folder}")
    if process.gpus:
        lines.append(f"on GPU {', '.join(map(str, process.gpus))}")
        lines += _others(state, hardware)
    if process.job_id is not None:
        ends = f", ends {format_clock(process.job_end_time)}" if process.job_end_time else ""
        lines.append(f"Slurm job {process.job_id}{ends}")
    return tuple(line for line in lines if line)


def _others(state: RunState, hardware: Sequence[HardwareSample]) -> list[str]:
    """Return who else has memory of the run's GPUs."""
    process = state.process
    if process is None or not hardware:
        return []
    return [
        f"also on GPU {gpu.index}: {other.name or 'process'} {other.pid} {format_bytes(other.memory_bytes)}"
        for gpu in hardware[-1].gpus
        if gpu.mig_parent is None and gpu.index in process.gpus
        for other in gpu.processes
        if other.pid not in process.family
    ]
