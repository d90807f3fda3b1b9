"""One tag of one run: columns that grow in the reader thread, and frozen views of them for everybody else."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from tuimon.core.batch import ValueArray
from tuimon.core.columns import Columns, Float64Array, Int64Array
from tuimon.core.frozen import frozen
from tuimon.core.roles import Role, role_of
from tuimon.store.axis import Attempt, Axis, Segment
from tuimon.store.column import BLOCK, Column
from tuimon.store.folding import fold, fold_unordered, locate
from tuimon.store.growing import GrowingArray
from tuimon.store.packing import Clock, ClockRows
from tuimon.store.pyramid import Extremes, Pyramid
from tuimon.store.statistics import Statistics
from tuimon.store.thinning import NOTHING_OMITTED, Omitted, omitted_by, rows_to_keep

__all__ = ["Series", "SeriesView", "Statistics"]

_STEP_AXES = frozenset({Axis.ACCUMULATED, Axis.STEP})
_AXES_OF_RUNS = frozenset({Axis.EPOCH, Axis.TOKENS})
# Folding by binary search costs as much per ascending stretch as sorting about this many points does.
_POINTS_PER_STRETCH = 1000
_FEW_STRETCHES = 8
# What is derived from the points is brought up to date when somebody looks, or after this many new points,
# so that many small batches cost little and a look after a large one never waits long.
_MOST_PENDING = 1 << 14
# Where steps or times fall, the points on both sides stay when old ones are folded, so that restarts do. With
# more falls than this it is no restarts (see `find_attempts`), and the first ones tell as much.
_KEPT_FALLS = 256
# Folding that makes less room than this share is not worth its time.
_LEAST_ROOM = 0.1
_NO_ROWS = np.empty(0, np.int64)


@frozen(eq=False)
class SeriesView:
    """A series as it was at one moment; it never changes, and may be read in any thread.

    Attributes:
        tag: The full name, as logged.
        stream: Number of the source within the run; orders compare within a stream only.
        order: int64[n], packed; see `ScalarBatch`.
        steps: int64[n], packed; as logged.
        wall_times: float64[n], packed; unix seconds, NaN where not logged.
        values: float32[n] or float64[n].
        blocks: The pyramid.
        statistics: Exact statistics of all points, also of those that were folded.
        segments: Which points belong to which attempt; they cover all points, in order.
        omitted: How many points went where old ones were folded for want of memory. What is left of
            these are real points in their order: of each block the first, the last, the smallest, the largest
            and the first non-finite one (see `thinning`). All columns here are of the n points that are held;
            `window` and `statistics` count all.
    """

    tag: str
    stream: int
    order: Column[np.int64]
    steps: Column[np.int64]
    wall_times: Column[np.float64]
    values: ValueArray
    blocks: Extremes
    statistics: Statistics
    segments: tuple[Segment, ...]
    omitted: Omitted = NOTHING_OMITTED

    def __len__(self) -> int:
        """Return how many points are held: all, unless old ones were folded."""
        return len(self.values)

    @property
    def role(self) -> Role:
        """What the values are, judged by the tag's name."""
        return role_of(self.tag)

    @property
    def step_falls(self) -> Int64Array:
        """The indices at which the step is smaller than the one before, as int64[k]."""
        return self.steps.falls

    @property
    def time_falls(self) -> Int64Array:
        """The indices at which the wall time falls, or begins or ceases to be known, as int64[k]."""
        return self.wall_times.falls

    @property
    def times_known(self) -> int:
        """How many points have a wall time."""
        return self.wall_times.known

    @property
    def times_rise(self) -> bool:
        """Whether every wall time is known and none is before the one before it."""
        return self.times_known == len(self) and not len(self.time_falls)

    def axis_values(self, axis: Axis) -> Float64Array:
        """Return x of every point as float64[n]; NaN where it is not known.

        `RELATIVE` is in seconds since the attempt began. Epochs and tokens are known to the run,
        not to a series.
        """
        x = np.full(len(self), np.nan)
        if axis not in _AXES_OF_RUNS:
            for segment in self.segments:
                part = slice(segment.start, segment.stop)
                x[part] = self._logged(axis)[part] + _shift(axis, segment.attempt)
        return x

    def extent(self, axis: Axis, attempt: int | None = None) -> tuple[float, float] | None:
        """Return the smallest and largest x (of one attempt, or of all), or None where no point has one."""
        stretches = self._ascending(axis, attempt)
        if stretches is None:
            x = self.axis_values(axis)[self._chosen_slice(attempt)]
            x = x[np.isfinite(x)]
            return (float(x.min()), float(x.max())) if len(x) else None
        logged = self._logged(axis)
        lows = [float(logged[start] + shift) for start, _, shift in stretches]
        highs = [float(logged[stop - 1] + shift) for _, stop, shift in stretches]
        return (min(lows), max(highs)) if stretches else None

    def window(self, axis: Axis, edges: Float64Array, attempt: int | None = None) -> Columns:
        """Fold the points between neighbouring edges, of one attempt or of all, into columns.

        The cost follows the number of columns, unless steps or wall times fall all the time.

        Args:
            axis: What `edges` count. Not `EPOCH` or `TOKENS`: see `RunView.window`.
            edges: float64[n + 1], ascending.
            attempt: The number of the only attempt to fold, or None for all of them.
        """
        stretches = self._ascending(axis, attempt)
        if stretches is None:
            part = self._chosen_slice(attempt)
            x = self.axis_values(axis)[part]
            return fold_unordered(edges, x, self.values[part], self.omitted, part.start)
        bounds = np.zeros((max(1, len(stretches)), len(edges)), np.int64)
        logged = self._logged(axis)
        for row, (start, stop, shift) in zip(bounds, stretches, strict=False):
            # The search runs on the logged column itself; only the few edges are moved.
            row[:] = start + locate(logged.part(start, stop), edges - shift)
        return fold(edges, self.values, self.blocks, bounds, self.omitted)

    def _logged(self, axis: Axis) -> Column[np.int64] | Column[np.float64]:
        return self.steps if axis in _STEP_AXES else self.wall_times

    def _chosen(self, attempt: int | None) -> tuple[Segment, ...]:
        return tuple(s for s in self.segments if attempt is None or s.attempt.number == attempt)

    def _chosen_slice(self, attempt: int | None) -> slice:
        chosen = self._chosen(attempt)
        return slice(chosen[0].start, chosen[-1].stop) if chosen else slice(0, 0)

    def _ascending(self, axis: Axis, attempt: int | None) -> list[tuple[int, int, float]] | None:
        """Return stretches `(start, stop, shift)` within which x = logged + shift is known and never falls.

        They hold all points whose x is known. None says that there are too many of them.
        """
        if axis in _AXES_OF_RUNS or (axis not in _STEP_AXES and not self.times_known):
            return []
        falls = self.step_falls if axis in _STEP_AXES else self.time_falls
        if len(falls) > max(_FEW_STRETCHES, len(self) // _POINTS_PER_STRETCH):
            return None
        logged = self._logged(axis)
        stretches = []
        for segment in self._chosen(attempt):
            shift = _shift(axis, segment.attempt)
            if math.isfinite(shift):
                inside = falls[(falls > segment.start) & (falls < segment.stop)].tolist()
                borders = pairwise([segment.start, *inside, segment.stop])
                # A step is always known; to look at one element of a packed column takes a while.
                stretches += [
                    (start, stop, shift)
                    for start, stop in borders
                    if axis in _STEP_AXES or math.isfinite(logged[start])
                ]
        return stretches


def _shift(axis: Axis, attempt: Attempt) -> float:
    """Return what lies between the logged step or time and x."""
    if axis is Axis.ACCUMULATED:
        return attempt.offset
    return -attempt.start_time if axis is Axis.RELATIVE else 0


class Series:
    """The growing form of a series. Only the reader thread touches it."""

    __slots__ = ("_clock", "_omitted", "_pyramid", "_statistics", "_values", "stream", "tag")

    def __init__(
        self, tag: str, stream: int, dtype: npt.DTypeLike = np.float64, clock: Clock | None = None
    ) -> None:
        self.tag = tag
        self.stream = stream
        self._clock = Clock.begin() if clock is None else clock
        self._values: GrowingArray[np.floating[Any]] = GrowingArray(dtype)
        self._pyramid = Pyramid()
        self._statistics = Statistics()
        self._omitted = NOTHING_OMITTED

    def __len__(self) -> int:
        """Return how many points are held."""
        return len(self._values)

    @property
    def count(self) -> int:
        """How many points came so far."""
        return len(self._values) + self._omitted.total

    @property
    def columns(self) -> tuple[Column[np.int64] | Column[np.float64], ...]:
        """The packed columns, which other series may share."""
        return tuple(column.view() for column in self._clock)

    @property
    def own_bytes(self) -> int:
        """What is held beside `columns`."""
        return self._values.nbytes + self._pyramid.nbytes

    @property
    def statistics(self) -> Statistics:
        """Exact statistics of all points so far."""
        self._catch_up()
        return self._statistics

    def extend(self, rows: ClockRows, values: ValueArray) -> None:
        """Append points, one for each row. Nothing is lost where batches differ in precision."""
        self._clock = rows.joined(self._clock, len(self))
        if values.dtype.itemsize > self._values.dtype.itemsize:
            self._values = self._values.widened(values.dtype)
        self._values.extend(values)
        if self.count - self._statistics.count >= _MOST_PENDING:
            self._catch_up()

    def view(self, attempts: tuple[Attempt, ...], cuts: Int64Array) -> SeriesView:
        """Freeze the series. `cuts` are the indices at which each attempt after the first one begins."""
        self._catch_up()
        bounds = pairwise([0, *cuts.tolist(), len(self)])
        return SeriesView(
            tag=self.tag,
            stream=self.stream,
            order=self._clock.order.view().part(0, len(self)),
            steps=self._clock.steps.view().part(0, len(self)),
            wall_times=self._clock.wall_times.view().part(0, len(self)),
            values=self._values.view(),
            blocks=self._pyramid.view(),
            statistics=self._statistics,
            segments=tuple(
                Segment(start, stop, attempt)
                for attempt, (start, stop) in zip(attempts, bounds, strict=True)
                if stop > start
            ),
            omitted=self._omitted,
        )

    def fold(self, needed: Int64Array) -> bool:
        """Fold the older half of what is held; return whether that made room.

        Frozen views stay as they are. The series has its columns for itself from here on.

        Args:
            needed: Points that stay in any case, by their index.
        """
        self._catch_up()
        values = self._values.view()
        stop = len(self) // 2 // BLOCK * BLOCK
        falls = (column.view().falls[:_KEPT_FALLS] for column in self._clock)
        needed = np.concatenate([needed, *falls])
        needed = np.concatenate([needed - 1, needed])
        kept = rows_to_keep(values[:stop], needed[(needed >= 0) & (needed < stop)])
        if stop - len(kept) < _LEAST_ROOM * len(self):
            return False
        clock = self._clock.thinned(kept, stop, len(self))
        self._omitted = omitted_by(kept, values[:stop], self._omitted)
        self._clock = clock
        self._pyramid = self._pyramid.thinned(values[kept], stop)
        self._values = GrowingArray(values.dtype)
        self._values.extend(values[kept])
        self._values.extend(values[stop:])
        return True

    def let_go(self) -> None:
        """Take the columns into sole possession where they are ahead of this series."""
        if any(len(column) > len(self) for column in self._clock):
            self._clock = self._clock.thinned(_NO_ROWS, 0, len(self))

    def _catch_up(self) -> None:
        """Bring what is derived from the points up to date."""
        seen = self._statistics.count - self._omitted.total
        if seen == len(self):
            return
        values = self._values.view()
        self._pyramid.extend(values)
        steps = self._clock.steps.view().part(seen, len(self))
        self._statistics = self._statistics.extended(steps, values[seen:])
