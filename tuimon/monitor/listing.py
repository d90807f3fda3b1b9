"""What a list says of a run that was not read yet: its last step, its last loss, and whether it has ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from tuimon.analysis.charted import TELLING_ROLES
from tuimon.analysis.progress import Progress
from tuimon.analysis.status import Status
from tuimon.core.batch import LifecycleRecord, ScalarBatch
from tuimon.core.frozen import frozen
from tuimon.core.roles import Role, role_of
from tuimon.sources.base import RunRef
from tuimon.store.attempts import leading_rank
from tuimon.store.axis import Attempt
from tuimon.store.packing import ClockRows
from tuimon.store.run import RunView
from tuimon.store.run_store import RunStore
from tuimon.store.series import Series

if TYPE_CHECKING:
    from tuimon.sources.ends import FileEnd, LastPoint

LISTED_REVISION = -1
"""The revision of what is listed before it is read: no reading has it, so nothing made of it outlives it."""

# What these add to a run is not its last point: a trainer state is written with a checkpoint.
_COMPANIONS = frozenset({"config", "hf"})
_NO_CUTS = np.empty(0, np.int64)
_ENDED = {"finished": Status.DONE, "failed": Status.FAILED, "error": Status.FAILED}


@frozen
class Listed:
    """What a list says of a run.

    Attributes:
        run: The last point of the series that stands for the run, and nothing else.
        progress: The last step.
        status: How it ended, if it says so; unknown until it is read.
    """

    run: RunView
    progress: Progress
    status: Status


def list_run(ref: RunRef) -> Listed | None:
    """Return what the end of a run's file tells of it, or None where that is not sure. Never raises."""
    from tuimon.sources.ends import WINDOW_BYTES, read_end  # noqa: PLC0415  # a few runs are read at once

    logs = [source for source in ref.sources if source.format not in _COMPANIONS]
    if len(logs) != 1:
        return None
    for window_bytes in WINDOW_BYTES:
        end = read_end(logs[0], window_bytes)
        if end is not None and (listed := _listed(end)) is not None:
            return listed
    return None


def _listed(end: FileEnd) -> Listed | None:
    tag, leaders = _telling_tag(end.tags), _leaders(end.tags)
    if tag is None:
        return None
    shown = end.tags[tag]
    steps = {None if (last := end.tags[leader]) is None else last.step for leader in leaders}
    if shown is None or len(steps) > 1 or None in steps:
        return None
    # Whichever of them leads the run, this is its last step.
    newest = max(last.order for last in end.tags.values() if last is not None)
    at = max((last.order for leader in leaders if (last := end.tags[leader]) is not None), default=newest)
    after = [record for record in end.lifecycle if record.order > at]
    reached = [step for step in (*steps, *(record.step for record in after)) if step is not None]
    progress = Progress(step=max(reached)) if steps else Progress()
    return Listed(_view(tag, shown), progress, _status(after, newest, shown.wall_time))


def _telling_tag(tags: Iterable[str]) -> str | None:
    """Return the tag that stands for a run.

    None where there is none, or where several of one role would have to be counted.
    """
    by_role: dict[Role, list[str]] = {}
    for tag in tags:
        by_role.setdefault(role_of(tag), []).append(tag)
    for role in TELLING_ROLES:
        if found := by_role.get(role):
            return found[0] if len(found) == 1 else None
    return by_role.get(Role.OTHER, [None])[0]


def _leaders(tags: Iterable[str]) -> Sequence[str]:
    """Return the tags of which one leads the run: that of which it holds the most points."""
    ranks = {tag: rank for tag in tags if (rank := leading_rank(tag)) is not None}
    best = min(ranks.values(), default=None)
    return [tag for tag, rank in ranks.items() if rank == best]


def _view(tag: str, last: LastPoint) -> RunView:
    """Return a run of one point, as a store would give it, at a fraction of the cost."""
    series = Series(tag, 0)
    place = np.array([last.order]), np.array([last.step]), np.array([last.wall_time])
    values = np.array([last.value])
    series.extend(ClockRows(ScalarBatch((tag,), *place, (values,)), {}), values)
    attempts = (Attempt(1, last.step, last.step, last.wall_time, last.wall_time, 0),)
    shown = {tag: series.view(attempts, _NO_CUTS)}
    return replace(nothing_read(), series=shown, attempts=attempts, revision=LISTED_REVISION)


@cache
def nothing_read() -> RunView:
    """Return the view of any run before it is read."""
    return RunStore().freeze()


def _status(records: Iterable[LifecycleRecord], newest: int, last_time: float) -> Status:
    """Return how a run ended if its last record of an end holds: nothing was logged after it."""
    status = Status.UNKNOWN
    for record in records:
        if record.kind in _ENDED:
            went_on = newest >= record.order or last_time > record.wall_time
            status = Status.UNKNOWN if went_on else _ENDED[record.kind]
        elif record.kind == "writer":
            status = Status.UNKNOWN
    return status
