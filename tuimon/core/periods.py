"""What repeats in a sequence: the lengths of the records that a training loop logs."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from tuimon.core.checksums import UInt8Array
from tuimon.core.columns import Int64Array
from tuimon.core.frozen import frozen

# How much of the past is looked at, and how long something must have repeated already.
MOST_RECENT = 4096
_FEWEST_REPEATED = 32
_MOST_PERIODS_TRIED = 32
# A loop that is left for something else now and then may be so at the end, too.
_PARTS_TRIED = 4
# So much is compared at a time: it stays in the processor's cache.
_COMPARED_BYTES = 1 << 17


@frozen(eq=False)
class Turns:
    """The times around a loop: the same items each time.

    Attributes:
        cycle: int64[p], the items.
        firsts: int64[n], the number of the first item of each turn, ascending; turns do not overlap.
    """

    cycle: Int64Array
    firsts: Int64Array


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


def turns_of(items: Int64Array, fewest: int) -> list[Turns]:
    """Return where a sequence repeats itself at least `fewest` times in a row.

    What comes between two stretches of a loop may begin anywhere in it; turns of both begin with the same
    item. The turn before the first stretch is one of its own: the first time around is often different.
    """
    parts = (len(items) * part // _PARTS_TRIED for part in range(_PARTS_TRIED, 0, -1))
    period = min(filter(None, (period_at_end(items[:part]) for part in parts)), default=0)
    if not period:
        return []
    differs = np.flatnonzero(items[period:] != items[:-period])
    borders = np.concatenate([[-1], differs, [len(items) - period]])
    found: dict[bytes, list[Int64Array]] = {}
    free = 0
    for n in np.flatnonzero(np.diff(borders) > period * (fewest - 1)).tolist():
        first, stop = max(free, int(borders[n]) + 1), int(borders[n + 1]) + period
        first += _way_to_known(items[first : first + period], found)
        if not found and first >= period:
            found[items[first - period : first].tobytes()] = [np.array([first - period])]
        firsts = np.arange(first, stop - period + 1, period)
        found.setdefault(items[first : first + period].tobytes(), []).append(firsts)
        free = first + period * len(firsts)
    return [Turns(np.frombuffer(cycle, np.int64), np.concatenate(parts)) for cycle, parts in found.items()]


def _way_to_known(cycle: Int64Array, known: Iterable[bytes]) -> int:
    """Return behind how many items of a cycle a known one begins; 0 if none does."""
    turning = np.tile(cycle, 2).tobytes()
    for other in known:
        at = turning.find(other)
        while at >= 0 and at % cycle.itemsize:
            at = turning.find(other, at + 1)
        if at >= 0:
            return at // cycle.itemsize
    return 0


def alike(rows: UInt8Array, row: UInt8Array, mask: UInt8Array) -> npt.NDArray[np.bool_]:
    """Return which of `rows`, uint8[n, m], equal `row` in the bits of `mask`."""
    found = np.ones(len(rows), bool)
    rows_at_once = 1 + _COMPARED_BYTES // rows.shape[1]
    buffer = np.empty((min(rows_at_once, len(rows)), rows.shape[1]), np.uint8)
    for first in range(0, len(rows), rows_at_once):
        part = rows[first : first + rows_at_once]
        differs = np.bitwise_xor(part, row, out=buffer[: len(part)])
        differs &= mask
        if differs.max():
            found[first : first + len(part)] = ~differs.any(axis=1)
    return found
