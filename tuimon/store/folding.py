"""Points folded into the columns of a chart."""

from __future__ import annotations

import numpy as np

from tuimon.core.batch import ValueArray
from tuimon.core.columns import Columns, Float64Array, Int64Array
from tuimon.store.column import IntColumn, TimeColumn
from tuimon.store.pyramid import NO_BLOCKS, Extremes, reduce_stretches
from tuimon.store.thinning import NOTHING_OMITTED, Omitted


def locate(x: IntColumn | TimeColumn, edges: Float64Array) -> Int64Array:
    """Return the index of the first point at or right of each edge in the ascending, finite `x`.

    The last edge is inclusive: its index lies behind the points that are equal to it.
    """
    if x.dtype == np.int64:
        bounded = np.clip(edges, -(2.0**62), 2.0**62)
        wanted = np.ceil(bounded).astype(np.int64)
        wanted[-1] = np.floor(bounded[-1]) + 1
        return x.searchsorted(wanted)
    behind = edges.copy()
    behind[-1] = np.nextafter(edges[-1], np.inf)
    return x.searchsorted(behind)


def fold(
    edges: Float64Array,
    values: ValueArray,
    blocks: Extremes,
    bounds: Int64Array,
    omitted: Omitted = NOTHING_OMITTED,
) -> Columns:
    """Fold `values[bounds[k, i]:bounds[k, i + 1]]` of all k into column i.

    Args:
        edges: float64[n + 1], what the columns cover.
        values: All values of the series that are held.
        blocks: Its pyramid.
        bounds: int64[k, n + 1], ascending in each of the k >= 1 rows; rows are in the order of arrival.
        omitted: What is no longer held, and counts all the same.
    """
    starts, stops = bounds[:, :-1], bounds[:, 1:]
    counts = stops - starts
    held = counts.sum(axis=0)
    extremes = reduce_stretches(values, blocks, starts.ravel(), stops.ravel())
    nonfinite = extremes.nonfinite.reshape(starts.shape).sum(axis=0)
    finite = held > nonfinite
    count = held
    if omitted.total:
        count = held + np.diff(omitted.points_before(bounds), axis=1).sum(axis=0)
        nonfinite = nonfinite + np.diff(omitted.nonfinite_before(bounds), axis=1).sum(axis=0)
    return Columns(
        edges=edges,
        lo=np.where(finite, extremes.lo.reshape(starts.shape).min(axis=0), np.nan),
        hi=np.where(finite, extremes.hi.reshape(starts.shape).max(axis=0), np.nan),
        first=_pick(values, np.where(counts > 0, starts, len(values)).min(axis=0), held > 0),
        last=_pick(values, np.where(counts > 0, stops - 1, -1).max(axis=0), held > 0),
        count=count,
        nonfinite=nonfinite,
    )


def fold_unordered(
    edges: Float64Array, x: Float64Array, values: ValueArray, omitted: Omitted, first: int
) -> Columns:
    """Fold points whose x rises and falls and may be unknown (non-finite). The cost follows the points.

    Args:
        edges: float64[n + 1], what the columns cover.
        x: Of the points.
        values: Of the points.
        omitted: What the series no longer holds, and counts all the same.
        first: The row of the series that the first of the points is.
    """
    columns = len(edges) - 1
    column = edges.searchsorted(x, side="right") - 1
    column[x == edges[-1]] = columns - 1
    column[~np.isfinite(x) | (column >= columns)] = -1
    inside = np.flatnonzero(column >= 0)
    # A stable sort keeps the order of arrival within a column; numpy sorts 16-bit numbers in linear time.
    column = column[inside].astype(np.uint16 if columns < 2**16 else np.int64)
    ranked = np.argsort(column, kind="stable")
    bounds = column[ranked].searchsorted(np.arange(columns + 1, dtype=column.dtype))
    rows = inside[ranked]
    omitted = omitted.picked(rows + first) if omitted.total else omitted
    return fold(edges, values[rows], NO_BLOCKS, bounds[np.newaxis], omitted)


def _pick(
    values: ValueArray, index: Int64Array, exists: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> Float64Array:
    picked = np.full(len(index), np.nan)
    picked[exists] = values[index[exists]]
    return picked
