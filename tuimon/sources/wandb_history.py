"""The history and the system samples of a W&B run, as columns."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tuimon.core.batch import Record, ScalarBatch, TextRecord
from tuimon.core.columns import Float64Array, Int64Array
from tuimon.sources.protobuf_table import FieldTable, field_table, varint_column
from tuimon.sources.rows import MAX_TAGS
from tuimon.sources.wandb_items import (
    SEPARATOR,
    ItemReader,
    Numbers,
    OtherValue,
    flattened,
    items_of,
    split_items,
)
from tuimon.sources.wandb_media import read_histogram, read_images

_HISTORY_ITEM, _HISTORY_STEP = 1, 2
_STATS_TIMESTAMP, _STATS_ITEM = 2, 3
_LONGEST_TEXT = 2000

BoolArray = npt.NDArray[np.bool_]


class HistoryDecoder:
    """Decodes the history of one run, block by block.

    The step is `_step`; from the first row on that holds the metric that the run defined as the step of all
    others (`define_metric("*", step_metric=...)`), that one.

    Args:
        folder: Below which the files of its images are.

    Attributes:
        step_metric: That metric, or "".
        last_step: The step of the last row; None before the first one.
        last_time: The latest wall time of any row; NaN before the first one.
        row_steps: int64[n], the steps of the rows that were decoded last.
        others: How many values were of kinds that are not read (videos, tables, …), by kind.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.step_metric = ""
        self.last_step: int | None = None
        self.last_time = math.nan
        self.row_steps: Int64Array = np.empty(0, np.int64)
        self.others: Counter[str] = Counter()
        self._items = ItemReader()
        self._names = {name: self._items.number_of(name) for name in ("_step", "_timestamp", "_runtime")}
        self._metric_leads = False
        self._first_numbers = np.full(MAX_TAGS, -1, np.int64)  # the order of each tag's first one
        self._media: set[str] = set()

    @property
    def has_too_many_tags(self) -> bool:
        """Whether further names were left out."""
        return self._items.has_too_many_tags

    def decode(self, data: bytes, rows: FieldTable, order: Int64Array, start_time: float) -> list[Record]:
        """Return the records of n history records.

        Args:
            data: The buffer in which they stand.
            rows: Where each one stands.
            order: int64[n], their places in the stream.
            start_time: When the run began, for rows that tell only how long it runs.
        """
        items, rests = split_items(data, rows)
        table, _ = field_table(data, rests.begin, rests.end)
        numbers, others = self._items.read(data, items.followed_by(items_of(data, table.of(_HISTORY_ITEM))))
        steps = self._steps(numbers, data, table, len(rows))
        self.row_steps = steps
        wall_times = self._wall_times(numbers, len(rows), start_time)
        self.last_time = float(np.fmax.reduce(wall_times, initial=self.last_time))
        notes, more = self._read_others(others, order, steps, wall_times, numbers)
        hidden = [self._names["_step"], self._names["_timestamp"]]
        if self._metric_leads:
            hidden.append(self._items.number_of(self.step_metric))
        hidden += [n for n, tag in enumerate(self._items.tags) if self._is_of_media(tag)]
        numbers = _joined(numbers, more)
        is_shown = np.ones(len(self._items.tags) + 1, np.bool_)
        is_shown[hidden] = False
        shown = is_shown[numbers.tags]
        numbers = Numbers(numbers.rows[shown], numbers.tags[shown], numbers.values[shown])
        return [*batches(numbers, self._items.tags, order, steps, wall_times), *notes]

    def _steps(self, numbers: Numbers, data: bytes, table: FieldTable, count: int) -> Int64Array:
        steps, known = np.zeros(count, np.int64), np.zeros(count, np.bool_)
        self._take_steps(numbers, self._names["_step"], steps, known)
        if not known.all():
            _take_stated_steps(data, table.of(_HISTORY_STEP), steps, known)
        if self.step_metric:
            metric = self._items.number_of(self.step_metric)
            usable = (numbers.tags == metric) & np.isfinite(numbers.values)
            if usable.any() or self._metric_leads:
                begin = 0 if self._metric_leads else int(numbers.rows[usable].min())
                known[begin:] = False
                self._take_steps(numbers, metric, steps, known)
                self._metric_leads = True
        latest = np.maximum.accumulate(np.where(known, np.arange(len(known)), -1))
        steps = np.where(latest >= 0, steps[latest], self.last_step or 0)
        if len(steps):
            self.last_step = int(steps[-1])
        return steps

    @staticmethod
    def _take_steps(numbers: Numbers, tag: int, steps: Int64Array, known: BoolArray) -> None:
        found = (numbers.tags == tag).nonzero()[0]
        found = found[np.abs(numbers.values[found]) < 2.0**62]
        rows = numbers.rows[found]
        steps[rows] = numbers.values[found].astype(np.int64)
        known[rows] = True

    def _wall_times(self, numbers: Numbers, count: int, start_time: float) -> Float64Array:
        times = np.full(count, np.nan)
        for name, origin in (("_runtime", start_time), ("_timestamp", 0.0)):
            found = (numbers.tags == self._names[name]).nonzero()[0]
            times[numbers.rows[found]] = numbers.values[found] + origin
        return times

    def _read_others(
        self,
        others: Sequence[OtherValue],
        order: Int64Array,
        steps: Int64Array,
        wall_times: Float64Array,
        numbers: Numbers,
    ) -> tuple[list[Record], Numbers]:
        """Return texts and histograms, and the numbers among values that are no plain numbers."""
        self._note_first(numbers, order)
        by_row: dict[int, dict[str, object]] = {}
        for other in others:
            for inner in flattened(other):
                by_row.setdefault(inner.row, {})[inner.tag] = inner.value
        records: list[Record] = []
        rows, tags, values = [], [], []
        for row, found in by_row.items():
            place = slice(row, row + 1)
            parents = {
                tag.removesuffix("._type"): kind for tag, kind in found.items() if tag.endswith("._type")
            }
            for parent, kind in parents.items():
                self._media.add(parent)
                histogram = read_histogram(parent, kind, found, order[place], steps[place], wall_times[place])
                where = int(order[row]), int(steps[row]), float(wall_times[row])
                read = [histogram] if histogram else read_images(self._folder, parent, kind, found, where)
                records += read
                if not read:
                    self.others[str(kind)[:_LONGEST_TEXT]] += 1
            for tag, value in found.items():
                if self._is_of_media(tag):
                    continue
                number = self._items.number_of(tag)
                if isinstance(value, int | float) or (
                    value is None and self._held_numbers(number, order[row])
                ):
                    rows.append(row)
                    tags.append(number)
                    values.append(math.nan if value is None else float(value))
                elif isinstance(value, str):
                    text = value[:_LONGEST_TEXT]
                    record = TextRecord(tag, int(order[row]), int(steps[row]), float(wall_times[row]), text)
                    records.append(record)
        return records, Numbers(np.array(rows, np.int64), np.array(tags, np.int64), np.array(values))

    def _note_first(self, numbers: Numbers, order: Int64Array) -> None:
        """Note where each tag's first number is: a null before it means "not logged", behind it NaN."""
        unseen = self._first_numbers[numbers.tags] < 0
        if unseen.any():
            tags, places = np.unique(numbers.tags[unseen], return_index=True)
            self._first_numbers[tags] = order[numbers.rows[unseen][places]]

    def _held_numbers(self, tag: int, order: int) -> bool:
        return tag >= 0 and 0 <= self._first_numbers[tag] < order

    def _is_of_media(self, tag: str) -> bool:
        at = tag.find(SEPARATOR) if self._media else -1
        while at >= 0 and tag[:at] not in self._media:
            at = tag.find(SEPARATOR, at + 1)
        return at >= 0


def _take_stated_steps(data: bytes, stated: FieldTable, steps: Int64Array, known: BoolArray) -> None:
    """Take the steps that records state beside their items, where these tell none."""
    stated = stated.where(~known[stated.message])
    inner, _ = field_table(data, stated.begin, stated.end)
    inner = inner.of(1, wire_type=0)
    steps[stated.message[inner.message]] = varint_column(data, inner)
    known[stated.message] = True  # the number 0 is not written


class StatsDecoder:
    """Decodes the samples of the machine, block by block."""

    def __init__(self) -> None:
        self._items = ItemReader()

    def decode(self, data: bytes, rows: FieldTable, order: Int64Array, steps: Int64Array) -> list[Record]:
        """Return the batches of n samples, whose places and carried steps are int64[n]."""
        table, _ = field_table(data, rows.begin, rows.end)
        numbers, others = self._items.read(data, items_of(data, table.of(_STATS_ITEM)))
        wall_times = timestamps(data, table.of(_STATS_TIMESTAMP), len(rows))
        inner = [
            (other.row, self._items.number_of(other.tag), float(other.value))
            for nested in others
            for other in flattened(nested)
            if isinstance(other.value, int | float)
        ]
        if inner:
            found = zip(*inner, strict=True)
            more = (np.array(next(found)), np.array(next(found)), np.array(next(found), np.float64))
            numbers = _joined(numbers, Numbers(*more))
        return list(batches(numbers, self._items.tags, order, steps, wall_times))


def timestamps(data: bytes, stamps: FieldTable, count: int) -> Float64Array:
    """Return float64[count] unix seconds of the messages that hold a timestamp, NaN for the others."""
    times = np.full(count, np.nan)
    times[stamps.message] = 0.0
    inner, _ = field_table(data, stamps.begin, stamps.end)
    for number, unit in ((1, 1.0), (2, 1e-9)):
        part = inner.of(number, wire_type=0)
        times[stamps.message[part.message]] += varint_column(data, part) * unit
    return times


def batches(
    numbers: Numbers, tags: Sequence[str], order: Int64Array, steps: Int64Array, wall_times: Float64Array
) -> list[ScalarBatch]:
    """Return one batch per set of rows, so that tags logged together share order, step and time."""
    rows, ids, values = numbers.rows, numbers.tags, numbers.values
    known = ids >= 0
    if not known.all():
        rows, ids, values = rows[known], ids[known], values[known]
    # Sixteen bits are sorted by their digits, in place of by comparison; there are no more tags than that.
    is_rising = bool((rows[1:] >= rows[:-1]).all())
    rank = np.argsort(ids.astype(np.uint16), kind="stable") if is_rising else np.lexsort((rows, ids))
    rows, ids, values = rows[rank], ids[rank], values[rank]
    if len(ids):  # of a name that a record holds twice, the last value counts
        again = (rows[1:] == rows[:-1]) & (ids[1:] == ids[:-1])
        if again.any():
            kept = np.append(~again, True)
            rows, ids, values = rows[kept], ids[kept], values[kept]
    cuts = np.flatnonzero(np.diff(ids, prepend=-1, append=-1)) if len(ids) else np.zeros(1, np.int64)
    lengths = np.diff(cuts)
    if len(lengths) > 1 and (lengths == lengths[0]).all():
        table = rows.reshape(len(lengths), -1)
        if (table == table[0]).all():
            names = tuple(tags[tag] for tag in ids[cuts[:-1]].tolist())
            columns = tuple(values.reshape(table.shape))
            places = table[0]
            return [ScalarBatch(names, order[places], steps[places], wall_times[places], columns)]
    together: dict[bytes, list[tuple[int, int]]] = {}
    for begin, end in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
        together.setdefault(rows[begin:end].tobytes(), []).append((begin, end))
    found = []
    for members in together.values():
        places = rows[slice(*members[0])]
        names = tuple(tags[ids[begin]] for begin, _ in members)
        columns = tuple(values[begin:end] for begin, end in members)
        found.append(ScalarBatch(names, order[places], steps[places], wall_times[places], columns))
    return sorted(found, key=lambda batch: int(batch.order[0]))


def _joined(one: Numbers, other: Numbers) -> Numbers:
    if not len(other.rows):
        return one
    parts = zip((one.rows, one.tags, one.values), (other.rows, other.tags, other.values), strict=True)
    return Numbers(*(np.concatenate(pair) for pair in parts))
