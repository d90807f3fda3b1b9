"""The contract that every reader of hardware keeps."""

from __future__ import annotations

from typing import Protocol

from tuimon.core.hardware import HardwareSample


class Probe(Protocol):
    """A reader of sensors.

    A probe is used by one thread: the one that takes its first sample. Libraries and devices are opened
    on that first sample, not before.
    """

    def sample(self, now: float) -> HardwareSample:
        """Read what this probe knows about, and leave the rest of the sample empty.

        It never raises: a sensor that cannot be read is None, and a reason that a person should know of
        stands in `problems` for as long as it holds.

        Args:
            now: Unix seconds; becomes the sample's `wall_time`, and what all intervals are measured by.
        """

    def close(self) -> None:
        """Release what the first sample opened. Calling it again, or before any sample, is harmless."""


def is_due(last: float | None, now: float, interval_s: float) -> bool:
    """Return whether `interval_s` seconds have passed since `last`; a clock that was set back counts."""
    return last is None or not 0 <= now - last < interval_s
