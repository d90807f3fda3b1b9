"""Whose turn it is: in which order the runs are listed, read and judged, and which of them may be judged."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator

from tuimon.core.share import TimeShare
from tuimon.monitor.watching import RunWatch

# So many runs are read about as soon as their ends are looked at.
_FEW_RUNS = 32
# Putting thousands of runs in order may take this share of the time; of a few it is done in each round.
_ORDERING_SHARE, _ORDERING_BURST_S = 0.05, 0.02
# Judging runs that nobody looks at and nobody writes may take this share of the time, after a few seconds in
# which a usual number of runs is done.
_JUDGING_SHARE, _JUDGING_BURST_S = 0.5, 3.0
# ... and each rest is long enough to be worth it: before and after it thousands of runs are put in order.
_JUDGING_PAUSE_S = 0.25
_LONGEST_REST_S = 1.0


class Turns:
    """Gives the runs their turns, over several rounds if one is too short. Used by the reader's thread.

    Points come before rules: runs that nobody looks at and nobody writes are judged when all are read, one
    after the other, and with rests.

    Attributes:
        list_first: Whether a list that says how far each run is comes before any but the open run is read.
        unread: How many runs wait to be read for the first time.
        may_judge: Whether other runs than the open one and live ones are judged in this round.
        judge_at: When they may be judged again, in seconds of a monotonic clock.
    """

    def __init__(self) -> None:
        self.list_first = False
        self.unread = 0
        self.may_judge = False
        self.judge_at = 0.0
        self._left: deque[RunWatch] = deque()
        self._again_at = 0.0
        self._ordering = TimeShare(_ORDERING_SHARE, _ORDERING_BURST_S, _LONGEST_REST_S)
        self._judging = TimeShare(_JUDGING_SHARE, _JUDGING_BURST_S, _LONGEST_REST_S)

    def renew(self) -> None:
        """Put the runs in order anew at the next round: there are others."""
        self._left.clear()

    def begin(self, watches: Iterable[RunWatch], open_run: str | None, *, published: bool) -> bool:
        """Begin a round; return whether every run with something to be done has its turn from now on.

        Otherwise this is the rest of an earlier round, of which some runs may have more to be done by now.
        """
        now = time.monotonic()
        may_judge = published and not self.unread and now >= self.judge_at
        if self._left and now < self._again_at and may_judge == self.may_judge:
            return False
        self._ordering.begin()
        self.unread = sum(watch.unread and watch.schedule.due <= now for watch in watches)
        self.list_first = published and self.unread > _FEW_RUNS
        self.may_judge = may_judge and not self.unread
        order = in_turn(watches, open_run, list_first=self.list_first, may_judge=self.may_judge)
        self._left = deque(order)
        self._ordering.end()
        self._again_at = time.monotonic() + self._ordering.rest_s
        return True

    def take(self, opened: RunWatch | None) -> Iterator[RunWatch]:
        """Yield the runs whose turn it is: the open one in each round, each of the others once.

        A run that is judged comes again until it is done: what waits for the rules takes room.
        """
        if opened is not None and (opened.pending or opened.schedule.due <= time.monotonic()):
            yield opened
        while self._left:
            watch = self._left.popleft()
            if watch is opened:
                continue
            yield watch
            if self.may_judge and watch.pending and watch.schedule.due > time.monotonic():
                self._left.appendleft(watch)

    def judge(self, watch: RunWatch) -> None:
        """Judge a slice of a run."""
        self._judging.begin()
        watch.pending = watch.judge.extend(watch.view)
        self._judging.end()
        if self._judging.rest_s:
            self.judge_at = time.monotonic() + self._judging.rest_s + _JUDGING_PAUSE_S


def in_turn(
    watches: Iterable[RunWatch], open_run: str | None, *, list_first: bool, may_judge: bool
) -> list[RunWatch]:
    """Return the runs with something to be done, in the order in which it is done.

    First the open run. Then live ones that were not judged and, at its pace, what was read whole and may have
    grown. Then, if they are to be listed first, those of which nothing is known; then what was not read
    whole, a slice of each in turn, the ones that changed last first; and last, if that may be, what was not
    judged.
    """
    now = time.monotonic()
    ranked: list[tuple[int, float, float, int, RunWatch]] = []
    for number, watch in enumerate(watches):
        is_due = watch.schedule.due <= now
        if not (is_due or (watch.pending and (may_judge or watch.live or watch.name == open_run))):
            continue
        if watch.name == open_run:
            rank, since = 0, 0.0
        elif not is_due:
            rank, since = (1, 0.0) if watch.live else (4, 0.0)
        elif not watch.behind:
            rank, since = 1, watch.schedule.due
        elif list_first and not watch.is_listed:
            rank, since = 2, 0.0
        else:
            rank, since = 3, watch.schedule.looked_at
        ranked.append((rank, since, -watch.reading.ref.mtime, number, watch))
    # No two numbers are equal, so that no run is ever compared.
    ranked.sort()
    return [entry[4] for entry in ranked]
