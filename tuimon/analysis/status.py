"""Whether a run is alive, decided from evidence."""

from __future__ import annotations

import math
from enum import StrEnum

import numpy as np

from tuimon.analysis.lines import training_series
from tuimon.analysis.progress import Progress
from tuimon.core.batch import LifecycleRecord
from tuimon.core.frozen import frozen
from tuimon.core.roles import Role
from tuimon.store.run import RunView

# A run that has logged within a minute, or within ten of its usual intervals, is running;
_FRESH_S, _FRESH_INTERVALS = 60.0, 10.0
# it pauses (an evaluation, a checkpoint) for up to ten minutes, or three times as many intervals; a
# collective operation of NCCL gives up after as long.
_SILENT_S, _SILENT_INTERVALS = 600.0, 30.0
# The clocks of a training host and of a file server differ by minutes at most. A file that is younger than
# its newest point by more was copied.
_SKEW_S = 3600.0


class Status(StrEnum):
    """What a run is doing. The values are those of `summary --json`."""

    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"
    UNKNOWN = "unknown"

    @property
    def live(self) -> bool:
        """Whether more points may come."""
        return self in (Status.RUNNING, Status.WAITING)


@frozen
class Evidence:
    """All that speaks for or against a run being alive.

    Attributes:
        now: Unix seconds; the clock's if `live`.
        live: Whether `now` is the clock, so that silence means something. If not, the run is looked back on.
        has_points: Whether anything was logged.
        last_time: Wall time of the newest point; None where no times are logged.
        changed_at: When the run's files changed last; None where that is not known.
        interval_s: Usual seconds between two training lines.
        finished: The run recorded that it came to its end, and nothing after that.
        failed: The run recorded that it failed, and nothing after that.
        last_words: What it recorded of that.
        reached_total: Its last step is the last one of the run.
        near_total: Its next line would lie at or beyond the last step, so that no further one need come.
        ends_nonfinite: Its training loss ended in NaN or infinity.
        process_alive: Whether its process lives; None where nobody knows (another host).
    """

    now: float
    live: bool
    has_points: bool = True
    last_time: float | None = None
    changed_at: float | None = None
    interval_s: float | None = None
    finished: bool = False
    failed: bool = False
    last_words: str = ""
    reached_total: bool = False
    near_total: bool = False
    ends_nonfinite: bool = False
    process_alive: bool | None = None

    @classmethod
    def of(
        cls,
        run: RunView,
        progress: Progress,
        *,
        now: float,
        live: bool,
        changed_at: float | None = None,
        process_alive: bool | None = None,
    ) -> Evidence:
        """Gather the evidence that a run and its progress hold.

        Args:
            run: The run.
            progress: Its progress, measured before the status was known.
            now: See `Evidence`.
            live: See `Evidence`.
            changed_at: When the run's files changed last, in unix seconds.
            process_alive: Whether its process lives, where that was looked up; else what the run logged.
        """
        end = _end_record(run)
        step, total = progress.step, progress.total_steps
        return cls(
            now=now,
            live=live,
            has_points=any(len(series) for series in run.series.values()),
            last_time=_newest_time(run),
            changed_at=changed_at if changed_at is not None and math.isfinite(changed_at) else None,
            interval_s=progress.interval_s,
            finished=end is not None and end.kind == "finished",
            failed=end is not None and end.kind in ("failed", "error"),
            last_words=end.text if end is not None and end.kind in ("failed", "error") else "",
            reached_total=step is not None and total is not None and step >= total,
            near_total=step is not None
            and total is not None
            and step + (progress.interval_steps or 0) >= total,
            ends_nonfinite=_ends_nonfinite(run),
            process_alive=_logged_alive(run) if process_alive is None else process_alive,
        )

    @property
    def age_s(self) -> float | None:
        """Seconds since the run was last seen to write; None where nothing tells.

        The newest point counts. The time of the file counts where no times are logged, or where it is so
        near that only two clocks can lie between (a copy is new, but what it holds is old).
        """
        written = self.changed_at
        if self.last_time is not None and (written is None or abs(written - self.last_time) > _SKEW_S):
            written = self.last_time
        if written is None or not math.isfinite(self.now):
            return None
        return max(self.now - written, 0.0)

    @property
    def last_sign_of_life(self) -> float:
        """When the run was last heard of: by its newest point, else by its files, else now."""
        known = self.last_time if self.last_time is not None else self.changed_at
        return self.now if known is None else min(self.now, known)


def decide_status(evidence: Evidence) -> Status:
    """Decide what a run is doing: the first row that fits.

    | evidence                                                                  | status  |
    |---------------------------------------------------------------------------|---------|
    | the run recorded a failure                                                | failed  |
    | the run recorded its end, or reached its last step                        | done    |
    | its process is known to be dead; the next line would have been beyond     | done    |
    | its process is known to be dead                                           | failed  |
    | looked back on: the next line would have been beyond the end              | done    |
    | looked back on: its loss ended in NaN                                     | failed  |
    | looked back on: there are points with times                               | stopped |
    | looked back on: nothing of this                                           | unknown |
    | live: its process lives, no point or none for longer than usual           | waiting |
    | live: its process lives                                                   | running |
    | live: nothing tells when it last wrote                                    | unknown |
    | live: no point yet, files up to 10 minutes old                            | waiting |
    | live: wrote within max(1 minute, 10 intervals)                            | running |
    | live: wrote within max(10 minutes, 30 intervals)                          | waiting |
    | live, silent: the next line would have been beyond the end                | done    |
    | live, silent: its loss ended in NaN                                       | failed  |
    | live, silent                                                              | stopped |
    """
    if evidence.failed:
        return Status.FAILED
    if evidence.finished or evidence.reached_total:
        return Status.DONE
    if evidence.process_alive is False:
        return Status.DONE if evidence.near_total else Status.FAILED
    return _live_status(evidence) if evidence.live else _past_status(evidence)


def _live_status(evidence: Evidence) -> Status:
    age_s, interval_s = evidence.age_s, evidence.interval_s or 0.0
    is_fresh = age_s is not None and age_s <= max(_FRESH_S, _FRESH_INTERVALS * interval_s)
    if evidence.process_alive:
        return Status.RUNNING if evidence.has_points and is_fresh else Status.WAITING
    if age_s is None:
        return Status.UNKNOWN
    if evidence.has_points and is_fresh:
        return Status.RUNNING
    if age_s <= max(_SILENT_S, _SILENT_INTERVALS * interval_s):
        return Status.WAITING
    return _ended_status(evidence)


def _past_status(evidence: Evidence) -> Status:
    told = evidence.near_total or evidence.ends_nonfinite
    if not told and (not evidence.has_points or evidence.last_time is None):
        return Status.UNKNOWN
    return _ended_status(evidence)


def _ended_status(evidence: Evidence) -> Status:
    """Return how a run ended that goes on no more and recorded nothing about it."""
    if evidence.near_total:
        return Status.DONE
    return Status.FAILED if evidence.ends_nonfinite else Status.STOPPED


def _end_record(run: RunView) -> LifecycleRecord | None:
    """Return the last record of an end, unless the training went on after it (a resumed run)."""
    newest: dict[int, int] = {}
    for series in run.series.values():
        if len(series):
            newest[series.stream] = max(newest.get(series.stream, -1), int(series.order[-1]))
    leader = training_series(run)
    last_line = float(leader.wall_times[-1]) if leader is not None else math.nan
    found = None
    for record, stream in zip(run.lifecycle, run.lifecycle_streams, strict=True):
        if record.kind in ("finished", "failed", "error"):
            # A record lies before the first point that bears its order.
            went_on = newest.get(stream, -1) >= record.order or last_line > record.wall_time
            found = None if went_on else record
        elif record.kind == "writer":
            found = None
    return found


def _newest_time(run: RunView) -> float | None:
    """Return the wall time of the newest point of any series; the last few of each are looked at."""
    newest = [series.wall_times[-16:] for series in run.series.values() if series.times_known]
    times = np.concatenate([np.empty(0), *newest])
    times = times[np.isfinite(times)]
    return float(times.max()) if len(times) else None


def _ends_nonfinite(run: RunView) -> bool:
    leader = training_series(run)
    return leader is not None and leader.role is Role.LOSS and not math.isfinite(leader.statistics.last)


def _logged_alive(run: RunView) -> bool | None:
    """Return what the run's own process samples said last; a run that logs none says nothing."""
    for series in run.with_role(Role.PROCESS_ALIVE):
        if len(series) and math.isfinite(series.statistics.last):
            return None if series.statistics.last > 0 else False
    return None
