"""What all benchmarks share: costs of processes, medians and spreads, tables, how busy the machine was."""

from __future__ import annotations

import argparse
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
# More than this share of one core used by others makes absolute times worthless; ratios still say something.
_BUSY_CORES = 0.25


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run of a command cost, its children included."""

    wall_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle of some measurements, and the quartiles around it."""

    median: float
    low: float
    high: float
    count: int

    def text(self, scale: float = 1.0, digits: int = 1) -> str:
        """Return `median (low to high)`, each multiplied by `scale`."""
        low, middle, high = (f"{scale * value:.{digits}f}" for value in (self.low, self.median, self.high))
        return f"{middle} ({low} to {high})"


def spread(values: Sequence[float]) -> Spread:
    """Return the median and the quartiles of at least one value."""
    if len(values) == 1:
        return Spread(values[0], values[0], values[0], 1)
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(median, low, high, len(values))


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least `share` (0 to 1) of all values do not exceed."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, max(0, -int(-share * len(ranked) // 1) - 1))]


def percentile_range(values: Sequence[float], share: float) -> tuple[float, float]:
    """Return the values between which `percentile` lies with a probability of 90 %, by their ranks."""
    ranked, middle = sorted(values), share * len(values)
    reach = 1.645 * (len(values) * share * (1 - share)) ** 0.5
    low, high = math.floor(middle - reach) - 1, math.ceil(middle + reach) - 1
    return ranked[max(low, 0)], ranked[min(high, len(ranked) - 1)]


def environment() -> dict[str, str]:
    """Return the environment of measured programs: Python may keep its compiled files, as once installed."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def own_environment() -> dict[str, str]:
    """Return the environment of measured parts of tuimon: one thread, as `tuimon.cli.main` has it.

    Otherwise they pay for a pool of threads that numpy's library starts for itself, which wait in a loop for
    work that never comes.
    """
    return environment() | dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def run_to_end(command: Sequence[str]) -> Cost:
    """Run a command from the repository root, its output thrown away, and return what it cost.

    Raises:
        RuntimeError: The command failed.
    """
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, env=environment())
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with exit code {process.returncode}")
    return Cost(wall_s, usage.ru_utime + usage.ru_stime)


def tree_cpu_s(pid: int) -> float:
    """Return the CPU seconds of a process and its living children so far, in whole clock ticks."""
    seconds = 0.0
    with suppress(psutil.Error):
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            with suppress(psutil.Error):
                times = process.cpu_times()
                seconds += times.user + times.system
    return seconds


def tree_memory_bytes(pid: int) -> int:
    """Return the resident memory of a process and its children."""
    memory = 0
    with suppress(psutil.Error):
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            with suppress(psutil.Error):
                memory += process.memory_info().rss
    return memory


def tuimon_command(*arguments: str) -> list[str]:
    """Return the command that runs the tuimon of this repository with this Python."""
    return [sys.executable, "-m", "tuimon", *arguments]


def in_turn(names: Sequence[str], rounds: int) -> Iterator[tuple[int, str]]:
    """Yield (round, name) so that each round has every name once, in turns forwards and backwards.

    A machine that slows down while it is measured then slows all of them alike.
    """
    for number in range(rounds):
        for name in names if number % 2 == 0 else reversed(names):
            yield number, name


def make_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser with the options that every benchmark has."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="few and short rounds, to see that it works")
    return parser


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a Markdown table with aligned columns."""
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    lines = [header, ["-" * width for width in widths], *rows]
    for line in lines:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |")
    print(flush=True)


@contextmanager
def machine_watched(title: str) -> Iterator[None]:
    """Print after the block how busy other processes kept the machine during it.

    Every child of this process must have been waited for when the block ends.
    """
    started, before, own_before = time.perf_counter(), _busy_s(), _own_s()
    yield
    elapsed_s = time.perf_counter() - started
    cores = max(0.0, (_busy_s() - before - (_own_s() - own_before)) / elapsed_s)
    load = os.getloadavg()[0]
    verdict = "BUSY" if cores > _BUSY_CORES else "quiet"
    print(
        f"{title}: machine {verdict}: other processes used {cores:.2f} of {os.cpu_count()} cores, "
        f"load average {load:.1f}, {elapsed_s:.0f} s; Python {sys.version.split()[0]}\n",
        flush=True,
    )


def _busy_s() -> float:
    """Return the CPU seconds that all processes of this machine have used."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0))


def _own_s() -> float:
    """Return the CPU seconds of this process and of all its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
