"""Series whose values are computed from another series' values, kept up to date as that one grows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tuimon.core.batch import ValueArray
from tuimon.core.columns import Float64Array
from tuimon.store.growing import GrowingArray
from tuimon.store.pyramid import Pyramid
from tuimon.store.series import SeriesView, Statistics

# So many points at once are a file that was just read: their picture is waited for, and they are not copied.
_LARGE = 1 << 16


class MappedSeries:
    """A column of float64 beside another series, extended only by the points that are new.

    Order, steps, times and attempts are those of the series it follows and share its memory; the values,
    their pyramid and their statistics are its own, so that its views fold into charts like logged ones.
    Used by one thread.

    Args:
        start: Returns a fresh function from the next values of the series to as many mapped ones. It may
            keep state between calls; it is asked for anew when another series is followed.
        tag: The name of the mapped series; None keeps the name of the series it follows.
    """

    def __init__(
        self, start: Callable[[], Callable[[ValueArray], Float64Array]], tag: str | None = None
    ) -> None:
        self._start = start
        self._tag = tag
        self._map = start()
        self._values: GrowingArray[np.float64] = GrowingArray(np.float64)
        self._pyramid = Pyramid()
        self._statistics = Statistics()
        self._last: tuple[int, int, str] | None = None
        self._made: tuple[SeriesView, SeriesView] | None = None

    def update(self, view: SeriesView) -> SeriesView:
        """Take in the points of `view` that are new and return the mapped view of all of them.

        A view that does not go on where the last one ended (a replay that was turned back) starts it anew.
        The same view gives the same one again.
        """
        if self._made is None or self._made[0] is not view:
            self.take(view, len(view))
            mapped = replace(
                view,
                tag=self._tag or view.tag,
                values=self._values.view(),
                blocks=self._pyramid.view(),
                statistics=self._statistics,
            )
            self._made = view, mapped
        return self._made[1]

    def take(self, view: SeriesView, most: int) -> int:
        """Take in at most so many of the points of `view` that are new; return how many it was."""
        if not self._goes_on(view):
            self._reset()
        taken = len(self._values)
        stop = min(len(view), taken + most)
        if stop > taken:
            mapped = self._map(view.values[taken:stop])
            if not taken and stop == len(view) >= _LARGE:
                self._values = GrowingArray.holding(mapped)
            else:
                self._values.reserve(len(view))
                self._values.extend(mapped)
            self._statistics = self._statistics.extended(view.steps.part(taken, stop), mapped)
            self._pyramid.extend(self._values.view())
            self._last = _point(view, stop - 1)
        return stop - taken

    def __len__(self) -> int:
        """Return how many points were taken in."""
        return len(self._values)

    def _reset(self) -> None:
        self._map = self._start()
        self._values = GrowingArray(np.float64)
        self._pyramid = Pyramid()
        self._statistics = Statistics()
        self._last = None

    def _goes_on(self, view: SeriesView) -> bool:
        taken = len(self._values)
        return self._last is None or (len(view) >= taken and _point(view, taken - 1) == self._last)


def _point(view: SeriesView, index: int) -> tuple[int, int, str]:
    """Return what tells a point from others; NaN is equal to itself in writing."""
    return int(view.order[index]), int(view.steps[index]), repr(float(view.values[index]))
