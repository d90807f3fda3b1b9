"""A whole series in at most 64 means."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tuimon.analysis.findings.windows import mean
from tuimon.core.frozen import frozen

_MOST_BLOCKS = 64


@frozen
class Change:
    """How much one stretch of blocks lies below another one before it.

    Attributes:
        before: Mean of the earlier blocks.
        after: Mean of the later ones.
        error: Standard error of their difference.
    """

    before: float
    after: float
    error: float

    @property
    def fall(self) -> float:
        """How much the later blocks lie below the earlier ones."""
        return self.before - self.after


class Blocks:
    """Means over stretches of equal length that double whenever there are too many of them.

    The state is 64 numbers however long the run is, and a stretch of any length is known with the precision
    that its points allow. Each block also keeps the learning rate at its end.

    Attributes:
        length: Points per block.
        means: Means of the complete blocks, oldest first.
        rates: Learning rates at their ends.
    """

    def __init__(self) -> None:
        self.length = 1
        self.means: list[float] = []
        self.rates: list[float] = []
        self._sum = 0.0
        self._count = 0

    def extend(self, values: Sequence[float], rate: float) -> bool:
        """Add a few points, a power of two of them each time; return whether a block is complete."""
        if len(values) <= self.length:
            return self._push(math.fsum(values), len(values), rate)
        for value in values:
            self._push(value, 1, rate)
        return self._count == 0

    def _push(self, total: float, points: int, rate: float) -> bool:
        self._sum += total
        self._count = count = self._count + points
        if count < self.length:
            return False
        self.means.append(self._sum / count)
        self.rates.append(rate)
        self._sum, self._count = 0.0, 0
        if len(self.means) == _MOST_BLOCKS:
            self.means = [0.5 * (a + b) for a, b in zip(self.means[::2], self.means[1::2], strict=True)]
            self.rates = self.rates[1::2]
            self.length *= 2
        return True

    def change(self, earlier: slice, later: slice) -> Change:
        """Compare two stretches of at least two blocks each."""
        before, after = self.means[earlier], self.means[later]
        mean_before, mean_after = mean(before), mean(after)
        square = _squared_error(before, mean_before) + _squared_error(after, mean_after)
        return Change(mean_before, mean_after, math.sqrt(square))

    def fall(self, earlier: slice, later: slice) -> float:
        """Return by how much a stretch lies below an earlier one, which is cheaper than `change`."""
        return mean(self.means[earlier]) - mean(self.means[later])


def _squared_error(values: list[float], middle: float) -> float:
    """Return the square of the standard error of a mean."""
    return sum((value - middle) ** 2 for value in values) / (len(values) * (len(values) - 1))
