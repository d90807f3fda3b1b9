"""A lively fake run, written line by line as a trainer would write it, beside one that has ended."""

from __future__ import annotations

import json
import math
import os
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

_STEPS = 1200
_EVALUATE_EVERY = 60
_CRASH_AT, _RESUME_AT = 420, 360
_SPIKE_AT, _NAN_AT = 700, 980
_STRAGGLER_FROM = 560
_GPUS = 4
_A_DAY_S = 86400.0


def demo_lines(seed: int, start_time: float, seconds_per_step: float = 1.0) -> Iterator[dict[str, object]]:
    """Yield the lines of a run that crashes, resumes, spikes, loses a GPU to a straggler and meets a NaN.

    Args:
        seed: Makes the noise.
        start_time: Wall time of the first line, in unix seconds.
        seconds_per_step: Wall time between two training lines.
    """
    noise = random.Random(seed)  # noqa: S311  # makes a curve, not a secret
    now = start_time
    yield {
        "time": now,
        "config": {"max_steps": _STEPS, "learning_rate": 3e-4, "batch_size": 256, "model": "demo-7b"},
    }
    for step in [*range(1, _CRASH_AT + 1), *range(_RESUME_AT, _STEPS + 1)]:
        now += seconds_per_step * noise.lognormvariate(0, 0.05)
        if step == _RESUME_AT and now > start_time + _CRASH_AT * seconds_per_step * 0.9:
            now += 90 * seconds_per_step
        yield _train_line(step, now, noise)
        if step % 10 == 0:
            yield _system_line(step, now, noise)
        if step % _EVALUATE_EVERY == 0:
            now += 4 * seconds_per_step
            yield {"step": step, "time": now, "eval/loss": _loss(step) * 1.04 + noise.gauss(0, 0.005)}
            yield {"step": step, "time": now, "event": "checkpoint", "message": f"checkpoint-{step}"}
            yield {"time": now, "message": f"shard {step // _EVALUATE_EVERY} of 20 is loaded"}
    yield {"step": _STEPS, "time": now, "event": "finished"}


def baseline_lines(seed: int, start_time: float) -> Iterator[dict[str, object]]:
    """Yield the lines of an even run with a third of the learning rate, a step a second, to compare with.

    Args:
        seed: Makes the noise.
        start_time: Wall time of the first line, in unix seconds.
    """
    noise = random.Random(seed)  # noqa: S311  # makes a curve, not a secret
    yield {
        "time": start_time,
        "config": {"max_steps": _STEPS, "learning_rate": 1e-4, "batch_size": 256, "model": "demo-7b"},
    }
    for step in range(1, _STEPS + 1):
        now = round(start_time + step, 3)
        # It learns as the other one does, at half the pace.
        line = _train_line(step, now, noise)
        slow = _loss(step // 2) * (1 + noise.gauss(0, 0.015))
        rate = line["train/learning_rate"]
        yield line | {
            "train/loss": slow,
            "train/grad_norm": 0.8 * noise.lognormvariate(0, 0.2),
            "train/learning_rate": rate / 3 if isinstance(rate, float) else rate,
        }
        if step % _EVALUATE_EVERY == 0:
            yield {"step": step, "time": now, "eval/loss": _loss(step // 2) * 1.04 + noise.gauss(0, 0.005)}
    yield {"step": _STEPS, "time": start_time + _STEPS, "event": "finished"}


def _loss(step: int) -> float:
    return 1.7 + 2.6 * math.exp(-step / 140) + 0.35 * math.exp(-step / 900)


def _train_line(step: int, now: float, noise: random.Random) -> dict[str, object]:
    loss = _loss(step) * (1 + noise.gauss(0, 0.015))
    grad_norm = 0.8 * noise.lognormvariate(0, 0.2) * (1 + 3 * math.exp(-step / 60))
    if _SPIKE_AT <= step < _SPIKE_AT + 8:
        loss *= 1 + 1.6 * math.exp(-(step - _SPIKE_AT) / 3)
        grad_norm *= 30 * math.exp(-(step - _SPIKE_AT) / 3) + 1
    if _NAN_AT <= step < _NAN_AT + 4:
        loss = grad_norm = math.nan
    warm_up = min(1.0, step / 80)
    lr = 3e-4 * warm_up * 0.5 * (1 + math.cos(math.pi * step / _STEPS))
    return {
        "step": step,
        "time": round(now, 3),
        "train/loss": loss,
        "train/grad_norm": grad_norm,
        "train/learning_rate": lr,
        "train/tokens_per_second": 17_200 * noise.lognormvariate(0, 0.03),
    }


def _system_line(step: int, now: float, noise: random.Random) -> dict[str, object]:
    line: dict[str, object] = {
        "time": round(now, 3),
        "cpu.util": 34 + noise.gauss(0, 4),
        "host.mem_used_pct": 41.0,
    }
    for gpu in range(_GPUS):
        use = 93 + noise.gauss(0, 2)
        if gpu == 2 and step >= _STRAGGLER_FROM:
            use = 12 + noise.gauss(0, 4)
        line[f"gpu.{gpu}.util"] = round(min(max(use, 0), 100), 1)
        line[f"gpu.{gpu}.mem_used_gb"] = 71.2
        line[f"gpu.{gpu}.mem_total_gb"] = 80.0
        line[f"gpu.{gpu}.temp_c"] = round(67 + noise.gauss(0, 1) - (18 if use < 50 else 0), 1)
        line[f"gpu.{gpu}.power_w"] = round(640 * (0.3 + 0.7 * max(use, 0) / 93), 1)
    return line


class DemoWriter(threading.Thread):
    """Writes the demo run below a folder, so fast that it is over in about a minute.

    Args:
        folder: Where the run's folder is made.
        lines_per_s: How many lines are written per second.
        head_start: How many lines are there at once, so that the first picture shows a curve.
    """

    def __init__(self, folder: Path, *, lines_per_s: float = 25.0, head_start: int = 300) -> None:
        super().__init__(name="tuimon-demo", daemon=True)
        self._baseline = folder / "baseline" / "metrics.jsonl"
        self._path = folder / "demo-run" / "metrics.jsonl"
        self._interval_s = 1 / lines_per_s
        self._head_start = head_start
        self._stopping = threading.Event()

    def run(self) -> None:
        """Write until the run is over or somebody stops it."""
        self._write_baseline()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # The lines' own times lie in the past at first and reach the present when the head start is written.
        start = time.time() - self._head_start * self._interval_s
        with self._path.open("w", encoding="utf-8") as file:
            for index, line in enumerate(demo_lines(7, start, self._interval_s)):
                if self._stopping.is_set():
                    return
                file.write(json.dumps(line) + "\n")
                if index >= self._head_start:
                    file.flush()
                    self._stopping.wait(self._interval_s)

    def _write_baseline(self) -> None:
        """Write the run that ended yesterday, its file as old as its last line."""
        self._baseline.parent.mkdir(parents=True, exist_ok=True)
        yesterday = time.time() - _A_DAY_S
        text = "".join(f"{json.dumps(line)}\n" for line in baseline_lines(11, yesterday - _STEPS))
        self._baseline.write_text(text, encoding="utf-8")
        os.utime(self._baseline, (yesterday, yesterday))

    def stop(self) -> None:
        """Stop writing."""
        self._stopping.set()
