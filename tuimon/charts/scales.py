"""Scales: from the values of an axis to fractions of its length, in numpy."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Literal

import numpy as np

from tuimon.core.columns import Float64Array
from tuimon.core.frozen import frozen

Limits = tuple[float, float]

_LARGEST = sys.float_info.max
_SMALLEST_LOG = 1e-300
# Log limits that start at or below zero show this much below the upper one.
_LOG_FALLBACK = 1e-6
# The symmetric log scale is linear within this part of its larger limit: three decades to each side of zero.
_SYMLOG_LINEAR = 1e-3
# Far outside: lines to such points still have the right slope, and no product overflows.
_FAR = 1e6


@frozen
class Scale:
    """How values are spread over an axis.

    Attributes:
        kind: `linear`; `log`, which has no place for values <= 0; or `symlog`, the inverse hyperbolic sine,
            which is linear around zero and logarithmic far from it on both sides.
    """

    kind: Literal["linear", "log", "symlog"] = "linear"

    def fractions(self, values: Float64Array, limits: Limits) -> Float64Array:
        """Where `values` lie between `limits`: 0 at the lower one, 1 at the upper, beyond them outside.

        Args:
            values: float64, any shape.
            limits: as `usable` returns them.

        Returns:
            float64 of the same shape; NaN where a value is not finite or has no place on the scale.
        """
        lo, hi = limits
        with np.errstate(all="ignore"):
            # Infinity times zero is NaN: this costs a third of a test and a choice per value.
            finite = values + values * 0.0
            if self.kind == "log":
                finite = np.log(np.where(finite > 0, finite, np.nan))
                lo, hi = math.log(lo), math.log(hi)
            elif self.kind == "symlog":
                width = max(abs(lo), abs(hi)) * _SYMLOG_LINEAR
                finite = np.arcsinh(np.clip(finite / width, -_LARGEST, _LARGEST))
                lo, hi = math.asinh(lo / width), math.asinh(hi / width)
            # Halved before subtraction: a span of twice the largest float has no float of its own.
            fractions = (finite * 0.5 - lo * 0.5) / (hi * 0.5 - lo * 0.5)
        clipped: Float64Array = np.maximum(np.minimum(fractions, _FAR), -_FAR)
        return clipped

    def usable(self, limits: Limits) -> Limits:
        """Limits that can be drawn: finite, ascending, apart, and positive on a log scale."""
        lo, hi = (_finite(limit) for limit in limits)
        lo, hi = min(lo, hi), max(lo, hi)
        if self.kind == "log":
            hi = max(hi, _SMALLEST_LOG / _LOG_FALLBACK) if hi > 0 else 1.0
            lo = max(lo, _SMALLEST_LOG) if lo > 0 else hi * _LOG_FALLBACK
        # Closer than this, neighbouring floats are too few to tell dots apart.
        margin = max(abs(lo), abs(hi)) * 1e-12 + _SMALLEST_LOG
        if hi * 0.5 - lo * 0.5 >= margin * 0.5:
            return lo, hi
        room = max(abs(lo) * 0.1, _SMALLEST_LOG) if lo else 1.0
        return max(lo - room, -_LARGEST), min(hi + room, _LARGEST)


@frozen
class Axis:
    """A scale between two limits.

    Attributes:
        scale: how values are spread.
        limits: as `Scale.usable` returns them.
    """

    scale: Scale
    limits: Limits

    def fractions(self, values: Float64Array | Sequence[float]) -> Float64Array:
        """Where `values` lie on the axis; see `Scale.fractions`."""
        return self.scale.fractions(np.asarray(values, dtype=np.float64), self.limits)


def _finite(limit: float) -> float:
    return 0.0 if math.isnan(limit) else min(max(limit, -_LARGEST), _LARGEST)


LINEAR = Scale("linear")
LOG = Scale("log")
SYMLOG = Scale("symlog")
