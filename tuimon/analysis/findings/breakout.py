"""Quantities that were quiet and then began to climb: seen early, and told how long they have left."""

from __future__ import annotations

from collections import deque

from tuimon.analysis.findings.climb import Ascent
from tuimon.analysis.findings.windows import mean

# A stretch is looked at in quarters of this many blocks each, over blocks of doubling length: the windows lie
# so close to each other that a climb of any length has one that fits it.
_BLOCKS_PER_QUARTER = (1, 2, 3)
_BLOCK_READINGS = 4
_SCALES = 11
_MOST_PER_QUARTER = _BLOCKS_PER_QUARTER[-1]
_CLIMB_BLOCKS, _KEPT_BLOCKS = 4 * _MOST_PER_QUARTER, 8 * _MOST_PER_QUARTER
# Before it the quantity moved by less than this share of what it climbed since. Own choice.
_QUIET_SHARE = 0.25


class Breakout:
    """Watches for a steady climb that began after a quiet stretch at least as long as itself.

    A climb that is part of the usual (the first of many teeth of a saw, memory that is filled at the start)
    cannot be told from a leak until it has lasted for long. One that sets in after a quiet stretch can be
    told much earlier: what it does was not done before. Steps at even distances climb as a line does.

    The state is at most 24 means for each of 11 lengths of block, from 4 to 4096 readings.

    Args:
        least_step: The mean of each quarter must lie so much above that of the one before.
        least_last: The last step must be at least this share of those before: what saturates is no leak.
        averaged: How many readings each value is the mean of: 1, 2 or 4.
    """

    def __init__(self, *, least_step: float, least_last: float, averaged: int = 1) -> None:
        self._length = _BLOCK_READINGS // averaged
        self._least_step = least_step
        self._least_last = least_last
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._means: list[deque[float]] = [deque(maxlen=_KEPT_BLOCKS) for _ in range(_SCALES)]
        # Of all blocks that lie before the longest climb.
        self._highest = [-float("inf")] * _SCALES
        self._carried: list[float | None] = [None] * _SCALES
        self._sum = 0.0
        self._count = 0

    def push(self, value: float) -> Ascent | None:
        """Add a reading, or a mean of readings; return the climb that it completes, if there is one."""
        self._sum += value
        self._count += 1
        if self._count < self._length:
            return None
        block, found = self._sum / self._count, None
        self._sum, self._count = 0.0, 0
        for scale, means in enumerate(self._means):
            means.append(block)
            known, highest = len(means), self._highest[scale]
            if known > _CLIMB_BLOCKS and means[-1 - _CLIMB_BLOCKS] > highest:
                self._highest[scale] = highest = means[-1 - _CLIMB_BLOCKS]
            # Nearly all readings end here: a climb leads beyond what was reached before, and so does the
            # mean of its last quarter, of which these are the newest blocks.
            if known >= 8 and (block > highest or means[-2] > highest or means[-3] > highest):
                found = found or self._ascent(scale)
            earlier, self._carried[scale] = self._carried[scale], block
            if earlier is None:
                break
            self._carried[scale] = None
            block = 0.5 * (earlier + block)
        return found

    def _ascent(self, scale: int) -> Ascent | None:
        known = list(self._means[scale])
        most = max(known[-_MOST_PER_QUARTER:]) - min(known[-_CLIMB_BLOCKS:])
        for blocks in _BLOCKS_PER_QUARTER:
            if len(known) < 8 * blocks:
                break
            # What has climbed all along, or hardly rose of late, is told without a mean.
            if abs(known[-8 * blocks] - known[-4 * blocks - 1]) > _QUIET_SHARE * most:
                continue
            if max(known[-blocks:]) - min(known[-2 * blocks : -blocks]) <= self._least_step:
                continue
            ascent = self._over(known, blocks, self._highest[scale], _BLOCK_READINGS << scale)
            if ascent is not None:
                return ascent
        return None

    def _over(self, means: list[float], blocks: int, highest: float, readings: int) -> Ascent | None:
        """Return the climb over the last four quarters of `blocks` blocks of `readings` readings each."""
        stop = len(means)
        least = self._least_step
        last, third = mean(means[stop - blocks :]), mean(means[stop - 2 * blocks : stop - blocks])
        if last - third <= least:
            return None
        first = mean(means[stop - 4 * blocks : stop - 3 * blocks])
        second = mean(means[stop - 3 * blocks : stop - 2 * blocks])
        steps = (second - first, third - second)
        if min(steps) <= least or last - third < self._least_last * max(steps):
            return None
        before = means[stop - 8 * blocks : stop - 4 * blocks]
        rise = last - first
        quiet = max(*before, first) - min(*before, first) <= _QUIET_SHARE * rise
        beyond = last > max(highest, *means[: stop - 4 * blocks]) + _QUIET_SHARE * rise
        return Ascent(first, last, 3 * blocks * readings) if quiet and beyond else None
