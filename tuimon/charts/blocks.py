"""Bars of block elements that grow by eighths of a cell, upwards or to the right."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tuimon.charts.grid import SPACE, CharArray
from tuimon.core.columns import Float64Array

EIGHTHS = 8
# U+2581 to U+2588 fill a cell from below, U+258F down to U+2588 from the left.
UPWARD: CharArray = np.array([SPACE, *range(0x2581, 0x2589)], dtype=np.uint32)
RIGHTWARD: CharArray = np.array([SPACE, *range(0x258F, 0x2587, -1)], dtype=np.uint32)
TRACK = 0x2591


def filled_eighths(fractions: Float64Array, cells: int) -> npt.NDArray[np.int64]:
    """How many eighths of a bar of `cells` cells are filled, for fractions of any shape from 0 to 1.

    Only what is complete looks complete (99.9 % does not), and only what is empty looks empty.
    """
    whole = cells * EIGHTHS
    eighths = np.floor(np.clip(fractions, 0.0, 1.0) * whole).astype(np.int64)
    eighths = np.where((fractions < 1) & (eighths == whole), whole - 1, eighths)
    return np.where((fractions > 0) & (eighths == 0), min(1, whole), eighths)
