"""When to look at a run's files again: often while they grow, seldom while they are quiet."""

from __future__ import annotations

import math
from dataclasses import dataclass

SHORTEST_S = 0.2
# A trainer that logs a hundred times a second is not looked at a hundred times a second: each look costs some
# milliseconds, which the training may want.
LEAST_S = 0.1
LONGEST_S = 2.0
# The run on the screen is never left alone for longer than this, and one whose growth is heard of need not be
# asked more often.
OPEN_RUN_S = 0.5
# A run that has been quiet for ten seconds is asked a second later again.
_QUIET_PART = 0.1
# A run of which so much is heard a second, at so many looks in a row, grows all the time: until it has been
# quiet for a while, or for so long that it is worth while to listen again.
_STEADY_HINTS_PER_S = 6.0
_STEADY_LOOKS = 8
_STEADY_QUIET_S = 3.0
_STEADY_S = 60.0
# With thousands of runs the quiet ones are asked less often, so that a round of polls stays this rare.
_POLLS_PER_S = 500.0
# A run that has been quiet for an hour is asked every half minute: a look below the roots, which comes more
# often, sees that its files have changed.
_LONGEST_QUIET_S = 30.0
_QUIET_SHARE = _LONGEST_QUIET_S / 3600


@dataclass(slots=True)
class PollSchedule:
    """The next look at one run, in seconds of a monotonic clock.

    Attributes:
        due: When to look next.
        quiet_since: When the run's files changed last.
        looked_at: When the last look was.
        steady: Whether the run grows all the time. Looking at it now and then finds as much as hints would,
            and a hint for every line costs the training a little each time.
    """

    quiet_since: float
    due: float = 0.0
    looked_at: float = -math.inf
    steady: bool = False
    _hints: int = 0
    _answered_at: float = -math.inf
    _is_heard: bool = False
    _busy_looks: int = 0
    _steady_since: float = 0.0

    def looked(self, now: float, *, changed: bool, is_open: bool, run_count: int) -> None:
        """Note a look at the run, and decide on the next one."""
        busy = self._hints > _STEADY_HINTS_PER_S * (now - self.looked_at)
        was_heard = self._hints > 0
        if was_heard or changed:
            self._answered_at = now
        self.looked_at, self._hints = now, 0
        self._busy_looks = self._busy_looks + 1 if busy and changed else 0
        if changed:
            self.quiet_since, self._is_heard = now, was_heard
        if self._busy_looks >= _STEADY_LOOKS and not self.steady:
            self.steady, self._steady_since = True, now
        elif now - self.quiet_since > _STEADY_QUIET_S or now - self._steady_since > _STEADY_S:
            self.steady = False
        quiet_s = min((now - self.quiet_since) * _QUIET_SHARE, _LONGEST_QUIET_S)
        longest = OPEN_RUN_S if is_open else max(LONGEST_S, run_count / _POLLS_PER_S, quiet_s)
        shortest = OPEN_RUN_S if self._is_heard else SHORTEST_S
        self.due = now + min(shortest + _QUIET_PART * (now - self.quiet_since), longest)

    def hurry(self, now: float) -> None:
        """Look at once: something was heard of the run. If the last look found or followed such, soon."""
        self._hints += 1
        self.due = min(self.due, max(now, self._answered_at + LEAST_S))
