"""Hugging Face's `trainer_state.json`, at the root of a run and in its checkpoints."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tuimon.core.batch import ConfigRecord, ConfigValue, LifecycleRecord, Problem, Record
from tuimon.core.units import format_duration
from tuimon.sources.base import Confidence, ReadBudget, ReadResult, Sniff, Source, Trainer
from tuimon.sources.row_decoder import RowDecoder
from tuimon.sources.rows import Row, as_float
from tuimon.sources.state_file import StateFile

FILE_NAME = "trainer_state.json"


class TrainerStateSource:
    """Reads the state files of one training, which are rewritten whole. Used by one thread.

    Every state file holds the log from the beginning, so the newest is the log of the run and older ones
    are its beginnings. Rows come once: of a log that grew, the new ones; of a log that took another course
    after a resume, those after what it has in common with the one before, so that the step falls there.

    Args:
        paths: State files of one training, in any order. They need not exist any more, or yet.
    """

    format = "hf"

    def __init__(self, paths: tuple[Path, ...]) -> None:
        self._files = {path: StateFile(path) for path in paths}
        self._announced: set[str] = set()
        self._decoder = RowDecoder(step_names=("step",), clock_names=())
        self._current: list[str] = []
        self._steps: list[float] = []
        self._config: dict[str, ConfigValue] = {}

    @property
    def total_bytes(self) -> int:
        """Size of all state files when they were read last."""
        return sum(file.size for file in self._files.values())

    def read(self, budget: ReadBudget) -> ReadResult:
        """Read the files that changed, the oldest first.

        A file is read whole, so the last one may pass the budget. Half-written files are normal: the last
        good content counts until they are whole.
        """
        records: list[Record] = []
        problems: list[Problem] = []
        bytes_read = 0
        polled = [(file, file.poll(problems)) for file in self._files.values()]
        changed = [(found.st_mtime, file, found) for file, found in polled if found is not None]
        changed.sort(key=lambda item: (item[0], (item[1].checkpoint or ("", math.inf))[1]))
        for _, file, found in changed:
            if bytes_read >= budget.max_bytes:
                return ReadResult(tuple(records), more=True, bytes_read=bytes_read, problems=tuple(problems))
            if file.read(found, problems):
                records += self._take(file)
            bytes_read += file.size
        return ReadResult(tuple(records), more=False, bytes_read=bytes_read, problems=tuple(problems))

    def add_paths(self, paths: tuple[Path, ...]) -> None:
        """Read these state files too."""
        for path in paths:
            self._files.setdefault(path, StateFile(path))

    def close(self) -> None:
        """Let go of open files: none stays open between reads."""

    def _take(self, file: StateFile) -> list[Record]:
        """Return what a state file that was just read says beyond what is known."""
        records: list[Record] = []
        spellings = [_spelling(row) for row in file.rows]
        shared = _common_length(self._current, spellings)
        if shared < len(spellings):
            self._current = spellings
            records += self._take_rows(file.rows[shared:])
            if "train_runtime" in file.rows[-1]:
                took = format_duration(as_float(file.rows[-1]["train_runtime"]))
                step = _step_of(file.rows[-1])
                records.append(self._event("finished", step, file.mtime, f"training took {took}"))
        if len(spellings) == len(self._current):
            changed = {key: value for key, value in file.config.items() if self._config.get(key) != value}
            self._config |= changed
            records += [ConfigRecord(changed)] if changed else []
        checkpoint = file.checkpoint
        if checkpoint is not None and checkpoint[0] not in self._announced:
            self._announced.add(checkpoint[0])
            records.append(self._event("checkpoint", checkpoint[1], file.mtime, checkpoint[0]))
        return records

    def _take_rows(self, rows: Sequence[Row]) -> list[Record]:
        order = np.arange(len(rows), dtype=np.int64) + len(self._steps)
        self._steps += [math.nan if (step := _step_of(row)) is None else float(step) for row in rows]
        return self._decoder.decode(rows, order)

    def _event(self, kind: str, step: int | None, wall_time: float, text: str) -> LifecycleRecord:
        """Return an event that lies behind the last row at or below its step."""
        reached = np.flatnonzero(np.asarray(self._steps) <= (math.inf if step is None else step))
        order = int(reached[-1]) + 1 if len(reached) else 0
        return LifecycleRecord(kind, order, step, wall_time, text)


class TrainerStateFactory:
    """Recognises state files by their name, and under another name by their content."""

    format = "hf"
    trainers: tuple[Trainer, ...] = (
        Trainer(
            "Hugging Face Trainer, TRL",
            "`trainer_state.json`, at the root, in `checkpoint-*`, or by another name",
        ),
    )

    def sniff(self, path: Path, head: bytes) -> Sniff:
        """Tell whether `path`, which begins with `head`, is a Hugging Face trainer state."""
        is_object = head.lstrip().startswith(b"{")
        if is_object and b'"log_history"' in head and b'"global_step"' in head:
            return Sniff(Confidence.CERTAIN, "holds log_history and global_step, as trainer_state.json does")
        if path.name != FILE_NAME:
            return Sniff(Confidence.NO, "")
        if is_object or not head:
            return Sniff(Confidence.LIKELY, f"is named {FILE_NAME}")
        return Sniff(Confidence.NO, f"is named {FILE_NAME}, but holds no JSON object")

    def open(self, paths: tuple[Path, ...]) -> Source:
        """Return a source over the state files of one training."""
        return TrainerStateSource(paths)


def _common_length(first: Sequence[str], second: Sequence[str]) -> int:
    """Return how many items at their beginning two sequences share."""
    length = min(len(first), len(second))
    if first[:length] == second[:length]:
        return length
    return next(index for index in range(length) if first[index] != second[index])


def _spelling(row: Row) -> str:
    """Return what is equal for equal rows; rows themselves differ where a value is NaN."""
    try:
        return repr(row)
    except RecursionError:  # nested for no purpose but this
        return ""


def _step_of(row: Row) -> int | None:
    step = as_float(row.get("step"))
    return int(step) if step is not None and math.isfinite(step) else None
