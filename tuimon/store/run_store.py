"""The growing form of a run: all that was read of it."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from functools import partial
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from tuimon.core.batch import (
    ConfigRecord,
    ConfigValue,
    HistogramBatch,
    ImageRecord,
    LifecycleRecord,
    LogLine,
    Record,
    ScalarBatch,
    TextRecord,
)
from tuimon.core.columns import Int64Array
from tuimon.store.attempts import History, rows_of_writers
from tuimon.store.axis import Attempt
from tuimon.store.budget import MemoryBudget
from tuimon.store.packing import Arrived, Clock, ClockRows
from tuimon.store.records import GrowingRecords, histogram_at
from tuimon.store.run import HARDWARE_STREAM, RunView
from tuimon.store.series import Series, SeriesView
from tuimon.store.streams import Placement, Stream, place_stream, primary_stream
from tuimon.store.thinning import THINNED_BLOCK
from tuimon.store.twins import Duplicate, Twins

# Logs and events are shown by their last lines; a log of a million lines stays in its file.
KEPT_LOG_LINES = 2000
# How many of the first and of the last records of each tag are kept: settings are among the first texts, and
# a screen shows the last ones.
KEPT_TEXTS, KEPT_HISTOGRAMS, KEPT_IMAGES = (8, 24), (8, 56), (8, 120)
# Shorter series are left alone, and no more writers of a run are looked after than this.
_FEWEST_FOLDED, _KEPT_WRITERS = 1024, 256


class RunStore:
    """The growing form of a run. Only the reader thread touches it; `freeze` is what others see.

    Args:
        budget: What the points of this and other runs may take; None for no limit.
    """

    def __init__(self, budget: MemoryBudget | None = None) -> None:
        self._budget = budget
        self._points = 0
        self._told_at = 0
        self._series: dict[str, Series] = {}
        self._views: dict[str, SeriesView] = {}
        # Dictionaries without values are sets that keep their order.
        self._changed: dict[str, None] = {}
        self._streams: defaultdict[int, Stream] = defaultdict(Stream)
        self._placements: dict[int, Placement] = {}
        # What the first tag of each stream begins with, and every further one as long as it can.
        self._clocks: defaultdict[int, Clock] = defaultdict(Clock.begin)
        self._start_time = math.inf
        self._config: dict[str, ConfigValue] = {}
        self._lifecycle: list[LifecycleRecord] = []
        self._lifecycle_streams: list[int] = []
        self._texts: GrowingRecords[TextRecord] = GrowingRecords(*KEPT_TEXTS)
        self._histograms: GrowingRecords[HistogramBatch] = GrowingRecords(*KEPT_HISTOGRAMS)
        self._images: GrowingRecords[ImageRecord] = GrowingRecords(*KEPT_IMAGES)
        self._log: deque[LogLine] = deque(maxlen=KEPT_LOG_LINES)
        self._log_streams: deque[int] = deque(maxlen=KEPT_LOG_LINES)
        self._sources: dict[int, str] = {}
        # The name of each series, by its stream and tag, and the tags of those that have another name.
        self._names: dict[tuple[int, str], str] = {}
        self._logged_as: dict[str, str] = {}
        self._twins = Twins()
        self._revision = 0

    @property
    def revision(self) -> int:
        """Rises with every record that is taken in."""
        return self._revision

    def name_stream(self, stream: int, name: str) -> None:
        """Tell what the person calls a source; before its first records, for it to count everywhere."""
        self._sources[stream] = name

    def extend(self, stream: int, records: Iterable[Record]) -> None:
        """Take in what a source brought.

        Args:
            stream: Number of the source within the run. A tag is the name of the series of the stream that
                logged it first; that of another stream has the stream's name before it.
            records: In the order of writing.
        """
        arrived: Arrived = {}
        for record in records:
            self._revision += 1
            if isinstance(record, ScalarBatch):
                self._extend_scalars(stream, record, arrived)
            elif isinstance(record, ConfigRecord):
                self._config.update(record.values)
            elif isinstance(record, LifecycleRecord):
                self._lifecycle.append(record)
                self._lifecycle_streams.append(stream)
                if record.kind == "writer":
                    self._streams[stream].writers.append(record.order)
            elif isinstance(record, TextRecord):
                self._texts.add(record.tag, record)
            elif isinstance(record, HistogramBatch):
                self._histograms.extend(record.tag, len(record.steps), partial(histogram_at, record))
            elif isinstance(record, ImageRecord):
                self._images.add(record.tag, record)
            else:
                self._log.append(record)
                self._log_streams.append(stream)
        # Often enough for the budget to be right to a sixteenth, and at no cost to speak of.
        if self._budget is not None and self._points > self._told_at * 17 // 16 + 256:
            self._told_at = self._points
            self._budget.tell(self, self.held_bytes)

    @property
    def held_bytes(self) -> int:
        """What all points take, in bytes."""
        shared = {id(column): column.nbytes for series in self._series.values() for column in series.columns}
        return sum(shared.values()) + sum(series.own_bytes for series in self._series.values())

    def fold(self) -> int | None:
        """Fold the older half of the longest series, and of those that come near.

        Of old points those stay that `thinning` chooses; statistics and windows count all. Attempts stay as
        they are: what they are told from is not folded.

        Returns:
            What is held now, in bytes; None where nothing could be folded.
        """
        self._place()
        longest = max(map(len, self._series.values()), default=0)
        if longest < _FEWEST_FOLDED:
            return None
        folded = {
            tag: None
            for tag, series in self._series.items()
            if 2 * len(series) >= longest and series.fold(self._needed(series))
        }
        if not folded:
            return None
        self._changed.update(folded)
        # Nobody is to hold columns for the sake of a few points of them.
        self._clocks.clear()
        for series in self._series.values():
            series.let_go()
        return self.held_bytes

    def _needed(self, series: Series) -> Int64Array:
        """Return the points of a series that attempts are told from, and the blocks in which attempts begin.

        A block folds into extremes of one attempt only.
        """
        view = self._freeze_series(series)
        begins = np.array([segment.start for segment in view.segments[1:]], np.int64)
        blocks = begins[:, np.newaxis] // THINNED_BLOCK * THINNED_BLOCK + np.arange(THINNED_BLOCK)
        writers = self._streams[series.stream].writers[-_KEPT_WRITERS:]
        return np.concatenate([blocks.ravel(), rows_of_writers(view.order, writers)])

    def freeze(self) -> RunView:
        """Return the run as it is now. The cost follows the number of changed series, not of points."""
        histories = self._place()
        for tag in self._changed:
            self._views[tag] = self._freeze_series(self._series[tag])
        self._changed.clear()
        primary = primary_stream(self._streams, histories)
        aside = self._twins.find(self._views, self._logged_as)
        shown = {tag: view for tag, view in self._views.items() if tag not in aside} if aside else self._views
        mixed = {stream: history.falls for stream, history in histories.items() if history.interleaved}
        return RunView(
            series=MappingProxyType(dict(shown)),
            attempts=() if primary is None else histories[primary].attempts,
            config=MappingProxyType(dict(self._config)),
            lifecycle=tuple(self._lifecycle),
            lifecycle_streams=tuple(self._lifecycle_streams),
            texts=self._texts.freeze(),
            histograms=self._histograms.freeze(),
            images=self._images.freeze(),
            log=tuple(self._log),
            log_streams=tuple(self._log_streams),
            interleaved=bool(mixed),
            step_falls=MappingProxyType(mixed),
            sources=MappingProxyType(dict(self._sources)),
            duplicates=MappingProxyType(self._duplicates(aside)),
            clocks=MappingProxyType(self._clocks_of(aside)),
            revision=self._revision,
        )

    def _extend_scalars(self, stream: int, batch: ScalarBatch, arrived: Arrived) -> None:
        if not len(batch):
            return
        self._start_time = min(self._start_time, float(batch.wall_times[0]))
        rows = ClockRows(batch, arrived)
        for tag, values in zip(batch.tags, batch.values, strict=True):
            name = self._names.get((stream, tag))
            if name is None:
                name = self._add_series(stream, tag, values.dtype)
            self._series[name].extend(rows, values)
            self._points += len(values)
            self._changed[name] = None

    def _add_series(self, stream: int, tag: str, dtype: npt.DTypeLike) -> str:
        """Begin a series; return its name, which no other series has."""
        name = tag
        if name in self._series:
            name = f"{self._sources.get(stream, f'source {stream}')}/{tag}"
            while name in self._series:
                name = f"{stream}/{name}"
            self._logged_as[name] = tag
        self._names[stream, tag] = name
        series = self._series[name] = Series(name, stream, dtype, self._clocks[stream])
        if stream != HARDWARE_STREAM:
            self._streams[stream].consider(series)
        return name

    def _duplicates(self, aside: Mapping[str, str]) -> dict[str, tuple[Duplicate, ...]]:
        found: dict[str, tuple[Duplicate, ...]] = {}
        for name, shown in aside.items():
            view = self._views[name]
            last_step = view.statistics.last_step
            tag = self._logged_as.get(name, name)
            told = Duplicate(tag, view.stream, view.statistics.count, last_step)
            found[shown] = (*found.get(shown, ()), told)
        return found

    def _clocks_of(self, aside: Mapping[str, str]) -> dict[int, SeriesView]:
        """Return for streams without times a series of another one that tells when each step was reached."""
        found: dict[int, SeriesView] = {}
        for name, shown in aside.items():
            clock, stream = self._views[name], self._views[shown].stream
            if not self._views[shown].times_known and clock.times_known:
                found[stream] = max(clock, found.get(stream, clock), key=len)
        return found

    def _place(self) -> dict[int, History]:
        """Divide all streams anew; note series whose points moved on an axis as changed."""
        known = ((number, stream.history()) for number, stream in self._streams.items())
        histories = {number: history for number, history in known if history is not None}
        primary = primary_stream(self._streams, histories)
        if primary is None:
            return histories
        streams = {series.stream for series in self._series.values()}
        for stream in streams:
            placement = place_stream(histories.get(stream), histories[primary])
            if not placement.places_like(self._placements.get(stream)):
                moved = (tag for tag, series in self._series.items() if series.stream == stream)
                self._changed.update(dict.fromkeys(moved))
            self._placements[stream] = placement
        return histories

    def _freeze_series(self, series: Series) -> SeriesView:
        placement = self._placements.get(series.stream)
        if placement is None:
            steps = series.statistics
            whole = Attempt(1, steps.first_step, steps.last_step, self._start_time, math.nan, 0)
            placement = Placement((whole,))
        return placement.divide(series)
