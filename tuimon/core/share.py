"""How a thread keeps to its share of the time, for work that nobody waits for."""

from __future__ import annotations

import time


class TimeShare:
    """Tells a thread how long to rest after a piece of work. Used by one thread.

    Beside a training that takes every core, each millisecond taken is a millisecond it loses. The rest grows
    with what the work took by the clock, not by the CPU: that is longer on a slow machine, for a large
    screen, for many runs, and most of all where others want the core. So pictures become rarer, not the
    training slower. After a pause nothing is owed: what comes then is done at once.

    Args:
        share: The largest share of the time, 0 to 1.
        longest_s: No rest is longer than this.
    """

    def __init__(self, share: float, longest_s: float) -> None:
        self._share = share
        self._longest_s = longest_s
        self._begun = 0.0
        self.rest_s = 0.0

    def begin(self) -> None:
        """Note that a piece of work begins."""
        self._begun = time.monotonic()

    def end(self) -> None:
        """Note that it is done; from now on `rest_s` seconds should pass before the next one."""
        self.rest_s = min((time.monotonic() - self._begun) / self._share, self._longest_s)
