"""The JSONL files of the sample runs: one object per line, as many training scripts write them."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import Self

from scripts.sample_runs.clock import VirtualClock


class MetricsLog:
    """Appends rows to a JSONL file, each with the time of a virtual clock.

    Non-finite numbers are written as bare `NaN` and `Infinity`, which is what `json.dumps` does by default.

    Args:
        path: The file; it is created with its folder, or appended to.
        clock: Where the `time` of a row comes from.
    """

    def __init__(self, path: Path, clock: VirtualClock) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8")
        self._clock = clock

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def write_config(self, config: dict[str, int | float | str]) -> None:
        """Write the first line of a run."""
        self._write({"time": self._clock.now(), "config": config})

    def write_metrics(self, step: int, metrics: dict[str, float]) -> None:
        """Write the metrics of one step, rounded to six significant digits."""
        rounded = {tag: float(f"{value:.6g}") for tag, value in metrics.items()}
        self._write({"step": step, "time": self._clock.now(), **rounded})

    def write_event(self, event: str, **details: int | str) -> None:
        """Write what happened to the run as a whole, such as its end."""
        self._write({"event": event, "time": self._clock.now(), **details})

    def _write(self, row: dict[str, object]) -> None:
        self._file.write(json.dumps(row) + "\n")
