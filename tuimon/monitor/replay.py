"""A finished run, played again: points come as they came, and rules fire as they would have."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tuimon.analysis.moments import last_time
from tuimon.core.batch import ConfigRecord, LifecycleRecord, ScalarBatch
from tuimon.monitor.judging import RunJudge
from tuimon.monitor.publisher import Gate, Publisher
from tuimon.monitor.snapshot import Playback, RunState, Snapshot
from tuimon.monitor.timeline import make_timeline
from tuimon.store.run import RunView
from tuimon.store.run_store import RunStore

if TYPE_CHECKING:
    from tuimon.analysis.findings.catalog import FindingSettings

_TICK_S = 0.1
_SLOWEST, _FASTEST = 1e-3, 1e9
DEFAULT_LENGTH_S = 60.0


class Replay:
    """Plays a run; it is a `Feed` with `PlaybackControls`.

    Args:
        whole: The run, completely read.
        speed: Seconds of the data per second; None plays the whole run in a minute.
        from_step: The logged step to begin at.
        total: The total number of steps, if the person gave it.
        thresholds: Those of the rules, if not the defaults.
    """

    def __init__(
        self,
        whole: RunState,
        *,
        speed: float | None = None,
        from_step: int | None = None,
        total: int | None = None,
        thresholds: FindingSettings | None = None,
    ) -> None:
        self.gate = Gate()
        self._whole = whole
        self._total = total
        self._thresholds = thresholds
        self._timeline = make_timeline(whole.run)
        length = self._timeline.end - self._timeline.start
        self._speed = speed or max(length / DEFAULT_LENGTH_S, _SLOWEST)
        self._position = self._timeline.start
        self._paused = False
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._stirred = threading.Event()
        self._thread: threading.Thread | None = None
        self._publisher = Publisher(Snapshot(0, 0.0, (whole.path,)))
        self._begin()
        if from_step is not None:
            self.seek_step(from_step)
        self._show()

    @property
    def snapshot(self) -> Snapshot:
        """The newest snapshot."""
        return self._publisher.snapshot

    def subscribe(self, wake: Callable[[], None] | None) -> None:
        """Call `wake` after every change."""
        self._publisher.subscribe(wake)

    def start(self) -> None:
        """Begin to play; a second call does nothing."""
        if self._thread is not None:
            return
        self._thread = threading.Thread(target=self._play, name="tuimon-replay", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let the thread end."""
        self._stopping.set()
        self._stirred.set()
        if self._thread is not None:
            self._thread.join(timeout=1.0)

    def focus(self, run_name: str | None) -> None:
        """Do nothing: there is only one run."""

    def rescan(self) -> None:
        """Do nothing: the run is complete."""

    def toggle_pause(self) -> None:
        """Stand still, or go on; at the end, play again from the start."""
        with self._lock:
            if not self._paused and self._position >= self._timeline.end:
                self._go(self._timeline.start)
            else:
                self._paused = not self._paused
            self._show()
        self._stirred.set()

    @property
    def last_time(self) -> float:
        """The wall time of the last point of all that is played, in unix seconds; NaN where none is known."""
        return last_time(self._whole.run)

    def set_speed(self, speed: float) -> None:
        """Play so many seconds of the data per second."""
        with self._lock:
            self._speed = min(max(speed, _SLOWEST), _FASTEST)
            self._show()

    def seek_fraction(self, fraction: float) -> None:
        """Go to a place, 0 to 1."""
        start, end = self._timeline.start, self._timeline.end
        with self._lock:
            self._go(start + min(max(fraction, 0.0), 1.0) * (end - start))
            self._show()
        self._stirred.set()

    def seek_time(self, wall_time: float) -> None:
        """Go to a wall time of the data."""
        with self._lock:
            self._go(self._timeline.position(wall_time))
            self._show()
        self._stirred.set()

    def seek_step(self, step: int) -> None:
        """Go to where a logged step was first reached."""
        series = self._leading()
        if series is None:
            return
        reached = np.flatnonzero(self._whole.run.series[series].steps >= step)
        times = self._timeline.times[series]
        with self._lock:
            self._go(float(times[reached[0]] if len(reached) else times[-1]))
            self._show()
        self._stirred.set()

    def step(self, by: int) -> None:
        """Go so many logged steps on, or back, and stand still there."""
        series = self._leading()
        if series is None:
            return
        moments = np.unique(self._timeline.times[series])
        with self._lock:
            at = int(np.searchsorted(moments, self._position, side="right")) - 1
            self._paused = True
            self._go(float(moments[min(max(at + by, 0), len(moments) - 1)]))
            self._show()

    def _leading(self) -> str | None:
        """Return the tag whose points are the steps of the replay: the one with the most points."""
        times = self._timeline.times
        return max(times, key=lambda tag: len(times[tag]), default=None)

    def _play(self) -> None:
        last = time.monotonic()
        while not self._stopping.is_set():
            if self._paused or self._position >= self._timeline.end:
                self._stirred.wait()
                self._stirred.clear()
                last = time.monotonic()
                continue
            self._stopping.wait(_TICK_S)
            self.gate.pass_through()
            now = time.monotonic()
            with self._lock:
                if not self._paused:
                    self._go(min(self._position + (now - last) * self._speed, self._timeline.end))
                    self._show()
            last = now

    def _begin(self) -> None:
        """Forget everything that was played."""
        self._store = RunStore()
        self._judge = RunJudge(self._whole.name, self._total, with_rules=True, thresholds=self._thresholds)
        self._given = dict.fromkeys(self._timeline.times, 0)
        self._told = 0
        self._view: RunView = self._store.freeze()
        if self._whole.run.config:
            self._store.extend(0, [ConfigRecord(self._whole.run.config)])

    def _go(self, position: float) -> None:
        """Move to a position: give out the points in between, or begin anew to go back."""
        if position < self._position:
            self._begin()
        self._position = position
        self._tell_lifecycle()
        for tag, times in self._timeline.times.items():
            series, given = self._whole.run.series[tag], self._given[tag]
            stop = int(np.searchsorted(times, position, side="right"))
            if stop > given:
                part = slice(given, stop)
                batch = ScalarBatch(
                    (tag,),
                    series.order[part],
                    series.steps[part],
                    series.wall_times[part],
                    (series.values[part],),
                )
                self._store.extend(series.stream, [batch])
                self._given[tag] = stop
        self._view = self._store.freeze()
        while self._judge.extend(self._view, None):
            pass

    def _tell_lifecycle(self) -> None:
        """Give out what had happened by now. An event without a time comes with the end of the run."""
        run = self._whole.run
        for record, stream in list(zip(run.lifecycle, run.lifecycle_streams, strict=True))[self._told :]:
            known = self._timeline.covers(record.wall_time)
            due = self._timeline.position(record.wall_time) if known else self._place_of(record)
            if due > self._position:
                return
            self._store.extend(stream, [record])
            self._told += 1

    def _place_of(self, record: LifecycleRecord) -> float:
        series = self._leading()
        if record.kind == "writer" or series is None:
            return self._timeline.start
        if record.step is None:
            return self._timeline.end
        reached = np.flatnonzero(self._whole.run.series[series].steps >= record.step)
        return float(self._timeline.times[series][reached[0]]) if len(reached) else self._timeline.end

    def _show(self) -> None:
        """Publish the present position."""
        wall_time = self._timeline.wall_time(self._position)
        ended = self._position >= self._timeline.end
        verdict = self._judge.verdict(self._view, wall_time, live=not ended, changed_at=wall_time)
        engine = self._judge.engine
        state = replace(
            self._whole,
            run=self._view,
            status=self._whole.status if ended else verdict.status,
            progress=verdict.progress,
            findings=engine.findings if engine is not None else (),
            checked_step=engine.checked_step if engine is not None else None,
        )
        playback = Playback(
            self._speed,
            self._paused or ended,
            self._position,
            self._timeline.start,
            self._timeline.end,
            verdict.progress.step,
        )
        self._publisher.publish(now=wall_time, runs=(state,), playback=playback)
