"""What the x axis of a chart counts."""

from __future__ import annotations

from enum import StrEnum

from tuimon.core.frozen import frozen


class Axis(StrEnum):
    """What the x axis of a chart counts."""

    ACCUMULATED = "accumulated"
    STEP = "step"
    RELATIVE = "relative"
    WALL = "wall"
    EPOCH = "epoch"
    TOKENS = "tokens"


@frozen
class Attempt:
    """The stretch of a run between two restarts.

    Attributes:
        number: 1 for the first attempt of a run.
        first_step: The step at which it began.
        last_step: The last step that it has reached.
        start_time: Wall time of its first point; NaN where none is known.
        last_time: Wall time of its last point; NaN where none is known.
        offset: What is added to a logged step on the accumulated axis, so that the attempt begins where the
            one before it ended.
    """

    number: int
    first_step: int
    last_step: int
    start_time: float
    last_time: float
    offset: int


@frozen
class Segment:
    """The points `[start, stop)` of one series that belong to one attempt."""

    start: int
    stop: int
    attempt: Attempt
