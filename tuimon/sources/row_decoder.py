"""Rows of named values, as trainers log them, into batches and records."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tuimon.core.batch import ConfigRecord, Record, ScalarBatch
from tuimon.core.columns import Float64Array, Int64Array
from tuimon.core.roles import HARDWARE_ROLES, role_of
from tuimon.sources.row_axes import CLOCK_NAMES, STEP_NAMES, ClockColumn, StepColumn
from tuimon.sources.row_notes import CONFIG_NAMES, config_records, notes_of
from tuimon.sources.rows import (
    MAX_DEPTH,
    MAX_TAGS,
    BoolArray,
    ColumnGatherer,
    NumberColumn,
    NumberTable,
    RawColumn,
    Row,
    to_floats,
)

# Columns that say where the run will end: they stay series, and are facts of the run too.
_TOTAL_NAMES = ("total_steps", "max_steps", "total_epochs", "max_epochs", "num_train_epochs")


class RowDecoder:
    """Decodes the rows of one writer, block by block, into records.

    Knows from block to block which column is the step and which the clock, and which columns hold null for
    "not logged". Whatever it decides depends on the rows so far only, never on how they were split.

    Args:
        step_names: Names of the step column in lower case, the best one first.
        clock_names: Names of the wall time, the best one first.
    """

    def __init__(
        self, step_names: tuple[str, ...] = STEP_NAMES, clock_names: tuple[str, ...] = CLOCK_NAMES
    ) -> None:
        self._gatherer = ColumnGatherer(kept_whole=CONFIG_NAMES)
        self._steps = StepColumn(step_names)
        self._clock = ClockColumn(clock_names)
        self._nulls = NullColumns()
        self._totals: dict[str, float] = {}

    @property
    def limits_passed(self) -> list[str]:
        """What was left out because a file brought too much of it, as sentences for people."""
        passed = []
        if self._gatherer.has_too_many_tags:
            passed.append(f"more than {MAX_TAGS} different names were logged; the rest was left out")
        if self._gatherer.is_too_deep:
            passed.append(f"values nested deeper than {MAX_DEPTH} levels were left out")
        return passed

    def decode(
        self,
        rows: Sequence[Row],
        order: Int64Array,
        places: Int64Array | None = None,
        tables: Sequence[NumberTable] = (),
    ) -> list[Record]:
        """Return the records of rows.

        Args:
            rows: As parsed.
            order: int64[n], the places in the stream of these rows and all others; rising.
            places: The index in `order` of each of `rows`; None if there are no others.
            tables: Further rows.
        """
        if not rows and not tables:
            return []
        at = range(len(rows)) if places is None else places.tolist()
        columns = self._gatherer.gather(rows, at, tables)
        wall_times = self._clock.take(columns, len(order))
        numbers = self._numbers(columns)
        steps = self._place(columns, numbers, len(order))
        batches = _batches(numbers, order, steps, wall_times)
        notes = notes_of(rows, at, columns, numbers, order, steps, wall_times)
        return [
            *config_records(columns, wall_times),
            *self._changed_totals(numbers, wall_times),
            *batches,
            *notes,
        ]

    def decode_columns(
        self, axes: dict[str, RawColumn], numbers: dict[str, NumberColumn], order: Int64Array
    ) -> list[Record]:
        """Return the records of rows that were logged as columns.

        Args:
            axes: Columns that may be step or clock (`names_axis`), as parsed.
            numbers: All columns of numbers, these among them.
            order: int64[n], the rows' places in the stream, rising.
        """
        candidates = set(axes)
        wall_times = self._clock.take(axes, len(order))
        for clock in candidates - axes.keys():
            numbers.pop(clock, None)
        steps = self._place(axes, numbers, len(order))
        return [
            *self._changed_totals(numbers, wall_times),
            *_batches(numbers, order, steps, wall_times),
        ]

    def _place(
        self, columns: Mapping[str, RawColumn], numbers: dict[str, NumberColumn], count: int
    ) -> Int64Array:
        """Return the steps of rows, and remove the step (unless it is the epoch) from `numbers`."""
        steps = self._steps.take(columns, self._worth_a_number(numbers, count))
        stops = [use.start for use in self._steps.uses[1:]] + [count]
        for (name, start), stop in zip(self._steps.uses, stops, strict=True):
            if name is None or name == "epoch":
                continue
            for tag in [tag for tag in numbers if tag.lower() == name]:
                kept = _outside(numbers.pop(tag), start, stop)
                if len(kept.places):
                    numbers[tag] = kept
        return steps

    def _numbers(self, columns: Mapping[str, RawColumn]) -> dict[str, NumberColumn]:
        numbers: dict[str, NumberColumn] = {}
        shared_places: dict[int, Int64Array] = {}
        with_nulls: list[tuple[int, bool, str, list[float | None]]] = []
        for tag, column in columns.items():
            floats = to_floats(column.values) if column.numbers is None else column.numbers
            if not isinstance(floats, list):
                self._nulls.note_numbers(tag, len(floats))
                places = shared_places.get(id(column.places))
                if places is None:
                    places = shared_places[id(column.places)] = np.asarray(column.places, np.int64)
                numbers[tag] = NumberColumn(places, floats)
            elif None in column.values:
                place, is_known = self._nulls.first_null(tag, column, floats)
                with_nulls.append((place, is_known, tag, floats))
                numbers[tag] = NumberColumn(np.empty(0, np.int64), np.empty(0))  # holds the tag's place
            elif (kept := _kept(column, floats)) is not None:
                self._nulls.note_numbers(tag, len(kept.values))
                numbers[tag] = kept
        # Whether a null is a NaN depends on the columns that came before it, in the order of the rows.
        for _, _, tag, floats in sorted(with_nulls, key=lambda found: found[:2]):
            kept = _kept(columns[tag], self._nulls.resolve(tag, columns[tag], floats))
            if kept is None:
                del numbers[tag]
            else:
                numbers[tag] = kept
        return numbers

    def _worth_a_number(self, numbers: Mapping[str, NumberColumn], count: int) -> BoolArray:
        """Return which rows count as steps where no step is named: all but hardware samples and text."""
        worth = np.zeros(count, np.bool_)
        if self._steps.name is None:
            for tag, column in numbers.items():
                if role_of(tag) not in HARDWARE_ROLES:
                    worth[column.places] = True
        return worth

    def _changed_totals(
        self, numbers: Mapping[str, NumberColumn], wall_times: Float64Array
    ) -> Iterator[ConfigRecord]:
        for name in _TOTAL_NAMES:
            column = numbers.get(name)
            if column is None or not len(column.values):
                continue
            total = float(column.values[-1])
            if math.isfinite(total) and self._totals.get(name) != total:
                self._totals[name] = total
                value = int(total) if total.is_integer() else total
                yield ConfigRecord({name: value}, float(wall_times[column.places[-1]]))


class NullColumns:
    """Tells a null that stands for NaN from one that means "not logged".

    A null in a column of numbers is a NaN, the worst fault of all. But many writers fill each row to the
    same names: there a column that was null before its first number is null whenever nothing was logged,
    and once a file has such a column, others need two numbers before their nulls count (an evaluation
    before the first step).
    """

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}
        self._is_padding: dict[str, bool] = {}
        self._file_is_padded = False

    def note_numbers(self, tag: str, count: int) -> None:
        """Note that a column brought numbers and no null."""
        self._seen[tag] = self._seen.get(tag, 0) + count

    def first_null(self, tag: str, column: RawColumn, floats: Sequence[float | None]) -> tuple[int, bool]:
        """Return the place of the first null, and whether a number came before it."""
        return column.places[column.values.index(None)], self._numbers_before(tag, column, floats) > 0

    def resolve(self, tag: str, column: RawColumn, floats: Sequence[float | None]) -> list[float | None]:
        """Return `floats` with NaN in place of those nulls that mean NaN."""
        if tag not in self._is_padding:
            before = self._numbers_before(tag, column, floats)
            self._is_padding[tag] = before < (2 if self._file_is_padded else 1)
            self._file_is_padded |= before == 0
        if self._is_padding[tag]:
            return list(floats)
        nan = float("nan")
        return [nan if value is None else number for value, number in zip(column.values, floats, strict=True)]

    def _numbers_before(self, tag: str, column: RawColumn, floats: Sequence[float | None]) -> int:
        until_null = floats[: column.values.index(None)]
        return self._seen.get(tag, 0) + sum(number is not None for number in until_null)


def _outside(column: NumberColumn, start: int, stop: int) -> NumberColumn:
    """Return a column without the rows from `start` to before `stop`."""
    kept = (column.places < start) | (column.places >= stop)
    return NumberColumn(column.places[kept], column.values[kept])


def _kept(column: RawColumn, floats: Sequence[float | None]) -> NumberColumn | None:
    """Return the numbers of a column without the rows that hold none."""
    kept = [pair for pair in zip(column.places, floats, strict=True) if pair[1] is not None]
    if not kept:
        return None
    places, numbers = zip(*kept, strict=True)
    return NumberColumn(np.array(places, np.int64), np.array(numbers, np.float64))


def _batches(
    numbers: Mapping[str, NumberColumn], order: Int64Array, steps: Int64Array, wall_times: Float64Array
) -> list[ScalarBatch]:
    """Return one batch per set of rows, so that tags logged together share order, step and time."""
    together: dict[bytes, list[str]] = {}
    keys: dict[int, bytes] = {}
    for tag, column in numbers.items():
        key = keys.get(id(column.places))
        if key is None:
            key = keys[id(column.places)] = column.places.tobytes()
        together.setdefault(key, []).append(tag)
    batches = []
    for tags in together.values():
        places = numbers[tags[0]].places
        values = tuple(numbers[tag].values for tag in tags)
        batches.append(ScalarBatch(tuple(tags), order[places], steps[places], wall_times[places], values))
    return sorted(batches, key=lambda batch: int(batch.order[0]))
