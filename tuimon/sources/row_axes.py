"""Which column of a file's rows is the step, and which the clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np

from tuimon.core.columns import Float64Array, Int64Array
from tuimon.sources.rows import BoolArray, RawColumn, as_float, to_floats

# The best one first; compared in lower case. The epoch is a step only where nothing better was logged.
STEP_NAMES = (
    "step",
    "_step",
    "global_step",
    "train/global_step",
    "trainer/global_step",
    "training/global_step",
    "iteration",
    "iter",
    "current_steps",
    "num_updates",
    "update",
    "total_timesteps",
    "time/total_timesteps",
    "timesteps",
    "serial_timesteps",
    "misc/total_timesteps",
    "misc/serial_timesteps",
    "timesteps_total",
    "totalenvinteracts",
    "training_iteration",
    "itr",
    "epoch",
)
CLOCK_NAMES = (
    "time",
    "_timestamp",
    "timestamp",
    "wall_time",
    "ts",
    "wall",
    "datetime",
    "date",
    "asctime",
    "created_at",
)

# Smaller numbers are durations (seconds per iteration, since start): 1e8 seconds are three years, and
# logs are younger than March 1973.
_EARLIEST_CLOCK = 1e8
_MILLISECONDS_FROM = 1e11
_LATEST_CLOCK = 1e20
_AXIS_NAMES = frozenset(STEP_NAMES + CLOCK_NAMES)
_INT64_BOUND = 2**63 - 1


def names_axis(name: str) -> bool:
    """Return whether a column of this name (in lower case) may be the step or the clock."""
    return name in _AXIS_NAMES


class StepUse(NamedTuple):
    """A column (its name in lower case; None: rows were counted) gives the steps of the rows from `start`."""

    name: str | None
    start: int


class StepColumn:
    """Gives every row its step; rows without one carry the last step before them.

    A better name takes over from the row in which it first appears. Rows of a file that names no step are
    numbered from 0 (those that `counts` marks; the others carry the number before them). What it decides
    depends on the rows so far only, never on how they were split into blocks.

    Attributes:
        uses: Which column gave the steps of which of the rows taken last.
    """

    def __init__(self, names: tuple[str, ...] = STEP_NAMES) -> None:
        self._names = names
        self._rank = len(names)
        self._last = 0
        self._counted = 0
        self._fractional: set[str] = set()
        self.uses: list[StepUse] = []

    @property
    def name(self) -> str | None:
        """The name in use, in lower case; None as long as the file names no step."""
        return self._names[self._rank] if self._rank < len(self._names) else None

    def take(self, columns: Mapping[str, RawColumn], counts: BoolArray) -> Int64Array:
        """Return int64[n] steps for n rows, of which `counts` bool[n] marks those worth a number."""
        self.uses = [StepUse(self.name, 0)]
        steps = np.zeros(len(counts), np.int64)
        known = counts.copy() if self.name is None else np.zeros(len(counts), np.bool_)
        numbered = np.count_nonzero(known)
        steps[known] = self._counted + np.arange(numbered)
        self._counted += int(numbered)
        by_name = {tag.lower(): columns[tag] for tag in reversed(list(columns))}
        for rank in range(min(self._rank, len(self._names) - 1), -1, -1):
            column = by_name.get(self._names[rank])
            if column is None or not self._is_usable(self._names[rank], column):
                continue
            places, values = _integers(column)
            if len(places) == 0:
                continue
            if rank < self._rank:
                known[places[0] :] = False
                self._rank = rank
                self._note_use(int(places[0]))
            steps[places] = values
            known[places] = True
        return self._carried(steps, known)

    def _note_use(self, start: int) -> None:
        while self.uses and self.uses[-1].start >= start:
            self.uses.pop()
        self.uses.append(StepUse(self.name, start))

    def _is_usable(self, name: str, column: RawColumn) -> bool:
        """Tell whether a column counts: an epoch of 0.01 tells when, but is no step."""
        if name != "epoch" or self._rank < len(self._names):
            return name not in self._fractional
        first = column.first
        if not isinstance(first, int) and (not isinstance(first, float) or first == 0 or first % 1):
            self._fractional.add(name)
        return name not in self._fractional

    def _carried(self, steps: Int64Array, known: BoolArray) -> Int64Array:
        latest = np.maximum.accumulate(np.where(known, np.arange(len(known)), -1))
        carried = np.where(latest >= 0, steps[latest], self._last)
        if len(carried):
            self._last = int(carried[-1])
        return carried


class ClockColumn:
    """Gives every row its wall time, NaN where none was logged.

    A column is a clock if its first value is a moment: unix seconds (or milli-, micro-, nanoseconds) or an
    ISO 8601 text. A column of the same name with small numbers is a metric.
    """

    def __init__(self, names: tuple[str, ...] = CLOCK_NAMES) -> None:
        self._names = names
        self._is_clock: dict[str, bool] = {}

    def take(self, columns: dict[str, RawColumn], count: int) -> Float64Array:
        """Return float64[count] unix seconds, and remove the clocks from `columns`."""
        times = np.full(count, np.nan)
        tags = {tag.lower(): tag for tag in reversed(columns)}  # of two spellings the first counts
        for name in self._names:
            tag = tags.get(name)
            if tag is None or not self._accepts(name, columns[tag]):
                continue
            column = columns.pop(tag)
            found = _moments(column.values) if column.numbers is None else _seconds(column.numbers)
            places = np.asarray(column.places, np.int64)
            empty = np.isnan(times[places])
            times[places[empty]] = found[empty]
        return times

    def _accepts(self, name: str, column: RawColumn) -> bool:
        if name not in self._is_clock:
            first = column.first
            if first is None:
                return False
            self._is_clock[name] = bool(np.isfinite(_moments([first])[0]))
        return self._is_clock[name]


def _integers(column: RawColumn) -> tuple[Int64Array, Int64Array]:
    """Return the places and values of a column that are steps, exact beyond 2**53."""
    places = np.asarray(column.places, np.int64)
    integers = column.integers
    if integers is not None:
        return places, integers
    steps = [_integer(value) for value in column.values]
    kept = [index for index, step in enumerate(steps) if step is not None]
    return places[kept], np.array([steps[index] for index in kept], np.int64)


def _integer(value: object) -> int | None:
    if isinstance(value, int):
        return value if abs(value) <= _INT64_BOUND else None
    number = as_float(value)
    return int(number) if number is not None and abs(number) < float(_INT64_BOUND) else None


def _moments(values: Sequence[object]) -> Float64Array:
    """Return unix seconds, NaN for what is no moment."""
    if set(map(type, values)) == {str}:
        return np.array([_parsed_moment(str(value)) for value in values])
    floats = to_floats(values)
    if isinstance(floats, list):
        floats = np.array(
            [
                number if number is not None else _parsed_moment(value) if isinstance(value, str) else np.nan
                for number, value in zip(floats, values, strict=True)
            ]
        )
    return _seconds(floats)


def _seconds(numbers: Float64Array) -> Float64Array:
    seconds = np.where((numbers >= _EARLIEST_CLOCK) & (numbers < _LATEST_CLOCK), numbers, np.nan)
    for _ in range(3):  # milliseconds, microseconds, nanoseconds
        seconds = np.where(seconds >= _MILLISECONDS_FROM, seconds / 1000, seconds)
    return seconds


def _parsed_moment(text: str) -> float:
    """Return what an ISO 8601 text means (local time where it names no zone), or NaN."""
    # To find that a date is no number takes longer than to read the date.
    is_date = text[4:5] == "-" and text[:4].isdecimal()
    number = None if is_date else as_float(text)
    if number is not None:
        return float(_seconds(np.array([number]))[0])
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        return float("nan")
