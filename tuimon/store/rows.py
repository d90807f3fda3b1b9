"""New points of many series in the order in which they were logged, for everything that streams."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from tuimon.core.columns import Float64Array, Int64Array
from tuimon.core.frozen import frozen
from tuimon.store.run import RunView
from tuimon.store.series import SeriesView

# Between two points that are so many times as far apart as usual, a run did something else than train.
_PAUSE_INTERVALS = 5.0
_FIRST = np.zeros(1, np.int64)


@frozen(eq=False)
class Rows:
    """Points of several tags, merged into the order in which they were logged.

    Attributes:
        tags: The tags that occur.
        tag_index: int32[n], which of `tags` each point is of.
        steps: int64[n], as logged.
        wall_times: float64[n], unix seconds; NaN where none was logged.
        values: float64[n].
        record: int64[n], equal for neighbours that were logged in one record, rising otherwise.
    """

    tags: tuple[str, ...]
    tag_index: npt.NDArray[np.int32]
    steps: Int64Array
    wall_times: Float64Array
    values: Float64Array
    record: Int64Array

    def __len__(self) -> int:
        return len(self.values)

    def records(self) -> Iterator[tuple[int, int, int, float, bool, bool]]:
        """Return of each record its first point, one past its last, step and time.

        Last, whether all of its points have this step and time, and whether all of its values are finite. The
        times are those of the first points; NaN where none was logged.
        """
        if not len(self):
            return iter(())
        borders = (self.record[1:] != self.record[:-1]).nonzero()[0] + 1
        starts, stops = np.concatenate((_FIRST, borders)), np.concatenate((borders, (len(self),)))
        steps, times = self.steps[starts], self.wall_times[starts]
        last_steps, last_times = self.steps[stops - 1], self.wall_times[stops - 1]
        known = np.isfinite(times)
        together = (last_steps == steps) & ((last_times == times) | ~(known | np.isfinite(last_times)))
        times = np.where(known, times, np.nan)
        finite = np.logical_and.reduceat(np.isfinite(self.values), starts)
        return zip(*(each.tolist() for each in (starts, stops, steps, times, together, finite)), strict=True)

    def border(self, at: int) -> int:
        """Return the end of the record of the point before `at` (at least 1), so that none is torn."""
        if at >= len(self):
            return len(self)
        return int(self.record.searchsorted(self.record[at - 1], side="right"))

    def part(self, start: int, stop: int) -> Rows:
        """Return the points `[start, stop)`."""
        chosen = slice(start, stop)
        return Rows(
            self.tags,
            self.tag_index[chosen],
            self.steps[chosen],
            self.wall_times[chosen],
            self.values[chosen],
            self.record[chosen],
        )


class RowReader:
    """Hands out every point of the chosen tags once, over any number of views of a growing run.

    Attributes:
        has_left: Whether the last call left points to the next one.
    """

    def __init__(self, wanted: Callable[[str], bool]) -> None:
        self.has_left = False
        self._wanted = wanted
        self._taken: dict[str, int] = {}

    def read(self, run: RunView, most: int | None = None) -> Rows:
        """Return the points that came since the last call, the first `most` of them or so.

        Where several sources are merged, or old points were folded, it is all of them.

        Within one source points keep their order of writing. Points of several sources are merged by wall
        time; a point without one stays behind the point before it. Where a source has no times, but another
        one tells the same and has them, the points get the times at which that one reached their steps. Of
        points that were folded before they were read only those come that are held.
        """
        fresh = [
            (series, series.omitted.row_of(self._taken.get(tag, 0)))
            for tag, series in run.series.items()
            if self._wanted(tag) and series.statistics.count > self._taken.get(tag, 0)
        ]
        parts = [
            (series, slice(start, stop))
            for (series, start), stop in zip(fresh, _stops(fresh, most), strict=True)
            if stop > start
        ]
        self.has_left = sum(part.stop - part.start for _, part in parts) < sum(len(s) - n for s, n in fresh)
        for series, part in parts:
            whole = part.stop == len(series)
            self._taken[series.tag] = series.statistics.count if whole else part.stop
        if not parts:
            return Rows(
                (), np.empty(0, np.int32), *(np.empty(0, t) for t in (np.int64, float, float, np.int64))
            )
        stream = np.concatenate([np.full(part.stop - part.start, s.stream) for s, part in parts])
        order = np.concatenate([s.order[part] for s, part in parts])
        steps = np.concatenate([s.steps[part] for s, part in parts])
        times = np.concatenate([s.wall_times[part] for s, part in parts])
        for number, clock in run.clocks.items():
            untimed = np.flatnonzero(stream == number)
            times[untimed] = _times_at(steps[untimed], clock)
        rank = np.lexsort((order, stream))
        if len(np.unique(stream)) > 1:
            rank = rank[np.argsort(_filled(times[rank], stream[rank]), kind="stable")]
        stream, order = stream[rank], order[rank]
        new_record = np.append(True, (np.diff(order) != 0) | (np.diff(stream) != 0))
        return Rows(
            tags=tuple(s.tag for s, _ in parts),
            tag_index=np.repeat(
                np.arange(len(parts), dtype=np.int32), [part.stop - part.start for _, part in parts]
            )[rank],
            steps=steps[rank],
            wall_times=times[rank],
            values=np.concatenate([s.values[part].astype(np.float64) for s, part in parts])[rank],
            record=np.cumsum(new_record),
        )


def _stops(fresh: Sequence[tuple[SeriesView, int]], most: int | None) -> list[int]:
    """Return the rows before which to stop, so that about `most` points come in all and no record is torn."""
    ends = [len(series) for series, _ in fresh]
    count = sum(ends) - sum(start for _, start in fresh)
    is_merged = len({series.stream for series, _ in fresh}) > 1
    if most is None or count <= most or is_merged or any(series.omitted.total for series, _ in fresh):
        return ends
    each = max(most // len(fresh), 1)
    last = min(int(series.order[start + each - 1]) for series, start in fresh if len(series) - start >= each)
    return [max(start, int(series.order.searchsorted(last, side="right"))) for series, start in fresh]


def _times_at(steps: Int64Array, clock: SeriesView) -> Float64Array:
    """Return when a series reached steps, between two of its points in proportion; NaN where it tells not.

    That is where it paused between two points, and where steps were reached twice.
    """
    known_steps, known_times = clock.steps[:], clock.wall_times[:]
    passed = np.diff(known_times)
    if len(clock.step_falls) or not len(passed) or not (passed >= 0).all():
        return np.full(len(steps), np.nan)
    times = np.interp(steps, known_steps, known_times, left=np.nan, right=np.nan)
    behind = np.minimum(known_steps.searchsorted(steps), len(passed))
    is_between = known_steps[behind] > steps
    is_pause = passed[behind - 1] > _PAUSE_INTERVALS * np.median(passed)
    return np.where(is_between & is_pause, np.nan, times)


def _filled(times: Float64Array, stream: Int64Array) -> Float64Array:
    """Return times that never fall within a stream and are known wherever an earlier one of it is."""
    filled = np.where(np.isfinite(times), times, -np.inf)
    for begin, stop in _stretches(stream):
        filled[begin:stop] = np.maximum.accumulate(filled[begin:stop])
    return filled


def _stretches(stream: Int64Array) -> list[tuple[int, int]]:
    borders = [0, *(np.flatnonzero(np.diff(stream)) + 1).tolist(), len(stream)]
    return list(pairwise(borders))
