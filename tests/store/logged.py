"""Batches as a trainer would have logged them, and a slow and obvious fold to hold the store against."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tuimon.core.batch import ScalarBatch
from tuimon.core.columns import Columns, Float64Array
from tuimon.store.run_store import RunStore
from tuimon.store.series import SeriesView

START = 1_700_000_000.0


def batch(
    tags: str | Sequence[str],
    steps: Sequence[int] | npt.NDArray[np.int64],
    values: npt.ArrayLike | None = None,
    *,
    first_order: int = 0,
    wall_times: npt.ArrayLike | None = None,
) -> ScalarBatch:
    """Return rows of tags that were logged together, one second apart, every tag with the same values."""
    names = (tags,) if isinstance(tags, str) else tuple(tags)
    order = np.arange(first_order, first_order + len(steps))
    column = np.asarray(np.linspace(2, 1, len(steps)) if values is None else values)
    return ScalarBatch(
        tags=names,
        order=order,
        steps=np.asarray(steps, np.int64),
        wall_times=np.asarray(START + order if wall_times is None else wall_times, np.float64),
        values=(column if column.dtype == np.float32 else column.astype(np.float64),) * len(names),
    )


def series_of(*batches: ScalarBatch, tag: str = "loss") -> SeriesView:
    """Return one tag of a run that logged these batches in one stream."""
    store = RunStore()
    store.extend(0, batches)
    return store.freeze().series[tag]


def slow_fold(x: Float64Array, values: Float64Array, edges: Float64Array) -> Columns:
    """Fold point by point."""
    columns = len(edges) - 1
    lo, hi, first, last = np.full((4, columns), np.nan)
    count, nonfinite = np.zeros((2, columns), np.int64)
    for at, value in zip(x.tolist(), values.tolist(), strict=True):
        for column in range(columns):
            closed = column == columns - 1 and at == edges[-1]
            if not (edges[column] <= at < edges[column + 1] or closed):
                continue
            if np.isfinite(value):
                lo[column], hi[column] = np.fmin(lo[column], value), np.fmax(hi[column], value)
            else:
                nonfinite[column] += 1
            if not count[column]:
                first[column] = value
            last[column] = value
            count[column] += 1
    return Columns(edges, lo, hi, first, last, count, nonfinite)


def assert_same_columns(found: Columns, wanted: Columns) -> None:
    """Fail unless all columns are equal, NaN being equal to itself."""
    for name in ("edges", "lo", "hi", "first", "last", "count", "nonfinite"):
        column, expected = getattr(found, name), getattr(wanted, name)
        assert column.dtype == expected.dtype, name
        np.testing.assert_array_equal(column, expected, err_msg=name)
