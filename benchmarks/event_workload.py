"""Event files to decode: what a training writes, made in columns.

A record is an Event message in a TFRecord frame; `tests/sources/event_writer.py` says what stands where.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.event_bytes import field, frame, head, varint, version

NAME = "events.out.tfevents.1700000000.host.1.0"
START_S = 1.7e9
STEP_S = 0.25
TAGS = tuple(
    f"{group}/{name}"
    for group, names in {
        "train": ("loss", "grad_norm", "learning_rate", "epoch", "tokens_per_second"),
        "eval": ("loss", "perplexity"),
        "memory": ("allocated_gb", "reserved_gb"),
        "gpu_0": ("utilization_percent", "temperature_c", "power_w"),
        "gpu_1": ("utilization_percent", "temperature_c", "power_w"),
        "data": ("samples", "wait_s"),
        "optimizer": ("update_norm", "weight_norm", "batch_size"),
    }.items()
    for name in names
)


@dataclass(frozen=True, slots=True)
class Workload:
    """Files to read.

    Attributes:
        name: For tables.
        folder: Where they lie, one run per folder.
        points: How many numbers were logged as scalars.
        last_step: Of every tag.
        runs: How many runs there are.
    """

    name: str
    folder: Path
    points: int
    last_step: int
    runs: int = 1


def make_workloads(folder: Path, scale: float, only: str = "") -> list[Workload]:
    """Write the workloads whose name holds `only` below `folder`, `scale` times as large as usual."""
    steps = max(2000, round(100_000 * scale))
    few = max(1000, steps // 5)
    runs = max(4, round(200 * scale))
    made = []
    for name, written, count, write in (
        ("interleaved tags, one file", steps, 1, _write_in_order),
        ("tags in any order", steps, 1, _write_in_any_order),
        ("TF2 tensors", steps, 1, _write_tensors),
        ("with histograms and images", few, 1, _write_with_others),
        (f"{runs} runs of 1,000 steps", 1000, runs, _write_in_order),
    ):
        if only not in name:
            continue
        home = folder / name.replace(" ", "_")
        made.append(Workload(name, home, count * written * len(TAGS), written - 1, count))
        for run in range(count):
            (home / f"run{run:03}").mkdir(parents=True)
            write(home / f"run{run:03}" / NAME, written)
    return made


def _write_in_order(path: Path, steps: int) -> None:
    _write(path, steps, _simple)


def _write_in_any_order(path: Path, steps: int) -> None:
    random = np.random.default_rng(1)
    _write(path, steps, _simple, choose=lambda: random.permutation(len(TAGS)).tolist())


def _write_tensors(path: Path, steps: int) -> None:
    _write(path, steps, _tensor)


def _write_with_others(path: Path, steps: int) -> None:
    _write(path, steps, _simple, others=_others)


def _write(
    path: Path,
    steps: int,
    value: Callable[[str], tuple[bytes, bytes]],
    choose: Callable[[], list[int]] = lambda: list(range(len(TAGS))),
    others: Callable[[int, bytes], list[bytes]] = lambda step, begin: [],  # noqa: ARG005 there are none
) -> None:
    """Write a file whose records hold one number each, `value` telling what stands before and behind it."""
    parts = [value(tag) for tag in TAGS]
    numbers = _values(steps)
    with path.open("wb", buffering=1 << 22) as file:
        file.write(version(START_S))
        for step in range(steps):
            begin = _head(step)
            row = numbers[step].tobytes()
            records = [begin + parts[n][0] + row[4 * n : 4 * n + 4] + parts[n][1] for n in choose()]
            file.write(b"".join(map(frame, records + others(step, begin))))


def _values(steps: int) -> npt.NDArray[np.float32]:
    """Return float32[steps, tags]: falling curves with noise, the same each time."""
    random = np.random.default_rng(0)
    falling = np.exp(-np.linspace(0, 4, steps))[:, None] * random.uniform(0.5, 3, len(TAGS))
    return (falling + random.normal(0, 0.03, (steps, len(TAGS)))).astype(np.float32)


def _simple(tag: str) -> tuple[bytes, bytes]:
    """Return what stands before and behind the four bytes of a simple_value."""
    value = field(1, tag.encode()) + b"\x15"
    return _around(value, b"")


def _tensor(tag: str) -> tuple[bytes, bytes]:
    """Return what stands before and behind the four bytes of a tensor's content."""
    value = field(1, tag.encode()) + b"\x42\x0a\x08\x01\x12\x00\x22\x04"
    return _around(value, field(9, field(1, field(1, b"scalars"))))


def _around(before: bytes, behind: bytes) -> tuple[bytes, bytes]:
    inner = b"\x0a" + varint(len(before) + 4 + len(behind)) + before
    return b"\x2a" + varint(len(inner) + 4 + len(behind)) + inner, behind


def _others(step: int, begin: bytes) -> list[bytes]:
    """Return ten histograms every 50 steps and an image every 500."""
    found = []
    if step % 50 == 0:
        counts = np.random.default_rng(step).random(30)
        extremes = b"".join(bytes([8 * n + 1]) + struct.pack("<d", 1.0) for n in range(1, 6))
        bins = field(6, np.linspace(-3, 3, 30).tobytes()) + field(7, counts.tobytes())
        for layer in range(10):
            value = field(1, f"weights/layer{layer}".encode()) + field(5, extremes + bins)
            found.append(begin + field(5, field(1, value)))
    if step % 500 == 0:
        pixels = np.random.default_rng(step).bytes(60_000)
        image = b"\x08\x80\x02\x10\x80\x02\x18\x03" + field(4, pixels)
        found.append(begin + field(5, field(1, field(1, b"samples/image") + field(4, image))))
    return found


def _head(step: int) -> bytes:
    return head(START_S + step * STEP_S, step)
