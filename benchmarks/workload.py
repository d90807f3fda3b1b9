"""Runs to look at: nine charts, each with as many points as a benchmark asks for."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt

# Nine metrics that a screen shows as nine charts, each with the way it goes: its start, its end, its noise.
METRICS = {
    "train/loss": (6.0, 1.8, 0.08),
    "train/grad_norm": (4.0, 0.9, 0.2),
    "train/learning_rate": (1e-3, 1e-5, 0.0),
    "train/accuracy": (0.1, 0.8, 0.02),
    "train/tokens_per_second": (17000.0, 17300.0, 150.0),
    "train/step_time": (0.48, 0.47, 0.01),
    "train/entropy": (3.0, 0.7, 0.05),
    "train/weight_norm": (40.0, 62.0, 0.1),
    "train/reward": (-1.0, 0.6, 0.1),
}


def metric_values(steps: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[np.float64]]:
    """Return float64[n] for each metric at int64[n] steps; the same steps always have the same values."""
    passed = 1 - np.exp(-steps / 4000)
    columns = {}
    for phase, (tag, (start, end, noise)) in enumerate(METRICS.items()):
        # Noise that needs no state: the fraction of a large sine is as good as random to the eye.
        shaken = np.modf(np.sin(steps * 12.9898 + phase) * 43758.5453)[0]
        columns[tag] = start + (end - start) * passed + noise * shaken
    return columns


def lines(first_step: int, count: int, first_time: float, step_s: float) -> str:
    """Return `count` JSON lines from `first_step` on, a step every `step_s` seconds."""
    steps = np.arange(first_step, first_step + count)
    columns = {tag: values.tolist() for tag, values in metric_values(steps).items()}
    written = []
    for index, step in enumerate(steps.tolist()):
        row = {tag: values[index] for tag, values in columns.items()}
        written.append(json.dumps({"step": step, "time": first_time + index * step_s, **row}))
    return "".join(f"{line}\n" for line in written)


def write_run(
    folder: Path, count: int, last_time: float, step_s: float = 1.0, *, first_step: int = 0
) -> Path:
    """Write a run of `count` steps that ends at `last_time`; return its file.

    What is logged hangs on the step, so that runs of different first steps have different curves.
    """
    folder.mkdir(parents=True)
    path = folder / "metrics.jsonl"
    path.write_text(lines(first_step, count, last_time - (count - 1) * step_s, step_s))
    os.utime(path, (last_time, last_time))
    return path
