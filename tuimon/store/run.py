"""A run as it was at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace

from tuimon.core.batch import (
    ConfigValue,
    HistogramBatch,
    ImageRecord,
    LifecycleRecord,
    LogLine,
    TextRecord,
)
from tuimon.core.columns import Columns, Float64Array
from tuimon.core.frozen import frozen
from tuimon.core.roles import Role
from tuimon.store.axis import Attempt, Axis
from tuimon.store.logged_axis import LOGGED_AXES, Knots, knots
from tuimon.store.records import Records
from tuimon.store.series import SeriesView
from tuimon.store.twins import Duplicate

HARDWARE_STREAM = -1
"""The stream of this machine's sensors, which are a source of no format."""


@frozen
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
        log_streams: The stream that each of `log` came from.
        interleaved: The step falls too often to be restarts: several writers, or a restarting counter.
        step_falls: How often the step falls in each stream that is why; after folding, at least so often.
        sources: What the person calls each stream: a file's name, as a rule.
        duplicates: By the tag that is shown, the series of other sources that tell the same (`store.twins`).
        clocks: For a stream without times a series, set aside for one of its own, that has the times.
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
    log_streams: tuple[int, ...]
    interleaved: bool
    step_falls: Mapping[int, int]
    sources: Mapping[int, str]
    duplicates: Mapping[str, tuple[Duplicate, ...]]
    clocks: Mapping[int, SeriesView]
    revision: int
    # What was asked for once: each picture asks for the same roles again.
    _by_role: dict[Role, tuple[SeriesView, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def with_role(self, role: Role) -> tuple[SeriesView, ...]:
        """Return the series of a role, those with the most points first."""
        known = self._by_role.get(role)
        if known is None:
            found = [series for series in self.series.values() if series.role is role]
            known = tuple(sorted(found, key=lambda series: series.statistics.count, reverse=True))
            self._by_role[role] = known
        return known

    def logged_at(self, axis: Axis, steps: Float64Array) -> Float64Array | None:
        """Return what is logged at accumulated steps for an axis of `LOGGED_AXES`; None where nothing is."""
        known = self.knots(axis)
        return None if known is None else known.at(steps)

    def window(
        self, series: SeriesView, axis: Axis, edges: Float64Array, attempt: int | None = None
    ) -> Columns:
        """Fold a series of this run like `SeriesView.window`, on any axis.

        Where no epoch is logged, `EPOCH` is `ACCUMULATED`, and where no tokens are counted, `TOKENS` is.
        """
        if axis not in LOGGED_AXES:
            return series.window(axis, edges, attempt)
        known = self.knots(axis, attempt)
        if known is None:
            return series.window(Axis.ACCUMULATED, edges, attempt)
        columns = series.window(Axis.ACCUMULATED, known.steps_at(edges), attempt)
        return replace(columns, edges=edges)

    def knots(self, axis: Axis, attempt: int | None = None) -> Knots | None:
        """Return what tells an axis of `LOGGED_AXES`, of one attempt or of all; None where nothing does."""
        return knots(axis, self.with_role(LOGGED_AXES[axis]), attempt)
