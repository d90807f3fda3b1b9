"""A small writer of tuimon's own JSON lines, for training loops that log nothing yet."""

from __future__ import annotations

import json
import math
import os
import threading
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

# What JSON has no number for is written as these texts, which `json.loads` in every language can read.
_NOT_FINITE = {math.inf: "Infinity", -math.inf: "-Infinity"}


class RunWriter:
    """Writes a run line by line, so that tuimon and every reader of JSON lines can follow it.

    Each call hands one whole line to the operating system: what was logged is there when the process is
    killed. A file that exists is continued, as a resumed training does. It may be used by several threads,
    and by one process: in distributed training, by the first rank.

    A training must not end because a disk is full: what cannot be written is left out with a warning, and
    the next line is tried again.

    Used as a context manager, it notes how the block ended.

    Args:
        path: The file, such as `outputs/my-run/metrics.jsonl`; folders on the way are made.
        config: Hyper-parameters, nested or not. `max_steps` in it tells tuimon when the run will be done.

    Raises:
        OSError: The file cannot be opened.
    """

    def __init__(self, path: str | os.PathLike[str], *, config: Mapping[str, object] | None = None) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._file: int | None = os.open(
            self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644
        )
        self._ends_in_line = self._is_cut_short(self._file)
        self._has_warned = False
        self.write({"time": round(time.time(), 3), "event": "run_started", "host": os.uname().nodename})
        if config is not None:
            self.write({"time": round(time.time(), 3), "config": config})

    def log(
        self, metrics: Mapping[str, object], *, step: int | None = None, wall_time: float | None = None
    ) -> None:
        """Write metrics that were measured together.

        Args:
            metrics: Values by tag, such as `{"train/loss": 2.3}`: numbers, anything with an `item()` (numpy
                scalars, tensors of one element; a tensor on a GPU is waited for), texts, or nested mappings
                of these. None is left out.
            step: The training step; metrics without one belong to the step before.
            wall_time: Unix seconds; by default now.

        Raises:
            TypeError: A value is none of these.
        """
        row: dict[str, object] = {} if step is None else {"step": int(step)}
        row["time"] = round(time.time() if wall_time is None else wall_time, 3)
        self.write({**row, **metrics})

    def event(self, kind: str, message: str = "", *, step: int | None = None) -> None:
        """Write that something happened: `checkpoint`, `error`, `failed` or `finished`."""
        row: dict[str, object] = {} if step is None else {"step": int(step)}
        row |= {"time": round(time.time(), 3), "event": kind}
        self.write(row | {"message": message} if message else row)

    def write(self, *rows: Mapping[str, object]) -> None:
        """Write lines as they stand, without steps or times of their own; values are those of `log`.

        Lines of one call are handed over together.

        Raises:
            TypeError: A value is none of these.
            ValueError: The file is closed.
        """
        lines = (json.dumps(_plain(row, ""), ensure_ascii=False) + "\n" for row in rows)
        self._append("".join(lines).encode("utf-8", "replace"))

    def close(self) -> None:
        """Close the file; what is logged afterwards is an error."""
        with self._lock:
            if self._file is not None:
                os.close(self._file)
                self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if kind is None:
            self.event("finished")
        else:
            self.event("failed", f"{kind.__name__}: {error}".removesuffix(": "))
        self.close()

    def _append(self, lines: bytes) -> None:
        with self._lock:
            if self._file is None:
                raise ValueError(f"{self.path} is closed")
            try:
                # What a full disk or a crash cut short must not swallow these lines.
                rest = b"\n" + lines if self._ends_in_line else lines
                self._ends_in_line = True
                while rest:
                    rest = rest[os.write(self._file, rest) :]
                self._ends_in_line = False
            except OSError as error:
                if not self._has_warned:
                    self._has_warned = True
                    warnings.warn(f"{self.path} cannot be written: {error.strerror}", stacklevel=4)

    @staticmethod
    def _is_cut_short(file: int) -> bool:
        size = os.fstat(file).st_size
        return size > 0 and os.pread(file, 1, size - 1) != b"\n"


def _plain(values: Mapping[str, object], within: str) -> dict[str, object]:
    """Return values as JSON has them, without those that are None."""
    found = {
        str(name): _plain_value(value, f"{within}.{name}" if within else str(name))
        for name, value in values.items()
    }
    return {name: value for name, value in found.items() if value is not None}


def _plain_value(value: object, name: str) -> object:
    if isinstance(value, float):
        value = float(value)  # numpy's float64 is one, but not to `json`
        return value if math.isfinite(value) else _NOT_FINITE.get(value, "NaN")
    if value is None or isinstance(value, int | str):
        return value
    if isinstance(value, Mapping):
        return _plain(value, name)
    if isinstance(value, list | tuple):
        return [_plain_value(inner, name) for inner in value]
    try:
        return _plain_value(value.item(), name)  # type: ignore[attr-defined]  # it has one, or is refused
    except (AttributeError, ValueError, RuntimeError) as error:
        raise TypeError(f"{name} is no number, text or mapping of these: {type(value).__name__}") from error
