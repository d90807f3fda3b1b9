"""Quantities that grow and grow."""

from __future__ import annotations

import math
from collections import deque
from itertools import pairwise

from tuimon.core.frozen import frozen

# The share of its rise by which a climb must go beyond what was reached before. Own choice.
_BEYOND = 0.25


@frozen
class Ascent:
    """Block means that rose one after the other.

    Attributes:
        first: The oldest mean.
        last: The newest mean.
        readings: Readings between the middle of the oldest and of the newest block.
    """

    first: float
    last: float
    readings: int

    @property
    def rise(self) -> float:
        """How much it rose in all."""
        return self.last - self.first

    @property
    def per_reading(self) -> float:
        """How much it rises from one reading to the next."""
        return self.rise / self.readings

    def reaches(self, limit: float, within: float) -> bool:
        """Return whether it will be at `limit` after `within` times as many readings as it has lasted."""
        return limit - self.last <= within * self.rise


class Climb:
    """Watches whether the means of the last blocks each lie above the one before, without levelling off.

    What has been as high before and came down again (checkpoints that are deleted) climbs only beyond that.
    A leak may take minutes or days: the same test runs over blocks of several lengths at once, each made of
    blocks of the length before it.

    Args:
        length: Readings in the shortest block.
        blocks: How many blocks must rise.
        scales: How many lengths there are, each `growth` times the one before.
        growth: See `scales`.
        averaged: How many readings each value is the mean of; `length` is a multiple of it.
        least_step: Each mean must lie so much above the one before.
        least_last: The last step must be at least this share of the first: what saturates is no leak.
    """

    def __init__(
        self,
        *,
        least_step: float,
        least_last: float,
        length: int = 12,
        blocks: int = 5,
        scales: int = 4,
        growth: int = 4,
        averaged: int = 1,
    ) -> None:
        self._least_step = least_step
        self._least_last = least_last
        self._lengths = [length * growth**scale for scale in range(scales)]
        self._length, self._growth = length // averaged, growth
        self._blocks = blocks
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._means: list[deque[float]] = [deque(maxlen=self._blocks) for _ in self._lengths]
        self._highest = [-math.inf] * len(self._lengths)
        self._ascents: list[Ascent | None] = [None] * len(self._lengths)
        # Of the means that the next mean of the next length is made of.
        self._sums = [0.0] * len(self._lengths)
        self._counts = [0] * len(self._lengths)
        self._sum, self._count = 0.0, 0

    def push(self, value: float) -> bool:
        """Add a reading, or a mean of readings; return whether a block is complete."""
        self._sum += value
        self._count += 1
        if self._count < self._length:
            return False
        carried = self._sum / self._count
        self._sum, self._count = 0.0, 0
        for scale, means in enumerate(self._means):
            if len(means) == self._blocks:
                self._highest[scale] = max(self._highest[scale], means[0])
            means.append(carried)
            self._ascents[scale] = self._ascent(scale)
            self._sums[scale] += carried
            self._counts[scale] += 1
            if self._counts[scale] < self._growth:
                break
            carried = self._sums[scale] / self._counts[scale]
            self._sums[scale], self._counts[scale] = 0.0, 0
        return True

    def ascents(self) -> tuple[Ascent, ...]:
        """Return the lengths of block over which it climbs now, shortest first."""
        return tuple(ascent for ascent in self._ascents if ascent is not None)

    def rests(self) -> bool:
        """Return whether the newest of the shortest blocks does not lie above the one before."""
        means = self._means[0]
        return len(means) < 2 or means[-1] - means[-2] <= self._least_step

    def _ascent(self, scale: int) -> Ascent | None:
        """Return the climb over the blocks of one length, if they climb."""
        means = self._means[scale]
        # Nearly all blocks end here: the newest one does not lie above the one before.
        if len(means) < self._blocks or means[-1] - means[-2] <= self._least_step:
            return None
        first, last = means[0], means[-1]
        steps = [later - earlier for earlier, later in pairwise(means)]
        if min(steps) <= self._least_step or steps[-1] <= self._least_last * steps[0]:
            return None
        if last <= self._highest[scale] + _BEYOND * (last - first):
            return None
        return Ascent(first, last, (self._blocks - 1) * self._lengths[scale])
