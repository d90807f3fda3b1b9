"""A run as it was at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tuimon.core.batch import (
    ConfigValue,
    HistogramBatch,
    ImageRecord,
    LifecycleRecord,
    LogLine,
    TextRecord,
)
from tuimon.core.columns import Columns, Float64Array, Int64Array
from tuimon.core.roles import Role
from tuimon.store.axis import Attempt, Axis
from tuimon.store.records import Records
from tuimon.store.series import SeriesView
from tuimon.store.twins import Duplicate

HARDWARE_STREAM = -1
"""The stream of this machine's sensors, which are a source of no format."""

# Epochs are told from steps by at most this many points of the epoch's series.
_EPOCH_KNOTS = 4096
_MOST_EPOCHS = 1e9


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as it was at one moment; it never changes, and may be read in any thread.

    Attributes:
        series: By tag, in the order in which the tags appeared.
        attempts: At least one once there are points of a training series.
        config: Hyper-parameters, newest value of each.
        lifecycle: What happened, in order of arrival.
        lifecycle_streams: The stream that each of `lifecycle` came from.
        texts: By tag.
        histograms: By tag; each batch holds one.
        images: By tag.
        log: The last lines of console logs.
        interleaved: The step falls too often to be restarts: several writers, or a restarting counter.
        step_falls: How often the step falls in each stream that is why; after folding, at least so often.
        sources: What the person calls each stream: a file's name, as a rule.
        duplicates: By the tag that is shown, the series of other sources that tell the same (`store.twins`).
        revision: Rises with every change.
    """

    series: Mapping[str, SeriesView]
    attempts: tuple[Attempt, ...]
    config: Mapping[str, ConfigValue]
    lifecycle: tuple[LifecycleRecord, ...]
    lifecycle_streams: tuple[int, ...]
    texts: Mapping[str, Records[TextRecord]]
    histograms: Mapping[str, Records[HistogramBatch]]
    images: Mapping[str, Records[ImageRecord]]
    log: tuple[LogLine, ...]
    interleaved: bool
    step_falls: Mapping[int, int]
    sources: Mapping[int, str]
    duplicates: Mapping[str, tuple[Duplicate, ...]]
    revision: int

    def with_role(self, role: Role) -> tuple[SeriesView, ...]:
        """Return the series of a role, those with the most points first."""
        found = [series for series in self.series.values() if series.role is role]
        return tuple(sorted(found, key=lambda series: series.statistics.count, reverse=True))

    def epoch_of_step(self, steps: Float64Array) -> Float64Array | None:
        """Return the (fractional) epochs at accumulated steps, or None where no epoch is logged."""
        known = self._epochs(None)
        return None if known is None else _interpolate(steps, known[0], known[1])

    def window(
        self, series: SeriesView, axis: Axis, edges: Float64Array, attempt: int | None = None
    ) -> Columns:
        """Fold a series of this run like `SeriesView.window`, on any axis.

        Where no epoch is logged, `EPOCH` is `ACCUMULATED`.
        """
        known = self._epochs(attempt) if axis is Axis.EPOCH else None
        if known is None:
            return series.window(Axis.ACCUMULATED if axis is Axis.EPOCH else axis, edges, attempt)
        steps, epochs = known
        columns = series.window(Axis.ACCUMULATED, _interpolate(edges, epochs, steps), attempt)
        return replace(columns, edges=edges)

    def _epochs(self, attempt: int | None) -> tuple[Float64Array, Float64Array] | None:
        """Return accumulated steps and the epochs logged there, both rising, of one attempt or of all."""
        for series in self.with_role(Role.EPOCH):
            parts = [s for s in series.segments if attempt is None or s.attempt.number == attempt]
            points = [_spread(part.start, part.stop, _EPOCH_KNOTS // len(parts)) for part in parts]
            offsets = [np.full(len(at), part.attempt.offset) for at, part in zip(points, parts, strict=True)]
            if not points:
                continue
            index = np.concatenate(points)
            steps = (series.steps[index] + np.concatenate(offsets)).astype(np.float64)
            epochs = series.values[index].astype(np.float64)
            # What is no epoch must not hide all that come after it.
            epochs[~(np.abs(epochs) < _MOST_EPOCHS)] = np.nan
            rising = _rising(steps) & _rising(epochs)
            if np.count_nonzero(rising) > 1:
                return steps[rising], epochs[rising]
        return None


def _spread(start: int, stop: int, most: int) -> Int64Array:
    """Return up to `most` indices from `start` to before `stop`, both ends among them."""
    return np.linspace(start, stop - 1, min(most, stop - start)).round().astype(np.int64)


def _rising(values: Float64Array) -> npt.NDArray[np.bool_]:
    """Return which values are finite and larger than all finite ones before them."""
    finite = np.isfinite(values)
    highest = np.maximum.accumulate(np.where(finite, values, -np.inf))
    return finite & (values > np.append(-np.inf, highest[:-1]))


def _interpolate(x: Float64Array, known_x: Float64Array, known_y: Float64Array) -> Float64Array:
    """Interpolate, going on in a straight line beyond both ends."""
    inside = np.interp(x, known_x, known_y)
    slope = (known_y[-1] - known_y[0]) / (known_x[-1] - known_x[0])
    below, above = x < known_x[0], x > known_x[-1]
    inside[below] = known_y[0] + (x[below] - known_x[0]) * slope
    inside[above] = known_y[-1] + (x[above] - known_x[-1]) * slope
    return inside
