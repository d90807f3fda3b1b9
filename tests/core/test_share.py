"""A thread's share of the time. The clock is set by hand."""

from __future__ import annotations

import pytest

from tuimon.core import share
from tuimon.core.share import TimeShare


class Clock:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(share, "time", clock)
    return clock


def work(clock: Clock, times: TimeShare, seconds: float) -> float:
    """Work for a while, and return how long to rest."""
    times.begin()
    clock.now += seconds
    times.end()
    return times.rest_s


def test_work_now_and_then_needs_no_rest(clock: Clock) -> None:
    times = TimeShare(0.02, burst_s=0.05, longest_s=1.0)
    for _ in range(100):
        assert work(clock, times, 0.01) == 0.0
        clock.now += 0.6


def test_a_few_pieces_in_a_row_are_done_at_once_and_then_the_share_is_kept(clock: Clock) -> None:
    times = TimeShare(0.02, burst_s=0.05, longest_s=1.0)
    assert [work(clock, times, 0.01) == 0.0 for _ in range(7)] == [True] * 5 + [False] * 2
    begun, worked = clock.now, 0.0
    for _ in range(200):
        clock.now += times.rest_s
        work(clock, times, 0.01)
        worked += 0.01
    assert worked / (clock.now - begun) == pytest.approx(0.02, rel=0.05)


def test_waiting_for_another_thread_is_no_work(clock: Clock) -> None:
    times = TimeShare(0.02, burst_s=0.05, longest_s=1.0)
    for _ in range(100):
        times.begin()
        clock.now += 0.06
        times.leave_out(0.05)
        times.end()
        assert times.rest_s == 0.0
        clock.now += 0.6


def test_no_rest_is_longer_than_the_longest_however_long_the_work(clock: Clock) -> None:
    times = TimeShare(0.02, burst_s=0.05, longest_s=0.9)
    assert work(clock, times, 5.0) == pytest.approx(0.9)
    clock.now += 0.9
    assert work(clock, times, 5.0) == pytest.approx(0.9)


def test_after_a_pause_nothing_is_owed(clock: Clock) -> None:
    times = TimeShare(0.02, burst_s=0.05, longest_s=0.9)
    work(clock, times, 5.0)
    clock.now += 60.0
    assert work(clock, times, 0.03) == 0.0


def test_while_a_core_is_idle_the_share_is_larger(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1}, raising=False)
    rests = {}
    for load in (0.9, 2.0):
        monkeypatch.setattr("os.getloadavg", lambda load=load: (load, 0.0, 0.0))
        times = TimeShare(0.02, burst_s=0.0, longest_s=9.0, idle_share=0.04)
        rests[load] = work(clock, times, 0.04)
    assert rests[0.9] == pytest.approx(1.0)
    assert rests[2.0] == pytest.approx(2.0)
