"""The live monitor: one thread that reads and judges, one that samples the hardware."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from heapq import nsmallest
from itertools import chain
from pathlib import Path

from tuimon.core.batch import Problem
from tuimon.core.clock import Clock, SystemClock
from tuimon.core.hardware import HardwareSample
from tuimon.core.share import TimeShare
from tuimon.hardware.base import Probe
from tuimon.monitor.failures import Failures
from tuimon.monitor.hints import MOST_FOLDERS, ChangeHints
from tuimon.monitor.liveness import WriterWatch
from tuimon.monitor.priority import be_nice
from tuimon.monitor.publisher import Gate, Publisher
from tuimon.monitor.snapshot import RunState, Snapshot
from tuimon.monitor.watching import RunWatch, superseded
from tuimon.sources.base import ReadBudget
from tuimon.sources.discovery import Discoverer
from tuimon.sources.naming import Root
from tuimon.store.budget import MemoryBudget

# One slice of reading: a few milliseconds, after which a key gets its turn.
_SLICE = ReadBudget(max_bytes=1 << 20)
# At most this long between two looks at what is due, so that what came is published soon.
_ROUND_S = 0.05
# ... and while thousands of runs are read for the first time: putting them in order takes a while, too.
_LISTING_ROUND_S = 0.25
# A screen cannot show more pictures than this, and each one costs a freeze.
_PUBLISH_S = 0.1
# With a live run, ages and ETAs move even when nothing was logged.
_LIVE_REFRESH_S = 1.0
_DISCOVERY_S = 2.0
# ... or this often while files come and go.
_HINTED_DISCOVERY_S = 0.2
# A look below the roots may take this share of the time.
_DISCOVERY_SHARE = 0.02
# How often it is settled which folders are worth hints.
_FOLLOW_S = 1.0
# A large file is looked at in so many places before it is read: for its curves, and for a line in the list.
_OPEN_SKETCH, _LISTED_SKETCH = 160, 4
_SAMPLE_S = 1.0
_KEPT_SAMPLES = 600
_RESTART_S = 1.0
_FIRST_PICTURE_S = 2.0
# Following runs that grow may take this share of the time, and rest no longer than this.
_SHARE = 0.01
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
        for_screen: Whether a screen will open the gate after its first picture: until then the threads that
            read and sample leave the interpreter to it.
        memory_limit_bytes: What the points of all runs may take; beyond it, older ones are folded (see
            `MemoryBudget`). None for no limit.
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
    ) -> None:
        self.gate = Gate()
        self._clock = clock or SystemClock()
        self._total = total
        self._probe = probe
        self._for_screen = for_screen
        self._budget = None if memory_limit_bytes is None else MemoryBudget(memory_limit_bytes)
        first = Snapshot(0, self._clock.now(), tuple(root.path for root in roots), listing=True)
        self._publisher = Publisher(first)
        self._roots = tuple(roots)
        self._discoverer = Discoverer()
        self._watches: dict[str, RunWatch] = {}
        self._open_run: str | None = None
        self._stopping = threading.Event()
        self._stirred = threading.Event()
        self._asked = threading.Event()
        self._share = TimeShare(_SHARE, _BURST_S, _LONGEST_REST_S)
        self._publishing = TimeShare(_PUBLISHING_SHARE, _BURST_S, _LONGEST_REST_S)
        self._discovery_due = 0.0
        self._discovery_rest = 0.0
        self._problems: tuple[Problem, ...] = ()
        self._failures = Failures()
        self._samples: deque[HardwareSample] = deque(maxlen=_KEPT_SAMPLES)
        self._samples_taken = 0
        self._samples_given = 0
        self._published_at = 0.0
        self._unpublished = True
        self._heard: deque[str] = deque(maxlen=1000)
        self._writers = WriterWatch()
        self._followed: dict[str, tuple[Path, ...]] = {}
        self._watch_of_path: dict[str, RunWatch] = {}
        self._hints = ChangeHints(self._hear)
        self._follow_due = 0.0
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
        self._hints.stop()

    def focus(self, run_name: str | None) -> None:
        """Read this run before all others."""
        self._open_run = run_name
        self._ask()

    def rescan(self) -> None:
        """Look for new runs and files now."""
        self._discovery_due = 0.0
        self._ask()

    def _ask(self) -> None:
        """Let the reader leave its rest: a person waits."""
        self._asked.set()
        self._stirred.set()

    def _run(self, name: str, round_: Callable[[], None]) -> None:
        """Repeat rounds until the end; a round that fails is said on the screen, and the next one tried."""
        be_nice()
        while not self._stopping.is_set():
            try:
                round_()
            except Exception as error:  # noqa: BLE001  # a thread that dies silently would freeze the screen
                if self._failures.note(f"tuimon {name}", error):
                    self._publisher.publish(problems=(*self._problems, *self._failures.problems))
                self._stopping.wait(_RESTART_S)

    # The reader's thread

    def _read_round(self) -> None:
        self._share.begin()
        if time.monotonic() >= self._discovery_due:
            self._discover()
        if self._published_at and self._for_screen:
            # The first points are published: now it is the screen's turn.
            self._for_screen = False
            self.gate.close(_FIRST_PICTURE_S)
            self.gate.pass_through()
        if self._published_at:
            self._follow_folders()
        self._take_hints()
        busy = self._read_due()
        self._give_hardware()
        self._publish(force=not busy)
        if not busy:
            self._share.end()
            self._asked.wait(self._share.rest_s)
            self._asked.clear()
            self._stirred.wait(self._seconds_to_next())
            self._stirred.clear()

    def _discover(self) -> None:
        started = time.monotonic()
        found = self._discoverer.discover(self._roots)
        for ref in found.runs:
            watch = self._watches.get(ref.name)
            if watch is None:
                self._watches[ref.name] = RunWatch(ref, self._total, with_rules=True, budget=self._budget)
                self._unpublished = True
            elif ref != watch.reading.ref:
                watch.reading.update(ref)
                watch.schedule.hurry(started)
        for name in superseded(self._watches, found.runs):
            self._watches.pop(name).reading.close()
            self._unpublished = True
        self._watch_of_path = {str(path): w for w in self._watches.values() for path in w.paths}
        if found.problems != self._problems:
            self._problems = found.problems
            self._unpublished = True
        ended = time.monotonic()
        self._discovery_due = ended + max(_DISCOVERY_S, (ended - started) / _DISCOVERY_SHARE)
        self._discovery_rest = ended + max(_HINTED_DISCOVERY_S, (ended - started) / _DISCOVERY_SHARE)

    def _read_due(self) -> bool:
        """Read and judge what is due, the open run first; return whether work is left."""
        busy = False
        # A list of runs that says how far each is comes before what is wrong with any of them.
        listing = any(watch.unread for watch in self._watches.values())
        deadline = time.monotonic() + (_LISTING_ROUND_S if listing else _ROUND_S)
        for watch in self._in_turn():
            self.gate.pass_through()
            try:
                busy |= self._read_slice(watch, may_judge=not listing or watch.name == self._open_run)
            except Exception as error:  # noqa: BLE001  # one run that fails must not hold up the others
                self._unpublished |= self._failures.note(f"run {watch.name}", error)
                watch.pending = False
                watch.schedule.due = time.monotonic() + _RESTART_S
            if time.monotonic() >= deadline or not (self._published_at or watch.unknown):
                # The first run that was read is worth a picture: it is the one that changed last.
                return True
        return busy

    def _read_slice(self, watch: RunWatch, *, may_judge: bool) -> bool:
        """Read a slice of a run if it is due, and judge it if that may be; return whether more is there."""
        busy = False
        now = time.monotonic()
        if watch.schedule.due <= now:
            told = len(watch.reading.problems)
            # What was there before tuimon came is no sign of life.
            first = watch.behind
            is_open = watch.name == self._open_run
            if first and watch.draft(_OPEN_SKETCH if is_open or not self._published_at else _LISTED_SKETCH):
                watch.state = None
                self._unpublished = True
                if not self._published_at:
                    return True
            changed, more = watch.read(_SLICE)
            grown = changed and not first
            watch.schedule.looked(now, changed=grown, is_open=is_open, run_count=len(self._watches))
            if more:
                watch.schedule.due = now
                busy = True
            if grown:
                self._writers.note_growth(watch.name, now)
            watch.pending |= changed
            if changed or len(watch.reading.problems) > told:
                watch.state = None
                self._unpublished = True
        # Points come before rules: what is still being read was not on the screen yet.
        reading = watch.behind and watch.schedule.due <= time.monotonic()
        if watch.pending and may_judge and self._published_at and not reading:
            self.gate.pass_through()
            watch.pending = watch.judge.extend(watch.view)
            watch.state = None
            self._unpublished = True
        return busy or watch.pending

    def _in_turn(self) -> list[RunWatch]:
        """Return what is due: the open run first, reading before judging, then what changed last."""
        now = time.monotonic()
        due = [watch for watch in self._watches.values() if watch.pending or watch.schedule.due <= now]
        return sorted(
            due, key=lambda w: (w.name != self._open_run, w.schedule.due > now, -w.reading.ref.mtime)
        )

    def _seconds_to_next(self) -> float:
        due = min((watch.schedule.due for watch in self._watches.values()), default=self._discovery_due)
        live = self._published_at + _LIVE_REFRESH_S if self.snapshot.live else self._discovery_due
        return max(0.0, min(due, self._discovery_due, live) - time.monotonic())

    def _follow_folders(self) -> None:
        """Ask for hints where they help: where runs begin, and of the runs that changed last."""
        now = time.monotonic()
        if now < self._follow_due:
            return
        self._follow_due = now + _FOLLOW_S
        newest = nsmallest(
            MOST_FOLDERS,
            self._watches.values(),
            key=lambda w: (w.name != self._open_run, -w.schedule.quiet_since),
        )
        steady = {path.parent for watch in newest if watch.schedule.steady for path in watch.paths}
        folders = (root.path for root in self._roots if root.path.is_dir())
        parents = (path.parent for watch in newest for path in watch.paths)
        self._hints.follow(folder for folder in chain(folders, parents) if folder not in steady)

    def _take_hints(self) -> None:
        """Hurry to the runs whose files were heard of."""
        now = time.monotonic()
        while self._heard:
            watch = self._watch_of_path.get(self._heard.popleft())
            if watch is not None:
                watch.schedule.hurry(now)

    def _hear(self, path: str, files_changed: bool) -> None:  # noqa: FBT001  # called by ChangeHints only
        """Note a hint; called in watchdog's thread."""
        self._heard.append(path)
        if files_changed:
            soon = max(time.monotonic() + _HINTED_DISCOVERY_S, self._discovery_rest)
            self._discovery_due = min(self._discovery_due, soon)
        self._stirred.set()

    def _give_hardware(self) -> None:
        """Give new samples to the run that this machine works on, if it is clear which one that is."""
        fresh = self._samples_taken - self._samples_given
        if not fresh or any(watch.behind for watch in self._watches.values()):
            # Which run is live is known when all are read; until then any of them may look like it.
            return
        self._samples_given = self._samples_taken
        running = [w for w in self._watches.values() if w.state is not None and w.state.status.live]
        if len(running) == 1 and running[0].add_hardware(tuple(self._samples)[-fresh:]):
            running[0].pending = True
            running[0].state = None
        self._unpublished = True

    def _publish(self, *, force: bool) -> None:
        """Publish what changed: at once when idle, else not more often than a screen can show it."""
        since = time.monotonic() - self._published_at
        live = self.snapshot.live
        if not self._unpublished and not (live and since >= _LIVE_REFRESH_S):
            return
        # Thousands of runs take a while to publish, which reading them should not wait for too often.
        if since < max(_PUBLISH_S, self._publishing.rest_s) and not (force and since >= _PUBLISH_S / 5):
            return
        self._publishing.begin()
        now = self._clock.now()
        found = ((watch, self._refreshed(watch, now)) for watch in self._watches.values())
        states = {watch.name: state for watch, state in found if state is not None}
        known = self._writers.known()
        self._followed = {
            name: self._watches[name].paths
            for name, state in states.items()
            if state.status.live or name in known
        }
        self._unpublished = False
        self._published_at = time.monotonic()
        self._publisher.publish(
            now=now,
            runs=tuple(states[name] for name in sorted(states)),
            hardware=tuple(self._samples)[-60:],
            problems=(*self._problems, *self._failures.problems),
            listing=False,
        )
        self._publishing.end()

    def _refreshed(self, watch: RunWatch, now: float) -> RunState | None:
        """Return the state of a run; if it cannot be made, the last one that could, or None."""
        stale = time.monotonic() - watch.refreshed_at >= _LIVE_REFRESH_S
        if watch.state is None or (watch.state.status.live and stale):
            try:
                watch.refresh(now, live=True, process_alive=self._writers.alive(watch.name))
            except Exception as error:  # noqa: BLE001  # one run that fails must not hold up the others
                self._failures.note(f"run {watch.name}", error)
                watch.state = self.snapshot.run(watch.name)
        return watch.state

    # The sampler's thread

    def _sample_round(self) -> None:
        """Once a second, while a run is live, sample sensors and look after writers."""
        if self._followed:
            self._writers.look(self._followed, time.monotonic())
        if not self._published_at:
            self._stopping.wait(_ROUND_S)
            return
        self.gate.pass_through()
        # Rates and the CPU's use need two samples, which are taken in any case.
        if self._probe is not None and (self._samples_taken < 2 or self.snapshot.live):
            self._samples.append(self._probe.sample(self._clock.now()))
            self._samples_taken += 1
            self._stirred.set()
        self._stopping.wait(_SAMPLE_S)
