"""`tuimon doctor`: what this terminal, this machine and these files are, and why."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from tuimon import __version__
from tuimon.cli.paths import add_formats, add_paths, add_verify, roots_of, settings_of, shown
from tuimon.cli.printing import print_lines
from tuimon.core.errors import EXIT_FINE, NoRunError
from tuimon.core.text import clean
from tuimon.core.units import format_bytes

if TYPE_CHECKING:
    from tuimon.core.hardware import GpuSample
    from tuimon.sources.base import Discovery, RunRef
    from tuimon.sources.sniffing import FileVerdict

SUMMARY = "Say what the terminal, the GPUs and each file were taken for, and why."
EXAMPLE = "tuimon doctor ./outputs"

# The name at the beginning of a requirement (PEP 508).
_REQUIREMENT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_NETWORK_FILE_SYSTEMS = ("nfs", "lustre", "gpfs", "smb", "cifs", "fuse", "beegfs", "ceph", "9p")
# Rates and the CPU's use need two samples.
_BETWEEN_SAMPLES_S = 0.3
_MIB = 2**20
_READ_AT_ONCE_BYTES = 4 * _MIB


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_paths(parser, required=False)
    add_formats(parser)
    add_verify(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from tuimon.sources.discovery import Discoverer

    verify = settings_of({"verify": args.verify}).verify
    print_lines(chain(_program_lines(), _terminal_lines(), _hardware_lines()))
    run_count = 0
    for root in roots_of(args.paths, args.format):
        discoverer = Discoverer()
        found = discoverer.discover([root])
        run_count += len(found.runs)
        print_lines(_path_lines(root.path, discoverer.explain(root), found))
        if verify:
            print_lines(chain.from_iterable(_verified_lines(ref.verified()) for ref in found.runs))
    if args.paths and not run_count:
        raise NoRunError("no training run found", shown(", ".join(args.paths)), "see above for why")
    return EXIT_FINE


def _program_lines() -> Iterator[str]:
    from importlib.metadata import PackageNotFoundError, version

    from tuimon.sources.registry import all_factories

    yield f"tuimon {__version__}, Python {sys.version.split()[0]}"
    found = []
    for name in _required_libraries():
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} missing")
    yield "libraries: " + ", ".join(found)
    yield "formats: " + ", ".join(factory.format for factory in all_factories())


def _required_libraries() -> list[str]:
    """Return the names of what the installed package depends on, extras left out; none in a bare checkout."""
    from importlib.metadata import PackageNotFoundError, requires

    try:
        requirements = requires("tuimon") or []
    except PackageNotFoundError:
        return []
    names = [_REQUIREMENT_NAME.match(text) for text in requirements if "extra ==" not in text]
    return [match.group() for match in names if match is not None]


def _terminal_lines() -> Iterator[str]:
    size = shutil.get_terminal_size()
    streams = [
        name
        for name, stream in (("input", sys.stdin), ("output", sys.stdout), ("error", sys.stderr))
        if stream is not None and stream.isatty()
    ]
    names = " ".join(f"{name}={os.environ.get(name, '')}" for name in ("TERM", "COLORTERM"))
    yield f"terminal: {names} {size.columns}x{size.lines}"
    yield f"terminal on standard: {', '.join(streams) or 'none of input, output, error'}"
    yield f"encoding: {sys.stdout.encoding}" + (
        "" if "utf" in (sys.stdout.encoding or "").lower() else " (charts are drawn in ASCII)"
    )
    around = [
        name for name in ("TMUX", "STY", "SSH_CONNECTION", "NO_COLOR", "SLURM_JOB_ID") if os.environ.get(name)
    ]
    yield "around it: " + (", ".join(around) or "no tmux, screen, SSH or Slurm")


def _hardware_lines() -> Iterator[str]:
    from tuimon.hardware.local_sampler import LocalSampler

    sampler = LocalSampler(Path.cwd())
    sampler.sample(time.time())
    time.sleep(_BETWEEN_SAMPLES_S)
    sample = sampler.sample(time.time())
    sampler.close()
    yield from map(_gpu_line, sample.gpus)
    if not sample.gpus:
        yield "GPUs: none was found"
    host = sample.host
    if host is not None:
        yield (
            f"host: {host.cpu_count} CPUs, memory {format_bytes(host.memory_used_bytes)} of "
            f"{format_bytes(host.memory_total_bytes)}, disk {format_bytes(host.disk_free_bytes)} free"
        )
    for problem in sample.problems:
        yield f"hardware: {clean(problem)}"


def _gpu_line(gpu: GpuSample) -> str:
    place = f"GPU {gpu.index}" if gpu.mig_parent is None else f"GPU {gpu.mig_parent} MIG {gpu.index}"
    parts = [place, gpu.name or "unnamed"]
    if gpu.lost:
        parts.append("lost: it no longer answers")
    if gpu.utilisation_pct is not None:
        parts.append(f"{gpu.utilisation_pct:.0f}% busy")
    if gpu.memory_used_bytes is not None and gpu.memory_total_bytes is not None:
        parts.append(f"{gpu.memory_used_bytes / _MIB:.0f} of {gpu.memory_total_bytes / _MIB:.0f} MiB")
    if gpu.temperature_c is not None:
        parts.append(f"{gpu.temperature_c:.0f} C")
    if gpu.power_w is not None:
        parts.append(f"{gpu.power_w:.0f} W")
    if gpu.mig:
        parts.append("MIG mode")
    return ", ".join([*parts, f"{len(gpu.processes)} processes"])


def _path_lines(path: Path, verdicts: Sequence[FileVerdict], found: Discovery) -> Iterator[str]:
    yield ""
    kind = _file_system(path)
    slow = (
        " (a network file system: files are polled, inotify sees nothing)"
        if kind.startswith(_NETWORK_FILE_SYSTEMS)
        else ""
    )
    yield f"{shown(path)}: file system {kind or 'unknown'}{slow}"
    for verdict in verdicts:
        taken = f"{verdict.format} ({verdict.confidence.name.lower()})" if verdict.format else "not read"
        taken = "no run by itself" if verdict.is_console and not verdict.format else taken
        yield f"  {shown(verdict.path)}: {taken}: {clean(verdict.reason)}"
    for ref in found.runs:
        sources = ", ".join(f"{source.format} ({len(source.paths)})" for source in ref.sources)
        yield f"  run {clean(ref.name)}: {sources}"
    for problem in found.problems:
        yield f"  problem: {clean(problem.path)}: {clean(problem.message)}"


def _verified_lines(ref: RunRef) -> Iterator[str]:
    """Read a run whole; yield what is damaged, and a line that says how many bytes were verified."""
    from tuimon.sources.base import ReadBudget
    from tuimon.sources.registry import open_source

    for found in ref.sources:
        source = open_source(found)
        budget, bytes_read, problem_count, more = ReadBudget(_READ_AT_ONCE_BYTES), 0, 0, True
        while more:
            result = source.read(budget)
            bytes_read, more = bytes_read + result.bytes_read, result.more
            problem_count += len(result.problems)
            for problem in result.problems:
                place = f" at byte {problem.offset}" if problem.offset is not None else ""
                yield f"  problem: {clean(problem.path)}{place}: {clean(problem.message)}"
        source.close()
        verdict = f"{problem_count} problems" if problem_count else "nothing is damaged"
        yield f"  run {clean(ref.name)}: {found.format}: {format_bytes(bytes_read)} read: {verdict}"


def _file_system(path: Path) -> str:
    """Return the type of the file system that holds a path; "" where it cannot be told."""
    import psutil

    try:
        resolved = path.resolve()
        mounts = psutil.disk_partitions(all=True)
    except OSError:
        return ""
    holding = [m for m in mounts if resolved.is_relative_to(m.mountpoint)]
    return max(holding, key=lambda m: len(m.mountpoint)).fstype if holding else ""
