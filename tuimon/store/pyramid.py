"""Extremes of blocks of points, so that a chart of ten million points costs what one of ten thousand does."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tuimon.core.batch import ValueArray
from tuimon.core.columns import Float64Array, Int64Array
from tuimon.core.frozen import frozen
from tuimon.store.column import BLOCK
from tuimon.store.growing import GrowingArray


@frozen(eq=False)
class Extremes:
    """Finite extremes and the count of non-finite values of n stretches of points.

    Attributes:
        lo: float32[n] or float64[n]; +inf where a stretch holds no finite value.
        hi: float32[n] or float64[n]; -inf where a stretch holds no finite value.
        nonfinite: uint16[n] or int64[n].
    """

    lo: ValueArray
    hi: ValueArray
    nonfinite: npt.NDArray[np.uint16] | Int64Array

    def __len__(self) -> int:
        return len(self.lo)


NO_BLOCKS = Extremes(np.empty(0), np.empty(0), np.empty(0, np.int64))


class Pyramid:
    """Extremes of every complete block of `BLOCK` values, kept while values arrive, in their precision."""

    __slots__ = ("_hi", "_lo", "_nonfinite")

    def __init__(self) -> None:
        self._lo: GrowingArray[np.floating[Any]] = GrowingArray(np.float32)
        self._hi: GrowingArray[np.floating[Any]] = GrowingArray(np.float32)
        self._nonfinite: GrowingArray[np.uint16] = GrowingArray(np.uint16)

    def extend(self, values: ValueArray) -> None:
        """Add the blocks that have become complete. `values` are all values of the series so far."""
        done, whole = len(self._lo), len(values) // BLOCK
        if whole == done:
            return
        if values.dtype != self._lo.dtype:
            self._lo, self._hi = self._lo.widened(values.dtype), self._hi.widened(values.dtype)
        blocks = values[done * BLOCK : whole * BLOCK].reshape(-1, BLOCK)
        finite = np.isfinite(blocks)
        if finite.all():
            nonfinite = np.zeros(len(blocks), np.uint16)
            self._append(Extremes(blocks.min(axis=1), blocks.max(axis=1), nonfinite))
        else:
            lo, hi = np.where(finite, blocks, np.inf), np.where(finite, blocks, -np.inf)
            nonfinite = np.count_nonzero(~finite, axis=1)
            self._append(Extremes(lo.min(axis=1), hi.max(axis=1), nonfinite))

    def thinned(self, kept: ValueArray, start: int) -> Pyramid:
        """Return the pyramid of the values `kept` and, behind them, those from `start` on.

        The number of those that are kept and `start` are multiples of `BLOCK`.
        """
        pyramid, blocks, first = Pyramid(), self.view(), start // BLOCK
        pyramid.extend(kept)
        pyramid._append(Extremes(blocks.lo[first:], blocks.hi[first:], blocks.nonfinite[first:]))
        return pyramid

    @property
    def nbytes(self) -> int:
        """How many bytes it takes."""
        return self._lo.nbytes + self._hi.nbytes + self._nonfinite.nbytes

    def _append(self, blocks: Extremes) -> None:
        self._lo.extend(blocks.lo.astype(self._lo.dtype, copy=False))
        self._hi.extend(blocks.hi.astype(self._hi.dtype, copy=False))
        self._nonfinite.extend(blocks.nonfinite.astype(np.uint16, copy=False))

    def view(self) -> Extremes:
        """Return the blocks so far; the view stays true while the pyramid grows."""
        return Extremes(self._lo.view(), self._hi.view(), self._nonfinite.view())


def reduce_stretches(values: ValueArray, blocks: Extremes, starts: Int64Array, stops: Int64Array) -> Extremes:
    """Return the extremes of `values[starts[i]:stops[i]]` for each i, whole blocks taken from the pyramid.

    The cost grows with the number of stretches times `BLOCK` and with the number of blocks, not with the
    number of points. Stretches may be empty and need not touch each other.
    """
    first = np.minimum(-(-starts // BLOCK), len(blocks))
    last = np.minimum(stops // BLOCK, len(blocks))
    holds_blocks = last > first
    if not holds_blocks.any():
        return reduce_points(values, starts, stops)
    # Each stretch is a head up to the next block border, whole blocks, and a tail; or only a head.
    head_stops = np.where(holds_blocks, first * BLOCK, stops)
    tail_starts = np.where(holds_blocks, last * BLOCK, stops)
    parts = (
        reduce_points(values, starts, head_stops),
        _reduce_blocks(blocks, first, np.maximum(first, last)),
        reduce_points(values, tail_starts, stops),
    )
    return Extremes(
        np.minimum.reduce([part.lo for part in parts]),
        np.maximum.reduce([part.hi for part in parts]),
        np.add.reduce([part.nonfinite for part in parts]),
    )


def reduce_points(values: ValueArray, starts: Int64Array, stops: Int64Array) -> Extremes:
    """Return the extremes of `values[starts[i]:stops[i]]` for each i, from the points themselves."""
    if not len(starts):
        return NO_BLOCKS
    lengths = stops - starts
    below = np.append(0, np.cumsum(lengths))
    if (starts[1:] == stops[:-1]).all():
        points = values[starts[0] : stops[-1]]
    else:
        points = values[np.arange(below[-1]) + np.repeat(starts - below[:-1], lengths)]
    finite = np.isfinite(points)
    if finite.all():
        lo_points = hi_points = points
        nonfinite = np.zeros(len(starts), np.int64)
    else:
        lo_points, hi_points = np.where(finite, points, np.inf), np.where(finite, points, -np.inf)
        nonfinite = np.diff(np.append(0, np.cumsum(~finite))[below])
    return Extremes(
        _reduce(np.minimum, lo_points, below, np.inf),
        _reduce(np.maximum, hi_points, below, -np.inf),
        nonfinite,
    )


def _reduce_blocks(blocks: Extremes, starts: Int64Array, stops: Int64Array) -> Extremes:
    """Return the extremes of `blocks[starts[i]:stops[i]]` for each i."""
    touched = slice(int(starts.min()), int(stops.max()))
    # Every other stretch between these bounds is what lies between two of the wanted ones.
    bounds = np.stack([starts, stops], axis=1).ravel() - touched.start
    return Extremes(
        _reduce(np.minimum, blocks.lo[touched], bounds, np.inf)[::2],
        _reduce(np.maximum, blocks.hi[touched], bounds, -np.inf)[::2],
        _reduce(np.add, blocks.nonfinite[touched].astype(np.int64), bounds, 0)[::2].astype(np.int64),
    )


def _reduce(
    operation: np.ufunc, values: ValueArray | Int64Array, bounds: Int64Array, empty: float
) -> Float64Array:
    """Reduce `values` between neighbouring bounds; `empty` where they are equal or fall."""
    # reduceat cannot take an index at the end of the array: one more element is put there.
    reduced = operation.reduceat(np.append(values, values.dtype.type(0)), bounds)[:-1]
    return np.where(bounds[1:] > bounds[:-1], reduced, empty).astype(np.float64)
