"""What repeats in a sequence: the lengths of the records that a training loop logs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tuimon.core.checksums import UInt8Array
from tuimon.core.columns import Int64Array

# How much of the past is looked at, and how long something must have repeated already.
MOST_RECENT = 4096
_FEWEST_REPEATED = 32
_MOST_PERIODS_TRIED = 32
# So much is compared at a time: it stays in the processor's cache, and little is lost where it ends.
_COMPARED_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a sequence: `count` times the same `period` items, from the item `first` on."""

    first: int
    period: int
    count: int

    @property
    def stop(self) -> int:
        """The first item behind it."""
        return self.first + self.period * self.count


def period_at_end(items: Int64Array) -> int:
    """Return after how many items the last ones of a sequence repeat; 0 if they have not done so for long."""
    items = items[-MOST_RECENT:]
    last = len(items) - 1
    equal = np.flatnonzero(items[:-1] == items[-1:])[: -_MOST_PERIODS_TRIED - 1 : -1]
    for period in (last - equal).tolist():
        repeated = max(period, _FEWEST_REPEATED)
        if np.array_equal(items[-repeated:], items[-repeated - period : -period]):
            return int(period)
    return 0


def stretches(items: Int64Array, fewest: int) -> list[Stretch]:
    """Return where a sequence repeats at least `fewest` times what it repeats at its end."""
    period = period_at_end(items)
    if not period:
        return []
    differs = np.flatnonzero(items[period:] != items[:-period])
    borders = np.concatenate([[-1], differs, [len(items) - period]])
    counts = (np.diff(borders) - 1) // period + 1
    return [
        Stretch(int(borders[n]) + 1, period, int(counts[n]))
        for n in np.flatnonzero(counts >= fewest).tolist()
    ]


def count_alike(rows: UInt8Array, row: UInt8Array, mask: UInt8Array) -> int:
    """Return how many of `rows`, uint8[n, m], from the first one on equal `row` in the bits of `mask`."""
    rows_at_once = 1 + _COMPARED_BYTES // rows.shape[1]
    for first in range(0, len(rows), rows_at_once):
        differs = (rows[first : first + rows_at_once] ^ row) & mask
        if differs.max():
            return first + int(differs.any(axis=1).argmax())
    return len(rows)
