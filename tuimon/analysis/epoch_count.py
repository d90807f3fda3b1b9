"""What a run's logged epochs say about its steps."""

from __future__ import annotations

import numpy as np

from tuimon.core.batch import ValueArray
from tuimon.core.roles import Role, is_evaluation
from tuimon.store.column import IntColumn
from tuimon.store.run import RunView
from tuimon.store.series import SeriesView

# Hugging Face rounds epochs to two decimals: below this the rounding is more than a tenth of the value.
_LEAST_FRACTION = 0.05
_RECENT = 256
# No training has a thousand billion steps; what says so is about something else, or broken.
LARGEST_TOTAL = 1e12


def epoch_series(run: RunView) -> SeriesView | None:
    """Return the series that counts epochs beside training points, or None where there is none."""
    counting = [s for s in run.with_role(Role.EPOCH) if len(s)]
    training = [s for s in counting if not is_evaluation(s.tag)]
    return next(iter(training or counting), None)


def is_position(steps: IntColumn, epochs: ValueArray) -> bool:
    """Return whether epochs say how many are over at a step, instead of counting which one it lies in.

    Judged by the last ones: they have fractions, or all lie on one line through step 0 (Hugging Face,
    logging once an epoch).
    """
    known = np.isfinite(epochs[-_RECENT:]) & (epochs[-_RECENT:] > 0)
    recent, at = epochs[-_RECENT:][known], steps[-_RECENT:][known]
    if (recent != np.floor(recent)).any():
        return True
    lengths = at / recent
    return bool(
        len(recent) and recent.min() < recent.max() and lengths[0] > 1 and (lengths == lengths[0]).all()
    )


def steps_per_epoch(steps: IntColumn, epochs: ValueArray) -> float | None:
    """Return how many steps an epoch has, from logged steps and epochs of one attempt.

    None before it can be told. A position is taken to be 0 at step 0. A counter tells it once it
    has changed: between the first and the last change lie whole epochs; at the first change one is over.
    """
    known = np.flatnonzero(np.isfinite(epochs[-_RECENT:]))
    if not len(known):
        return None
    last, step = epochs[-_RECENT:][known[-1]], int(steps[-_RECENT:][known[-1]])
    if is_position(steps, epochs):
        return step / float(last) if last >= _LEAST_FRACTION and step > 0 else None
    # A counter never falls within an attempt, so that a binary search finds where it changed.
    first_change = int(np.searchsorted(epochs, epochs[0], side="right"))
    last_change = int(np.searchsorted(epochs, last, side="left"))
    if not last > epochs[0] or max(first_change, last_change) >= len(epochs):
        return None
    whole = float(epochs[last_change]) - float(epochs[first_change])
    if whole > 0:
        counted = (int(steps[last_change]) - int(steps[first_change])) / whole
    else:
        counted = float(int(steps[first_change]) - int(steps[0]))
    return counted if 0 < counted <= LARGEST_TOTAL else None
