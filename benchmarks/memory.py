"""What a point costs in memory: held once its file is read, and at the peak while it is being read.

Each workload is a file that a process of its own reads as `tuimon` does, freezing the run after every slice
as the screen asks for it. What the same process took before it opened the file, having read a small one of
the same kind, is taken off both figures. Last, so many points that they do not fit under the memory limit.
"""

from __future__ import annotations

import argparse
import json
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.event_bytes import field, frame, head, version
from benchmarks.measure import ROOT, environment, machine_watched, make_parser, print_table

if TYPE_CHECKING:
    from tuimon.monitor.watching import RunWatch

_START_S = 1_760_000_000.0
_TAGS_TOGETHER = 20
_SMALL_STEPS = 1000
_PORTION = 100_000
_GOALS = {
    "held": {_TAGS_TOGETHER: 16, 1: 24},
    "peak": {_TAGS_TOGETHER: 40, 1: 40},
}


@dataclass(frozen=True, slots=True)
class Taken:
    """Bytes that a process took over what it took at first."""

    held: int
    peak: int


def main() -> None:
    """Measure and print, or be the process that is measured."""
    parser = make_parser(__doc__)
    parser.add_argument("--points", type=int, help="points of each file (default: 2,000,000)")
    parser.add_argument("--read", type=Path, nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--fold", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.read is not None:
        taken = _taken(*args.read)
        print(json.dumps({"held": taken.held, "peak": taken.peak}))
        return
    if args.fold is not None:
        print(json.dumps(_folded(args.fold)))
        return
    points = args.points or (200_000 if args.quick else 2_000_000)
    workloads: tuple[tuple[str, Callable[[Path, int, int], None], int], ...] = (
        ("event file, 20 tags together", _write_events, _TAGS_TOGETHER),
        ("event file, a tag alone", _write_events, 1),
        ("JSONL, 20 tags together", _write_lines, _TAGS_TOGETHER),
        ("JSONL, a tag alone", _write_lines, 1),
    )
    rows = []
    with machine_watched("memory"):
        for name, write, tags in workloads:
            with tempfile.TemporaryDirectory() as small, tempfile.TemporaryDirectory() as large:
                write(Path(small), _SMALL_STEPS, tags)
                write(Path(large), points // tags, tags)
                taken = _measured(small, large)
            held, peak = taken.held / points, taken.peak / points
            goals = (f"<= {_GOALS['held'][tags]}", f"<= {_GOALS['peak'][tags]}")
            rows.append((name, f"{held:.1f}", goals[0], f"{peak:.1f}", goals[1]))
        many = 50 * points
        folded = json.loads(_output("--fold", str(many)))
    print_table((f"bytes per point ({points:,} points)", "held", "goal", "peak", "goal"), rows)
    print_table(
        ("points of one series", "limit MiB", "peak MiB", "points counted in a window", "ms for the window"),
        [(f"{many:,}", *(f"{folded[name]:,.1f}" for name in ("limit", "peak", "counted", "ms")))],
    )


def _measured(*folders: str) -> Taken:
    """Let a process of its own read the files in a small and a large folder."""
    return Taken(**json.loads(_output("--read", *folders)))


def _output(*arguments: str) -> bytes:
    """Return what this benchmark writes in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.memory", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, check=True).stdout


def _taken(small: Path, large: Path) -> Taken:
    """Read a small run and a large one; return what the large one took."""
    kept = [_read(small)]
    before = _status_bytes("VmRSS")
    kept.append(_read(large))
    return Taken(_status_bytes("VmRSS") - before, _status_bytes("VmHWM") - before)


def _read(folder: Path) -> RunWatch:
    """Read the one run in `folder` to its end."""
    from tuimon.monitor.watching import RunWatch  # noqa: PLC0415  # the measuring process needs none of it
    from tuimon.sources.base import ReadBudget  # noqa: PLC0415
    from tuimon.sources.discovery import Discoverer  # noqa: PLC0415
    from tuimon.sources.naming import Root  # noqa: PLC0415

    found = Discoverer().discover([Root(folder, None)])
    watch = RunWatch(found.runs[0], None, with_rules=False)
    more = True
    while more:
        _, more = watch.read(ReadBudget())
    return watch


def _folded(points: int) -> dict[str, float]:
    """Put so many points into one series under the usual memory limit, without a file, and look at them."""
    from tuimon.core.batch import ScalarBatch  # noqa: PLC0415  # as above
    from tuimon.core.settings import Settings  # noqa: PLC0415
    from tuimon.store.axis import Axis  # noqa: PLC0415
    from tuimon.store.budget import MemoryBudget  # noqa: PLC0415
    from tuimon.store.run_store import RunStore  # noqa: PLC0415

    rng = np.random.default_rng(7)
    values = rng.standard_normal(_PORTION).astype(np.float32)
    times = np.cumsum(rng.gamma(50, 0.0001, _PORTION))
    limit_bytes = Settings().memory_limit_bytes
    store = RunStore(MemoryBudget(limit_bytes))
    before = _status_bytes("VmRSS")
    for number in range(points // _PORTION):
        steps = np.arange(number * _PORTION, (number + 1) * _PORTION)
        clock = _START_S + number * times[-1] + times
        store.extend(0, [ScalarBatch(("loss",), steps, steps, clock, (values,))])
        view = store.freeze()
    peak_bytes = _status_bytes("VmHWM") - before
    started = time.process_time()
    columns = view.series["loss"].window(Axis.STEP, np.linspace(0, points, 61))
    return {
        "limit": limit_bytes / 2**20,
        "peak": peak_bytes / 2**20,
        "counted": int(columns.count.sum()),
        "ms": 1e3 * (time.process_time() - started),
    }


def _status_bytes(name: str) -> int:
    """Return a figure of this process that Linux keeps."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


def _write_events(folder: Path, steps: int, tags: int) -> None:
    """Write an event file with a record per point, each with a time of its own, as `add_scalar` does."""
    names = [field(1, f"metrics/value_{tag:02}".encode()) for tag in range(tags)]
    with (folder / f"events.out.tfevents.{int(_START_S)}.host").open("wb") as file:
        file.write(version(_START_S))
        for step, times, values in _rows(steps, tags):
            for name, time_s, value in zip(names, times, values, strict=True):
                summary = field(5, field(1, name + b"\x15" + struct.pack("<f", value)))
                file.write(frame(head(time_s, step) + summary))


def _write_lines(folder: Path, steps: int, tags: int) -> None:
    """Write JSON lines with a step, a time and all values."""
    with (folder / "metrics.jsonl").open("w", encoding="ascii") as file:
        for step, times, values in _rows(steps, tags):
            row = {f"metrics/value_{tag:02}": round(value, 6) for tag, value in enumerate(values)}
            file.write(json.dumps({"step": step, "time": times[0], **row}) + "\n")


def _rows(steps: int, tags: int) -> Iterator[tuple[int, list[float], list[float]]]:
    """Yield step, times and values of every training step; a step takes about half a second."""
    rng = np.random.default_rng(5)
    now = _START_S + np.cumsum(rng.gamma(50, 0.01, steps))
    for step in range(steps):
        times = now[step] + np.cumsum(rng.gamma(4, 2e-5, tags))
        yield step, times.tolist(), (2 + rng.standard_normal(tags)).tolist()


if __name__ == "__main__":
    main()
