"""When a run is looked at again. Times are given, no clock is asked."""

from __future__ import annotations

from tuimon.monitor.schedule import LEAST_S, OPEN_RUN_S, SHORTEST_S, PollSchedule


def test_what_was_heard_of_is_looked_at_at_once() -> None:
    schedule = PollSchedule(quiet_since=0.0)
    schedule.looked(10.0, changed=False, is_open=False, run_count=1)
    schedule.hurry(10.0 + LEAST_S)
    assert schedule.due == 10.0 + LEAST_S


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
    assert opened.interval_s == OPEN_RUN_S
    assert other.interval_s > OPEN_RUN_S
    other.looked(other.due, changed=True, is_open=False, run_count=1)
    assert other.interval_s == SHORTEST_S


def test_a_hint_holds_up_no_reading_that_goes_on() -> None:
    schedule = PollSchedule(quiet_since=0.0)
    schedule.looked(10.0, changed=True, is_open=True, run_count=1)
    schedule.due = 10.0  # as the reader does while there is more to read
    schedule.hurry(10.01)
    assert schedule.due == 10.0
