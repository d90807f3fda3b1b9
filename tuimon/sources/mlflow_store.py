"""MLflow's file store: a folder per run with `meta.yaml`, a file per metric, and a file per parameter.

The layout is that of `mlflow/store/tracking/file_store.py`, which is public under the Apache licence.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from tuimon.core.batch import ConfigRecord, ConfigValue, LifecycleRecord, Problem, Record
from tuimon.sources.base import ReadBudget, ReadResult, StoredRun, place_called
from tuimon.sources.config_text import read_yaml
from tuimon.sources.line_files import BadLines, FileRead, LineFilesSource
from tuimon.sources.mlflow_database import batches, number_of, plain, seconds
from tuimon.sources.mlflow_files import META, METRICS, STORE_FORMAT
from tuimon.sources.rows import MAX_TAGS, as_float
from tuimon.sources.sniffing import LFS_PREFIX
from tuimon.sources.tail import LineTail

_PARAMS = "params"
# `RunStatus` in mlflow/protos/service.proto.
_ENDS = {3: "finished", 4: "failed", 5: "failed"}
_RUNNING = 1
_LONGEST_RECORD = 200
_LARGEST_STEP = 2**62
_LONGEST_PARAMETER = 8000
_MOST_PARAMETERS = 2000
_DEEPEST_NAME = 12


class MetricFile:
    """One metric: lines of `milliseconds value step`, the step missing in those of old versions.

    Its tag is its path below the folder of metrics; `order` counts lines.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lines = LineTail(path, max_line_bytes=_LONGEST_RECORD)
        self._bad = BadLines(path)
        parts = path.parts
        begins = [at for at, part in enumerate(parts[:-1]) if part == METRICS]
        self.tag = "/".join(parts[begins[0] + 1 if len(begins) == 1 else -1 :])
        for at in begins[1:]:
            if (path.parents[len(parts) - at - 1].parent / META).is_file():
                self.tag = "/".join(parts[at + 1 :])

    @property
    def size(self) -> int:
        """Its size in bytes when it was read last."""
        return self._lines.tail.size

    def read(self, max_bytes: int, first_order: int) -> FileRead:
        """Read on; the first new line has the number `first_order`. Never raises on bad content."""
        found = self._lines.read(max_bytes)
        problems = list(found.problems)
        records: list[Record] = []
        if found.new_generation:
            self._bad = BadLines(self.path)
            text = f"{self.path.name} was replaced or rewritten"
            records.append(LifecycleRecord("writer", first_order, None, math.nan, text))
        parsed: list[tuple[float, float, int]] = []
        for line, offset in zip(found.lines, found.offsets, strict=True):
            record = _parsed(line)
            if record is not None:
                parsed.append(record)
            elif offset == 0 and line.startswith(LFS_PREFIX):
                self._bad.note_pointer(problems)
            else:
                self._bad.note("a line that is no `time value step` was skipped", offset, problems)
        if parsed:
            times, values, steps = zip(*parsed, strict=True)
            order = np.arange(len(parsed)) + first_order
            tags = np.zeros(len(parsed), np.int64)
            column = np.array(steps, np.int64)
            records += batches([self.tag], tags, order, column, np.array(times), np.array(values))
        return FileRead(records, len(parsed), found.more, found.bytes_read, problems)


class MlflowStoreSource:
    """One run of the store, by its `meta.yaml`, or by its metrics. Used by one thread."""

    format = STORE_FORMAT

    def __init__(self, paths: tuple[Path, ...]) -> None:
        self._metas = tuple(path for path in paths if path.name == META)
        self._metrics = LineFilesSource(STORE_FORMAT, MetricFile, tuple(p for p in paths if p.name != META))
        self._seen: dict[Path, tuple[int, ...]] = {}
        self._told: dict[str, ConfigValue] = {}
        self._ended = ""
        self._fault = ""

    @property
    def total_bytes(self) -> int:
        """Size of all metrics when they were read last."""
        return self._metrics.total_bytes

    def read(self, budget: ReadBudget) -> ReadResult:
        """Read on from where the last call stopped. Never raises on bad content."""
        problems: list[Problem] = []
        facts: list[Record] = []
        for meta in self._metas:
            self._metrics.add_paths(tuple(_files_below(meta.parent / METRICS, MAX_TAGS)))
        found = self._metrics.read(budget)
        for meta in self._metas:
            facts += self._facts(meta, problems)
        problems += found.problems
        return ReadResult((*found.records, *facts), found.more, found.bytes_read, tuple(problems))

    def add_paths(self, paths: tuple[Path, ...]) -> None:
        """Read these runs or metrics too."""
        self._metas += tuple(path for path in paths if path.name == META and path not in self._metas)
        self._metrics.add_paths(tuple(path for path in paths if path.name != META))

    def close(self) -> None:
        """Let go of open files: none stays open between reads."""

    def _facts(self, meta: Path, problems: list[Problem]) -> list[Record]:
        """Return name and parameters where they are new, and how the run ended."""
        folder = meta.parent / _PARAMS
        values: dict[str, ConfigValue] = {}
        records: list[Record] = []
        try:
            if self._is_new(meta):
                told = read_meta(meta)
                values["mlflow.run_name"] = str(told.get("run_name", ""))
                kind = _ENDS.get(_integer(told.get("status")), "")
                if kind and kind != self._ended:
                    time = seconds(told.get("end_time"))
                    records.append(LifecycleRecord(kind, self._metrics.next_order, None, time))
                self._ended = kind
            if folder.is_dir() and self._is_new(folder):
                for file in _files_below(folder, _MOST_PARAMETERS):
                    values[file.relative_to(folder).as_posix()] = plain(
                        _text(file, _LONGEST_PARAMETER).strip()
                    )
        except OSError as error:
            fault = f"could not be read and is tried again: {error.strerror or error}"
            if fault != self._fault:
                self._fault = fault
                problems.append(Problem(str(meta), fault))
        new = {key: value for key, value in values.items() if self._told.get(key) != value}
        self._told |= new
        return [ConfigRecord(new), *records] if new else records

    def _is_new(self, path: Path) -> bool:
        found = path.stat()
        signature = (found.st_ino, found.st_size, found.st_mtime_ns)
        if self._seen.get(path) == signature:
            return False
        self._seen[path] = signature
        return True


def runs_in(path: Path) -> tuple[StoredRun, ...]:
    """Return the run that a `meta.yaml` describes, named by its experiment and itself."""
    if path.name != META:
        return (StoredRun(path, path, path, math.nan),)
    run = path.parent
    try:
        told = read_meta(path)
        experiment = read_meta(run.parent / META).get("name") if (run.parent / META).is_file() else None
    except OSError:
        return ()
    names = experiment or run.parent.name, told.get("run_name") or run.name
    return (StoredRun(path, run, place_called(run.parent.parent, *names), _changed_at(path, told)),)


def read_meta(path: Path) -> dict[str, object]:
    """Return what a `meta.yaml` says.

    Raises:
        OSError: It cannot be read.
    """
    return read_yaml(_text(path, 1 << 16))


def _changed_at(meta: Path, told: dict[str, object]) -> float:
    """Return when a run was written to last: a metric's file grows while those that describe it stay."""
    end = seconds(told.get("end_time"))
    if _integer(told.get("status")) != _RUNNING and math.isfinite(end):
        return end
    times = [file.stat().st_mtime for file in _existing(_files_below(meta.parent / METRICS, MAX_TAGS))]
    return max(times, default=math.nan)


def _existing(files: Iterator[Path]) -> Iterator[Path]:
    return (file for file in files if file.is_file())


def _files_below(folder: Path, most: int, depth: int = _DEEPEST_NAME) -> Iterator[Path]:
    """Yield the files below a folder in the order of their names; none where it cannot be listed."""
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return
    count = 0
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            inner: Sequence[Path] = (
                list(_files_below(Path(entry.path), most - count, depth - 1)) if depth else ()
            )
        else:
            inner = () if entry.name.startswith(".") else (Path(entry.path),)
        yield from inner
        count += len(inner)
        if count >= most:
            return


def _text(path: Path, most: int) -> str:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(most).decode("utf-8", "replace")


def _parsed(line: bytes) -> tuple[float, float, int] | None:
    """Return the time in unix seconds, the value and the step of a line, or None if it is none."""
    parts = line.split()
    value = as_float(parts[1].decode("latin-1")) if 2 <= len(parts) <= 3 else None
    if value is None:
        return None
    try:
        time, step = int(parts[0]) / 1000, int(parts[2]) if len(parts) == 3 else 0
    except (ValueError, OverflowError):
        return None
    return (time, value, step) if abs(step) < _LARGEST_STEP else None


def _integer(value: object) -> int:
    number = number_of(value)
    return int(number) if math.isfinite(number) else 0
