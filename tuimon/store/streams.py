"""How the series of a run's streams are divided into attempts, so that all share one accumulated axis."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from tuimon.core.frozen import frozen
from tuimon.store.attempts import Cut, History, find_attempts, leading_rank, locate_cuts
from tuimon.store.axis import Attempt, Segment
from tuimon.store.series import Series, SeriesView

_NO_CUTS = np.empty(0, np.int64)
_UNKNOWN = Attempt(1, 0, 0, math.nan, math.nan, 0)


@dataclass(slots=True)
class Stream:
    """What one source of a run tells of restarts. Only the reader thread touches it.

    Attributes:
        writers: The `order` at which each new writer began.
        rank: See `leading_rank`; None while no series of the stream tells restarts.
        leaders: The series of that rank, in the order of their appearance.
    """

    writers: list[int] = field(default_factory=list)
    rank: int | None = None
    leaders: list[Series] = field(default_factory=list)

    def consider(self, series: Series) -> None:
        """Let a new series lead the stream if its steps tell restarts better than those of the others."""
        rank = leading_rank(series.tag)
        if rank is None or (self.rank is not None and rank > self.rank):
            return
        if rank != self.rank:
            self.rank, self.leaders = rank, []
        self.leaders.append(series)

    def history(self) -> History | None:
        """Return the attempts that the longest of the leading series tells."""
        leader = max(self.leaders, key=lambda series: series.count, default=None)
        if leader is None or not len(leader):
            return None
        return find_attempts(leader.view((_UNKNOWN,), _NO_CUTS), self.writers)


@frozen
class Placement:
    """How the series of one stream are divided into the attempts of the run.

    Attributes:
        attempts: The run's, or the stream's own where they cannot be matched.
        cuts: One for each attempt after the first.
        by_time: The cuts are those of another stream, so that only wall times compare.
    """

    attempts: tuple[Attempt, ...]
    cuts: tuple[Cut, ...] = ()
    by_time: bool = False

    def places_like(self, other: Placement | None) -> bool:
        """Return whether every point comes to lie at the same x; how far an attempt has come is no matter."""
        return other is not None and _places(self) == _places(other)

    def divide(self, series: Series) -> SeriesView:
        """Freeze a series, divided into attempts."""
        view = series.view(self.attempts[:1], _NO_CUTS)
        if not self.cuts or (self.by_time and not view.times_rise):
            return view
        bounds = [0, *locate_cuts(view, self.cuts, by_time=self.by_time).tolist(), len(view)]
        segments = (
            Segment(*part, attempt) for part, attempt in zip(pairwise(bounds), self.attempts, strict=True)
        )
        return replace(view, segments=tuple(part for part in segments if part.stop > part.start))


def primary_stream(streams: Mapping[int, Stream], histories: Mapping[int, History]) -> int | None:
    """Return the stream whose restarts are the run's: the one with the best leader, then the longest."""

    def badness(number: int) -> tuple[int, int]:
        return streams[number].rank or 0, -max(series.count for series in streams[number].leaders)

    return min(histories, key=badness, default=None)


def place_stream(own: History | None, run: History) -> Placement:
    """Return how the series of a stream with its `own` history are divided into the attempts of the `run`."""
    if own is not None and len(own.attempts) == len(run.attempts):
        # Streams that saw as many restarts saw the same ones.
        return Placement(run.attempts, own.cuts)
    if all(math.isfinite(cut.after_time + cut.at_time) for cut in run.cuts):
        return Placement(run.attempts, run.cuts, by_time=True)
    return Placement(run.attempts[:1]) if own is None else Placement(own.attempts, own.cuts)


def _places(placement: Placement) -> tuple[object, ...]:
    # An unknown start time is equal to itself in writing.
    return (
        tuple((attempt.offset, repr(attempt.start_time)) for attempt in placement.attempts),
        tuple(cut.at_order for cut in placement.cuts),
        placement.by_time,
    )
