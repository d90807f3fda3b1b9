"""Series as one data frame of pandas, a row per point."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tuimon.library.series import Series

if TYPE_CHECKING:
    import pandas as pd


def frame(series: Iterable[Series], runs: Sequence[tuple[str, int]] | None = None) -> pd.DataFrame:
    """Return the columns of all series below one another: [run,] tag, step, wall_time, value, attempt.

    Names are categories, which take a byte or two per point.

    Args:
        series: In the order of the rows.
        runs: The name of each run and its number of points, for the column `run`; they cover all points.

    Raises:
        ImportError: pandas is not installed.
    """
    import pandas as pd  # noqa: PLC0415 - only who asks for it has it

    parts = list(series)
    tags = {each.tag: None for each in parts}
    numbers = {tag: number for number, tag in enumerate(tags)}
    codes = np.repeat([numbers[each.tag] for each in parts], [len(each) for each in parts])
    columns: dict[str, object] = {}
    if runs is not None:
        of_rows = np.repeat(np.arange(len(runs)), [count for _, count in runs])
        columns["run"] = pd.Categorical.from_codes(of_rows, [name for name, _ in runs])
    columns["tag"] = pd.Categorical.from_codes(codes, list(tags))
    for name, of_no_series in _EMPTY.items():
        columns[name] = np.concatenate([of_no_series, *(each.columns()[name] for each in parts)])
    return pd.DataFrame(columns)


# Without any series a frame still has columns of the right types. float32 values stay so where all are.
_EMPTY = {
    "step": np.empty(0, np.int64),
    "wall_time": np.empty(0, np.float64),
    "value": np.empty(0, np.float32),
    "attempt": np.empty(0, np.int64),
}
