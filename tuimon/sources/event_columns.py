"""The points and histograms of a block of an event file, gathered."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np

from tuimon.core.batch import HistogramBatch, ScalarBatch
from tuimon.sources.event_proto import Event
from tuimon.sources.event_shapes import Points


class PointCollector:
    """Gathers the points of a block, in any order, and hands them out as batches in theirs.

    Attributes:
        histograms: Those that were decoded together with others, in any order.
    """

    def __init__(self) -> None:
        self.histograms: list[HistogramBatch] = []
        self._points: dict[tuple[str, ...], list[Points]] = {}

    def add(self, tags: tuple[str, ...], points: Points) -> None:
        """Add points of tags that were logged in the same records; their order rises."""
        self._points.setdefault(tags, []).append(points)

    def add_event(self, event: Event, order: int) -> None:
        """Add the numbers of a single event."""
        numbers = [(value.tag, value.scalar.values) for value in event.values if value.scalar is not None]
        if numbers:
            tags, values = zip(*numbers, strict=True)
            place = np.array([order]), np.array([event.step]), np.array([event.wall_time])
            self.add(tags, Points(*place, values))

    def batches(self) -> list[ScalarBatch]:
        """Return the points; batches and rows come in the order of writing.

        Tags share a batch if all records of this block that hold one of them hold all of them.
        """
        groups = Counter(tag for tags in self._points for tag in tags)
        joined: dict[tuple[str, ...], list[Points]] = {}
        for tags, parts in self._points.items():
            if all(groups[tag] == 1 for tag in tags):
                joined[tags] = parts
                continue
            for number, tag in enumerate(tags):
                alone = [Points(p.order, p.steps, p.wall_times, p.values[number : number + 1]) for p in parts]
                joined.setdefault((tag,), []).extend(alone)
        found = [_batch(tags, parts) for tags, parts in joined.items()]
        return sorted(found, key=lambda batch: int(batch.order[0]))


def _batch(tags: tuple[str, ...], parts: list[Points]) -> ScalarBatch:
    if len(parts) == 1:
        one = parts[0]
        return ScalarBatch(tags, one.order, one.steps, one.wall_times, one.values)
    parts.sort(key=lambda part: int(part.order[0]))
    order = np.concatenate([part.order for part in parts])
    steps = np.concatenate([part.steps for part in parts])
    wall_times = np.concatenate([part.wall_times for part in parts])
    values = tuple(np.concatenate(columns) for columns in zip(*(part.values for part in parts), strict=True))
    if any(before.order[-1] > after.order[0] for before, after in pairwise(parts)):
        rank = np.argsort(order, kind="stable")
        order, steps, wall_times = order[rank], steps[rank], wall_times[rank]
        values = tuple(column[rank] for column in values)
    return ScalarBatch(tags, order, steps, wall_times, values)
