"""Feeds that say what a test wants."""

from __future__ import annotations

from collections.abc import Callable

from tuimon.monitor.publisher import Gate
from tuimon.monitor.snapshot import Snapshot


class FixedFeed:
    """Holds a snapshot until a test gives it another; notes what the screen asked for."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.gate = Gate()
        self.snapshot = snapshot
        self.asked: list[str] = []
        self._wake: Callable[[], None] | None = None

    def start(self) -> None:
        self.asked.append("start")

    def stop(self) -> None:
        self.asked.append("stop")

    def subscribe(self, wake: Callable[[], None] | None) -> None:
        self._wake = wake

    def focus(self, run_name: str | None) -> None:
        self.asked.append(f"focus {run_name}")

    def rescan(self) -> None:
        self.asked.append("rescan")

    def show(self, snapshot: Snapshot) -> None:
        """Publish, as a reader's thread would."""
        self.snapshot = snapshot
        if self._wake is not None:
            self._wake()
