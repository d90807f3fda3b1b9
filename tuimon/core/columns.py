"""What a chart is drawn from: one summary per column of the screen."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tuimon.core.frozen import frozen

Float64Array = npt.NDArray[np.float64]
Int64Array = npt.NDArray[np.int64]


@frozen(eq=False)
class Columns:
    """All points of a window, folded into as many columns as the chart has.

    Column `i` covers x in `[edges[i], edges[i + 1])` (the last one includes its right edge). No point is
    left out: a single NaN or spike among ten million points is in the column that covers it.

    Attributes:
        edges: float64[n + 1], ascending, in the unit of the x axis.
        lo: float64[n], the smallest finite value of the column; NaN where it has none.
        hi: float64[n], the largest finite value; NaN where it has none.
        first: float64[n], the first value in arrival order as logged (may be non-finite); NaN if count is 0.
        last: float64[n], the last value in arrival order as logged (may be non-finite); NaN if count is 0.
        count: int64[n], points in the column, non-finite ones included.
        nonfinite: int64[n], how many of them are NaN or infinite.
    """

    edges: Float64Array
    lo: Float64Array
    hi: Float64Array
    first: Float64Array
    last: Float64Array
    count: Int64Array
    nonfinite: Int64Array

    def __len__(self) -> int:
        return len(self.lo)
