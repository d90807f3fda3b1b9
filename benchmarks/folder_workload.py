"""Folders to list: thousands of small runs, as a sweep leaves them, and one run with thousands of tags."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.event_bytes import field, frame, head, version

EVENT_NAME = "events.out.tfevents.1700000000.host.1.0"
TAGS = ("train/loss", "train/learning_rate", "train/grad_norm", "eval/loss")
_EVALUATED_EVERY = 50
_START_S = 1.7e9
_STEP_S = 0.25
# Runs of so many lengths are made anew; the others are copies of these with an end of their own.
_LENGTHS = 25
_FEWEST_ROWS, _MOST_ROWS = 200, 1000
_RUN_S = 60.0


@dataclass(frozen=True, slots=True)
class Ending:
    """The last training step of a run, and the loss that was logged there."""

    step: int
    loss: float


def write_sweep(root: Path, count: int) -> dict[str, Ending]:
    """Write `count` run folders, event files and JSON lines in turn; return how each run ends, by its name.

    Every run has 200 to 1,000 steps. Files are as old as what they say, the last run being the newest.
    """
    lengths = np.linspace(_FEWEST_ROWS, _MOST_ROWS, _LENGTHS).astype(int).tolist()
    bodies = [(_events(range(n)), _lines(range(n))) for n in lengths]
    endings: dict[str, Ending] = {}
    for number in range(count):
        # One folder's length says nothing about its neighbour's.
        kind = number * 7 % _LENGTHS
        name, step, loss = f"lr_{number % 10}/run{number}", lengths[kind], 1.0 + number / 8
        folder = root / name
        folder.mkdir(parents=True)
        events, lines = bodies[kind]
        if number % 2:
            path, content = folder / "metrics.jsonl", lines + _lines(range(step, step + 1), loss)
        else:
            path, content = folder / EVENT_NAME, events + _records(step, loss)
        path.write_bytes(content)
        ended = _START_S + _RUN_S * number
        os.utime(path, (ended, ended))
        endings[name] = Ending(step, loss)
    return endings


def write_wide_run(root: Path, tags: int, steps: int) -> None:
    """Write one run of so many tags as JSON lines."""
    folder = root / "wide"
    folder.mkdir(parents=True)
    names = [f"layer{tag // 10:03}/{('weight', 'bias')[tag % 2]}/norm_{tag}" for tag in range(tags)]
    with (folder / "metrics.jsonl").open("w", encoding="ascii") as file:
        for step in range(steps):
            row = {name: (tag + 1) / (step + 1) for tag, name in enumerate(names)}
            file.write(json.dumps({"step": step, "time": _START_S + step, **row}) + "\n")


def _rows(steps: range, loss: float | None) -> Iterator[tuple[int, dict[str, float]]]:
    for step in steps:
        row = dict.fromkeys(TAGS[:3], 1 / (step + 1)) | ({} if loss is None else {TAGS[0]: loss})
        yield step, row if step % _EVALUATED_EVERY else {**row, TAGS[3]: 2 / (step + 1)}


def _lines(steps: range, loss: float | None = None) -> bytes:
    rows = ({"step": step, "time": _START_S + step * _STEP_S, **row} for step, row in _rows(steps, loss))
    return "".join(f"{json.dumps(row)}\n" for row in rows).encode()


def _events(steps: range) -> bytes:
    return version(_START_S) + b"".join(_records(step) for step in steps)


def _records(step: int, loss: float | None = None) -> bytes:
    """Return the records of one step: one per tag, as `add_scalar` writes them."""
    ((_, row),) = _rows(range(step, step + 1), loss)
    begin = head(_START_S + step * _STEP_S, step)
    values = (field(1, tag.encode()) + b"\x15" + struct.pack("<f", value) for tag, value in row.items())
    return b"".join(frame(begin + field(5, field(1, value))) for value in values)
