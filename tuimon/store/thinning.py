"""Which points stay when old ones are folded, and what those that went still count for.

Of each block of old points the first and the last stay, the smallest and the largest finite one, and the
first that is not finite; each with its own step, time and order. So what stays is real and in its place: no
extreme moves or is lost. Every point that went is counted with the one before it that stayed, as a non-finite
one if it was one. What stayed may be folded again when it is old.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tuimon.core.batch import ValueArray
from tuimon.core.columns import Int64Array
from tuimon.core.frozen import frozen
from tuimon.store.column import BLOCK, IntColumn
from tuimon.store.packing import packed

# How many points fold into one block; at most five of them stay.
THINNED_BLOCK = 128
_PIECE = 1 << 18


@frozen(eq=False)
class Omitted:
    """How many points went before each of the first n rows of a series, and before those behind them.

    Attributes:
        points: int64[n + 1], ascending.
        nonfinite: int64[n + 1], ascending; how many of them were not finite.
        total: How many points went in all.
    """

    points: IntColumn
    nonfinite: IntColumn
    total: int

    def points_before(self, rows: Int64Array) -> Int64Array:
        """Return how many points went before each of some rows."""
        return self.points[np.minimum(rows, len(self.points) - 1)]

    def nonfinite_before(self, rows: Int64Array) -> Int64Array:
        """Return how many non-finite points went before each of some rows."""
        return self.nonfinite[np.minimum(rows, len(self.nonfinite) - 1)]

    def row_of(self, point: int) -> int:
        """Return the first row that is the `point`th point of all (from 0), or one after it."""
        rows = len(self.points) - 1
        if point >= rows + self.total:
            return point - self.total
        return int((np.arange(rows) + np.asarray(self.points)[:-1]).searchsorted(point))

    def picked(self, rows: Int64Array) -> Omitted:
        """Return the same for some of the rows in another order, each with the points that went behind it."""
        points = np.append(0, np.cumsum(self.points_before(rows + 1) - self.points_before(rows)))
        nonfinite = np.append(0, np.cumsum(self.nonfinite_before(rows + 1) - self.nonfinite_before(rows)))
        return Omitted(points, nonfinite, int(points[-1]))


NOTHING_OMITTED = Omitted(np.zeros(1, np.int64), np.zeros(1, np.int64), 0)


def rows_to_keep(values: ValueArray, needed: Int64Array) -> Int64Array:
    """Return the rows that stay, ascending; so many that they fill packed blocks.

    Args:
        values: Those of whole packed blocks.
        needed: Rows that stay in any case.
    """
    keep = np.zeros(len(values), np.bool_)
    keep[::THINNED_BLOCK] = True
    keep[THINNED_BLOCK - 1 :: THINNED_BLOCK] = True
    keep[needed] = True
    for piece in _pieces(len(values)):
        _keep_extremes(values[piece], keep[piece])
    missing = -np.count_nonzero(keep) % BLOCK
    for piece in reversed(_pieces(len(values))):
        spare = (~keep[piece]).nonzero()[0][:missing]
        keep[piece][spare] = True
        missing -= len(spare)
    return keep.nonzero()[0]


def omitted_by(kept: Int64Array, values: ValueArray, before: Omitted) -> Omitted:
    """Return what is omitted once only `kept` stay of the first rows of a series, which have these values."""
    stop = len(values)
    # What goes behind each row that stays; each piece begins with one.
    gone = np.concatenate(
        [
            np.add.reduceat(~np.isfinite(values[piece]), at - piece.start, dtype=np.int64)
            for piece in _pieces(stop)
            for at in (kept[slice(*kept.searchsorted([piece.start, piece.stop]))],)
        ]
    )
    gone -= ~np.isfinite(values[kept])
    gone_before = np.append(0, np.cumsum(gone))
    # Rows behind these may have been folded before.
    rows = np.concatenate([kept, np.arange(stop, max(stop, len(before.points) - 1) + 1)])
    index = np.arange(len(rows))
    points = before.points_before(rows) + rows - index
    nonfinite = before.nonfinite_before(rows) + gone_before[np.minimum(index, len(kept))]
    return Omitted(packed(points), packed(nonfinite), int(points[-1]))


def _pieces(stop: int) -> list[slice]:
    """Return stretches of whole blocks that are looked at together; more would take much memory."""
    return [slice(start, min(start + _PIECE, stop)) for start in range(0, stop, _PIECE)]


def _keep_extremes(values: ValueArray, keep: npt.NDArray[np.bool_]) -> None:
    """Mark in `keep` what stays of whole blocks of values."""
    blocks = values.reshape(-1, THINNED_BLOCK)
    begins = np.arange(len(blocks)) * THINNED_BLOCK
    finite = np.isfinite(blocks)
    keep[begins + np.where(finite, blocks, np.inf).argmin(axis=1)] = True
    keep[begins + np.where(finite, blocks, -np.inf).argmax(axis=1)] = True
    broken = ~finite.all(axis=1)
    keep[begins[broken] + finite[broken].argmin(axis=1)] = True
