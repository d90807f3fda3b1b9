"""What a screen needs of whatever feeds it: the live monitor, or a replay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from tuimon.monitor.publisher import Gate
from tuimon.monitor.snapshot import Snapshot


class Feed(Protocol):
    """A source of snapshots. Every method may be called in the screen's thread and returns at once."""

    gate: Gate

    def start(self) -> None:
        """Begin to read; a second call does nothing."""

    def stop(self) -> None:
        """End all threads, soon."""

    @property
    def snapshot(self) -> Snapshot:
        """The newest snapshot."""

    def subscribe(self, wake: Callable[[], None] | None) -> None:
        """Call `wake` after every change, in some thread; it must return at once."""

    def focus(self, run_name: str | None) -> None:
        """Read this run before all others."""

    def rescan(self) -> None:
        """Look for new runs and files now."""


class PlaybackControls(Protocol):
    """What a replay offers beside a feed."""

    @property
    def last_time(self) -> float:
        """The wall time of the last point of all that is played, in unix seconds; NaN where none is known."""

    def toggle_pause(self) -> None:
        """Stand still, or go on."""

    def set_speed(self, speed: float) -> None:
        """Play so many seconds of the data per second."""

    def seek_fraction(self, fraction: float) -> None:
        """Go to a place, 0 to 1."""

    def seek_step(self, step: int) -> None:
        """Go to a logged step."""

    def seek_time(self, wall_time: float) -> None:
        """Go to a wall time of the data, in unix seconds."""

    def step(self, by: int) -> None:
        """Go so many logged steps on, or back."""
