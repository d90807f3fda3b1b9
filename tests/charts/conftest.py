"""A slow and obvious fold, so that the charts are tested without the store."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tuimon.core.columns import Columns, Float64Array


def _fold(xs: Float64Array, values: Float64Array, limits: tuple[float, float], columns: int) -> Columns:
    edges = np.linspace(*limits, columns + 1)
    lo, hi, first, last = np.full((4, columns), np.nan)
    count, nonfinite = np.zeros((2, columns), dtype=np.int64)
    bounds = np.searchsorted(xs, edges)
    bounds[-1] = np.searchsorted(xs, edges[-1], side="right")
    for column in range(columns):
        part = values[bounds[column] : bounds[column + 1]]
        finite = part[np.isfinite(part)]
        count[column], nonfinite[column] = len(part), len(part) - len(finite)
        if len(finite):
            lo[column], hi[column] = finite.min(), finite.max()
        if len(part):
            first[column], last[column] = part[0], part[-1]
    return Columns(edges, lo, hi, first, last, count, nonfinite)


@pytest.fixture(scope="session")
def fold() -> Callable[..., Columns]:
    """`fold(xs, values, limits, columns)`: every point of ascending xs into its column."""
    return _fold
