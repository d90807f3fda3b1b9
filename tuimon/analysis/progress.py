"""What is said of a run's progress, and how calmly it is shown."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from tuimon.core.frozen import frozen


class EtaState(StrEnum):
    """What stands behind an ETA, or in its place."""

    KNOWN = "known"
    ESTIMATING = "estimating"
    PAUSED = "paused"
    STALLED = "stalled"
    NO_TOTAL = "no total"
    ENDED = "ended"


@frozen
class Progress:
    """How far a run is. Everything that is not known is None.

    Attributes:
        step: The last logged training step.
        total_steps: The step at which the run will end.
        epoch: The last logged epoch, with its fraction; where none is logged, as the steps tell.
        total_epochs: The number of epochs of the whole run.
        fraction: 0 to 1.
        steps_per_s: Speed over what still holds (see RULES in the documentation), pauses left out.
        samples_per_s: As logged.
        tokens_per_s: As logged.
        elapsed_s: Seconds of training, down-time between attempts left out.
        eta_s: Seconds until the end, evaluations and checkpoints counted in.
        eta_low_s: Lower end of the likely range.
        eta_high_s: Upper end of the likely range.
        finish_time: Wall time of the end.
        eta_state: What stands behind `eta_s`, or in its place.
        evaluating: Whether a pause is likely an evaluation: one is due, and has not been logged.
        last_time: Wall time of the last training line.
        interval_s: Usual seconds between two training lines.
        interval_steps: Usual steps between two training lines.
    """

    step: int | None = None
    total_steps: int | None = None
    epoch: float | None = None
    total_epochs: float | None = None
    fraction: float | None = None
    steps_per_s: float | None = None
    samples_per_s: float | None = None
    tokens_per_s: float | None = None
    elapsed_s: float | None = None
    eta_s: float | None = None
    eta_low_s: float | None = None
    eta_high_s: float | None = None
    finish_time: float | None = None
    eta_state: EtaState = EtaState.NO_TOTAL
    evaluating: bool = False
    last_time: float | None = None
    interval_s: float | None = None
    interval_steps: float | None = None

    @property
    def pause(self) -> str:
        """What a pause is called: `paused (evaluation)`, else `paused`; empty where there is none."""
        if self.eta_state is not EtaState.PAUSED:
            return ""
        return "paused (evaluation)" if self.evaluating else "paused"


# A figure that moves with every line cannot be read.
_CALM_S = 5.0
_CALM_SHARE = 0.01


class SteadyEta:
    """Keeps the ETA that people see calm. Used by one thread.

    The finish that is shown moves only when the measured one lies more than 1 % of the whole duration away
    from it, or when 5 seconds have passed since it moved last; in between the ETA counts down.
    """

    def __init__(self) -> None:
        self._finish_time: float | None = None
        self._moved_at = 0.0

    def show(self, progress: Progress, now: float) -> Progress:
        """Return `progress` with the ETA that is to be shown at `now`, in unix seconds."""
        fresh, shown = progress.finish_time, self._finish_time
        if fresh is None or progress.eta_s is None or progress.eta_state is not EtaState.KNOWN:
            self._finish_time = None
            return progress
        whole_s = progress.eta_s + (progress.elapsed_s or 0.0)
        is_calm = 0 <= now - self._moved_at < _CALM_S
        if shown is None or not is_calm or abs(fresh - shown) > _CALM_SHARE * whole_s:
            self._finish_time, self._moved_at = fresh, now
            return progress
        late_s = shown - fresh
        return replace(
            progress,
            finish_time=shown,
            eta_s=max(progress.eta_s + late_s, 0.0),
            eta_low_s=None if progress.eta_low_s is None else max(progress.eta_low_s + late_s, 0.0),
            eta_high_s=None if progress.eta_high_s is None else max(progress.eta_high_s + late_s, 0.0),
        )
