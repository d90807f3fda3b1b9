"""When a run is looked at again. Times are given, no clock is asked."""

from __future__ import annotations

import pytest

from tuimon.monitor.schedule import LEAST_S, OPEN_RUN_S, SHORTEST_S, PollSchedule


def test_what_was_heard_of_is_looked_at_at_once() -> None:
    schedule = PollSchedule(quiet_since=0.0)
    schedule.looked(10.0, changed=False, is_open=False, run_count=1)
    schedule.hurry(10.0 + LEAST_S)
    assert schedule.due == 10.0 + LEAST_S


def test_a_look_that_found_nothing_holds_up_no_hint() -> None:
    schedule = PollSchedule(quiet_since=0.0)
    schedule.looked(10.0, changed=False, is_open=True, run_count=1)
    schedule.hurry(10.01)
    assert schedule.due == 10.01
    # But looking again and again for nothing does.
    schedule.looked(10.01, changed=False, is_open=True, run_count=1)
    schedule.hurry(10.02)
    assert schedule.due == pytest.approx(10.01 + LEAST_S)


def test_many_hints_in_a_short_time_make_few_looks() -> None:
    schedule = PollSchedule(quiet_since=0.0)
    now, looks = 0.0, 0
    while now < 10.0:
        schedule.hurry(now)
        if schedule.due <= now:
            schedule.looked(now, changed=True, is_open=True, run_count=1)
            looks += 1
        now += 0.01
    assert looks <= 10.0 / LEAST_S + 1


def test_a_quiet_run_is_looked_at_less_and_less_often_unless_it_is_open() -> None:
    opened, other = PollSchedule(quiet_since=0.0), PollSchedule(quiet_since=0.0)
    for schedule, is_open in ((opened, True), (other, False)):
        now = 0.0
        for _ in range(50):
            schedule.looked(now, changed=False, is_open=is_open, run_count=1)
            now = schedule.due
    assert opened.due - opened.looked_at == pytest.approx(OPEN_RUN_S)
    assert other.due - other.looked_at > OPEN_RUN_S
    other.looked(other.due, changed=True, is_open=False, run_count=1)
    assert other.due - other.looked_at == pytest.approx(SHORTEST_S)


def test_a_run_whose_growth_was_heard_of_is_asked_half_as_often_until_it_grows_unheard() -> None:
    schedule = PollSchedule(quiet_since=0.0)
    schedule.hurry(10.0)
    schedule.looked(10.0, changed=True, is_open=True, run_count=1)
    assert schedule.due == 10.0 + OPEN_RUN_S
    schedule.looked(10.5, changed=False, is_open=True, run_count=1)
    assert schedule.due == 10.5 + OPEN_RUN_S
    schedule.looked(11.0, changed=True, is_open=True, run_count=1)
    assert schedule.due == 11.0 + SHORTEST_S


def test_a_hint_holds_up_no_reading_that_goes_on() -> None:
    schedule = PollSchedule(quiet_since=0.0)
    schedule.looked(10.0, changed=True, is_open=True, run_count=1)
    schedule.due = 10.0  # as the reader does while there is more to read
    schedule.hurry(10.01)
    assert schedule.due == 10.0


def looks(schedule: PollSchedule, begun: float, seconds: float, hints_per_s: float) -> float:
    """Let a run grow and be heard of, look each 0.4 s, and return the time after it."""
    heard, now = begun, begun
    while now < begun + seconds:
        now += 0.4
        while heard < now and not schedule.steady:
            schedule.hurry(heard)
            heard += 1 / hints_per_s
        schedule.looked(now, changed=True, is_open=True, run_count=1)
    return now


def test_a_run_that_is_heard_of_all_the_time_is_steady_until_it_is_quiet() -> None:
    schedule = PollSchedule(quiet_since=0.0)
    now = looks(schedule, 0.0, 10.0, hints_per_s=40)
    assert schedule.steady
    schedule.looked(now + 1.0, changed=False, is_open=True, run_count=1)
    assert schedule.steady
    schedule.looked(now + 4.0, changed=False, is_open=True, run_count=1)
    assert not schedule.steady


def test_a_run_that_grows_now_and_then_is_listened_to() -> None:
    schedule = PollSchedule(quiet_since=0.0)
    looks(schedule, 0.0, 60.0, hints_per_s=3)
    assert not schedule.steady


def test_after_a_minute_a_steady_run_is_listened_to_again() -> None:
    schedule = PollSchedule(quiet_since=0.0)
    now = looks(schedule, 0.0, 10.0, hints_per_s=40)
    for tick in range(170):
        schedule.looked(now + 0.4 * tick, changed=True, is_open=True, run_count=1)
    assert not schedule.steady
