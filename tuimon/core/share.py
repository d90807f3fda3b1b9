"""How a thread keeps to its share of the time, for work that nobody waits for."""

from __future__ import annotations

import time

from tuimon.core.cores import has_idle_core


class TimeShare:
    """Tells a thread how long to rest after a piece of work. Used by one thread.

    Beside a training that takes every core, each millisecond taken is a millisecond it loses. So time for
    work is saved up at a steady rate, and what was taken beyond it is rested off; a few pieces of work in a
    row are saved for and done at once. What counts is the clock, not the CPU: work takes longer on a slow
    machine, for a large screen, for many runs, and most of all where others want the core. Then pictures
    become rarer, not the training slower.

    Args:
        share: The largest share of the time in the long run, 0 to 1.
        burst_s: So many seconds of work can be saved up.
        longest_s: No rest is longer than this.
        idle_share: The same as `share` while a core is idle, so that nobody loses anything.
    """

    def __init__(
        self, share: float, burst_s: float, longest_s: float, *, idle_share: float | None = None
    ) -> None:
        self._busy_share, self._idle_share = share, idle_share
        self._share = share
        self._burst_s = burst_s
        self._longest_s = longest_s
        self._saved_s = burst_s
        self._seen_at = time.monotonic()
        self._begun = 0.0
        self.rest_s = 0.0

    def begin(self) -> None:
        """Note that a piece of work begins."""
        self._begun = time.monotonic()
        if self._idle_share is not None:
            self._share = self._idle_share if has_idle_core() else self._busy_share
        self._save(self._begun)

    def leave_out(self, seconds: float) -> None:
        """Note that so much of the present piece was spent waiting for another thread of this program."""
        self._begun += seconds

    def end(self) -> None:
        """Note that it is done; from now on `rest_s` seconds should pass before the next one."""
        now = time.monotonic()
        self._save(now)
        self._saved_s = max(self._saved_s - (now - self._begun), -self._share * self._longest_s)
        self.rest_s = max(-self._saved_s / self._share, 0.0)

    def _save(self, now: float) -> None:
        self._saved_s = min(self._saved_s + self._share * (now - self._seen_at), self._burst_s)
        self._seen_at = now
