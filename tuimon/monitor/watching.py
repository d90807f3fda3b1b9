"""One run under watch: its reading, its judge, and the state that screens see."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tuimon.analysis.progress import Progress, SteadyEta
from tuimon.analysis.status import Status
from tuimon.core.batch import LifecycleRecord, ScalarBatch
from tuimon.core.process import RunProcess
from tuimon.core.roles import HARDWARE_ROLES, role_of
from tuimon.hardware.run_process import runs_elsewhere
from tuimon.monitor.judging import RunJudge
from tuimon.monitor.listing import Listed, list_run, nothing_read
from tuimon.monitor.notices import notices
from tuimon.monitor.reading import RunReading
from tuimon.monitor.schedule import PollSchedule
from tuimon.monitor.snapshot import RunState
from tuimon.sources.base import ReadBudget, RunRef
from tuimon.sources.tailed_file import BLOCK_BYTES
from tuimon.store.budget import MemoryBudget
from tuimon.store.run import HARDWARE_STREAM, RunView

if TYPE_CHECKING:
    from tuimon.analysis.findings.catalog import FindingSettings
    from tuimon.core.hardware import HardwareSample

_NOTHING_KNOWN = Progress()
# Where a source that keeps names of runs beside their folders tells it.
_GIVEN_NAME = "wandb.display_name"
# A slice of reading takes no longer than this, after which a key gets its turn. Formats differ by a factor of
# ten in how much that is, and each slice has costs of its own.
_LONGEST_SLICE_S = 0.02
_FIRST_SLICE_BYTES = 1 << 20


class RunWatch:
    """Reads and judges one run, slice by slice. Used by the reader thread, or by a command without threads.

    Attributes:
        state: What screens see; None when it is out of date.
        pending: Whether the judge has not seen all points yet.
        behind: Whether the last read left something unread.
        live: Whether something was writing the run when `state` was made last.
        is_listed: Whether a list may say something of it already, or nothing can be said before it is read.
        process: The process that writes the run; None where nobody knows.
        refreshed_at: When `state` was made, in seconds of a monotonic clock.
    """

    def __init__(
        self,
        ref: RunRef,
        total: int | None,
        *,
        with_rules: bool,
        budget: MemoryBudget | None = None,
        thresholds: FindingSettings | None = None,
    ) -> None:
        self.reading = RunReading(ref, budget)
        self.judge = RunJudge(ref.name, total, with_rules=with_rules, thresholds=thresholds)
        self.schedule = PollSchedule(quiet_since=time.monotonic() - max(time.time() - ref.mtime, 0.0))
        self.state: RunState | None = None
        self.pending = False
        self.behind = True
        self.live = False
        self.is_listed = False
        self.refreshed_at = 0.0
        self._view: RunView = nothing_read()
        self._is_view_old = False
        self._slice_bytes = _FIRST_SLICE_BYTES
        self._listed: Listed | None = None
        self._samples = 0
        self._sketch: RunView | None = None
        self._sketch_windows = 0
        self._steady_eta = SteadyEta()
        self.process: RunProcess | None = None
        self._killed_at: int | None = None

    @property
    def name(self) -> str:
        """The run's name."""
        return self.reading.ref.name

    @property
    def view(self) -> RunView:
        """The run as it is now. It is frozen when somebody looks: a large file comes in many slices."""
        if self._is_view_old:
            self._view, self._is_view_old = self.reading.store.freeze(), False
        return self._view

    def thaw(self) -> None:
        """Let the run be frozen anew at the next look: something came into its store."""
        self._is_view_old = True

    @property
    def unread(self) -> bool:
        """Whether nothing of the run was read so far, and there is something."""
        return self.behind and not self._has_records

    @property
    def _has_records(self) -> bool:
        return self._is_view_old or self._view.revision > 0

    @property
    def unknown(self) -> bool:
        """Whether there is nothing to show of the run yet, and there is something to be read."""
        return self.unread and self._sketch is None

    @property
    def paths(self) -> tuple[Path, ...]:
        """All files that the run is read from."""
        return tuple(path for source in self.reading.ref.sources for path in source.paths)

    def list_early(self) -> bool:
        """Look at the end of the run before it is read; return whether that tells anything."""
        self.is_listed = True
        self._listed = list_run(self.reading.ref) if self.unread else None
        return self._listed is not None

    def show_parts(self) -> None:
        """Show what was read so far, even if it is not all yet: the person looks at it."""
        if self._has_records and self._listed is not None:
            self._listed = self.state = None

    def draft(self, windows: int) -> bool:
        """Sketch the run, at `windows` places at least, until it is read; return whether that changed it."""
        if windows <= self._sketch_windows or not self.behind:
            return False
        self._sketch_windows = windows
        sketch = self.reading.sketch(windows)
        self._sketch = sketch or self._sketch
        return sketch is not None

    def read(self, budget: ReadBudget, *, settle: bool = True) -> tuple[bool, bool]:
        """Read a slice; return whether anything came, and whether more is there.

        If nothing is, memory is given back, unless that is left to the caller (see `settle`).
        """
        before = self.reading.store.revision
        self.behind = more = self.reading.read(budget, settle=settle)
        changed = self.reading.store.revision != before
        if changed:
            self.thaw()
        if not more:
            self._sketch = self._listed = None
        self.is_listed = True
        return changed, more

    def read_slice(self) -> tuple[bool, bool]:
        """Read as much as takes a few milliseconds; see `read`. Memory is not given back."""
        begun = time.thread_time()
        found = self.read(ReadBudget(max_bytes=self._slice_bytes), settle=False)
        took_s = time.thread_time() - begun
        if took_s > _LONGEST_SLICE_S:
            self._slice_bytes = max(self._slice_bytes // 2, _FIRST_SLICE_BYTES)
        elif took_s < _LONGEST_SLICE_S / 2:
            self._slice_bytes = min(self._slice_bytes * 2, BLOCK_BYTES)
        return found

    def settle(self) -> None:
        """Give back what reading took and freed, if all is read.

        That is for when all of it was drawn: until then the screen's thread can use it, which otherwise would
        wait for other pages.
        """
        if not self.behind:
            self.reading.settle()

    def add_hardware(self, samples: tuple[HardwareSample, ...]) -> bool:
        """Take this machine's samples in as series, unless the run logs hardware itself."""
        logged = any(
            series.stream != HARDWARE_STREAM and role_of(tag) in HARDWARE_ROLES
            for tag, series in self.view.series.items()
        )
        if logged or not samples:
            return False
        step = np.array([self.state.progress.step or 0 if self.state is not None else 0])
        for sample in samples:
            metrics = sample.as_metrics()
            if not metrics:
                continue
            self._samples += 1
            batch = ScalarBatch(
                tuple(metrics),
                np.array([self._samples]),
                step,
                np.array([sample.wall_time]),
                tuple(np.array([value]) for value in metrics.values()),
            )
            self.reading.store.extend(HARDWARE_STREAM, [batch])
        self.thaw()
        return True

    def refresh(self, now: float, *, live: bool, process_alive: bool | None = None) -> RunState:
        """Make and keep the state that screens see; see `RunJudge.verdict` for the arguments."""
        process = self.process
        self.refreshed_at = time.monotonic()
        if self._sketch is None and (self.unread or self._listed is not None):
            return self._unread_state()
        run = self._sketch or self.view
        verdict = self.judge.verdict(
            run,
            now,
            live=live,
            changed_at=self.reading.ref.mtime,
            process_alive=process_alive,
            caught_up=not (self.behind or self.pending),
        )
        self.live = verdict.status.live
        engine = self.judge.engine
        self.state = RunState(
            name=self.name,
            path=self.reading.ref.path,
            formats=self.reading.formats,
            run=run,
            status=verdict.status,
            progress=self._steady_eta.show(verdict.progress, now) if live else verdict.progress,
            findings=engine.findings if engine is not None else (),
            problems=(*self.reading.problems, *notices(run, self.reading.ref.path)),
            loaded=self.reading.loaded,
            changed_at=self.reading.ref.mtime,
            checked_step=engine.checked_step if engine is not None else None,
            checked=engine is not None and not self.pending,
            sketched=self._sketch is not None,
            process=process,
            host=_other_host(run) if live and (process is None or not process.sure) else "",
            given_name=_given_name(run, self.name),
        )
        if process is not None and process.out_of_memory and verdict.status is Status.FAILED:
            self._note_kill(now)
        return self.state

    def _note_kill(self, now: float) -> None:
        """Note once that the kernel ended the run, which could not log that itself."""
        if self._killed_at == len(self.view.attempts):
            return
        self._killed_at = len(self.view.attempts)
        text = "the kernel ended a process for lack of memory when this one was gone (oom-kill)"
        self.reading.store.extend(
            HARDWARE_STREAM, [LifecycleRecord("error", self._samples + 1, None, now, text)]
        )
        self.thaw()
        self.pending = True

    def _unread_state(self) -> RunState:
        """Make the state of a run that was not read yet; there may be thousands of them."""
        known = self._listed
        self.state = RunState(
            name=self.name,
            path=self.reading.ref.path,
            formats=self.reading.formats,
            run=self.view if known is None else known.run,
            status=Status.UNKNOWN if known is None else known.status,
            progress=_NOTHING_KNOWN if known is None else known.progress,
            findings=(),
            problems=self.reading.problems,
            loaded=self.reading.loaded,
            changed_at=self.reading.ref.mtime,
            checked_step=None,
            checked=False,
            sketched=known is not None,
            given_name="" if known is None else _given_name(known.run, self.name),
        )
        return self.state


def superseded(watches: Mapping[str, RunWatch], found: Sequence[RunRef]) -> list[str]:
    """Return the runs whose files are all read as parts of other runs by now; what is merely gone stays."""
    missing = watches.keys() - {ref.name for ref in found}
    if not missing:
        return []
    claimed = {path for ref in found for source in ref.sources for path in source.paths}
    return [name for name in missing if claimed.issuperset(watches[name].paths)]


def _given_name(run: RunView, name: str) -> str:
    given = run.config.get(_GIVEN_NAME)
    return given if isinstance(given, str) and given not in name else ""


def _other_host(run: RunView) -> str:
    """Return the name of the other machine on which a run's newest writer says that it runs; "" for none."""
    named = next((record.host for record in reversed(run.lifecycle) if record.host), "")
    return named if runs_elsewhere(named) else ""
