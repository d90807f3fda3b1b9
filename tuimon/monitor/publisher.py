"""How threads hand a frozen snapshot to the screen."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from tuimon.monitor.snapshot import Snapshot


class Publisher:
    """Holds the newest snapshot. Any thread may publish, read or wait."""

    def __init__(self, first: Snapshot) -> None:
        self._lock = threading.Lock()
        self._snapshot = first
        self._wake: Callable[[], None] | None = None

    @property
    def snapshot(self) -> Snapshot:
        """The newest snapshot."""
        with self._lock:
            return self._snapshot

    def subscribe(self, wake: Callable[[], None] | None) -> None:
        """Call `wake` after every change, in the publishing thread; it must return at once."""
        with self._lock:
            self._wake = wake

    def publish(self, **changes: object) -> None:
        """Swap in a snapshot with some fields changed and the next revision."""
        with self._lock:
            revision = self._snapshot.revision + 1
            self._snapshot = replace(self._snapshot, revision=revision, **changes)  # type: ignore[arg-type]  # field names are checked by replace itself
            wake = self._wake
        if wake is not None:
            wake()


class Gate:
    """Lets keys come first: closed by a key, opened when its picture is out.

    Under one interpreter lock a reader at full speed would make every key wait. The reader passes the gate
    between two slices of a few milliseconds.
    """

    # A key whose picture never comes (nothing changed) must not hold the reader for good.
    _LONGEST_S = 0.15

    def __init__(self) -> None:
        self._open = threading.Event()
        self._open.set()
        self._longest_s = self._LONGEST_S

    def close(self, longest_s: float = _LONGEST_S) -> None:
        """Hold the reader back until somebody opens the gate, but no longer than this at a time.

        Whoever closes it once more does not shorten that.
        """
        self._longest_s = longest_s if self._open.is_set() else max(longest_s, self._longest_s)
        self._open.clear()

    def open(self) -> None:
        """Let the reader go on; called by the screen's thread."""
        self._open.set()

    def pass_through(self) -> float:
        """Wait while the gate is closed; return for how many seconds. Called by the reader."""
        if self._open.is_set():
            return 0.0
        begun = time.monotonic()
        if not self._open.wait(self._longest_s):
            self._open.set()
        return time.monotonic() - begun
