"""Points of a run in the order in which they were written, a window at a time, and as rows of records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from tuimon.core.batch import ValueArray
from tuimon.core.columns import Float64Array, Int64Array
from tuimon.core.frozen import frozen
from tuimon.store.run import RunView
from tuimon.store.series import SeriesView

# A window is large enough for numpy and small enough to be nothing in memory beside the run itself.
_WINDOW_POINTS = 1 << 18
_SAMPLED_EVERY = 1 << 10


@frozen(eq=False)
class Stretch:
    """Points of one series that follow one another.

    Attributes:
        tag: The series.
        order: int64[n]; see `ScalarBatch`.
        steps: int64[n], as logged.
        wall_times: float64[n], unix seconds; NaN where none was logged.
        values: float32[n] or float64[n].
    """

    tag: str
    order: Int64Array
    steps: Int64Array
    wall_times: Float64Array
    values: ValueArray


@frozen(eq=False)
class Window:
    """All points of one stream between two places in the order of writing.

    Attributes:
        stream: The stream.
        stretches: Those of all its series that have points there, each once; at least one.
        stop: The first `order` behind it; None where nothing follows.
    """

    stream: int
    stretches: tuple[Stretch, ...]
    stop: int | None


def stretch_of(series: SeriesView, start: int, stop: int) -> Stretch:
    """Return the points `[start, stop)` of a series."""
    return Stretch(
        series.tag,
        series.order[start:stop],
        series.steps[start:stop],
        series.wall_times[start:stop],
        series.values[start:stop],
    )


def windows(run: RunView, tags: Sequence[str]) -> Iterator[Window]:
    """Yield all points of some tags once, stream after stream, in the order of writing."""
    streams: dict[int, list[SeriesView]] = {}
    for tag in tags:
        series = run.series[tag]
        if len(series):
            streams.setdefault(series.stream, []).append(series)
    for stream, members in sorted(streams.items()):
        # Each sample stands for as many points, so that windows are alike whatever is logged how often.
        samples = np.sort(np.concatenate([each.order[::_SAMPLED_EVERY] for each in members]))
        borders = samples[:: _WINDOW_POINTS // _SAMPLED_EVERY][1:]
        # A window begins where a step does: with the first of the tags that were logged most often.
        leader = max(members, key=len).order
        at = leader.searchsorted(borders)
        borders = np.unique(leader[at[at < len(leader)]])
        cuts = [[0, *each.order.searchsorted(borders).tolist(), len(each)] for each in members]
        for number in range(len(borders) + 1):
            stretches = tuple(
                stretch_of(each, cut[number], cut[number + 1])
                for each, cut in zip(members, cuts, strict=True)
                if cut[number] < cut[number + 1]
            )
            if stretches:
                yield Window(stream, stretches, int(borders[number]) if number < len(borders) else None)


@frozen(eq=False)
class Rows:
    """Points that belong together, a row for each step.

    Attributes:
        order: int64[n], never falling.
        steps: int64[n].
        wall_times: float64[n], of the first point of each row; NaN where none was logged.
        cells: Of each tag the rows that hold it, int64[k], ascending, and their values.
    """

    order: Int64Array
    steps: Int64Array
    wall_times: Float64Array
    cells: tuple[tuple[str, Int64Array, ValueArray], ...]

    def __len__(self) -> int:
        return len(self.order)


def rows_of(stretches: Sequence[Stretch], *, one_time: bool) -> Rows:
    """Return the points of a window as rows.

    Points that follow one another in the order of writing share a row if their step is the same; a tag that
    occurs again begins another one.

    Args:
        stretches: Of one stream, at least one.
        one_time: Whether the points of a row must also have one wall time.
    """
    groups = _alike(stretches)
    leaders = [group[0] for group in groups]
    order, steps, wall_times = (
        np.concatenate(columns)
        for columns in zip(*((each.order, each.steps, each.wall_times) for each in leaders), strict=True)
    )
    rank = np.argsort(order, kind="stable")
    differs = np.diff(steps[rank]) != 0
    if one_time:
        differs |= np.diff(_bits(wall_times[rank])) != 0
    record = np.empty(len(order), np.int64)
    record[rank] = np.cumsum(np.append(False, differs))
    ends = np.cumsum([0, *(len(each.order) for each in leaders)]).tolist()
    parts = list(pairwise(ends))
    again = np.concatenate([_repetitions(record[start:stop]) for start, stop in parts])
    rank = np.lexsort((order, again, record))
    begins = np.append(True, (np.diff(record[rank]) != 0) | (np.diff(again[rank]) != 0))
    row = np.empty(len(order), np.int64)
    row[rank] = np.cumsum(begins) - 1
    first = rank[begins]
    cells = {
        each.tag: (each.tag, row[start:stop], each.values)
        for group, (start, stop) in zip(groups, parts, strict=True)
        for each in group
    }
    return Rows(order[first], steps[first], wall_times[first], tuple(cells[each.tag] for each in stretches))


def _alike(stretches: Sequence[Stretch]) -> list[list[Stretch]]:
    """Group tags that were logged together all the time: what is reckoned for one holds for all."""
    together: dict[tuple[bytes, bytes, bytes], list[Stretch]] = {}
    for each in stretches:
        key = each.order.tobytes(), each.steps.tobytes(), each.wall_times.tobytes()
        together.setdefault(key, []).append(each)
    return list(together.values())


def _repetitions(record: Int64Array) -> Int64Array:
    """Return how often each of the ascending numbers stood there before."""
    place = np.arange(len(record))
    begins = np.append(True, np.diff(record) != 0)
    return place - np.maximum.accumulate(np.where(begins, place, 0))


def _bits(wall_times: Float64Array) -> Int64Array:
    """Return times as numbers that are equal where they are, NaN too."""
    return np.ascontiguousarray(wall_times, np.float64).view(np.int64)
