"""Windows over the last values of a stream that know their order statistics at any moment."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Collection, Iterable
from statistics import median


def mean(values: Collection[float]) -> float:
    """Return the mean of at least one value: `statistics.fmean` without what it costs beside the sum."""
    return math.fsum(values) / len(values)


class SortedWindow:
    """The last `size` values, kept sorted beside their order of arrival.

    Adding a value moves at most `size` pointers in C, which for the windows of the rules (up to 128) is
    cheaper than any tree. Values must be finite.

    Attributes:
        size: How many values it holds at most; so many it may be given to begin with.
        values: The values it holds, smallest first; to be read only.
    """

    __slots__ = ("_arrived", "size", "values")

    def __init__(self, size: int, values: Iterable[float] = ()) -> None:
        self.size = size
        self._arrived: deque[float] = deque(values)
        self.values: list[float] = sorted(self._arrived)

    def __len__(self) -> int:
        return len(self.values)

    def push(self, value: float) -> None:
        """Add a value; the oldest one leaves when the window is full."""
        known, arrived = self.values, self._arrived
        if len(known) == self.size:
            del known[bisect_left(known, arrived.popleft())]
        arrived.append(value)
        insort(known, value)

    def clear(self) -> None:
        """Forget everything."""
        self._arrived.clear()
        self.values.clear()

    @property
    def full(self) -> bool:
        """Whether it holds `size` values."""
        return len(self.values) == self.size

    @property
    def median(self) -> float:
        """The median; the window must not be empty."""
        known = self.values
        count = len(known)
        middle = count >> 1
        return known[middle] if count & 1 else 0.5 * (known[middle - 1] + known[middle])

    def median_of_last(self, count: int) -> float:
        """Return the median of the last `count` values (at least one); the window must not be empty."""
        return median(list(self._arrived)[-max(1, count) :])

    @property
    def smallest(self) -> float:
        """The smallest value; the window must not be empty."""
        return self.values[0]

    @property
    def largest(self) -> float:
        """The largest value; the window must not be empty."""
        return self.values[-1]

    def quantile(self, share: float) -> float:
        """Return the value below which `share` of the values lie; the window must not be empty."""
        return self.values[min(len(self.values) - 1, int(share * len(self.values)))]

    def upper_spread(self) -> float:
        """Return a robust sigma of values whose upper side matters; infinite before there are two.

        It is the larger of what the quartiles and what the upper tail would mean for a normal distribution.
        """
        known, count = self.values, len(self.values)
        if count < 2:
            return math.inf
        quartiles = (known[3 * count >> 2] - known[count >> 2]) / 1.349
        upper_tail = (known[int(0.95 * count)] - known[count >> 1]) / 1.645
        return upper_tail if upper_tail > quartiles else quartiles  # noqa: FURB136 - a call of max costs more

    def count_above(self, limit: float) -> int:
        """Return how many values are larger than `limit`."""
        return len(self.values) - bisect_right(self.values, limit)


class DelayedWindow:
    """A sorted window that a value enters only after `delay` others came.

    What is usual is thus read from before a change, for as long as it takes to be sure of the change.
    """

    __slots__ = ("_waiting", "delay", "window")

    def __init__(self, size: int, delay: int) -> None:
        self.window = SortedWindow(size)
        self.delay = delay
        self._waiting: deque[float] = deque()

    def push(self, value: float) -> None:
        """Add a value; the one that came `delay` values ago enters the window."""
        self._waiting.append(value)
        if len(self._waiting) > self.delay:
            self.window.push(self._waiting.popleft())

    def clear(self) -> None:
        """Forget everything."""
        self.window.clear()
        self._waiting.clear()


class MovingMean:
    """The mean of the last `size` values, in constant time per value.

    Attributes:
        size: How many values it holds at most.
        values: The values it holds, oldest first; to be read only.
    """

    __slots__ = ("_left", "_total", "size", "values")

    def __init__(self, size: int) -> None:
        self.size = size
        self.values: deque[float] = deque()
        self._total = 0.0
        self._left = size

    def __len__(self) -> int:
        return len(self.values)

    def push(self, value: float) -> None:
        """Add a finite value; the oldest one leaves when there are `size`."""
        values = self.values
        if len(values) == self.size:
            self._total -= values.popleft()
        values.append(value)
        self._total += value
        self._left -= 1
        if not self._left:
            # What rounding left behind does not add up.
            self._total, self._left = math.fsum(values), self.size

    @property
    def mean(self) -> float:
        """The mean; there must be a value."""
        return self._total / len(self.values)

    def clear(self) -> None:
        """Forget everything."""
        self.values.clear()
        self._total, self._left = 0.0, self.size


class MovingMinimum:
    """The smallest of the last `size` values, in constant time per value on average."""

    __slots__ = ("_candidates", "_count", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self._count = 0
        self._candidates: deque[tuple[int, float]] = deque()

    def push(self, value: float) -> float:
        """Add a value and return the smallest of the last `size`."""
        candidates, count = self._candidates, self._count
        while candidates and candidates[-1][1] >= value:
            candidates.pop()
        candidates.append((count, value))
        self._count = count + 1
        if candidates[0][0] <= count - self.size:
            candidates.popleft()
        return candidates[0][1]
