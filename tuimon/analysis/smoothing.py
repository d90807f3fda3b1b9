"""Smoothing of curves: TensorBoard's debiased moving average, and a plain one."""

from __future__ import annotations

import math
from functools import lru_cache, partial
from typing import Protocol

import numpy as np

from tuimon.analysis.mapped import MappedSeries
from tuimon.core.batch import ValueArray
from tuimon.core.columns import Float64Array
from tuimon.core.frozen import frozen
from tuimon.store.series import SeriesView

# Points are filtered in blocks of this length, each by one product with a small triangular matrix: long
# enough that numpy does the work, short enough that the matrix stays in the cache.
_BLOCK = 64


class Filter(Protocol):
    """Smooths a column that arrives in pieces."""

    def extend(self, values: ValueArray) -> Float64Array:
        """Return the smoothed form of the next values, as float64[n]; the state goes on from call to call."""


class Ema:
    """The exponential moving average that TensorBoard draws.

    Over the finite values y_1, y_2, …: `last = last * weight + (1 - weight) * y_n`, starting at 0, shown as
    `last / (1 - weight**n)`, so that the start is not drawn towards 0. Non-finite values pass through and
    are not counted.

    Args:
        weight: From 0 (nothing is smoothed) up to, but less than, 1.
    """

    def __init__(self, weight: float) -> None:
        self._weight = weight
        self._last = 0.0
        self._count = 0
        # weight**n is below half a unit in the last place of 1 from here on.
        self._young = math.ceil(-54 / math.log2(weight)) if weight > 0 else 0

    def extend(self, values: ValueArray) -> Float64Array:
        """Return the smoothed form of the next values, as float64[n]."""
        smoothed = values.astype(np.float64)
        finite = np.isfinite(smoothed)
        fresh = smoothed[finite]
        if len(fresh):
            with np.errstate(over="ignore", under="ignore", invalid="ignore"):
                sums = _decaying_sums(fresh * (1 - self._weight), self._weight, self._last)
                self._last = float(sums[-1])
                smoothed[finite] = self._debiased(sums)
            self._count += len(fresh)
        return smoothed

    def _debiased(self, sums: Float64Array) -> Float64Array:
        """Divide by what the weights of the values so far add up to; it soon is 1 to the last bit."""
        head = min(len(sums), max(self._young - self._count, 0))
        counts = np.arange(self._count + 1, self._count + head + 1, dtype=np.float64)
        sums[:head] /= 1 - self._weight**counts
        return sums


class MovingAverage:
    """The mean of the last `window` finite values; non-finite ones pass through and are not counted."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._recent: Float64Array = np.empty(0)

    def extend(self, values: ValueArray) -> Float64Array:
        """Return the smoothed form of the next values, as float64[n]."""
        smoothed = values.astype(np.float64)
        finite = np.isfinite(smoothed)
        fresh = smoothed[finite]
        if len(fresh):
            known = np.concatenate([self._recent, fresh])
            # Sums are made from the values themselves, never as differences of running sums: a spike of
            # 1e30 would leave its rounding error in every value after it.
            sums = np.convolve(known, np.ones(self._window))[len(self._recent) : len(known)]
            counts = np.arange(len(self._recent) + 1, len(known) + 1)
            smoothed[finite] = sums / np.minimum(counts, self._window)
            self._recent = known[max(len(known) - self._window + 1, 0) :]
        return smoothed


class _Off:
    """Passes values on as they are."""

    def extend(self, values: ValueArray) -> Float64Array:
        return values.astype(np.float64)


class _Chain:
    """One filter after another."""

    def __init__(self, *filters: Filter) -> None:
        self._filters = filters

    def extend(self, values: ValueArray) -> Float64Array:
        for each in self._filters:
            values = each.extend(values)
        return values.astype(np.float64, copy=False)


@frozen
class Smoothing:
    """A choice of smoothing: an exponential average, a moving one, the second after the first, or none.

    Attributes:
        weight: Of the exponential average; 0 for none.
        window: Points of the moving average; 1 for none.
    """

    weight: float = 0.0
    window: int = 1

    @property
    def label(self) -> str:
        """What a chart's title says (`ema .9 ma 20`)."""
        parts = []
        if self.weight > 0:
            parts.append("ema " + f"{self.weight:g}".removeprefix("0"))
        if self.window > 1:
            parts.append(f"ma {self.window}")
        return " ".join(parts) or "off"

    def start(self) -> Filter:
        """Return a filter that has seen nothing yet."""
        filters: list[Filter] = []
        if self.weight > 0:
            filters.append(Ema(self.weight))
        if self.window > 1:
            filters.append(MovingAverage(self.window))
        return _Chain(*filters) if filters else _Off()

    def turned(self, by: int = 1) -> Smoothing:
        """Return the choice `by` places further on in the cycle; one from elsewhere counts as its first."""
        at = SMOOTHING_CYCLE.index(self) if self in SMOOTHING_CYCLE else 0
        return SMOOTHING_CYCLE[(at + by) % len(SMOOTHING_CYCLE)]


SMOOTHING_CYCLE = (
    Smoothing(weight=0.6),
    Smoothing(weight=0.9),
    Smoothing(weight=0.97),
    Smoothing(weight=0.9, window=20),
    Smoothing(window=50),
    Smoothing(),
)
DEFAULT_SMOOTHING = SMOOTHING_CYCLE[0]


class SmoothedSeries:
    """A series smoothed as it grows: a redraw costs the new points only.

    As in TensorBoard a series whose values are all equal is left as it is, so that rounding does not show.
    Used by one thread.
    """

    def __init__(self, smoothing: Smoothing) -> None:
        self.smoothing = smoothing
        self._mapped = MappedSeries(partial(_SparingConstants, smoothing))

    def update(self, view: SeriesView) -> SeriesView:
        """Take in the points of `view` that are new; return it with smoothed values, ready for `window`."""
        return self._mapped.update(view)

    def take(self, view: SeriesView, most: int) -> int:
        """Take in at most so many of the points of `view` that are new; return how many it was."""
        return self._mapped.take(view, most)

    def __len__(self) -> int:
        """Return how many points were taken in."""
        return len(self._mapped)


class _SparingConstants:
    """Leaves the values alone for as long as they are all equal; the filter sees them all the same."""

    def __init__(self, smoothing: Smoothing) -> None:
        self._filter = smoothing.start()
        self._constant: float | None = None
        self._varies = False

    def __call__(self, values: ValueArray) -> Float64Array:
        smoothed = self._filter.extend(values)
        if self._varies or not len(values):
            return smoothed
        if self._constant is None:
            self._constant = float(values[0])
        differs = np.flatnonzero(values != self._constant)
        self._varies = bool(len(differs))
        equal = int(differs[0]) if self._varies else len(values)
        smoothed[:equal] = values[:equal]
        return smoothed


def _decaying_sums(values: Float64Array, weight: float, before: float) -> Float64Array:
    """Return s_i = weight * s_(i-1) + values_i with s_(-1) = `before`, for all i.

    Each block is summed on its own; the sums at the ends of the blocks follow the same recurrence with
    weight**_BLOCK, so they are found by the same function. No power is ever inverted, so that nothing
    overflows however long the series is.
    """
    # A series that grows is smoothed point by point.
    size = min(len(values), _BLOCK)
    blocks = -(-len(values) // size)
    padded = np.zeros((blocks, size))
    padded.ravel()[: len(values)] = values
    decay, powers = _powers(weight)
    sums: Float64Array = padded @ decay[:size, :size]
    carried = np.array([before])
    if blocks > 1:
        ends = _decaying_sums(sums[:-1, -1], weight**_BLOCK, before)
        carried = np.append(before, ends)
    sums += carried[:, None] * powers[:size]
    return sums.ravel()[: len(values)]


@lru_cache(maxsize=32)
def _powers(weight: float) -> tuple[Float64Array, Float64Array]:
    """Return weight ** (j - i) for i <= j < _BLOCK, else 0; and weight ** n for n from 1 to _BLOCK."""
    lag = np.arange(_BLOCK) - np.arange(_BLOCK)[:, None]
    decay = np.where(lag >= 0, weight ** np.maximum(lag, 0).astype(np.float64), 0.0)
    return decay, weight ** np.arange(1, _BLOCK + 1, dtype=np.float64)
