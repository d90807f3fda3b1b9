"""The live monitor: one thread that reads and judges, one that samples the hardware."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tuimon.analysis.status import Status
from tuimon.core.clock import Clock, SystemClock
from tuimon.core.share import TimeShare
from tuimon.monitor.failures import Failures
from tuimon.monitor.following import Following
from tuimon.monitor.liveness import MAY_HANG_S
from tuimon.monitor.priority import be_nice
from tuimon.monitor.publisher import Gate, Publisher
from tuimon.monitor.sampling import SAMPLE_S, Sampling
from tuimon.monitor.snapshot import RunState, Snapshot
from tuimon.monitor.turns import Turns
from tuimon.monitor.watching import RunWatch
from tuimon.monitor.watchlist import Watchlist
from tuimon.sources.naming import Root
from tuimon.store.budget import MemoryBudget
from tuimon.store.heap import share_one_heap

if TYPE_CHECKING:
    from tuimon.analysis.findings.catalog import FindingSettings
    from tuimon.hardware.base import Probe

# At most this long between two looks at what is due, so that what came is published soon.
_ROUND_S = 0.05
# ... and while thousands of runs are read for the first time: putting them in order takes a while, too.
_LISTING_ROUND_S = 0.25
# A screen cannot show more pictures than this, and each one costs a freeze.
_PUBLISH_S = 0.1
# What is being read in bulk need not be seen growing as often.
_BULK_PUBLISH_S = 0.5
# With a live run, ages and ETAs move even when nothing was logged.
_LIVE_REFRESH_S = 1.0
# A large file is looked at in so many places before it is read: for its curves, and for a line in the list.
_OPEN_SKETCH, _LISTED_SKETCH = 160, 4
_RESTART_S = 1.0
_FIRST_PICTURE_S = 2.0
# So long may the picture of all points of a run that was just read take before it is judged.
_WHOLE_PICTURE_S = 1.0
# Following runs that grow may take this share of the time, twice as much while a core is idle, and rest no
# longer than this.
_SHARE, _IDLE_SHARE = 0.01, 0.02
_BURST_S = 0.05
_LONGEST_REST_S = 0.9
# While much is being read, publishing may take this share of the time.
_PUBLISHING_SHARE = 0.1


class Monitor:
    """Watches everything below some paths; see `Feed` for what a screen does with it.

    Args:
        roots: What to watch.
        total: The total number of steps of each run, if the person gave it.
        clock: Tells the present.
        probe: This machine's sensors, or None. It is used by the sampler thread only.
        for_screen: Whether a screen will open the gate after its pictures. Until the first one is out, and
            that of all points of a run that was just read, reading and judging leave the interpreter to it.
        memory_limit_bytes: What the points of all runs may take; beyond it, older ones are folded (see
            `MemoryBudget`). None for no limit.
        thresholds: Those of the rules, if not the defaults.
    """

    def __init__(
        self,
        roots: Sequence[Root],
        *,
        total: int | None = None,
        clock: Clock | None = None,
        probe: Probe | None = None,
        for_screen: bool = False,
        memory_limit_bytes: int | None = None,
        thresholds: FindingSettings | None = None,
    ) -> None:
        self.gate = Gate()
        self._clock = clock or SystemClock()
        self._for_screen = for_screen
        self._had_its_turn = False
        first = Snapshot(0, self._clock.now(), tuple(root.path for root in roots), listing=True)
        self._publisher = Publisher(first)
        budget = None if memory_limit_bytes is None else MemoryBudget(memory_limit_bytes)
        self._watches = Watchlist(roots, total, budget, thresholds)
        self._following = Following([root.path for root in roots], self._hint)
        self._sampling = Sampling(probe, self._clock)
        self._turns = Turns()
        self._open_run: str | None = None
        self._stopping = threading.Event()
        self._stirred = threading.Event()
        self._asked = threading.Event()
        self._share = TimeShare(_SHARE, _BURST_S, _LONGEST_REST_S, idle_share=_IDLE_SHARE)
        self._publishing = TimeShare(_PUBLISHING_SHARE, _BURST_S, _LONGEST_REST_S)
        self._failures = Failures()
        self._published_at = 0.0
        self._unpublished = True
        self._is_complete = False
        self._threads: list[threading.Thread] = []

    @property
    def snapshot(self) -> Snapshot:
        """The newest snapshot."""
        return self._publisher.snapshot

    def subscribe(self, wake: Callable[[], None] | None) -> None:
        """Call `wake` after every change, in the thread that made it."""
        self._publisher.subscribe(wake)

    def start(self) -> None:
        """Start both threads; a second call does nothing."""
        if self._threads:
            return
        share_one_heap()
        for name, round_ in (("reader", self._read_round), ("sampler", self._sample_round)):
            thread = threading.Thread(
                target=self._run, args=(name, round_), name=f"tuimon-{name}", daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Let both threads end, and wait for them a moment; a hung driver call does not hold up the exit."""
        self._stopping.set()
        self._ask()
        self.gate.open()
        for thread in self._threads:
            thread.join(timeout=1.0)
        # Last: the reader may have been about to ask for more hints.
        self._following.stop()

    def focus(self, run_name: str | None) -> None:
        """Read this run before all others."""
        self._open_run = run_name
        self._ask()

    def rescan(self) -> None:
        """Look for new runs and files now."""
        self._watches.due = 0.0
        self._ask()

    def _ask(self) -> None:
        """Let the reader leave its rest: a person waits."""
        self._asked.set()
        self._stirred.set()

    def _run(self, name: str, round_: Callable[[], None]) -> None:
        """Repeat rounds until the end; a round that fails is said on the screen, and the next one tried."""
        # A screen's start waits for what is read first.
        if not self._for_screen or name != "reader":
            be_nice()
        while not self._stopping.is_set():
            try:
                round_()
            except Exception as error:  # noqa: BLE001  # a thread that dies silently would freeze the screen
                self._publish_failures(changed=self._failures.note(f"tuimon {name}", error))
                self._stopping.wait(_RESTART_S)
            else:
                self._publish_failures(changed=self._failures.clear(f"tuimon {name}"))

    def _publish_failures(self, *, changed: bool) -> None:
        if changed:
            self._publisher.publish(problems=(*self._watches.problems, *self._failures.problems))

    # The reader's thread

    def _read_round(self) -> None:
        self._share.begin()
        if time.monotonic() >= self._watches.due and self._watches.look():
            self._unpublished = True
            self._turns.renew()
        if self._published_at and self._for_screen and not self._had_its_turn:
            # The first points, for which somebody waits, are published: now it is the screen's turn.
            be_nice()
            self._had_its_turn = True
            self.gate.close(_FIRST_PICTURE_S)
            self._pass_gate()
        if self._published_at:
            self._following.follow(self._watches, self._open_run)
        self._take_hints()
        # Before points are judged, so that what rules say of samples comes with them.
        self._give_hardware()
        busy = self._read_due()
        self._wake_silent()
        self._publish(force=not busy or self._is_complete)
        if not busy:
            self._share.end()
            self._asked.wait(self._share.rest_s)
            self._asked.clear()
            self._stirred.wait(self._seconds_to_next())
            self._stirred.clear()

    def _pass_gate(self) -> None:
        """Let the screen go first; that is no time of the reader's."""
        self._share.leave_out(self.gate.pass_through())

    def _take_hints(self) -> None:
        """Hurry to the runs whose files were heard of."""
        now = time.monotonic()
        for path in self._following.heard():
            watch = self._watches.of_path(path)
            if watch is not None:
                watch.schedule.hurry(now)

    def _hint(self, files_changed: bool) -> None:  # noqa: FBT001  # called by Following only
        """Let the reader look; called in watchdog's thread."""
        if files_changed:
            self._watches.hurry()
        self._stirred.set()

    def _read_due(self) -> bool:
        """Read and judge what is due; return whether work is left."""
        is_all = self._turns.begin(self._watches, self._open_run, published=self._published_at > 0)
        busy = not is_all
        deadline = time.monotonic() + (_LISTING_ROUND_S if self._turns.unread else _ROUND_S)
        for watch in self._turns.take(self._watches.of_name(self._open_run)):
            self._pass_gate()
            try:
                if self._turns.list_first and not watch.is_listed and watch.name != self._open_run:
                    busy = True
                    self._note_change(watch, changed=watch.list_early())
                else:
                    busy |= self._read_slice(watch)
                self._unpublished |= self._failures.clear(f"run {watch.name}")
            except Exception as error:  # noqa: BLE001  # one run that fails must not hold up the others
                self._unpublished |= self._failures.note(f"run {watch.name}", error)
                watch.pending = False
                watch.is_listed = True
                watch.schedule.due = time.monotonic() + _RESTART_S
            if time.monotonic() >= deadline or not (self._published_at or watch.unknown):
                # The first run that was read is worth a picture: it is the one that changed last.
                return True
        return busy

    def _read_slice(self, watch: RunWatch) -> bool:
        """Read a slice of a run if it is due, and judge it if that may be; return whether more is there."""
        busy = False
        now = time.monotonic()
        is_open = watch.name == self._open_run
        if watch.schedule.due <= now:
            told = watch.reading.problems
            # What was there before tuimon came is no sign of life.
            first = watch.behind
            if first and watch.draft(_OPEN_SKETCH if is_open or not self._published_at else _LISTED_SKETCH):
                self._note_change(watch, changed=True)
                if not self._published_at:
                    return True
            changed, more = watch.read_slice()
            grown = changed and not first
            watch.schedule.looked(now, changed=grown, is_open=is_open, run_count=len(self._watches))
            if is_open:
                watch.show_parts()
            if more:
                watch.schedule.due = now
                busy = True
            if grown:
                self._sampling.writers.note_growth(watch.name, now, caught_up=not more)
            watch.pending |= changed
            self._note_change(watch, changed=changed or watch.reading.problems != told)
            if first and not more and is_open and self._published_at:
                self._is_complete = True
                self._note_change(watch, changed=True)
        if self._is_complete:
            # The whole curve is published, and drawn, before it is judged.
            return True
        watch.settle()
        # Points come before rules: what is still being read was not on the screen yet.
        reading = watch.behind and watch.schedule.due <= time.monotonic()
        awaited = is_open or watch.live
        if watch.pending and (awaited or self._turns.may_judge) and self._published_at and not reading:
            self._pass_gate()
            self._turns.judge(watch)
            self._note_change(watch, changed=True)
            # Judging has a share of the time of its own; what is awaited is done within that of following.
            busy |= watch.pending or not awaited
        return busy

    def _note_change(self, watch: RunWatch, *, changed: bool) -> None:
        """Note that a run is another than the one that was published."""
        if changed:
            watch.state = None
            self._unpublished = True

    def _seconds_to_next(self) -> float:
        look = self._watches.due
        due = min((watch.schedule.due for watch in self._watches), default=look)
        if any(watch.pending for watch in self._watches):
            due = min(due, self._turns.judge_at)
        if self._unpublished:
            # What came too soon after the last snapshot has one of its own as soon as it may.
            due = min(due, self._published_at + _PUBLISH_S)
        live = self._published_at + _LIVE_REFRESH_S if self.snapshot.live else look
        return max(0.0, min(due, look, live) - time.monotonic())

    def _wake_silent(self) -> None:
        """Look anew at the runs that seemed to have ended, and whose writers were found to live."""
        for name in self._sampling.silent.keys() & self._sampling.writers.known():
            watch = self._watches.of_name(name)
            if watch is not None:
                self._note_change(watch, changed=True)

    def _give_hardware(self) -> None:
        """Give new samples to the run that this machine works on, if it is clear which one that is."""
        if not self._sampling.has_fresh or any(watch.behind for watch in self._watches):
            # Which run is live is known when all are read; until then any of them may look like it.
            return
        running = [watch for watch in self._watches if watch.live]
        states = [watch.state for watch in running if watch.state is not None]
        if len(states) < len(running):
            # What has just come is published first: it says which step the samples belong to.
            return
        fresh = self._sampling.take_fresh()
        # What runs on another machine has nothing to do with the sensors of this one.
        here = len(states) == 1 and not states[0].host
        if here and running[0].add_hardware(fresh):
            running[0].pending = True
            running[0].state = None
        self._unpublished = True

    def _publish(self, *, force: bool) -> None:
        """Publish what changed: at once when idle, else not more often than a screen can show it."""
        since = time.monotonic() - self._published_at
        if not self._unpublished and not (since >= _LIVE_REFRESH_S and self.snapshot.live):
            return
        # Thousands of runs take a while to publish, which reading them should not wait for too often.
        least_s = _PUBLISH_S if force else _BULK_PUBLISH_S
        if since < max(least_s, self._publishing.rest_s) and not (force and since >= _PUBLISH_S / 5):
            return
        self._publishing.begin()
        now = self._clock.now()
        stale = time.monotonic() - _LIVE_REFRESH_S
        states: list[RunState] = []
        followed: dict[str, tuple[Path, ...]] = {}
        silent: dict[str, tuple[Path, ...]] = {}
        known = self._sampling.writers.known()
        for watch in self._watches:
            state = self._refreshed(watch, now, stale)
            if state is not None:
                states.append(state)
                if state.status.live or watch.name in known:
                    followed[watch.name] = watch.paths
                elif state.status is Status.STOPPED and now - state.changed_at < MAY_HANG_S:
                    silent[watch.name] = watch.paths
        self._sampling.followed, self._sampling.silent = followed, silent
        self._unpublished = False
        self._published_at = time.monotonic()
        if self._is_complete and self._for_screen:
            # Millions of points are smoothed and folded now, which judging them would make twice as long.
            self.gate.close(_WHOLE_PICTURE_S)
        self._is_complete = False
        self._publisher.publish(
            now=now,
            runs=tuple(states),
            hardware=self._sampling.shown,
            problems=(*self._watches.problems, *self._failures.problems),
            listing=False,
        )
        self._publishing.end()

    def _refreshed(self, watch: RunWatch, now: float, stale: float) -> RunState | None:
        """Return the state of a run; if it cannot be made, the last one that could, or None.

        Args:
            watch: The run.
            now: The present, in unix seconds.
            stale: A live run's state that was made before this moment of the monotonic clock is made anew.
        """
        state = watch.state
        if state is not None and not (state.status.live and watch.refreshed_at <= stale):
            return state
        where = f"state of run {watch.name}"
        try:
            watch.process = self._sampling.process_of(watch.name)
            watch.refresh(now, live=True, process_alive=self._sampling.writers.alive(watch.name))
        except Exception as error:  # noqa: BLE001  # one run that fails must not hold up the others
            self._failures.note(where, error)
            watch.state = self.snapshot.run(watch.name)
        else:
            self._failures.clear(where)
        return watch.state

    # The sampler's thread

    def _sample_round(self) -> None:
        """Once a second, while a run is live, sample sensors and look after writers."""
        if self._sampling.look_for_writers():
            self._stirred.set()
        if not self._published_at:
            self._stopping.wait(_ROUND_S)
            return
        self.gate.pass_through()
        if self._sampling.sample(live=self.snapshot.live):
            self._stirred.set()
        self._stopping.wait(SAMPLE_S)
