"""The same curve of several ranks as one line and a band around it. The cost follows the columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tuimon.charts.strokes import bridge
from tuimon.core.columns import Columns, Float64Array

_LO, _HI, _FIRST, _LAST = range(4)


def mean_line(ranks: Sequence[Columns]) -> Columns:
    """Return the mean of what is drawn of each rank; a rank without a finite value in a column is left out.

    Between two of its points a rank lies on the straight line between them, as it is drawn. Within a column
    the line reaches from the mean of the first values to that of the last ones: what means of the extremes
    would tell is the spread of each rank, and `band` shows more than that.

    Args:
        ranks: At least one, with the same edges.
    """
    values = _bridged(ranks)
    known = np.isfinite(values)
    count = known.sum(axis=0)
    with np.errstate(over="ignore", invalid="ignore"):
        total = np.where(known, values, 0.0).sum(axis=0)
        mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    first, last = mean[_FIRST], mean[_LAST]
    return Columns(
        edges=ranks[0].edges,
        lo=_or(np.fmin(first, last), mean[_LO]),
        hi=_or(np.fmax(first, last), mean[_HI]),
        first=first,
        last=last,
        count=sum((each.count for each in ranks[1:]), ranks[0].count),
        nonfinite=sum((each.nonfinite for each in ranks[1:]), ranks[0].nonfinite),
    )


def band(ranks: Sequence[Columns]) -> Columns:
    """Return the smallest and the largest value of all ranks in each column, also between their points.

    Args:
        ranks: At least one, with the same edges.
    """
    values = _bridged(ranks)
    lo, hi = np.fmin.reduce(values[:, _LO]), np.fmax.reduce(values[:, _HI])
    count = sum((each.count for each in ranks[1:]), ranks[0].count)
    middle = lo / 2 + hi / 2
    return Columns(
        edges=ranks[0].edges,
        lo=lo,
        hi=hi,
        first=middle,
        last=middle,
        count=np.where(np.isfinite(middle), np.maximum(count, 1), count),
        nonfinite=sum((each.nonfinite for each in ranks[1:]), ranks[0].nonfinite),
    )


def _or(values: Float64Array, others: Float64Array) -> Float64Array:
    """Return the values that are finite, and others in place of those that are not."""
    return np.where(np.isfinite(values), values, others)


def _bridged(ranks: Sequence[Columns]) -> Float64Array:
    """Return lo, hi, first and last of each rank as float64[r, 4, n], empty columns between two filled."""
    values = np.array([(each.lo, each.hi, each.first, each.last) for each in ranks], np.float64)
    for rows, each in zip(values, ranks, strict=True):
        occupied: npt.NDArray[np.bool_] = each.count > 0
        bridge(rows, occupied)
    return values
